//! Moving what a module has from a file of SQLite to SQL Server, or from there to a new file: all tables in one transaction,
//! which is committed only when what arrived is what was sent.

mod file;
mod fingerprint;
mod source;

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use self::file::NewFile;
pub(super) use self::fingerprint::Fingerprint;
pub(super) use self::source::Table;
use self::source::{Chunk, Source};
use super::engine::Engine;
use super::plan::Plan;
use super::sqlserver::Content;
use super::{Files, StoreError, Value, migration, sqlite};

/// One table that was copied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Copied {
    /// Its name.
    pub table: String,
    /// How many rows it has.
    pub rows: u64,
    /// The sum of the SHA-256 of its rows: the same on both sides, in whatever order they stand.
    pub sha256: String,
}

/// Copies what is at the address `from` to the address `to`, one of which is a file of SQLite and the other SQL Server. A file is
/// new; a database of SQL Server is migrated and holds nothing but what its migrations wrote. `tell` hears of each table when
/// it has arrived.
pub(super) async fn copy(
    from: &str,
    to: &str,
    owners: &[Files],
    tell: impl FnMut(&Copied),
) -> Result<Vec<Copied>, StoreError> {
    let file = |address: &str| address.strip_prefix("sqlite:").map(sqlite::Address::parse);
    let server = |address: &str| address.starts_with("mssql:");
    match (file(from).transpose()?, file(to).transpose()?) {
        (Some(file), None) if server(to) => {
            level("source", &Engine::plan(from, owners).await?)?;
            level("target", &Engine::plan(to, owners).await?)?;
            to_server(file.file, ado_of(to)?, owners, tell).await
        }
        (None, Some(file)) if server(from) => {
            level("source", &Engine::plan(from, owners).await?)?;
            to_file(ado_of(from)?, &file.file, owners, tell).await
        }
        _ => Err(refused(
            "one side must be sqlite:<file>, the other mssql:<connection string>",
        )),
    }
}

fn ado_of(address: &str) -> Result<&str, StoreError> {
    address.strip_prefix("mssql:").ok_or(StoreError::Address)
}

async fn to_server(
    file: PathBuf,
    ado: &str,
    owners: &[Files],
    mut tell: impl FnMut(&Copied),
) -> Result<Vec<Copied>, StoreError> {
    let source = Source::open(file)?;
    let mut target = Content::open(ado).await?;
    let tables = source.tables().to_vec();
    let kinds = target.kinds(&tables).await?;
    empty(&mut target, &tables, &kinds, owners).await?;
    let mut chunks = source.read()?;
    let mut done = Vec::new();
    for (table, kinds) in tables.iter().zip(&kinds) {
        let sent = send(&mut target, table, kinds, &mut chunks).await?;
        let arrived = target.fingerprint(table).await?;
        done.push(compared(table, &sent, &arrived, &mut tell)?);
    }
    target.commit().await?;
    Ok(done)
}

/// The file gets its name when it is complete.
async fn to_file(
    ado: &str,
    file: &Path,
    owners: &[Files],
    mut tell: impl FnMut(&Copied),
) -> Result<Vec<Copied>, StoreError> {
    let mut source = Content::open(ado).await?;
    let target = NewFile::make(file, owners)?;
    let tables = target.tables().to_vec();
    let kinds = source.kinds(&tables).await?;
    let mut done = Vec::new();
    for (table, kinds) in tables.iter().zip(&kinds) {
        let mut sent = Fingerprint::default();
        let take = |rows: Vec<Vec<Value>>| {
            for row in &rows {
                sent.add(row);
            }
            target.insert(table, &rows)
        };
        source.read(table, take).await?;
        target.number(table, source.last(table).await?)?;
        let arrived = target.fingerprint(table, kinds)?;
        done.push(compared(table, &sent, &arrived, &mut tell)?);
    }
    target.keep()?;
    Ok(done)
}

fn compared(
    table: &Table,
    sent: &Fingerprint,
    arrived: &Fingerprint,
    tell: &mut impl FnMut(&Copied),
) -> Result<Copied, StoreError> {
    if sent != arrived {
        return Err(refused(&format!(
            "{}: {} rows were sent and {} arrived, or they differ; nothing was kept",
            table.name, sent.rows, arrived.rows
        )));
    }
    let copied = Copied {
        table: table.name.clone(),
        rows: arrived.rows,
        sha256: arrived.text(),
    };
    tell(&copied);
    Ok(copied)
}

fn refused(text: &str) -> StoreError {
    StoreError::Migration(text.to_owned())
}

fn level(side: &str, plan: &Plan) -> Result<(), StoreError> {
    if plan.serves() && plan.ahead.is_empty() {
        return Ok(());
    }
    Err(refused(&format!(
        "the {side} is not at the version of this program; run `dcp migrate apply` for it first"
    )))
}

/// Removes what the migrations of the target wrote, and refuses a target that holds anything else.
async fn empty(
    target: &mut Content,
    tables: &[Table],
    kinds: &[Vec<Kind>],
    owners: &[Files],
) -> Result<(), StoreError> {
    let fresh = fresh(tables, kinds, owners)?;
    // Children before parents.
    for table in tables.iter().rev() {
        let held = target.fingerprint(table).await?;
        if held.rows == 0 {
            continue;
        }
        if Some(&held) != fresh.get(&table.name) {
            return Err(refused(&format!(
                "the target is not empty: {} holds {} rows",
                table.name, held.rows
            )));
        }
        target.clear(table).await?;
    }
    Ok(())
}

/// What a database holds right after its migrations.
fn fresh(
    tables: &[Table],
    kinds: &[Vec<Kind>],
    owners: &[Files],
) -> Result<HashMap<String, Fingerprint>, StoreError> {
    let connection = rusqlite::Connection::open_in_memory().map_err(super::sqlite::map)?;
    for owner in owners {
        migration::sqlite(&connection, &migration::of(owner, owner.sqlite)?)?;
    }
    let mut found = HashMap::new();
    for (table, kinds) in tables.iter().zip(kinds) {
        let mut sum = Fingerprint::default();
        source::rows(&connection, table, &mut |rows| {
            for row in rows {
                sum.add(&typed(table, kinds, row)?);
            }
            Ok(())
        })?;
        found.insert(table.name.clone(), sum);
    }
    Ok(found)
}

async fn send(
    target: &mut Content,
    table: &Table,
    kinds: &[Kind],
    chunks: &mut tokio::sync::mpsc::Receiver<Chunk>,
) -> Result<Fingerprint, StoreError> {
    let mut sent = Fingerprint::default();
    target.begin_table(table).await?;
    loop {
        let chunk = chunks.recv().await;
        let rows = match chunk {
            Some(Chunk::Rows(rows)) => rows,
            Some(Chunk::End) => break,
            Some(Chunk::Failed(error)) => return Err(error),
            None => return Err(refused("the source was not read to its end")),
        };
        let rows = rows.into_iter().map(|row| typed(table, kinds, row));
        let rows = rows.collect::<Result<Vec<_>, _>>()?;
        for row in &rows {
            sent.add(row);
        }
        target.insert(table, rows).await?;
    }
    target.end_table(table).await?;
    Ok(sent)
}

/// What a column of SQL Server takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Truth,
    Whole,
    Real,
    Instant,
    Text,
    Bytes,
}

/// The values of a row of SQLite in the types of the target, which keeps truth and instants apart from numbers and text.
fn typed(table: &Table, kinds: &[Kind], row: Vec<Value>) -> Result<Vec<Value>, StoreError> {
    let cells = row.into_iter().zip(kinds).zip(&table.columns);
    cells
        .map(|((value, kind), column)| match (kind, value) {
            (_, Value::Null) => Ok(Value::Null),
            (Kind::Truth, Value::Int(number @ (0 | 1))) => Ok(Value::Bool(number == 1)),
            (Kind::Whole, value @ Value::Int(_))
            | (Kind::Real, value @ Value::Real(_))
            | (Kind::Text, value @ Value::Text(_))
            | (Kind::Bytes, value @ Value::Bytes(_)) => Ok(value),
            #[expect(
                clippy::cast_precision_loss,
                reason = "the column keeps doubles on both engines"
            )]
            (Kind::Real, Value::Int(number)) => Ok(Value::Real(number as f64)),
            (Kind::Instant, Value::Text(text)) => {
                let at = text.parse::<jiff::Timestamp>();
                at.map(Value::Time)
                    .map_err(|_| unfit(table, column, "no instant"))
            }
            (_, other) => Err(unfit(table, column, other.kind())),
        })
        .collect()
}

fn unfit(table: &Table, column: &str, what: &str) -> StoreError {
    StoreError::Decode(format!(
        "{}.{column} holds a value that the target's column does not take: {what}",
        table.name
    ))
}
