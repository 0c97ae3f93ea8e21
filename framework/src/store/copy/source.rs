//! Reading a file of SQLite table by table, on a thread of its own and in one transaction: the file as it was at one moment.

use std::path::PathBuf;

use rusqlite::{Connection, OpenFlags};
use tokio::sync::mpsc;

use crate::limits::COPY_ROWS;
use crate::store::sqlite::{cell, map};
use crate::store::{StoreError, Value};

/// A table and its columns, those it refers to before it.
#[derive(Debug, Clone)]
pub(in crate::store) struct Table {
    pub(in crate::store) name: String,
    pub(in crate::store) columns: Vec<String>,
    /// The highest number that was ever given, where the table numbers its rows.
    pub(in crate::store) last: Option<i64>,
    parents: Vec<String>,
}

/// What the reading thread says, in order.
pub(super) enum Chunk {
    Rows(Vec<Vec<Value>>),
    /// The present table has no more.
    End,
    Failed(StoreError),
}

/// An open file.
pub(super) struct Source {
    connection: Connection,
    tables: Vec<Table>,
}

impl Source {
    pub(super) fn open(file: PathBuf) -> Result<Self, StoreError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY;
        let connection = Connection::open_with_flags(file, flags).map_err(map)?;
        connection.execute_batch("BEGIN").map_err(map)?;
        let tables = ordered(tables(&connection)?);
        Ok(Self { connection, tables })
    }

    pub(super) fn tables(&self) -> &[Table] {
        &self.tables
    }

    /// Begins to read all tables.
    pub(super) fn read(self) -> Result<mpsc::Receiver<Chunk>, StoreError> {
        let (sender, chunks) = mpsc::channel(2);
        let work = move || {
            for table in &self.tables {
                let sent = rows(&self.connection, table, &mut |rows| {
                    let gone = |_| StoreError::Migration("nobody copies any more".to_owned());
                    sender.blocking_send(Chunk::Rows(rows)).map_err(gone)
                });
                let said = match sent {
                    Ok(()) => Chunk::End,
                    Err(error) => Chunk::Failed(error),
                };
                // Nobody waits for more.
                if sender.blocking_send(said).is_err() {
                    return;
                }
            }
        };
        let thread = std::thread::Builder::new().name("copy".to_owned());
        let started = thread.spawn(work);
        started.map_err(|error| StoreError::Unavailable(Box::new(error)))?;
        Ok(chunks)
    }
}

/// Hands the rows of a table on in portions.
pub(super) fn rows(
    connection: &Connection,
    table: &Table,
    take: &mut dyn FnMut(Vec<Vec<Value>>) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let columns = table.columns.join("\", \"");
    let text = format!("SELECT \"{columns}\" FROM \"{}\"", table.name);
    let mut prepared = connection.prepare(&text).map_err(map)?;
    let mut rows = prepared.query([]).map_err(map)?;
    let mut portion = Vec::new();
    while let Some(row) = rows.next().map_err(map)? {
        let cells = (0..table.columns.len()).map(|at| row.get_ref(at).map_err(map).and_then(cell));
        portion.push(cells.collect::<Result<Vec<_>, _>>()?);
        if portion.len() == COPY_ROWS {
            take(std::mem::take(&mut portion))?;
        }
    }
    if portion.is_empty() {
        return Ok(());
    }
    take(portion)
}

pub(super) fn tables(connection: &Connection) -> Result<Vec<Table>, StoreError> {
    // What was applied stands in the target already.
    let names = texts(
        connection,
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' \
         AND name <> 'dcp_migration' AND ?1 = ?1 ORDER BY name",
        "",
    )?;
    let numbered = "SELECT COUNT(*) FROM sqlite_master WHERE name = 'sqlite_sequence'";
    let numbered: bool = connection
        .query_row(numbered, [], |row| row.get(0))
        .map_err(map)?;
    let mut found = Vec::new();
    for name in names {
        let last = if numbered {
            let last = "SELECT MAX(seq) FROM sqlite_sequence WHERE name = ?1";
            connection
                .query_row(last, [&name], |row| row.get(0))
                .map_err(map)?
        } else {
            None
        };
        found.push(Table {
            columns: texts(
                connection,
                "SELECT name FROM pragma_table_info(?1) ORDER BY cid",
                &name,
            )?,
            parents: texts(
                connection,
                "SELECT DISTINCT \"table\" FROM pragma_foreign_key_list(?1)",
                &name,
            )?,
            last,
            name,
        });
    }
    Ok(found)
}

fn texts(connection: &Connection, text: &str, of: &str) -> Result<Vec<String>, StoreError> {
    let mut prepared = connection.prepare(text).map_err(map)?;
    let rows = prepared.query_map([of], |row| row.get(0)).map_err(map)?;
    rows.collect::<Result<_, _>>().map_err(map)
}

/// Parents first. Tables that refer to each other in a circle keep their order, and the target says what it misses.
pub(super) fn ordered(mut rest: Vec<Table>) -> Vec<Table> {
    let mut done: Vec<Table> = Vec::new();
    while !rest.is_empty() {
        let ready = |table: &Table| {
            table.parents.iter().all(|parent| {
                *parent == table.name || done.iter().any(|other| other.name == *parent)
            })
        };
        let next = rest.iter().position(ready).unwrap_or(0);
        done.push(rest.remove(next));
    }
    done
}
