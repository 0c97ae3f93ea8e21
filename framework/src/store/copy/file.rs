//! A new file of SQLite that is filled from elsewhere, in one transaction. It works on the thread that calls: a program that
//! copies does nothing else.

use std::path::{Path, PathBuf};

use rusqlite::{Connection, params_from_iter};

use super::source::{self, Table};
use super::{Fingerprint, Kind, refused, typed};
use crate::store::sqlite::{Bound, map};
use crate::store::{Files, StoreError, Value, migration};

/// The file, under another name until it is kept; dropping it removes it.
pub(super) struct NewFile {
    connection: Option<Connection>,
    tables: Vec<Table>,
    part: PathBuf,
    file: PathBuf,
}

impl NewFile {
    /// Makes a file that is migrated and empty; one that is there already is refused.
    pub(super) fn make(file: &Path, owners: &[Files]) -> Result<Self, StoreError> {
        if file.exists() {
            let text = format!("{} is there already; name a new file", file.display());
            return Err(refused(&text));
        }
        let mut part = file.as_os_str().to_owned();
        part.push(".part");
        let part = PathBuf::from(part);
        if part.exists() {
            std::fs::remove_file(&part).map_err(unavailable)?;
        }
        let connection = Connection::open(&part).map_err(map)?;
        for owner in owners {
            migration::sqlite(&connection, &migration::of(owner, owner.sqlite)?)?;
        }
        let tables = source::ordered(source::tables(&connection)?);
        let file = file.to_owned();
        connection.execute_batch("BEGIN").map_err(map)?;
        // What the migrations wrote comes again with the rest; children before parents.
        for table in tables.iter().rev() {
            let text = format!("DELETE FROM \"{}\"", table.name);
            connection.execute(&text, []).map_err(map)?;
        }
        Ok(Self {
            connection: Some(connection),
            tables,
            part,
            file,
        })
    }

    pub(super) fn tables(&self) -> &[Table] {
        &self.tables
    }

    fn connection(&self) -> Result<&Connection, StoreError> {
        let open = self.connection.as_ref();
        open.ok_or_else(|| refused("the file is closed"))
    }

    pub(super) fn insert(&self, table: &Table, rows: &[Vec<Value>]) -> Result<(), StoreError> {
        let columns = table.columns.join("\", \"");
        let places = vec!["?"; table.columns.len()].join(", ");
        let text = format!(
            "INSERT INTO \"{}\" (\"{columns}\") VALUES ({places})",
            table.name
        );
        let mut prepared = self.connection()?.prepare_cached(&text).map_err(map)?;
        for row in rows {
            let values = params_from_iter(row.iter().map(Bound));
            prepared.execute(values).map_err(map)?;
        }
        Ok(())
    }

    /// The next number that the file gives is higher than `last`.
    pub(super) fn number(&self, table: &Table, last: Option<i64>) -> Result<(), StoreError> {
        let Some(last) = last else { return Ok(()) };
        let connection = self.connection()?;
        let numbered: bool = connection
            .query_row(NUMBERED, [&table.name], |row| row.get(0))
            .map_err(map)?;
        if numbered {
            connection
                .execute(FORGET, [&table.name])
                .and_then(|_| connection.execute(NUMBER, (&table.name, last)))
                .map_err(map)?;
        }
        Ok(())
    }

    pub(super) fn fingerprint(
        &self,
        table: &Table,
        kinds: &[Kind],
    ) -> Result<Fingerprint, StoreError> {
        let mut sum = Fingerprint::default();
        source::rows(self.connection()?, table, &mut |rows| {
            for row in rows {
                sum.add(&typed(table, kinds, row)?);
            }
            Ok(())
        })?;
        Ok(sum)
    }

    /// Commits and gives the file its name.
    pub(super) fn keep(mut self) -> Result<(), StoreError> {
        self.connection()?.execute_batch("COMMIT").map_err(map)?;
        if let Some(connection) = self.connection.take() {
            connection.close().map_err(|(_, error)| map(error))?;
        }
        std::fs::rename(&self.part, &self.file).map_err(unavailable)
    }
}

impl Drop for NewFile {
    fn drop(&mut self) {
        self.connection = None;
        // Kept under its name, or worth nothing.
        drop(std::fs::remove_file(&self.part));
    }
}

fn unavailable(error: std::io::Error) -> StoreError {
    StoreError::Unavailable(Box::new(error))
}

const NUMBERED: &str =
    "SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE name = ?1 AND sql LIKE '%AUTOINCREMENT%')";
const FORGET: &str = "DELETE FROM sqlite_sequence WHERE name = ?1";
const NUMBER: &str = "INSERT INTO sqlite_sequence (name, seq) VALUES (?1, ?2)";
