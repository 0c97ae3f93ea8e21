//! The connections of a process to one database: few, kept while nobody needs them, and thrown away when anything went wrong.
//!
//! They become more one at a time. One that is new is on trial until the server has answered a call on it, and while it is, no
//! other is opened beside it: after an outage the first good one serves all who wait, where logins of all processes at once, and
//! the plans of their procedures, would keep the server from answering anybody. Who opens one does not own it: a caller that
//! goes away leaves it to the next.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tiberius::Config;
use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio::time::timeout;

use super::dial::{Connection, connect};
use crate::limits::{SQLSERVER_CONNECT, SQLSERVER_CONNECTIONS, SQLSERVER_TRIAL, STORE_ACQUIRE};
use crate::store::{Cause, StoreError};

/// The connections of this process to one database.
pub(super) struct Pool {
    pub(super) config: Config,
    /// How long one call may take.
    pub(super) call: Duration,
    /// Where all connections live, whichever thread asks for one: a connection ends with the runtime that opened it, and the
    /// delivery's ends while requests are still answered.
    runtime: Handle,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    idle: Vec<Idle>,
    /// Who waits for a connection, first come first served.
    waiting: VecDeque<oneshot::Sender<Result<Taken, StoreError>>>,
    /// Connections that are there or being opened.
    places: usize,
    /// Connections that are there.
    open: usize,
    /// The number of the newest connection.
    newest: u64,
    /// Since when it is on trial.
    on_trial: Option<Instant>,
}

/// A connection that nobody uses.
struct Idle {
    connection: Connection,
    number: u64,
    is_proven: bool,
    /// When the server answered on it for the last time.
    good_at: Instant,
}

/// A connection in use: thrown away when dropped, kept when given back.
pub(in crate::store) struct Taken {
    pub(super) connection: Connection,
    place: Place,
    since: Instant,
}

/// One of the connections that a pool may have; free for another when dropped.
struct Place {
    pool: Option<Arc<Pool>>,
    number: u64,
    is_open: bool,
    is_proven: bool,
}

impl std::fmt::Debug for Taken {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Taken").finish_non_exhaustive()
    }
}

impl Pool {
    /// Its connections live as long as the runtime it is made in.
    pub(super) fn new(config: Config, call: Duration) -> Arc<Self> {
        Arc::new(Self {
            config,
            call,
            runtime: Handle::current(),
            state: Mutex::default(),
        })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An idle connection, or one that comes later.
    fn ask(self: &Arc<Self>) -> Result<Taken, oneshot::Receiver<Result<Taken, StoreError>>> {
        let mut state = self.state();
        if let Some(idle) = state.idle.pop() {
            return Ok(self.taken(idle));
        }
        let (sender, answer) = oneshot::channel();
        state.waiting.push_back(sender);
        self.grow(&mut state);
        Err(answer)
    }

    fn taken(self: &Arc<Self>, idle: Idle) -> Taken {
        Taken {
            connection: idle.connection,
            place: Place {
                pool: Some(self.clone()),
                number: idle.number,
                is_open: true,
                is_proven: idle.is_proven,
            },
            since: Instant::now(),
        }
    }

    /// Opens one more connection if somebody waits and none is on trial, or one has been for too long.
    fn grow(self: &Arc<Self>, state: &mut State) {
        let on_trial = state.on_trial;
        if state.waiting.is_empty()
            || state.places == SQLSERVER_CONNECTIONS
            || on_trial.is_some_and(|since| since.elapsed() < SQLSERVER_TRIAL)
        {
            return;
        }
        state.places += 1;
        state.newest += 1;
        state.on_trial = Some(Instant::now());
        let place = Place {
            pool: Some(self.clone()),
            number: state.newest,
            is_open: false,
            is_proven: false,
        };
        self.runtime.spawn(self.clone().open(place));
    }

    /// Opens a connection for whoever waits longest; when there is none at all, all who wait hear why.
    async fn open(self: Arc<Self>, mut place: Place) {
        let dialled = connect(&self.config).await;
        let mut state = self.state();
        match dialled {
            Ok(connection) => {
                state.open += 1;
                place.is_open = true;
                let since = Instant::now();
                let taken = Taken {
                    connection,
                    place,
                    since,
                };
                self.hand_on(&mut state, taken);
            }
            Err(error) => {
                let waiting = match state.open {
                    0 => std::mem::take(&mut state.waiting),
                    _ => VecDeque::new(),
                };
                drop(state);
                drop(place);
                tell_all(waiting, error);
            }
        }
    }

    /// To whoever waits longest, or to those who do nothing.
    fn hand_on(self: &Arc<Self>, state: &mut State, mut taken: Taken) {
        while let Some(first) = state.waiting.pop_front() {
            taken.since = Instant::now();
            match first.send(Ok(taken)) {
                Err(Ok(refused)) => taken = refused,
                _ => return,
            }
        }
        // It is nobody's now, so that dropping it has no meaning.
        taken.place.pool = None;
        state.idle.push(Idle {
            connection: taken.connection,
            number: taken.place.number,
            is_proven: taken.place.is_proven,
            good_at: Instant::now(),
        });
    }

    /// Why somebody who has waited for so long gets no connection.
    fn given_up(&self, patience: Duration) -> StoreError {
        if self.state().open > 0 {
            return StoreError::Busy;
        }
        let text = format!("no answer within {} s", patience.as_secs());
        StoreError::Unavailable(text.into())
    }

    /// Throws away what has been idle since then: it is no better than what has just failed.
    fn clear(&self, since: Instant) {
        let mut state = self.state();
        let before = state.idle.len();
        state.idle.retain(|idle| idle.good_at > since);
        let gone = before - state.idle.len();
        state.places -= gone;
        state.open -= gone;
    }
}

/// The same reason for each who has waited.
fn tell_all(waiting: VecDeque<oneshot::Sender<Result<Taken, StoreError>>>, error: StoreError) {
    let cause: Arc<Cause> = Arc::new(match error {
        StoreError::Unavailable(cause) => cause,
        other => Box::new(other),
    });
    for one in waiting {
        let told = StoreError::Unavailable(Box::new(Shared(cause.clone())));
        // Who has gone away meanwhile needs no reason.
        drop(one.send(Err(told)));
    }
}

/// A cause that several hear of.
#[derive(Debug)]
struct Shared(Arc<Cause>);

impl std::fmt::Display for Shared {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(formatter)
    }
}

impl std::error::Error for Shared {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source()
    }
}

impl Place {
    /// The server has answered: the next connection may be opened.
    fn prove(&mut self, state: &mut State) {
        self.is_proven = true;
        if state.newest == self.number {
            state.on_trial = None;
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let Some(pool) = self.pool.take() else {
            return;
        };
        let mut state = pool.state();
        self.prove(&mut state);
        state.places -= 1;
        if self.is_open {
            state.open -= 1;
            // Where dialling has just failed, whoever comes next tries again.
            pool.grow(&mut state);
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
            pool.grow(&mut pool.state());
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
            let mut state = pool.state();
            self.place.prove(&mut state);
            pool.grow(&mut state);
        }
    }

    pub(super) fn give_back(mut self) {
        if let Some(pool) = self.place.pool.clone() {
            let mut state = pool.state();
            self.place.prove(&mut state);
            pool.hand_on(&mut state, self);
            pool.grow(&mut state);
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
