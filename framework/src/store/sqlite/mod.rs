//! SQLite: one connection that writes and a few that read, each on its own thread, so that async code never blocks.

mod connection;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use rusqlite::Connection;
use tokio::sync::oneshot::error::TryRecvError;
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

pub(super) use self::connection::{Bound, cell, map};
use self::connection::{Role, execute, open};
use super::engine::Part;
use super::migration::{self, Migration};
use super::procedure::{Catalog, Procedure};
use super::{Rows, StoreError, Value};
use crate::limits::{SQLITE_AWAKE, SQLITE_QUEUE, SQLITE_READERS, STORE_ACQUIRE};

/// Where the file is and how safe a commit is.
#[derive(Debug, Clone)]
pub(super) struct Address {
    pub(super) file: PathBuf,
    /// NORMAL survives the death of the process, FULL also the loss of power.
    synchronous: &'static str,
}

impl Address {
    /// Reads `<path>[?synchronous=full]`.
    pub(super) fn parse(text: &str) -> Result<Self, StoreError> {
        let (file, query) = text.split_once('?').unwrap_or((text, ""));
        let synchronous = match query {
            "" | "synchronous=normal" => "NORMAL",
            "synchronous=full" => "FULL",
            _ => return Err(StoreError::Address),
        };
        Ok(Self {
            file: PathBuf::from(file),
            synchronous,
        })
    }
}

type Answer = oneshot::Sender<Result<Rows, StoreError>>;

enum Read {
    Call(String, Vec<Value>, Answer),
}

enum Write {
    Begin(oneshot::Sender<Result<Session, StoreError>>),
    Migrate(Vec<Migration>, oneshot::Sender<Result<(), StoreError>>),
}

enum Step {
    Call(String, Vec<Value>, Answer),
    Mark(Part, oneshot::Sender<Result<(), StoreError>>),
    Commit(oneshot::Sender<Result<(), StoreError>>),
}

/// The threads of one file.
#[derive(Debug)]
pub(super) struct Engine {
    file: PathBuf,
    writer: mpsc::Sender<Write>,
    readers: Vec<mpsc::Sender<Read>>,
    next: std::sync::atomic::AtomicUsize,
}

/// An open transaction on the writing thread; dropping it rolls back.
#[derive(Debug)]
pub(super) struct Session {
    steps: mpsc::Sender<Step>,
}

impl Engine {
    pub(super) fn open(address: &Address, catalog: &Arc<Catalog>) -> Result<Self, StoreError> {
        if let Some(folder) = address
            .file
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty())
        {
            std::fs::create_dir_all(folder)
                .map_err(|error| StoreError::Unavailable(Box::new(error)))?;
        }
        let connection = open(&address.file, Role::Writer, address.synchronous)?;
        let (writer, jobs) = mpsc::channel(SQLITE_QUEUE);
        thread(&address.file, "write", {
            let catalog = catalog.clone();
            move || write(&connection, &catalog, jobs)
        })?;
        let readers = (0..SQLITE_READERS)
            .map(|_| Self::reader(address, catalog))
            .collect::<Result<_, _>>()?;
        Ok(Self {
            file: address.file.clone(),
            writer,
            readers,
            next: std::sync::atomic::AtomicUsize::new(0),
        })
    }

    fn reader(address: &Address, catalog: &Arc<Catalog>) -> Result<mpsc::Sender<Read>, StoreError> {
        let (sender, jobs) = mpsc::channel(SQLITE_QUEUE);
        let (address, catalog) = (address.clone(), catalog.clone());
        let file = address.file.clone();
        thread(&file, "read", move || read(&address, &catalog, jobs))?;
        Ok(sender)
    }

    /// The path of a file beside the database.
    pub(super) fn beside(&self, name: &str) -> PathBuf {
        let mut path = self.file.clone().into_os_string();
        path.push("-");
        path.push(name);
        path.into()
    }

    pub(super) async fn migrate(&self, migrations: Vec<Migration>) -> Result<(), StoreError> {
        let (reply, answer) = oneshot::channel();
        self.writer
            .send(Write::Migrate(migrations, reply))
            .await
            .map_err(closed)?;
        answer.await.map_err(closed)?
    }

    pub(super) async fn begin(&self) -> Result<Session, StoreError> {
        let (reply, answer) = oneshot::channel();
        self.writer
            .try_send(Write::Begin(reply))
            .map_err(|_| StoreError::Busy)?;
        match timeout(STORE_ACQUIRE, answered(answer)).await {
            Ok(session) => session?,
            Err(_) => Err(StoreError::Busy),
        }
    }

    pub(super) async fn read(
        &self,
        procedure: &str,
        values: Vec<Value>,
    ) -> Result<Rows, StoreError> {
        let turn =
            self.next.fetch_add(1, std::sync::atomic::Ordering::Relaxed) % self.readers.len();
        let (reply, answer) = oneshot::channel();
        let job = Read::Call(procedure.to_owned(), values, reply);
        self.readers[turn]
            .try_send(job)
            .map_err(|_| StoreError::Busy)?;
        answer.await.map_err(closed)?
    }
}

impl Session {
    pub(super) async fn call(
        &mut self,
        procedure: &str,
        values: Vec<Value>,
    ) -> Result<Rows, StoreError> {
        let (reply, answer) = oneshot::channel();
        self.steps
            .send(Step::Call(procedure.to_owned(), values, reply))
            .await
            .map_err(closed)?;
        answered(answer).await?
    }

    pub(super) async fn mark(&mut self, part: Part) -> Result<(), StoreError> {
        let (reply, answer) = oneshot::channel();
        self.steps
            .send(Step::Mark(part, reply))
            .await
            .map_err(closed)?;
        answered(answer).await?
    }

    pub(super) async fn commit(self) -> Result<(), StoreError> {
        let (reply, answer) = oneshot::channel();
        self.steps.send(Step::Commit(reply)).await.map_err(closed)?;
        answered(answer).await?
    }
}

/// The answer of the writing thread: awaited for a moment without sleeping, because being woken takes longer than most
/// statements do.
async fn answered<T>(mut answer: oneshot::Receiver<T>) -> Result<T, StoreError> {
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

/// What comes next on the writing thread, which stays awake for a moment for the same reason.
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

fn closed<E: std::error::Error + Send + Sync + 'static>(_: E) -> StoreError {
    StoreError::Unavailable("the database thread has ended".into())
}

fn thread(file: &Path, work: &str, body: impl FnOnce() + Send + 'static) -> Result<(), StoreError> {
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

fn write(connection: &Connection, catalog: &Catalog, mut jobs: mpsc::Receiver<Write>) {
    while let Some(job) = next(&mut jobs) {
        match job {
            Write::Begin(reply) if reply.is_closed() => {}
            Write::Begin(reply) => match connection.execute_batch("BEGIN IMMEDIATE").map_err(map) {
                Ok(()) => {
                    let (steps, work) = mpsc::channel(1);
                    // Nobody waits any more: the session is dropped here and rolls back at once.
                    drop(reply.send(Ok(Session { steps })));
                    transaction(connection, catalog, work);
                }
                Err(error) => drop(reply.send(Err(error))),
            },
            Write::Migrate(migrations, reply) => {
                drop(reply.send(migration::sqlite(connection, &migrations)));
            }
        }
    }
    // Lets the next start find a short write-ahead log; failing here loses nothing.
    drop(connection.execute_batch("PRAGMA optimize; PRAGMA wal_checkpoint(PASSIVE);"));
}

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
                let done = connection.execute_batch("COMMIT").map_err(map);
                roll_back(connection);
                drop(reply.send(done));
                return;
            }
        }
    }
    roll_back(connection);
}

fn roll_back(connection: &Connection) {
    if !connection.is_autocommit()
        && let Err(error) = connection.execute_batch("ROLLBACK")
    {
        tracing::error!(%error, "a transaction could not be rolled back");
    }
}

fn read(address: &Address, catalog: &Catalog, mut jobs: mpsc::Receiver<Read>) {
    let mut connection = None;
    while let Some(Read::Call(name, values, reply)) = jobs.blocking_recv() {
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
