//! What all readers of one server in this process share: its places, its budget of repetitions, its breaker, what is known of it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Instant;

use serde::Serialize;
use tokio::sync::Semaphore;

use super::PiError;
use super::breaker::{Breaker, Leave, Moment, PiAvailability, RetryBudget};
use super::identity::PiIdentity;
use crate::clock::{Clock, SystemClock};
use crate::limits;

/// How this process gets on with a server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PiHealth {
    /// Whether it is asked.
    pub availability: PiAvailability,
    /// Requests on their way.
    pub running: usize,
    /// Requests that may be repeated before others have paid for more.
    pub repetitions_left: u32,
}

#[derive(Debug)]
pub(super) struct Server {
    pub(super) places: Semaphore,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    breaker: Breaker,
    budget: RetryBudget,
    /// The certificate of the last answer.
    certificate: Option<Vec<u8>>,
    identity: Option<PiIdentity>,
}

impl Server {
    /// The one of an address, the same for all its readers.
    pub(super) fn at(address: &str) -> Arc<Self> {
        static SERVERS: OnceLock<Mutex<HashMap<String, Arc<Server>>>> = OnceLock::new();
        let mut servers = SERVERS
            .get_or_init(Mutex::default)
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        // One that nobody reads is kept as long as something is known that the next reader should know.
        servers.retain(|_, server| Arc::strong_count(server) > 1 || server.is_worth_keeping());
        let server = servers.entry(address.to_owned()).or_insert_with(|| {
            Arc::new(Self {
                places: Semaphore::new(limits::PI_CONCURRENCY),
                state: Mutex::default(),
            })
        });
        Arc::clone(server)
    }

    fn is_worth_keeping(&self) -> bool {
        let state = self.state();
        !state.breaker.is_calm() || state.identity.is_some()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn health(&self) -> PiHealth {
        let running = limits::PI_CONCURRENCY.saturating_sub(self.places.available_permits());
        let state = self.state();
        PiHealth {
            availability: state.breaker.availability(moment()),
            running,
            repetitions_left: state.budget.left(),
        }
    }

    /// A question begins; refused at once while the server rests.
    pub(super) fn ask(&self) -> Result<(), PiError> {
        let mut state = self.state();
        state.budget.asked();
        match state.breaker.availability(moment()) {
            PiAvailability::Resting { until, .. } if SystemClock.now() < until => Err(
                PiError::Resting(Box::new(state.breaker.availability(moment()))),
            ),
            _ => Ok(()),
        }
    }

    /// Whether a request may be repeated; takes it from the budget.
    pub(super) fn may_repeat(&self) -> bool {
        self.state().budget.take()
    }

    /// Leave to send a request now.
    pub(super) fn admit(self: &Arc<Self>) -> Result<Admission, PiError> {
        let leave = self.state().breaker.ask(moment());
        let leave = leave.map_err(|availability| PiError::Resting(Box::new(availability)))?;
        Ok(Admission {
            server: Arc::clone(self),
            leave,
            sent: Instant::now(),
            settled: false,
        })
    }

    /// Remembers the certificate that an answer came with.
    pub(super) fn show(&self, certificate: &[u8]) {
        let mut state = self.state();
        if state.certificate.as_deref() != Some(certificate) {
            state.certificate = Some(certificate.to_vec());
        }
    }

    pub(super) fn certificate(&self) -> Option<Vec<u8>> {
        self.state().certificate.clone()
    }

    pub(super) fn identity(&self) -> Option<PiIdentity> {
        self.state().identity.clone()
    }

    /// Remembers who answered; the one known before, where it is another.
    pub(super) fn know(&self, identity: &PiIdentity) -> Option<PiIdentity> {
        let before = self.state().identity.replace(identity.clone());
        before.filter(|before| !before.is_same_server(identity))
    }
}

/// A request on its way. Dropped without a verdict, it says nothing about the server.
#[derive(Debug)]
pub(super) struct Admission {
    server: Arc<Server>,
    leave: Leave,
    sent: Instant,
    settled: bool,
}

impl Admission {
    /// Tells the breaker what became of the request.
    pub(super) fn settle<T>(mut self, outcome: &Result<T, PiError>) {
        self.settled = true;
        let mut state = self.server.state();
        match outcome {
            Err(error) if self.is_absence(error) => {
                state
                    .breaker
                    .failed(self.leave, error.to_string(), moment());
            }
            Err(PiError::Slow(_) | PiError::Interrupted(_) | PiError::Certificate { .. }) => {
                state.breaker.undecided(self.leave);
            }
            _ => state.breaker.answered(),
        }
    }

    /// Whether the server itself seems to be away, and not what it was asked for.
    fn is_absence(&self, error: &PiError) -> bool {
        match error {
            PiError::Down(_) => true,
            PiError::Failed { status, .. } => matches!(status, 502..=504),
            // A caller with little patience left says nothing about the server.
            PiError::Slow(_) => self.sent.elapsed() >= limits::PI_CONNECT,
            _ => false,
        }
    }
}

impl Drop for Admission {
    fn drop(&mut self) {
        if !self.settled {
            self.server.state().breaker.undecided(self.leave);
        }
    }
}

fn moment() -> Moment {
    Moment {
        tick: Instant::now(),
        at: SystemClock.now(),
    }
}
