//! Leases: work on a database that one process at a time may do. The death of the holder ends a lease at once.

use std::fs::{File, TryLockError};

use super::{Store, StoreError};

/// A lease that is held; dropping it lets go.
#[derive(Debug)]
pub struct Lease {
    /// On SQLite a lock of a file beside the database, which the kernel frees.
    _file: File,
}

impl Lease {
    /// Lets go.
    #[expect(clippy::unused_async, reason = "SQL Server is told, SQLite is not")]
    pub async fn release(self) {}
}

impl Store {
    /// Takes the lease `name` of this database, unless another process has it.
    pub async fn try_lease(&self, name: &str) -> Result<Option<Lease>, StoreError> {
        let path = self.inner.engine.beside(name);
        let unavailable = |error| StoreError::Unavailable(Box::new(error));
        let file = File::options().create(true).truncate(false).write(true).open(path).map_err(unavailable)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Lease { _file: file })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(unavailable(error)),
        }
    }
}
