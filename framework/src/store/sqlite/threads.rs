//! The threads of a file: what they are asked for, and how they do it.

use std::path::Path;
use std::time::Instant;

use rusqlite::Connection;
use tokio::sync::oneshot::error::TryRecvError;
use tokio::sync::{mpsc, oneshot};

use super::Address;
use super::connection::{Role, execute, map, open};
use crate::limits::SQLITE_AWAKE;
use crate::store::engine::Part;
use crate::store::migration::{self, Migration};
use crate::store::procedure::{Catalog, Procedure};
use crate::store::{Rows, StoreError, Value};

pub(super) type Answer = oneshot::Sender<Result<Rows, StoreError>>;
type Done = oneshot::Sender<Result<(), StoreError>>;

pub(super) enum Read {
    Call(String, Vec<Value>, Answer),
}

pub(super) enum Write {
    Turn(Turn),
    Migrate(Vec<Migration>, Done),
}

/// A turn on the writing thread.
pub(super) struct Turn {
    /// Told when it begins; nobody listens when whoever asked for it has given up.
    pub(super) begun: Done,
    pub(super) work: Work,
}

pub(super) enum Work {
    /// A transaction, step by step: the first is there.
    Steps(mpsc::Receiver<Step>),
    Whole(Box<dyn FnOnce(&Direct<'_>) + Send>),
}

pub(super) enum Step {
    Call(String, Vec<Value>, Answer),
    Mark(Part, Done),
    Commit(Done),
}

/// The database in the hands of the writing thread.
pub(crate) struct Direct<'c> {
    connection: &'c Connection,
    catalog: &'c Catalog,
}

impl Direct<'_> {
    /// Calls a procedure with its parameters in the order of its header.
    pub(crate) fn call(&self, procedure: &str, values: &[Value]) -> Result<Rows, StoreError> {
        call(self.connection, self.catalog, procedure, values)
    }

    /// Does `work` in a transaction, which an error undoes.
    pub(crate) fn tx<T>(
        &self,
        work: impl FnOnce(&Self) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        begin(self.connection)?;
        let done = work(self).and_then(|done| {
            commit(self.connection)?;
            Ok(done)
        });
        roll_back(self.connection);
        done
    }
}

/// The answer of such a thread: awaited for a moment without sleeping, because being woken takes longer than most
/// statements do.
pub(super) async fn answered<T>(mut answer: oneshot::Receiver<T>) -> Result<T, StoreError> {
    let until = Instant::now() + SQLITE_AWAKE;
    loop {
        match answer.try_recv() {
            Ok(answer) => return Ok(answer),
            Err(TryRecvError::Closed) => return Err(closed(TryRecvError::Closed)),
            Err(TryRecvError::Empty) if Instant::now() < until => std::thread::yield_now(),
            Err(TryRecvError::Empty) => return answer.await.map_err(closed),
        }
    }
}

/// What comes next on such a thread, which stays awake for a moment for the same reason.
fn next<T>(jobs: &mut mpsc::Receiver<T>) -> Option<T> {
    let until = Instant::now() + SQLITE_AWAKE;
    loop {
        match jobs.try_recv() {
            Ok(job) => return Some(job),
            Err(mpsc::error::TryRecvError::Disconnected) => return None,
            Err(mpsc::error::TryRecvError::Empty) if Instant::now() < until => {
                std::thread::yield_now();
            }
            Err(mpsc::error::TryRecvError::Empty) => return jobs.blocking_recv(),
        }
    }
}

pub(super) fn closed<E>(_: E) -> StoreError {
    StoreError::Unavailable("the database thread has ended".into())
}

pub(super) fn thread(
    file: &Path,
    work: &str,
    body: impl FnOnce() + Send + 'static,
) -> Result<(), StoreError> {
    let name = file
        .file_stem()
        .and_then(|stem| stem.to_str())
        .unwrap_or("store");
    let builder = std::thread::Builder::new()
        .name(format!("{name}-{work}"))
        .stack_size(512 * 1024);
    builder
        .spawn(body)
        .map(drop)
        .map_err(|error| StoreError::Unavailable(Box::new(error)))
}

pub(super) fn write(connection: &Connection, catalog: &Catalog, mut jobs: mpsc::Receiver<Write>) {
    while let Some(job) = next(&mut jobs) {
        match job {
            Write::Turn(Turn { begun, .. }) if begun.is_closed() => {}
            Write::Turn(turn) => turn.take(connection, catalog),
            Write::Migrate(migrations, reply) => {
                drop(reply.send(migration::sqlite(connection, &migrations)));
            }
        }
    }
    // Lets the next start find a short write-ahead log; failing here loses nothing.
    drop(connection.execute_batch("PRAGMA optimize; PRAGMA wal_checkpoint(PASSIVE);"));
}

/// Whoever has not committed in the end leaves it open.
fn transaction(connection: &Connection, catalog: &Catalog, mut steps: mpsc::Receiver<Step>) {
    while let Some(step) = next(&mut steps) {
        match step {
            Step::Call(name, values, reply) => {
                drop(reply.send(call(connection, catalog, &name, &values)));
            }
            Step::Mark(part, reply) => {
                let text = match part {
                    Part::Begin(depth) => format!("SAVEPOINT part_{depth}"),
                    Part::Keep(depth) => format!("RELEASE part_{depth}"),
                    Part::Undo(depth) => format!("ROLLBACK TO part_{depth}; RELEASE part_{depth}"),
                };
                drop(reply.send(connection.execute_batch(&text).map_err(map)));
            }
            Step::Commit(reply) => {
                let done = commit(connection);
                roll_back(connection);
                return drop(reply.send(done));
            }
        }
    }
}

impl Turn {
    fn take(self, connection: &Connection, catalog: &Catalog) {
        match self.work {
            Work::Whole(work) => {
                if self.begun.send(Ok(())).is_ok() {
                    work(&Direct {
                        connection,
                        catalog,
                    });
                }
            }
            Work::Steps(steps) => {
                let begun = begin(connection);
                let may_work = begun.is_ok();
                let heard = self.begun.send(begun).is_ok();
                if may_work && heard {
                    transaction(connection, catalog, steps);
                }
                roll_back(connection);
            }
        }
    }
}

fn begin(connection: &Connection) -> Result<(), StoreError> {
    connection.execute_batch("BEGIN IMMEDIATE").map_err(map)
}

fn commit(connection: &Connection) -> Result<(), StoreError> {
    connection.execute_batch("COMMIT").map_err(map)
}

fn roll_back(connection: &Connection) {
    if !connection.is_autocommit()
        && let Err(error) = connection.execute_batch("ROLLBACK")
    {
        tracing::error!(%error, "a transaction could not be rolled back");
    }
}

pub(super) fn read(address: &Address, catalog: &Catalog, mut jobs: mpsc::Receiver<Read>) {
    let mut connection = None;
    while let Some(Read::Call(name, values, reply)) = next(&mut jobs) {
        // Opened at the first use, so that an idle module holds one connection only.
        let opened = match connection.take() {
            Some(connection) => Ok(connection),
            None => open(&address.file, Role::Reader, address.synchronous),
        };
        let answer =
            opened.and_then(|opened| call(connection.insert(opened), catalog, &name, &values));
        drop(reply.send(answer));
    }
}

fn call(
    connection: &Connection,
    catalog: &Catalog,
    name: &str,
    values: &[Value],
) -> Result<Rows, StoreError> {
    let procedure: &Procedure = catalog.get(name)?;
    procedure.check(values)?;
    execute(connection, procedure, values)
}
