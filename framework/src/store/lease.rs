//! Leases: work on a database that one process at a time may do. The death of the holder ends a lease at once.

use std::fs::{File, TryLockError};

use super::engine::Engine;
use super::{Store, StoreError, sqlserver};

/// A lease that is held; dropping it lets go.
#[derive(Debug)]
pub struct Lease {
    name: String,
    held: Held,
}

#[derive(Debug)]
enum Held {
    /// A lock of a file beside the database, which the kernel frees.
    Sqlite(File),
    /// An application lock, which the server frees with the connection.
    SqlServer(Box<sqlserver::Taken>),
}

impl Lease {
    /// Lets go, keeping the connection.
    pub async fn release(self) {
        match self.held {
            Held::Sqlite(file) => drop(file),
            Held::SqlServer(taken) => Box::pin(taken.release(&self.name)).await,
        }
    }
}

impl Store {
    /// Takes the lease `name` of this database, unless another process has it.
    pub async fn try_lease(&self, name: &str) -> Result<Option<Lease>, StoreError> {
        let held = match &*self.present() {
            Engine::Sqlite(engine) => lock(&engine.beside(name))?.map(Held::Sqlite),
            Engine::SqlServer(engine) => Box::pin(engine.try_lease(name))
                .await?
                .map(Box::new)
                .map(Held::SqlServer),
        };
        Ok(held.map(|held| Lease {
            name: name.to_owned(),
            held,
        }))
    }
}

fn lock(path: &std::path::Path) -> Result<Option<File>, StoreError> {
    let unavailable = |error| StoreError::Unavailable(Box::new(error));
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(path)
        .map_err(unavailable)?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(unavailable(error)),
    }
}
