//! A connection of the pool in use, and the place it has there.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::time::timeout;

use super::dial::Connection;
use super::pool::{Idle, Pool, State};
use crate::limits::{SQLSERVER_CONNECT, SQLSERVER_TRIAL, STORE_ACQUIRE};
use crate::store::StoreError;

/// A connection in use: thrown away when dropped, kept when given back.
pub(in crate::store) struct Taken {
    pub(super) connection: Connection,
    place: Place,
    /// When it was taken.
    pub(super) since: Instant,
}

/// One of the connections that a pool may have; free for another when dropped.
pub(super) struct Place {
    /// None once the connection is idle, which the pool counts itself.
    pool: Option<Arc<Pool>>,
    is_open: bool,
    is_proven: bool,
}

impl std::fmt::Debug for Taken {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Taken").finish_non_exhaustive()
    }
}

impl Place {
    /// For a connection that is being opened.
    pub(super) fn new(pool: &Arc<Pool>) -> Self {
        Self {
            pool: Some(pool.clone()),
            is_open: false,
            is_proven: false,
        }
    }

    /// The server has answered, or will not any more: it is on trial no longer.
    fn prove(&mut self, state: &mut State) {
        if !self.is_proven {
            self.is_proven = true;
            state.unproven -= 1;
            state.silent -= u32::from(self.is_open);
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let Some(pool) = self.pool.take() else {
            return;
        };
        {
            let mut state = pool.state();
            self.prove(&mut state);
            state.places -= 1;
            state.open -= usize::from(self.is_open);
        }
        // Where dialling has just failed, whoever comes next tries again.
        if self.is_open {
            pool.grow();
        }
    }
}

const RELEASE_LOCK: &str = "DECLARE @resource NVARCHAR(255) = DB_NAME() + N':' + @P1; \
    EXEC sp_releaseapplock @Resource = @resource, @LockOwner = 'Session';";

impl Taken {
    /// Waits no longer than a person does.
    pub(super) async fn from(pool: &Arc<Pool>) -> Result<Self, StoreError> {
        Self::within(pool, STORE_ACQUIRE).await
    }

    /// Waits as long as a login may take: for work that has nothing else to do.
    pub(super) async fn patiently(pool: &Arc<Pool>) -> Result<Self, StoreError> {
        Self::within(pool, SQLSERVER_CONNECT + SQLSERVER_TRIAL).await
    }

    async fn within(pool: &Arc<Pool>, patience: Duration) -> Result<Self, StoreError> {
        let mut answer = match pool.ask() {
            Ok(taken) => return Ok(taken),
            Err(later) => later,
        };
        let until = Instant::now() + patience;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(pool.given_up(patience));
            }
            if let Ok(told) = timeout(left.min(SQLSERVER_TRIAL), &mut answer).await {
                return told.map_err(|error| StoreError::Unavailable(Box::new(error)))?;
            }
            // What is on trial is silent: another may have more luck.
            pool.grow();
        }
    }

    /// One that has just been opened.
    pub(super) fn first(connection: Connection, mut place: Place) -> Self {
        place.is_open = true;
        Self {
            connection,
            place,
            since: Instant::now(),
        }
    }

    /// One that was idle.
    pub(super) fn again(pool: &Arc<Pool>, idle: Idle) -> Self {
        let place = Place {
            pool: Some(pool.clone()),
            is_open: true,
            is_proven: idle.is_proven,
        };
        Self {
            connection: idle.connection,
            place,
            since: Instant::now(),
        }
    }

    pub(super) fn rest(mut self) -> Idle {
        self.place.pool = None;
        Idle {
            connection: self.connection,
            is_proven: self.place.is_proven,
            good_at: Instant::now(),
        }
    }

    /// Another connection in the place of this one, which was stale when it was taken.
    pub(super) async fn another(self) -> Result<Self, StoreError> {
        let Some(pool) = self.place.pool.clone() else {
            return Err(StoreError::Failed);
        };
        pool.clear(self.since);
        drop(self);
        Self::from(&pool).await
    }

    /// How long one call on it may take.
    pub(super) fn call(&self) -> Duration {
        let pool = self.place.pool.as_ref();
        pool.map_or(STORE_ACQUIRE, |pool| pool.call)
    }

    /// The server has answered on it.
    pub(super) fn proven(&mut self) {
        if self.place.is_proven {
            return;
        }
        if let Some(pool) = self.place.pool.clone() {
            self.place.prove(&mut pool.state());
            pool.grow();
        }
    }

    pub(super) fn give_back(mut self) {
        self.proven();
        if let Some(pool) = self.place.pool.clone() {
            pool.state().hand_on(self);
        }
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
