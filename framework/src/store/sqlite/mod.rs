//! SQLite: one connection that writes and a few that read, each on its own thread, so that async code never blocks.

mod connection;
mod threads;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

pub(super) use self::connection::{Bound, cell, map};
use self::connection::{Role, open};
pub(crate) use self::threads::Direct;
use self::threads::{Answer, Read, Step, Turn, Work, Write, answered, closed, read, thread, write};
use super::engine::Part;
use super::migration::Migration;
use super::procedure::Catalog;
use super::{Rows, StoreError, Value};
use crate::limits::{SQLITE_QUEUE, SQLITE_READERS, STORE_ACQUIRE};

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

/// The threads of one file.
#[derive(Debug)]
pub(super) struct Engine {
    file: PathBuf,
    writer: mpsc::Sender<Write>,
    readers: Vec<mpsc::Sender<Read>>,
    next: AtomicUsize,
}

/// A transaction; dropping it rolls back. It takes its turn on the writing thread with its first step.
#[derive(Debug)]
pub(super) struct Session {
    writer: mpsc::Sender<Write>,
    steps: Option<mpsc::Sender<Step>>,
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
            next: AtomicUsize::new(0),
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

    pub(super) fn begin(&self) -> Session {
        Session {
            writer: self.writer.clone(),
            steps: None,
        }
    }

    /// Does `work` on the writing thread in one piece: whoever asks for each step by itself waits for each.
    pub(super) async fn directly<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Direct<'_>) -> Result<T, StoreError> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let whole = Box::new(move |direct: &Direct<'_>| drop(reply.send(work(direct))));
        turn(&self.writer, Work::Whole(whole)).await?;
        answered(answer).await?
    }

    /// Calls procedures in one transaction; the rows of the last are the answer.
    pub(super) async fn write(&self, calls: Vec<(String, Vec<Value>)>) -> Result<Rows, StoreError> {
        let all = move |tx: &Direct<'_>| {
            let mut calls = calls.iter();
            calls.try_fold(Rows::default(), |_, (procedure, values)| {
                tx.call(procedure, values)
            })
        };
        self.directly(move |direct| direct.tx(all)).await
    }

    pub(super) async fn read(
        &self,
        procedure: &str,
        values: Vec<Value>,
    ) -> Result<Rows, StoreError> {
        let turn = self.next.fetch_add(1, Ordering::Relaxed) % self.readers.len();
        let (reply, answer) = oneshot::channel();
        let job = Read::Call(procedure.to_owned(), values, reply);
        self.readers[turn]
            .try_send(job)
            .map_err(|_| StoreError::Busy)?;
        answered(answer).await?
    }
}

impl Session {
    pub(super) async fn call(
        &mut self,
        procedure: &str,
        values: Vec<Value>,
    ) -> Result<Rows, StoreError> {
        let procedure = procedure.to_owned();
        self.step(|answer: Answer| Step::Call(procedure, values, answer))
            .await
    }

    pub(super) async fn mark(&mut self, part: Part) -> Result<(), StoreError> {
        self.step(|answer| Step::Mark(part, answer)).await
    }

    pub(super) async fn commit(mut self) -> Result<(), StoreError> {
        match self.steps {
            None => Ok(()),
            Some(_) => self.step(Step::Commit).await,
        }
    }

    async fn step<T>(
        &mut self,
        step: impl FnOnce(oneshot::Sender<Result<T, StoreError>>) -> Step,
    ) -> Result<T, StoreError> {
        let (reply, answer) = oneshot::channel();
        let step = step(reply);
        if let Some(steps) = &self.steps {
            steps.send(step).await.map_err(closed)?;
        } else {
            let (steps, work) = mpsc::channel(1);
            steps.try_send(step).map_err(closed)?;
            turn(&self.writer, Work::Steps(work)).await?;
            self.steps = Some(steps);
        }
        answered(answer).await?
    }
}

/// Waits until the writing thread begins with `work`; it does nothing for whoever has given up before.
async fn turn(writer: &mpsc::Sender<Write>, work: Work) -> Result<(), StoreError> {
    let (begun, begins) = oneshot::channel();
    writer
        .try_send(Write::Turn(Turn { begun, work }))
        .map_err(|_| StoreError::Busy)?;
    match timeout(STORE_ACQUIRE, answered(begins)).await {
        Ok(begun) => begun?,
        Err(_) => Err(StoreError::Busy),
    }
}
