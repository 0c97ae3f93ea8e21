//! Copies of whole databases: files of SQLite copied here, databases of SQL Server by the server itself.

mod files;
mod server;

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

pub use self::files::{Copy, back_up_files, restore_file, verify_file};
pub use self::server::{ServerCopy, back_up_database, restore_database};
use super::sqlserver::database_of;
use super::{StoreError, sqlite};

/// Where a module keeps its database, without anything secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Place {
    /// In this file of SQLite.
    Sqlite(PathBuf),
    /// In the database of this name on SQL Server.
    SqlServer(String),
}

impl Place {
    /// The place that an address of the store means.
    pub fn of(address: &str) -> Result<Self, StoreError> {
        if let Some(path) = address.strip_prefix("sqlite:") {
            return Ok(Self::Sqlite(sqlite::Address::parse(path)?.file));
        }
        let ado = address.strip_prefix("mssql:").ok_or(StoreError::Address)?;
        let database = database_of(ado).ok_or(StoreError::Address)?;
        Ok(Self::SqlServer(database))
    }
}

fn refused(text: String) -> StoreError {
    StoreError::Backup(text)
}
