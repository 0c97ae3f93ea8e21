//! The connections of a process to one database: few, kept while nobody needs them, and thrown away when anything went wrong.
//!
//! They become more one at a time. One that is new is on trial until the server has answered a call on it, and while it is, others
//! are opened beside it only after pauses that double: after an outage the first good one serves all who wait, where logins of all
//! processes at once, and the plans of their procedures, would keep the server from answering anybody. Who opens one does not own
//! it: a caller that goes away leaves it to the next.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tiberius::Config;
use tokio::runtime::Handle;
use tokio::sync::oneshot;

use super::dial::{Connection, connect};
use super::taken::{Place, Taken};
use crate::limits::{SQLSERVER_CONNECTIONS, SQLSERVER_TRIAL};
use crate::store::{Cause, StoreError};

/// What somebody who waits for a connection hears.
pub(super) type Told = Result<Taken, StoreError>;

/// The connections of this process to one database.
pub(super) struct Pool {
    config: Config,
    /// How long one call may take.
    pub(super) call: Duration,
    /// Where all connections live, whichever thread asks for one: a connection ends with the runtime that opened it, and the
    /// delivery's ends while requests are still answered.
    runtime: Handle,
    state: Mutex<State>,
}

#[derive(Default)]
pub(super) struct State {
    idle: Vec<Idle>,
    /// Who waits for a connection, first come first served.
    waiting: VecDeque<oneshot::Sender<Told>>,
    /// Connections that are there or being opened.
    pub(super) places: usize,
    /// Connections that are there.
    pub(super) open: usize,
    /// Connections that are there or being opened and have answered nothing yet.
    pub(super) unproven: usize,
    /// How many of them are there.
    pub(super) silent: u32,
    /// When the last one was begun.
    begun: Option<Instant>,
}

/// A connection that nobody uses.
pub(super) struct Idle {
    pub(super) connection: Connection,
    pub(super) is_proven: bool,
    /// When the server answered on it for the last time.
    pub(super) good_at: Instant,
}

impl State {
    /// Whether somebody needs one more connection and the newest has had its time: the more of them answer nothing, the longer,
    /// because then the server has too much to do already.
    fn grows(&self) -> bool {
        let pause = SQLSERVER_TRIAL * 2_u32.pow(self.silent.saturating_sub(1));
        let has_had_time = self.begun.is_none_or(|begun| begun.elapsed() >= pause);
        !self.waiting.is_empty()
            && self.places < SQLSERVER_CONNECTIONS
            && (self.unproven == 0 || has_had_time)
    }

    /// To whoever waits longest, or to those who do nothing.
    pub(super) fn hand_on(&mut self, mut taken: Taken) {
        while let Some(first) = self.waiting.pop_front() {
            taken.since = Instant::now();
            match first.send(Ok(taken)) {
                Err(Ok(refused)) => taken = refused,
                _ => return,
            }
        }
        let idle = taken.rest();
        // The last is taken first: what has worked before what has not.
        let at = if idle.is_proven { self.idle.len() } else { 0 };
        self.idle.insert(at, idle);
    }

    fn forget(&mut self, idle: &Idle) {
        self.places -= 1;
        self.open -= 1;
        if !idle.is_proven {
            self.unproven -= 1;
            self.silent -= 1;
        }
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

    /// The same server, and nothing open there yet.
    #[cfg(test)]
    pub(super) fn hurried(&self, call: Duration) -> Arc<Self> {
        Self::new(self.config.clone(), call)
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An idle connection, or one that comes later.
    pub(super) fn ask(self: &Arc<Self>) -> Result<Taken, oneshot::Receiver<Told>> {
        let (sender, answer) = oneshot::channel();
        {
            let mut state = self.state();
            if let Some(idle) = state.idle.pop() {
                return Ok(Taken::again(self, idle));
            }
            state.waiting.push_back(sender);
        }
        self.grow();
        Err(answer)
    }

    /// Opens one more connection if somebody waits and none is on trial, or one has been for long.
    pub(super) fn grow(self: &Arc<Self>) {
        let place = {
            let mut state = self.state();
            if !state.grows() {
                return;
            }
            state.places += 1;
            state.unproven += 1;
            state.begun = Some(Instant::now());
            Place::new(self)
        };
        // Outside the lock: a runtime that ends drops the place at once.
        self.runtime.spawn(self.clone().open(place));
    }

    /// Opens a connection for whoever waits longest; when there is none at all, all who wait hear why.
    async fn open(self: Arc<Self>, place: Place) {
        match connect(&self.config).await {
            Ok(connection) => {
                let mut state = self.state();
                state.open += 1;
                state.silent += 1;
                state.hand_on(Taken::first(connection, place));
            }
            Err(error) => {
                drop(place);
                let waiting = {
                    let mut state = self.state();
                    match state.open {
                        0 => std::mem::take(&mut state.waiting),
                        _ => VecDeque::new(),
                    }
                };
                tell_all(waiting, error);
            }
        }
    }

    /// Why somebody who has waited for so long gets no connection.
    pub(super) fn given_up(&self, patience: Duration) -> StoreError {
        if self.state().open > 0 {
            return StoreError::Busy;
        }
        let text = format!("no answer within {} s", patience.as_secs());
        StoreError::Unavailable(text.into())
    }

    /// Throws away what has been idle since then: it is no better than what has just failed.
    pub(super) fn clear(&self, since: Instant) {
        let mut state = self.state();
        let idle = std::mem::take(&mut state.idle);
        let (kept, gone) = idle.into_iter().partition(|idle| idle.good_at > since);
        state.idle = kept;
        let gone: Vec<Idle> = gone;
        for idle in &gone {
            state.forget(idle);
        }
    }
}

/// The same reason for each who has waited.
fn tell_all(waiting: VecDeque<oneshot::Sender<Told>>, error: StoreError) {
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
