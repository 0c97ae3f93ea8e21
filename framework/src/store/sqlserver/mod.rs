//! SQL Server 2019 and later: a small pool, procedures called by RPC with named parameters.
//!
//! A connection that is dropped in the middle of anything is thrown away: the server rolls back and frees its locks.

mod ado;
mod content;
mod create;
mod dial;
mod migrate;
mod pool;
mod refusal;
mod taken;
mod value;

pub use self::ado::as_administrator;
pub(super) use self::ado::database_of;
pub(super) use self::content::Content;
pub(super) use self::create::statement;
pub use self::create::{
    NewDatabase, create_database, has_login, opens, password_that_works, set_up_database,
};
pub(super) use self::refusal::UNMAPPED;

use self::dial::{Connection, connect, in_time};
use self::pool::Pool;
use self::refusal::map;
pub(super) use self::taken::Taken;

use std::borrow::Cow;
use std::sync::Arc;
#[cfg(test)]
use std::time::Duration;

use tiberius::{Command, Config, EncryptionLevel};
use tokio::time::timeout;

use self::ado::Ado;
use super::engine::Part;
use super::procedure::{Catalog, Procedure};
use super::{Rows, StoreError, Value};
use crate::limits::{SQLSERVER_CALL, STORE_ACQUIRE, STORE_ROWS};

/// The connections of this process to one database.
pub(super) struct Engine {
    pool: Arc<Pool>,
    catalog: Arc<Catalog>,
}

/// An open transaction; dropping it throws the connection away, which undoes it.
pub(super) struct Session {
    taken: Taken,
    catalog: Arc<Catalog>,
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("SqlServer").finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Session {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Session").finish_non_exhaustive()
    }
}

impl Engine {
    /// Reads an ADO connection string; encryption is required whatever it says.
    fn settings(address: &str) -> Result<Config, StoreError> {
        let ado = Ado::parse(address);
        ado.check()?;
        ado.check_authority()?;
        let unread = |error: tiberius::error::Error| StoreError::Connection(error.to_string());
        let mut config = Config::from_ado_string(address).map_err(unread)?;
        config.encryption(EncryptionLevel::Required);
        config.application_name("dcp");
        Ok(config)
    }

    pub(super) fn open(address: &str, catalog: &Arc<Catalog>) -> Result<Self, StoreError> {
        Ado::parse(address).check_database()?;
        let config = Self::settings(address)?;
        let pool = Pool::new(config, SQLSERVER_CALL);
        Ok(Self {
            pool,
            catalog: catalog.clone(),
        })
    }

    /// The same with another time for each call.
    #[cfg(test)]
    pub(super) fn hurried(self, call: Duration) -> Self {
        Self {
            pool: self.pool.hurried(call),
            ..self
        }
    }

    pub(super) async fn begin(&self) -> Result<Session, StoreError> {
        in_time(self.begun()).await
    }

    async fn begun(&self) -> Result<Session, StoreError> {
        let mut taken = Taken::from(&self.pool).await?;
        let begun = timeout(STORE_ACQUIRE, taken.connection.begin_transaction()).await;
        if !matches!(begun, Ok(Ok(()))) {
            // The server may have closed an idle connection, or the way to it is cut: one that is new decides.
            tracing::debug!(?begun, "an idle connection was stale");
            taken = taken.another().await?;
            taken.connection.begin_transaction().await.map_err(map)?;
        }
        Ok(Session {
            taken,
            catalog: self.catalog.clone(),
        })
    }

    pub(super) async fn read(
        &self,
        procedure: &str,
        values: Vec<Value>,
    ) -> Result<Rows, StoreError> {
        // In a transaction as well: a stale connection shows before the call, not during it.
        let mut session = self.begin().await?;
        let rows = session.call(procedure, values).await?;
        session.commit().await?;
        Ok(rows)
    }

    /// Takes an application lock that the server frees when the connection goes.
    pub(super) async fn try_lease(&self, name: &str) -> Result<Option<Taken>, StoreError> {
        in_time(self.lease(name)).await
    }

    async fn lease(&self, name: &str) -> Result<Option<Taken>, StoreError> {
        let mut taken = Taken::from(&self.pool).await?;
        let found = taken
            .connection
            .query(TAKE_LOCK, &[&name])
            .await
            .map_err(map)?
            .into_row()
            .await
            .map_err(map)?;
        let granted: Option<i32> = found.and_then(|row| row.get(0));
        taken.proven();
        if granted.is_some_and(|granted| granted >= 0) {
            return Ok(Some(taken));
        }
        taken.give_back();
        Ok(None)
    }
}

// Prefixed, because not every server keeps the locks of its databases apart.
const TAKE_LOCK: &str = "DECLARE @granted INT, @resource NVARCHAR(255) = DB_NAME() + N':' + @P1; \
    EXEC @granted = sp_getapplock @Resource = @resource, @LockMode = 'Exclusive', \
    @LockOwner = 'Session', @LockTimeout = 0; SELECT @granted AS granted;";
impl Session {
    pub(super) async fn call(
        &mut self,
        procedure: &str,
        values: Vec<Value>,
    ) -> Result<Rows, StoreError> {
        let procedure = self.catalog.get(procedure)?;
        procedure.check(&values)?;
        let limit = self.taken.call();
        let call = call(&mut self.taken.connection, procedure, values);
        let rows = timeout(limit, call).await.map_err(|_| StoreError::Busy)?;
        if rows.is_ok() {
            self.taken.proven();
        }
        rows
    }

    /// Within a part an error ends only its statement, so that the part can be undone; elsewhere it ends the transaction.
    pub(super) async fn mark(&mut self, part: Part) -> Result<(), StoreError> {
        let text = match part {
            Part::Begin(depth) => format!("SET XACT_ABORT OFF; SAVE TRANSACTION part_{depth};"),
            Part::Keep(1) => "SET XACT_ABORT ON;".to_owned(),
            // SQL Server has no end of a mark.
            Part::Keep(_) => return Ok(()),
            Part::Undo(1) => "ROLLBACK TRANSACTION part_1; SET XACT_ABORT ON;".to_owned(),
            Part::Undo(depth) => format!("ROLLBACK TRANSACTION part_{depth};"),
        };
        let limit = self.taken.call();
        let connection = &mut self.taken.connection;
        let run = async {
            let done = connection.simple_query(text).await.map_err(map)?;
            done.into_results().await.map(drop).map_err(map)
        };
        timeout(limit, run).await.map_err(|_| StoreError::Busy)?
    }

    pub(super) async fn commit(mut self) -> Result<(), StoreError> {
        let limit = self.taken.call();
        let commit = self.taken.connection.commit_transaction();
        timeout(limit, commit)
            .await
            .map_err(|_| StoreError::Busy)?
            .map_err(map)?;
        self.taken.give_back();
        Ok(())
    }
}

/// A NULL parameter is left out of the call: the procedure's default stands for it.
async fn call(
    connection: &mut Connection,
    procedure: &Procedure,
    values: Vec<Value>,
) -> Result<Rows, StoreError> {
    let mut command = Command::new(format!("dbo.{}", procedure.name));
    for (field, value) in procedure.parameters.iter().zip(values) {
        value::bind(&mut command, Cow::Owned(format!("@{}", field.name)), value)?;
    }
    let result = command
        .exec(connection)
        .await
        .map_err(map)?
        .into_command_result()
        .await
        .map_err(map)?;
    let affected = result.rows_affected().last().copied().unwrap_or(0);
    let last = result.into_iter().last().unwrap_or_default();
    if last.len() > STORE_ROWS {
        return Err(StoreError::Decode(format!("more than {STORE_ROWS} rows")));
    }
    let columns = match last.first() {
        Some(row) => row
            .columns()
            .iter()
            .map(|column| column.name().to_owned())
            .collect(),
        None => procedure
            .columns
            .iter()
            .map(|field| field.name.clone())
            .collect(),
    };
    let cells = last.iter().map(value::cells).collect::<Result<_, _>>()?;
    Ok(Rows {
        columns,
        cells,
        affected,
    })
}
