//! SQL Server 2019 and later: a small pool, procedures called by RPC with named parameters.
//!
//! A connection that is dropped in the middle of anything is thrown away: the server rolls back and frees its locks.

mod ado;
mod create;
mod migrate;
mod target;
mod value;

pub use self::ado::as_administrator;
#[cfg(test)]
pub(super) use self::create::statement;
pub use self::create::{NewDatabase, create_database, opens, set_up_database};
pub(super) use self::target::Target;

use std::borrow::Cow;
use std::sync::{Arc, Mutex, PoisonError};

use tiberius::{Client, Command, Config, EncryptionLevel};
use tokio::net::TcpStream;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;
use tokio_util::compat::{Compat, TokioAsyncWriteCompatExt};

use super::engine::Part;
use super::procedure::{Catalog, Procedure};
use super::{Rows, StoreError, Value};
use crate::limits::{
    SQLSERVER_CALL, SQLSERVER_CONNECT, SQLSERVER_CONNECTIONS, STORE_ACQUIRE, STORE_ROWS,
};

type Connection = Client<Compat<TcpStream>>;

/// The connections of this process to one database.
pub(super) struct Engine {
    pool: Arc<Pool>,
    catalog: Arc<Catalog>,
}

struct Pool {
    config: Config,
    idle: Mutex<Vec<Connection>>,
    permits: Arc<Semaphore>,
}

/// A connection in use: thrown away when dropped, kept when given back.
pub(super) struct Taken {
    connection: Connection,
    pool: Arc<Pool>,
    _permit: OwnedSemaphorePermit,
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

impl std::fmt::Debug for Taken {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Taken").finish_non_exhaustive()
    }
}

impl Engine {
    /// Reads an ADO connection string; encryption is required whatever it says.
    fn settings(address: &str) -> Result<Config, StoreError> {
        let mut config = Config::from_ado_string(address).map_err(|_| StoreError::Address)?;
        config.encryption(EncryptionLevel::Required);
        config.application_name("dcp");
        Ok(config)
    }

    pub(super) fn open(address: &str, catalog: &Arc<Catalog>) -> Result<Self, StoreError> {
        let config = Self::settings(address)?;
        let permits = Arc::new(Semaphore::new(SQLSERVER_CONNECTIONS));
        let pool = Arc::new(Pool {
            config,
            idle: Mutex::default(),
            permits,
        });
        Ok(Self {
            pool,
            catalog: catalog.clone(),
        })
    }

    pub(super) async fn begin(&self) -> Result<Session, StoreError> {
        let mut taken = Taken::from(&self.pool).await?;
        if let Err(error) = taken.connection.begin_transaction().await {
            // The server may have closed an idle connection: one that is new decides.
            tracing::debug!(%error, "an idle connection was stale");
            taken = Taken::new(&self.pool, taken).await?;
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
const RELEASE_LOCK: &str = "DECLARE @resource NVARCHAR(255) = DB_NAME() + N':' + @P1; \
    EXEC sp_releaseapplock @Resource = @resource, @LockOwner = 'Session';";

impl Session {
    pub(super) async fn call(
        &mut self,
        procedure: &str,
        values: Vec<Value>,
    ) -> Result<Rows, StoreError> {
        let procedure = self.catalog.get(procedure)?;
        procedure.check(&values)?;
        let call = call(&mut self.taken.connection, procedure, values);
        timeout(SQLSERVER_CALL, call)
            .await
            .map_err(|_| StoreError::Busy)?
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
        let connection = &mut self.taken.connection;
        let run = async {
            let done = connection.simple_query(text).await.map_err(map)?;
            done.into_results().await.map(drop).map_err(map)
        };
        timeout(SQLSERVER_CALL, run)
            .await
            .map_err(|_| StoreError::Busy)?
    }

    pub(super) async fn commit(mut self) -> Result<(), StoreError> {
        let commit = self.taken.connection.commit_transaction();
        timeout(SQLSERVER_CALL, commit)
            .await
            .map_err(|_| StoreError::Busy)?
            .map_err(map)?;
        self.taken.give_back();
        Ok(())
    }
}

impl Taken {
    async fn from(pool: &Arc<Pool>) -> Result<Self, StoreError> {
        let waited = timeout(STORE_ACQUIRE, pool.permits.clone().acquire_owned()).await;
        let permit = waited
            .map_err(|_| StoreError::Busy)?
            .map_err(|error| StoreError::Unavailable(Box::new(error)))?;
        let idle = pool
            .idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop();
        let connection = match idle {
            Some(connection) => connection,
            None => connect(&pool.config).await?,
        };
        Ok(Self {
            connection,
            pool: pool.clone(),
            _permit: permit,
        })
    }

    /// A connection that is certainly new, in the place of `stale`.
    async fn new(pool: &Arc<Pool>, stale: Self) -> Result<Self, StoreError> {
        // The others are as old as this one.
        pool.idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
        let Self {
            _permit: permit, ..
        } = stale;
        Ok(Self {
            connection: connect(&pool.config).await?,
            pool: pool.clone(),
            _permit: permit,
        })
    }

    fn give_back(self) {
        self.pool
            .idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(self.connection);
    }

    /// Lets go of an application lock.
    pub(super) async fn release(mut self, name: &str) {
        // Thrown away otherwise, which frees the lock as well.
        if self
            .connection
            .execute(RELEASE_LOCK, &[&name])
            .await
            .is_ok()
        {
            self.give_back();
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the pool is the one place that connects"
)]
async fn connect(config: &Config) -> Result<Connection, StoreError> {
    let dial = async {
        let stream = TcpStream::connect(config.get_addr())
            .await
            .map_err(|error| StoreError::Unavailable(error.into()))?;
        stream
            .set_nodelay(true)
            .map_err(|error| StoreError::Unavailable(error.into()))?;
        let mut client = Box::pin(Client::connect(config.clone(), stream.compat_write()))
            .await
            .map_err(map)?;
        // An error ends the transaction; a lock is waited for no longer than a person waits.
        let settings = format!(
            "SET XACT_ABORT ON; SET LOCK_TIMEOUT {};",
            STORE_ACQUIRE.as_millis()
        );
        client
            .simple_query(settings)
            .await
            .map_err(map)?
            .into_results()
            .await
            .map_err(map)?;
        Ok(client)
    };
    let waited = timeout(SQLSERVER_CONNECT, Box::pin(dial)).await;
    waited.map_err(|elapsed| StoreError::Unavailable(elapsed.into()))?
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

/// Tells what the server says in the words of the store.
fn map(error: tiberius::error::Error) -> StoreError {
    use tiberius::error::Error;
    let Error::Server(ref token) = error else {
        return match error {
            Error::Conversion(text) => StoreError::Decode(text.into_owned()),
            other => StoreError::Unavailable(Box::new(other)),
        };
    };
    let message = token.message().to_owned();
    match token.code() {
        2627 | 2601 => StoreError::Duplicate(Box::new(error)),
        547 => StoreError::ForeignKey(Box::new(error)),
        515 => StoreError::Null(Box::new(error)),
        2628 | 8152 => StoreError::TooLong(Box::new(error)),
        1205 => StoreError::Deadlock,
        1222 => StoreError::Busy,
        18456 | 4060 | 911 => StoreError::Unavailable(Box::new(error)),
        code @ 50_000.. => StoreError::Rejected {
            code: code.into(),
            message,
        },
        _ => StoreError::Database(Box::new(error)),
    }
}
