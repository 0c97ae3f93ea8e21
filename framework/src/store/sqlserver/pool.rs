//! The connections of a process to one database: few, kept while nobody needs them, and thrown away when anything went wrong.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tiberius::{Client, Config};
use tokio::net::TcpStream;
use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;
use tokio_util::compat::{Compat, TokioAsyncWriteCompatExt};
use tokio_util::task::AbortOnDropHandle;

use super::map;
use super::refusal::map_login;
use crate::limits::{SQLSERVER_CONNECT, SQLSERVER_CONNECTIONS, STORE_ACQUIRE};
use crate::store::StoreError;

pub(super) type Connection = Client<Compat<TcpStream>>;

/// The connections of this process to one database.
pub(super) struct Pool {
    pub(super) config: Config,
    /// How long one call may take.
    pub(super) call: Duration,
    /// Where all connections live, whichever thread asks for one: a connection ends with the runtime that opened it, and the
    /// delivery's ends while requests are still answered.
    runtime: Handle,
    idle: Mutex<Vec<Connection>>,
    permits: Arc<Semaphore>,
}

/// A connection in use: thrown away when dropped, kept when given back.
pub(in crate::store) struct Taken {
    pub(super) connection: Connection,
    pub(super) pool: Arc<Pool>,
    _permit: OwnedSemaphorePermit,
}

impl Pool {
    /// Its connections live as long as the runtime it is made in.
    pub(super) fn new(config: Config, call: Duration) -> Arc<Self> {
        Arc::new(Self {
            config,
            call,
            runtime: Handle::current(),
            idle: Mutex::default(),
            permits: Arc::new(Semaphore::new(SQLSERVER_CONNECTIONS)),
        })
    }

    async fn dial(&self) -> Result<Connection, StoreError> {
        let config = self.config.clone();
        let dialled = self.runtime.spawn(async move { connect(&config).await });
        let ended = |error| StoreError::Unavailable(Box::new(error));
        AbortOnDropHandle::new(dialled).await.map_err(ended)?
    }
}

impl std::fmt::Debug for Taken {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Taken").finish_non_exhaustive()
    }
}

const RELEASE_LOCK: &str = "DECLARE @resource NVARCHAR(255) = DB_NAME() + N':' + @P1; \
    EXEC sp_releaseapplock @Resource = @resource, @LockOwner = 'Session';";

impl Taken {
    pub(super) async fn from(pool: &Arc<Pool>) -> Result<Self, StoreError> {
        let waited = timeout(STORE_ACQUIRE, pool.permits.clone().acquire_owned()).await;
        let permit = waited
            .map_err(|_| StoreError::Busy)?
            .map_err(|error| StoreError::Unavailable(Box::new(error)))?;
        let idle = pool
            .idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop();
        let connection = match idle {
            Some(connection) => connection,
            None => pool.dial().await?,
        };
        Ok(Self {
            connection,
            pool: pool.clone(),
            _permit: permit,
        })
    }

    /// A connection that is certainly new, in the place of `stale`.
    pub(super) async fn new(pool: &Arc<Pool>, stale: Self) -> Result<Self, StoreError> {
        // The others are as old as this one.
        pool.idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
        let Self {
            _permit: permit, ..
        } = stale;
        Ok(Self {
            connection: pool.dial().await?,
            pool: pool.clone(),
            _permit: permit,
        })
    }

    pub(super) fn give_back(self) {
        self.pool
            .idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(self.connection);
    }

    /// Lets go of an application lock.
    pub(in crate::store) async fn release(mut self, name: &str) {
        let released = timeout(STORE_ACQUIRE, async {
            self.connection.execute(RELEASE_LOCK, &[&name]).await
        });
        // Thrown away otherwise, which frees the lock as well.
        if matches!(released.await, Ok(Ok(_))) {
            self.give_back();
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the pool is the one place that connects"
)]
pub(super) async fn connect(config: &Config) -> Result<Connection, StoreError> {
    let dial = async {
        let place = config.get_addr();
        let stream = TcpStream::connect(&place).await.map_err(|error| {
            let words = format!(
                "nobody answers at {place}; start the server, or correct `server` in the connection string"
            );
            StoreError::unavailable(words, error.into())
        })?;
        stream
            .set_nodelay(true)
            .map_err(|error| StoreError::Unavailable(error.into()))?;
        let mut client = Box::pin(Client::connect(config.clone(), stream.compat_write()))
            .await
            .map_err(|error| map_login(error, &place))?;
        // An error ends the transaction; a lock is waited for no longer than a person waits.
        let settings = format!(
            "SET XACT_ABORT ON; SET LOCK_TIMEOUT {};",
            STORE_ACQUIRE.as_millis()
        );
        let set = client.simple_query(settings).await.map_err(map)?;
        set.into_results().await.map_err(map)?;
        Ok(client)
    };
    in_time(dial).await
}

/// A server that is silent is one that is not there.
pub(super) async fn in_time<T>(
    work: impl Future<Output = Result<T, StoreError>>,
) -> Result<T, StoreError> {
    let waited = timeout(SQLSERVER_CONNECT, Box::pin(work)).await;
    waited.map_err(|_| {
        let text = format!("no answer within {} s", SQLSERVER_CONNECT.as_secs());
        StoreError::Unavailable(text.into())
    })?
}
