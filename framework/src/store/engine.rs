//! The two engines under one surface. What SQL Server's driver keeps while it waits is boxed: it is large, and SQLite needs none.

use std::sync::Arc;

use super::plan::{Plan, Recorded};
use super::procedure::Catalog;
use super::{Files, Rows, StoreError, Value, migration, sqlite, sqlserver, tsql};

#[derive(Debug)]
pub(super) enum Engine {
    Sqlite(sqlite::Engine),
    SqlServer(sqlserver::Engine),
}

#[derive(Debug)]
pub(super) enum Session {
    Sqlite(sqlite::Session),
    SqlServer(Box<sqlserver::Session>),
}

/// A mark inside a transaction, by how deep it is: what comes after it can be undone alone.
#[derive(Debug, Clone, Copy)]
pub(super) enum Part {
    Begin(u32),
    Keep(u32),
    Undo(u32),
}

impl Engine {
    pub(super) fn open(address: &str, catalog: &Arc<Catalog>) -> Result<Self, StoreError> {
        if let Some(path) = address.strip_prefix("sqlite:") {
            return Ok(Self::Sqlite(sqlite::Engine::open(
                &sqlite::Address::parse(path)?,
                catalog,
            )?));
        }
        let ado = address.strip_prefix("mssql:").ok_or(StoreError::Address)?;
        Ok(Self::SqlServer(sqlserver::Engine::open(ado, catalog)?))
    }

    /// How the database stands to what `owners` bring; a file of SQLite that is not there is not made.
    pub(super) async fn plan(address: &str, owners: &[Files]) -> Result<Plan, StoreError> {
        let mut plan = Plan::default();
        let recorded = Self::recorded(address).await?;
        if address.starts_with("sqlite:") {
            for owner in owners {
                let migrations = migration::of(owner, owner.sqlite)?;
                plan.add(owner.owner, &migrations, None, &recorded);
            }
            return Ok(plan);
        }
        for owner in owners {
            let migrations = migration::of(owner, owner.mssql)?;
            let procedures = migration::checksum(&tsql::procedures(owner).join("\n"));
            plan.add(owner.owner, &migrations, Some(&procedures), &recorded);
        }
        Ok(plan)
    }

    /// What the database has recorded as applied; nothing where there is no file of SQLite.
    pub(super) async fn recorded(address: &str) -> Result<Vec<Recorded>, StoreError> {
        if let Some(path) = address.strip_prefix("sqlite:") {
            return migration::recorded(&sqlite::Address::parse(path)?.file);
        }
        let ado = address.strip_prefix("mssql:").ok_or(StoreError::Address)?;
        let engine = sqlserver::Engine::open(ado, &Arc::default())?;
        Box::pin(engine.recorded()).await
    }

    /// Applies what is due. Procedures of an older version of the program replace newer ones only when it is asked for.
    pub(super) async fn migrate(&self, files: &Files, put_back: bool) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(engine) => engine.migrate(migration::of(files, files.sqlite)?).await,
            Self::SqlServer(engine) => {
                Box::pin(engine.migrate(
                    files.owner,
                    migration::of(files, files.mssql)?,
                    tsql::procedures(files),
                    put_back,
                ))
                .await
            }
        }
    }

    /// What traces call it.
    pub(super) fn system(&self) -> &'static str {
        match self {
            Self::Sqlite(_) => "sqlite",
            Self::SqlServer(_) => "microsoft.sql_server",
        }
    }

    pub(super) async fn begin(&self) -> Result<Session, StoreError> {
        Ok(match self {
            Self::Sqlite(engine) => Session::Sqlite(engine.begin()),
            Self::SqlServer(engine) => {
                Session::SqlServer(Box::new(Box::pin(engine.begin()).await?))
            }
        })
    }

    pub(super) async fn read(
        &self,
        procedure: &str,
        values: Vec<Value>,
    ) -> Result<Rows, StoreError> {
        match self {
            Self::Sqlite(engine) => engine.read(procedure, values).await,
            Self::SqlServer(engine) => Box::pin(engine.read(procedure, values)).await,
        }
    }
}

impl Session {
    pub(super) async fn call(
        &mut self,
        procedure: &str,
        values: Vec<Value>,
    ) -> Result<Rows, StoreError> {
        match self {
            Self::Sqlite(session) => session.call(procedure, values).await,
            Self::SqlServer(session) => Box::pin(session.call(procedure, values)).await,
        }
    }

    pub(super) async fn mark(&mut self, part: Part) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(session) => session.mark(part).await,
            Self::SqlServer(session) => Box::pin(session.mark(part)).await,
        }
    }

    pub(super) async fn commit(self) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(session) => session.commit().await,
            Self::SqlServer(session) => Box::pin(session.commit()).await,
        }
    }
}
