//! Migrations: numbered files, applied once and in order, each in a transaction of its own.

use sha2::{Digest, Sha256};

use super::files::{SqlFile, migrations};
use super::plan::Recorded;
use super::procedure::problem;
use super::{Files, StoreError};
use crate::limits::{STORE_LOCK, STORE_OPEN};

/// One `V001__name.sql`.
#[derive(Debug, Clone)]
pub(super) struct Migration {
    pub(super) owner: &'static str,
    pub(super) version: i64,
    pub(super) name: String,
    pub(super) text: &'static str,
    pub(super) checksum: String,
}

/// The migrations of one owner and engine, in order.
pub(super) fn of(
    files: &Files,
    folder: &'static include_dir::Dir<'static>,
) -> Result<Vec<Migration>, StoreError> {
    let mut found = migrations(folder)
        .into_iter()
        .map(|file| parse(files.owner, file))
        .collect::<Result<Vec<_>, _>>()?;
    found.sort_by_key(|migration| migration.version);
    for (migration, expected) in found.iter().zip(1..) {
        if migration.version != expected {
            return Err(StoreError::Migration(format!(
                "{}: V{expected:03} is missing or twice there",
                files.owner
            )));
        }
    }
    Ok(found)
}

fn parse(owner: &'static str, file: SqlFile) -> Result<Migration, StoreError> {
    let stem = file
        .path
        .rsplit('/')
        .next()
        .and_then(|name| name.strip_suffix(".sql"));
    let parts = stem.and_then(|stem| stem.strip_prefix('V')?.split_once("__"));
    let Some((Ok(version), name)) = parts.map(|(version, name)| (version.parse(), name)) else {
        return Err(problem(
            file.path,
            "a migration is named `V001__what_it_does.sql`",
        ));
    };
    let checksum = checksum(file.text);
    Ok(Migration {
        owner,
        version,
        name: name.to_owned(),
        text: file.text,
        checksum,
    })
}

pub(super) fn checksum(text: &str) -> String {
    hex::encode(Sha256::digest(text.as_bytes()))
}

/// Says whether `migration` still has to run, given the checksum recorded for it.
pub(super) fn is_due(migration: &Migration, recorded: Option<&str>) -> Result<bool, StoreError> {
    match recorded {
        None => Ok(true),
        Some(checksum) if checksum == migration.checksum => Ok(false),
        Some(_) => Err(StoreError::Migration(format!(
            "{} V{:03} {} was changed after it was applied; deploy the version that applied it",
            migration.owner, migration.version, migration.name
        ))),
    }
}

/// What a SQLite file has recorded; nothing, if there is no such file.
pub(super) fn recorded(file: &std::path::Path) -> Result<Vec<Recorded>, StoreError> {
    use super::sqlite::map;
    if !file.is_file() {
        return Ok(Vec::new());
    }
    let connection =
        rusqlite::Connection::open_with_flags(file, rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY)
            .map_err(map)?;
    connection.busy_timeout(STORE_LOCK).map_err(map)?;
    let there: bool = connection
        .query_row(SQLITE_THERE, [], |row| row.get(0))
        .map_err(map)?;
    if !there {
        return Ok(Vec::new());
    }
    let mut rows = connection.prepare(SQLITE_ALL).map_err(map)?;
    let rows = rows.query_map([], |row| {
        Ok(Recorded {
            owner: row.get(0)?,
            version: row.get(1)?,
            name: row.get(2)?,
            checksum: row.get(3)?,
        })
    });
    rows.map_err(map)?.collect::<Result<_, _>>().map_err(map)
}

/// Applies what is due on SQLite.
pub(super) fn sqlite(
    connection: &rusqlite::Connection,
    migrations: &[Migration],
) -> Result<(), StoreError> {
    use super::sqlite::map;
    connection.busy_timeout(STORE_OPEN).map_err(map)?;
    connection.execute_batch(SQLITE_TABLE).map_err(map)?;
    for migration in migrations {
        // Looked at first without a lock: most starts have nothing to do and should not wait for those that write.
        if !is_due_on_sqlite(connection, migration)? {
            continue;
        }
        let done = apply(connection, migration);
        if done.is_err() && !connection.is_autocommit() {
            connection.execute_batch("ROLLBACK").map_err(map)?;
        }
        done?;
    }
    connection.busy_timeout(STORE_LOCK).map_err(map)
}

fn is_due_on_sqlite(
    connection: &rusqlite::Connection,
    migration: &Migration,
) -> Result<bool, StoreError> {
    use rusqlite::OptionalExtension;
    let key = (migration.owner, migration.version);
    let recorded: Option<String> = connection
        .query_row(SQLITE_RECORDED, key, |row| row.get(0))
        .optional()
        .map_err(super::sqlite::map)?;
    is_due(migration, recorded.as_deref())
}

fn apply(connection: &rusqlite::Connection, migration: &Migration) -> Result<(), StoreError> {
    use super::sqlite::map;
    // The lock is taken before the second look: two instances of a module may start at the same time.
    connection.execute_batch("BEGIN IMMEDIATE").map_err(map)?;
    if is_due_on_sqlite(connection, migration)? {
        connection
            .execute_batch(migration.text)
            .map_err(|error| named(migration, &error))?;
        let row = (
            migration.owner,
            migration.version,
            &migration.name,
            &migration.checksum,
        );
        connection.execute(SQLITE_RECORD, row).map_err(map)?;
        tracing::info!(
            owner = migration.owner,
            version = migration.version,
            name = migration.name,
            "migrated"
        );
    }
    connection.execute_batch("COMMIT").map_err(map)
}

fn named(migration: &Migration, error: &dyn std::error::Error) -> StoreError {
    StoreError::Migration(format!(
        "{} V{:03} {}: {error}",
        migration.owner, migration.version, migration.name
    ))
}

const SQLITE_TABLE: &str = "CREATE TABLE IF NOT EXISTS dcp_migration (
    owner TEXT NOT NULL, version INTEGER NOT NULL, name TEXT NOT NULL, checksum TEXT NOT NULL,
    applied_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ')), PRIMARY KEY (owner, version)) STRICT";
const SQLITE_RECORDED: &str =
    "SELECT checksum FROM dcp_migration WHERE owner = ?1 AND version = ?2";
const SQLITE_RECORD: &str =
    "INSERT INTO dcp_migration (owner, version, name, checksum) VALUES (?1, ?2, ?3, ?4)";
const SQLITE_THERE: &str =
    "SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE name = 'dcp_migration')";
const SQLITE_ALL: &str =
    "SELECT owner, version, name, checksum FROM dcp_migration ORDER BY owner, version";
