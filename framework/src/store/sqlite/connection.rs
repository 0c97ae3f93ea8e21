//! One SQLite connection: settings, and the execution of procedures on it.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, ErrorCode, OpenFlags, ToSql, ffi};

use crate::limits::{
    LOCK_PAUSES, SQLITE_CACHE_KIB, SQLITE_STATEMENTS, STORE_LOCK, STORE_OPEN, STORE_ROWS,
};
use crate::store::procedure::Procedure;
use crate::store::value::time_text;
use crate::store::{Rows, StoreError, Value};

/// What a connection is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Writer,
    Reader,
}

/// Opens the file with the settings every connection has.
pub(super) fn open(file: &Path, role: Role, synchronous: &str) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_CREATE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(file, flags).map_err(map)?;
    connection.busy_timeout(STORE_OPEN).map_err(map)?;
    // Of two processes that turn a new file to its log at once, SQLite refuses one without waiting.
    let _alone = alone(file)?;
    connection.set_prepared_statement_cache_capacity(SQLITE_STATEMENTS);
    let settings = format!(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = {synchronous}; PRAGMA foreign_keys = ON;
         PRAGMA cache_size = -{SQLITE_CACHE_KIB}; PRAGMA trusted_schema = OFF; PRAGMA journal_size_limit = 16777216;
         PRAGMA query_only = {};",
        if role == Role::Reader { "ON" } else { "OFF" },
    );
    connection.execute_batch(&settings).map_err(map)?;
    // A statement is planned once and not for each value: planning it takes longer than most procedures do.
    let stable = DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG;
    connection.set_db_config(stable, true).map_err(map)?;
    connection.busy_handler(Some(wait)).map_err(map)?;
    Ok(connection)
}

/// Waits while another process writes, [`STORE_LOCK`] at most. SQLite's own waiting begins with a millisecond, which is longer than most
/// transactions are.
#[expect(
    clippy::disallowed_methods,
    reason = "on the thread of the connection, which has nothing else to do"
)]
fn wait(tries: i32) -> bool {
    let mut left = tries.unsigned_abs();
    let mut waited = Duration::ZERO;
    for (pause, times) in LOCK_PAUSES {
        if left < times {
            waited += pause * left;
            std::thread::sleep(pause);
            return waited < STORE_LOCK;
        }
        (waited, left) = (waited + pause * times, left - times);
    }
    false
}

/// Waits until no other process opens the file.
fn alone(file: &Path) -> Result<File, StoreError> {
    let mut name = file.as_os_str().to_owned();
    name.push("-opening");
    let lock = File::create(name).and_then(|lock| lock.lock().map(|()| lock));
    lock.map_err(|error| StoreError::Unavailable(Box::new(error)))
}

/// Runs the statements of a procedure; the rows of the last one are the answer.
pub(super) fn execute(
    connection: &Connection,
    procedure: &Procedure,
    values: &[Value],
) -> Result<Rows, StoreError> {
    let mut rows = Rows::default();
    let mut affected = 0;
    for statement in &procedure.statements {
        let mut prepared = connection.prepare_cached(statement).map_err(map)?;
        bind(&mut prepared, procedure, values)?;
        let writes = !prepared.readonly();
        rows = read(&mut prepared)?;
        if writes {
            affected = connection.changes();
        }
    }
    rows.affected = affected;
    Ok(rows)
}

fn bind(
    prepared: &mut rusqlite::Statement<'_>,
    procedure: &Procedure,
    values: &[Value],
) -> Result<(), StoreError> {
    for index in 1..=prepared.parameter_count() {
        let name = prepared
            .parameter_name(index)
            .unwrap_or_default()
            .trim_start_matches([':', '@', '$']);
        let Some(at) = procedure
            .parameters
            .iter()
            .position(|field| field.name == name)
        else {
            let problem = format!("`:{name}` is used and not declared");
            return Err(StoreError::Parameters {
                procedure: procedure.name.clone(),
                problem,
            });
        };
        prepared
            .raw_bind_parameter(index, Bound(&values[at]))
            .map_err(map)?;
    }
    Ok(())
}

fn read(prepared: &mut rusqlite::Statement<'_>) -> Result<Rows, StoreError> {
    let columns: Arc<[String]> = prepared.column_names().map(str::to_owned).collect();
    let mut found = Rows {
        columns,
        ..Rows::default()
    };
    let mut rows = prepared.raw_query();
    while let Some(row) = rows.next().map_err(map)? {
        if found.cells.len() == STORE_ROWS {
            return Err(StoreError::Decode(format!("more than {STORE_ROWS} rows")));
        }
        let cells = (0..found.columns.len()).map(|at| row.get_ref(at).map_err(map).and_then(cell));
        found.cells.push(cells.collect::<Result<_, _>>()?);
    }
    Ok(found)
}

/// A value as it stands in the file.
pub(in crate::store) fn cell(value: ValueRef<'_>) -> Result<Value, StoreError> {
    Ok(match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(number) => Value::Int(number),
        ValueRef::Real(number) => Value::Real(number),
        ValueRef::Text(text) => {
            let text = std::str::from_utf8(text)
                .map_err(|_| StoreError::Decode("text is not UTF-8".to_owned()))?;
            Value::Text(text.to_owned())
        }
        ValueRef::Blob(bytes) => Value::Bytes(bytes.to_vec()),
    })
}

/// A value on its way into the file.
pub(in crate::store) struct Bound<'v>(pub(in crate::store) &'v Value);

impl ToSql for Bound<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match self.0 {
            Value::Null => ToSqlOutput::Borrowed(ValueRef::Null),
            Value::Bool(truth) => ToSqlOutput::from(*truth),
            Value::Int(number) => ToSqlOutput::from(*number),
            Value::Real(number) => ToSqlOutput::from(*number),
            Value::Text(text) => ToSqlOutput::Borrowed(ValueRef::Text(text.as_bytes())),
            Value::Bytes(bytes) => ToSqlOutput::Borrowed(ValueRef::Blob(bytes)),
            Value::Time(at) => ToSqlOutput::from(time_text(*at)),
        })
    }
}

/// Tells what the driver says in the words of the store.
pub(in crate::store) fn map(error: rusqlite::Error) -> StoreError {
    let rusqlite::Error::SqliteFailure(code, ref message) = error else {
        return StoreError::Database(Box::new(error));
    };
    let message = message.clone().unwrap_or_default();
    match (code.code, code.extended_code) {
        (
            _,
            ffi::SQLITE_CONSTRAINT_UNIQUE
            | ffi::SQLITE_CONSTRAINT_PRIMARYKEY
            | ffi::SQLITE_CONSTRAINT_ROWID,
        ) => StoreError::Duplicate(Box::new(error)),
        (_, ffi::SQLITE_CONSTRAINT_NOTNULL) => StoreError::Null(Box::new(error)),
        (_, ffi::SQLITE_CONSTRAINT_TRIGGER) => StoreError::Rejected {
            code: 50_000,
            message,
        },
        // Lengths are checks on SQLite, which has no limited text; such a check names itself `..._length`.
        (_, ffi::SQLITE_CONSTRAINT_CHECK) if message.ends_with("_length") => {
            StoreError::TooLong(Box::new(error))
        }
        (_, ffi::SQLITE_CONSTRAINT_FOREIGNKEY | ffi::SQLITE_CONSTRAINT_CHECK) => {
            StoreError::ForeignKey(Box::new(error))
        }
        (ErrorCode::TooBig, _) => StoreError::TooLong(Box::new(error)),
        (ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked, _) => StoreError::Busy,
        (code, _) => match advice(code) {
            Some(words) => StoreError::unavailable(words, Box::new(error)),
            None => StoreError::Database(Box::new(error)),
        },
    }
}

/// What somebody has to do before the file works again; nothing for what is a fault of a program.
fn advice(code: ErrorCode) -> Option<&'static str> {
    Some(match code {
        ErrorCode::DiskFull => "its disk is full; make room",
        ErrorCode::CannotOpen | ErrorCode::ReadOnly | ErrorCode::PermissionDenied => {
            "the file cannot be written; who runs the module must be allowed to write it and its folder"
        }
        ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt => {
            "the file is damaged or no database; `dcp db restore` puts a copy in its place"
        }
        ErrorCode::SystemIoFailure => "the disk fails; see the log of the machine",
        _ => return None,
    })
}
