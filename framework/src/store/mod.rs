//! A module's database, reached through procedures only.
//!
//! Rust holds no SQL: every access is a named procedure of the module's `sql` folder, written once for SQLite and once
//! for SQL Server. Writing happens in a [`Tx`]; what it publishes is stored in the same transaction.
//!
//! SQLite commits with `synchronous = NORMAL`: the death of the process loses nothing, a loss of power may lose the
//! last commits. `?synchronous=full` in the address survives that too, at a seventh of the speed.

mod backup;
mod calling;
mod copy;
mod credentials;
mod engine;
mod error;
mod files;
mod lease;
mod migration;
mod plan;
mod procedure;
mod rows;
mod sqlite;
mod sqlserver;
mod tsql;
mod tx;
mod value;

use std::sync::{Arc, PoisonError, RwLock};

use tokio::sync::Notify;

use self::engine::Engine;
use crate::clock::{Clock, Ids};

pub use self::backup::{
    Copy as FileCopy, Place, ServerCopy, back_up_database, back_up_files, restore_database,
    restore_file, verify_file,
};
pub use self::copy::Copied;
pub use self::error::{Cause, StoreError};
pub use self::files::{FRAMEWORK, Files};
pub use self::lease::Lease;
pub use self::plan::{Plan, Recorded, Step};
pub use self::procedure::{Catalog, Field, Procedure, Type};
pub use self::rows::{Rows, json};
pub(crate) use self::sqlite::Direct;
pub use self::sqlserver::{
    NewDatabase, as_administrator, create_database, has_login, opens, password_that_works,
    set_up_database,
};
pub use self::tsql::differences;
pub use self::tx::Tx;
pub use self::value::{Value, time_text};
pub use crate::{params, store};
pub use include_dir;

/// The database of one module, shared by cloning.
#[derive(Debug, Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    module: String,
    clock: Arc<dyn Clock>,
    ids: Ids,
    /// Another one when the address has changed.
    engine: RwLock<Arc<Engine>>,
    /// Woken after a commit that stored something to send.
    published: Notify,
    /// Woken when a parked message may be due.
    parked: Notify,
}

impl Store {
    /// Opens the database at `address` (`sqlite:<file>` or `mssql:<ADO connection string>`) and migrates it.
    pub async fn open(
        module: &str,
        address: &str,
        files: Files,
        clock: Arc<dyn Clock>,
        ids: Ids,
    ) -> Result<Self, StoreError> {
        Self::open_with(module, address, &[FRAMEWORK, files], clock, ids).await
    }

    /// Opens a database that belongs to `owners`, as the local bus's file does.
    pub(crate) async fn open_with(
        module: &str,
        address: &str,
        owners: &[Files],
        clock: Arc<dyn Clock>,
        ids: Ids,
    ) -> Result<Self, StoreError> {
        let engine = Self::engine(address, owners)?;
        for owner in owners {
            engine.migrate(owner, false).await?;
        }
        Ok(Self::with(module, engine, clock, ids))
    }

    /// Opens a database that somebody else migrates, and refuses one that lacks what the program needs. One that a newer
    /// version has migrated serves as well.
    pub async fn open_migrated(
        module: &str,
        address: &str,
        files: Files,
        clock: Arc<dyn Clock>,
        ids: Ids,
    ) -> Result<Self, StoreError> {
        let plan = Self::plan(address, files).await?;
        if let Some(first) = plan.changed.first() {
            return Err(StoreError::Migration(format!(
                "{first} was changed after it was applied; deploy the version that applied it"
            )));
        }
        if let Some(first) = plan.due.first() {
            let more = match plan.due.len() - 1 {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            return Err(StoreError::Behind {
                module: module.to_owned(),
                missing: format!("{first}{more}"),
            });
        }
        let engine = Self::engine(address, &[FRAMEWORK, files])?;
        Ok(Self::with(module, engine, clock, ids))
    }

    /// How the database at `address` stands to the migrations of the framework and of `files`; changes nothing.
    pub async fn plan(address: &str, files: Files) -> Result<Plan, StoreError> {
        Engine::plan(address, &[FRAMEWORK, files]).await
    }

    /// What the database at `address` has recorded as applied.
    pub async fn recorded(address: &str) -> Result<Vec<Recorded>, StoreError> {
        Engine::recorded(address).await
    }

    /// Applies to the database at `address` what it lacks, and answers with how it stood before.
    pub async fn migrate(address: &str, files: Files) -> Result<Plan, StoreError> {
        let before = Self::plan(address, files).await?;
        let owners = [FRAMEWORK, files];
        let engine = Self::engine(address, &owners)?;
        for owner in &owners {
            engine.migrate(owner, true).await?;
        }
        Ok(before)
    }

    /// Copies the file of SQLite at the address `from` to the empty, migrated database of SQL Server at `to`, or such a database to
    /// a new file, and checks counts and hashes; all or nothing. `tell` hears of each table. The module must not run meanwhile.
    pub async fn copy(
        from: &str,
        to: &str,
        files: Files,
        tell: impl FnMut(&Copied),
    ) -> Result<Vec<Copied>, StoreError> {
        copy::copy(from, to, &[FRAMEWORK, files], tell).await
    }

    fn engine(address: &str, owners: &[Files]) -> Result<Engine, StoreError> {
        let catalog = Arc::new(Catalog::read(owners)?);
        Engine::open(address, &catalog)
    }

    fn with(module: &str, engine: Engine, clock: Arc<dyn Clock>, ids: Ids) -> Self {
        let inner = Inner {
            module: module.to_owned(),
            clock,
            ids,
            engine: RwLock::new(Arc::new(engine)),
            published: Notify::new(),
            parked: Notify::new(),
        };
        Self {
            inner: Arc::new(inner),
        }
    }

    /// The database as it is reached now.
    fn present(&self) -> Arc<Engine> {
        let engine = self.inner.engine.read();
        engine.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether it is a file of SQLite.
    pub(crate) fn is_file(&self) -> bool {
        matches!(*self.present(), Engine::Sqlite(_))
    }

    fn replace(&self, engine: Engine) {
        let present = self.inner.engine.write();
        *present.unwrap_or_else(PoisonError::into_inner) = Arc::new(engine);
    }

    /// The module whose database this is.
    pub fn module(&self) -> &str {
        &self.inner.module
    }

    /// The clock the store was opened with.
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.inner.clock
    }

    /// The source of identifiers the store was opened with.
    pub fn ids(&self) -> &Ids {
        &self.inner.ids
    }

    /// Ends when a parked message may be due.
    pub(crate) async fn parked(&self) {
        self.inner.parked.notified().await;
    }

    /// Says that a parked message may be due.
    pub(crate) fn wake_parked(&self) {
        self.inner.parked.notify_one();
    }

    /// Ends when a transaction that stored something to send has committed.
    pub(crate) async fn published(&self) {
        self.inner.published.notified().await;
    }
}

#[cfg(test)]
mod tests;
