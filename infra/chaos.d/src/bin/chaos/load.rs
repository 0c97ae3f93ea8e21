//! Clients that write as fast as they are answered, and what they were told.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use dcp_chaos::Changed;
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::client::{Client, Outcome};

/// A client that was refused waits so long.
const REFUSED: Duration = Duration::from_millis(5);

/// What clients asked for and what they were told; written by them alone.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    attempted: Mutex<HashSet<Uuid>>,
    acknowledged: Mutex<HashSet<Uuid>>,
    count: AtomicU64,
    refused: AtomicU64,
    broken: AtomicU64,
    /// The longest time without any answer, in milliseconds.
    slowest: AtomicU64,
}

impl Ledger {
    /// As if exactly these had been asked for and acknowledged.
    pub(crate) fn of(ids: &HashSet<Uuid>) -> Self {
        Self {
            attempted: Mutex::new(ids.clone()),
            acknowledged: Mutex::new(ids.clone()),
            ..Self::default()
        }
    }

    /// How many were acknowledged.
    pub(crate) fn count(&self) -> u64 {
        self.count.load(Ordering::Relaxed)
    }

    /// How many were answered with a refusal.
    pub(crate) fn refused(&self) -> u64 {
        self.refused.load(Ordering::Relaxed)
    }

    /// How many got half an answer, or one to another question.
    pub(crate) fn broken(&self) -> u64 {
        self.broken.load(Ordering::Relaxed)
    }

    /// The slowest answer.
    pub(crate) fn slowest(&self) -> Duration {
        Duration::from_millis(self.slowest.load(Ordering::Relaxed))
    }

    pub(crate) fn attempted(&self) -> HashSet<Uuid> {
        self.attempted
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    pub(crate) fn acknowledged(&self) -> HashSet<Uuid> {
        self.acknowledged
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Notes what will be asked for before anybody can know of it.
    pub(crate) fn note_attempt(&self, id: Uuid) {
        self.attempted
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(id);
    }

    pub(crate) fn note(&self, id: Uuid, outcome: Outcome, took: Duration) {
        match outcome {
            Outcome::Acknowledged => {
                self.acknowledged
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .insert(id);
                self.count.fetch_add(1, Ordering::Relaxed);
            }
            Outcome::Refused(_) => drop(self.refused.fetch_add(1, Ordering::Relaxed)),
            Outcome::Broken => drop(self.broken.fetch_add(1, Ordering::Relaxed)),
            Outcome::Unsent | Outcome::Unknown => {}
        }
        let took = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        self.slowest.fetch_max(took, Ordering::Relaxed);
    }
}

/// How clients write.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Plan {
    pub(crate) clients: usize,
    /// Subjects of all clients together: each belongs to one client, whose changes of it are numbered, on from those of loads before.
    pub(crate) subjects: usize,
    /// Acknowledged changes after which clients may stop.
    pub(crate) enough: u64,
    /// The least time between two requests of one client.
    pub(crate) pace: Duration,
}

/// Clients at work.
#[derive(Debug)]
pub(crate) struct Load {
    pub(crate) ledger: Arc<Ledger>,
    free: Arc<AtomicBool>,
    clients: JoinSet<()>,
}

impl Load {
    /// Starts clients that write until there is enough and [`Self::end`] is called.
    pub(crate) fn start(servers: &[SocketAddr], plan: Plan) -> Self {
        let ledger = Arc::new(Ledger::default());
        let free = Arc::new(AtomicBool::new(false));
        let mut clients = JoinSet::new();
        for number in 0..plan.clients {
            let (ledger, free) = (ledger.clone(), free.clone());
            clients.spawn(write(servers.to_vec(), number, plan, ledger, free));
        }
        Self {
            ledger,
            free,
            clients,
        }
    }

    /// Waits until there is enough and every client has stopped.
    pub(crate) async fn end(mut self) -> Arc<Ledger> {
        self.free.store(true, Ordering::Relaxed);
        while self.clients.join_next().await.is_some() {}
        self.ledger
    }
}

/// The time in microseconds: greater than any number of a load that has ended.
fn first_number() -> u64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    u64::try_from(since.as_micros()).unwrap_or_default()
}

async fn write(
    servers: Vec<SocketAddr>,
    number: usize,
    plan: Plan,
    ledger: Arc<Ledger>,
    free: Arc<AtomicBool>,
) {
    let mut client = Client::new(servers);
    let own = (plan.subjects / plan.clients).max(1);
    let first = first_number();
    for count in 0.. {
        if free.load(Ordering::Relaxed) && ledger.count() >= plan.enough {
            return;
        }
        let change = Changed {
            id: Uuid::now_v7(),
            subject: format!("subject-{number}-{}", count % own),
            number: first + u64::try_from(count / own).unwrap_or_default(),
            note: String::new(),
        };
        ledger.note_attempt(change.id);
        let began = Instant::now();
        let outcome = client.change(&change).await;
        ledger.note(change.id, outcome, began.elapsed());
        // Whoever was refused comes back a little later, as people and programs do.
        let pause = if outcome == Outcome::Acknowledged {
            plan.pace
        } else {
            plan.pace.max(REFUSED)
        };
        tokio::time::sleep_until((began + pause).into()).await;
    }
}
