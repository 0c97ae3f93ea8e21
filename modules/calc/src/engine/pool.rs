//! The workers of an engine and who may have one.
//!
//! A caller waits in a bounded queue, owns a worker for one call and gives it back. Calls over the bus may take all
//! workers but one, so that a model that calculates for minutes does not keep a chart waiting.

use super::failure::Failure;
use super::settings::{IDLE, RECYCLE_RSS_MB, RECYCLE_SCRIPTS, RESTING, Settings};
use super::spawner::Spawner;
use super::worker::Worker;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::task::TaskTracker;

/// Who asks for a worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lane {
    /// Somebody waits for the answer.
    Short,
    /// A task of the bus; may last.
    Long,
}

/// All workers of this engine.
#[derive(Debug)]
pub(crate) struct Pool {
    settings: Settings,
    about: Arc<str>,
    spawner: Spawner,
    idle: Mutex<Vec<Worker>>,
    slots: Arc<Semaphore>,
    long: Arc<Semaphore>,
    waiting: AtomicUsize,
    restarts: AtomicUsize,
    replacing: TaskTracker,
}

/// A worker for one call and the right to use it.
pub(crate) struct Lease {
    pub(crate) worker: Worker,
    permits: Permits,
}

type Permits = (Option<OwnedSemaphorePermit>, OwnedSemaphorePermit);

impl Pool {
    /// Starts the workers that are kept ready.
    pub(crate) async fn start(settings: Settings) -> Result<Self, Failure> {
        let spawner = Spawner::start(&settings).map_err(Failure::Start)?;
        let starting = (0..settings.workers).map(|_| Worker::start(&spawner, &settings));
        let idle = futures_util::future::try_join_all(starting).await?;
        let at_most = settings.workers_at_most;
        let about = idle
            .first()
            .map(|worker| worker.about.clone())
            .unwrap_or_default();
        Ok(Self {
            about,
            spawner,
            idle: Mutex::new(idle),
            slots: Arc::new(Semaphore::new(at_most)),
            long: Arc::new(Semaphore::new((at_most - 1).max(1))),
            waiting: AtomicUsize::new(0),
            restarts: AtomicUsize::new(0),
            replacing: TaskTracker::new(),
            settings,
        })
    }

    /// A worker, one that holds `version` already when there is a choice.
    pub(crate) async fn take(
        &self,
        lane: Lane,
        version: &str,
        until: Instant,
    ) -> Result<Lease, Failure> {
        let permits = self.permits(lane, until).await?;
        let worker = match self.pick(version) {
            Some(worker) => worker,
            None => Worker::start(&self.spawner, &self.settings).await?,
        };
        Ok(Lease { worker, permits })
    }

    /// A worker that nobody has used; it ends with its lease.
    pub(crate) async fn fresh(&self, lane: Lane, until: Instant) -> Result<Lease, Failure> {
        let permits = self.permits(lane, until).await?;
        let worker = Worker::start(&self.spawner, &self.settings).await?;
        Ok(Lease { worker, permits })
    }

    async fn permits(&self, lane: Lane, until: Instant) -> Result<Permits, Failure> {
        if lane == Lane::Short
            && let Ok(slot) = self.slots.clone().try_acquire_owned()
        {
            return Ok((None, slot));
        }
        let _place = self.queue()?;
        let both = async {
            let long = match lane {
                Lane::Long => Some(
                    self.long
                        .clone()
                        .acquire_owned()
                        .await
                        .map_err(|_| Failure::Busy)?,
                ),
                Lane::Short => None,
            };
            Ok((
                long,
                self.slots
                    .clone()
                    .acquire_owned()
                    .await
                    .map_err(|_| Failure::Busy)?,
            ))
        };
        tokio::time::timeout_at(until.into(), both)
            .await
            .unwrap_or(Err(Failure::Busy))
    }

    fn queue(&self) -> Result<Place<'_>, Failure> {
        let place = Place(&self.waiting);
        if self.waiting.fetch_add(1, Ordering::Relaxed) >= self.settings.queue {
            Err(Failure::Busy)
        } else {
            Ok(place)
        }
    }

    fn pick(&self, version: &str) -> Option<Worker> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let index = idle
            .iter()
            .rposition(|worker| worker.has(version))
            .or(idle.len().checked_sub(1))?;
        Some(idle.swap_remove(index))
    }

    /// Takes a worker back after a call that ended so; one that ended or grew too large is replaced.
    pub(crate) fn settle(self: &Arc<Self>, lease: Lease, failure: Option<&Failure>) {
        let Lease {
            mut worker,
            permits,
        } = lease;
        if failure.is_some_and(Failure::ended_the_worker) || outgrown(&worker) {
            drop(worker);
            let pool = self.clone();
            // Beside the answer: its caller need not wait for the next R.
            self.replacing
                .spawn(async move { pool.replace(permits).await });
            return;
        }
        worker.idle_since = Instant::now();
        self.idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(worker);
        drop(permits);
    }

    /// Lets the call that waited for a worker begin before the one that gave it back goes on: R works while the answer is written.
    pub(crate) async fn let_next_begin(&self) {
        if self.waiting.load(Ordering::Relaxed) > 0 {
            tokio::task::yield_now().await;
        }
    }

    async fn replace(&self, permits: Permits) {
        self.restarts.fetch_add(1, Ordering::Relaxed);
        match Worker::start(&self.spawner, &self.settings).await {
            Ok(worker) => self
                .idle
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(worker),
            Err(error) => tracing::error!(
                error = dcp::chain(&error),
                "an R worker could not be replaced"
            ),
        }
        drop(permits);
    }

    /// Ends workers that are not needed any more, and takes from the others what they need at work alone; called now and then.
    pub(crate) fn shrink(&self) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        while idle.len() > self.settings.workers && idle[0].idle_since.elapsed() > IDLE {
            drop(idle.remove(0));
        }
        for worker in idle.iter() {
            if worker.idle_since.elapsed() > RESTING {
                worker.shared.give_back();
            }
        }
    }

    /// What R says about itself; the same for all workers of an engine.
    pub(crate) fn about(&self) -> &Arc<str> {
        &self.about
    }

    /// Figures for the operator.
    pub(crate) fn figures(&self) -> Figures {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        Figures {
            idle: idle.len(),
            busy: self.settings.workers_at_most - self.slots.available_permits(),
            at_most: self.settings.workers_at_most,
            waiting: self.waiting.load(Ordering::Relaxed),
            restarts: self.restarts.load(Ordering::Relaxed),
            memory_mb: idle
                .iter()
                .map(|worker| resident_mb(worker.process()))
                .sum(),
        }
    }
}

/// How busy an engine is.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub(crate) struct Figures {
    /// Workers without work.
    idle: usize,
    /// Workers at work.
    busy: usize,
    /// Workers that may exist.
    at_most: usize,
    /// Calls that wait for a worker.
    waiting: usize,
    /// Workers replaced since the engine started.
    restarts: usize,
    /// Resident memory of the idle workers, MiB.
    memory_mb: u64,
}

/// One place in the queue, given up when dropped.
struct Place<'a>(&'a AtomicUsize);

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Looked at now and then only: it reads a file.
fn outgrown(worker: &Worker) -> bool {
    let looked_at = worker.calls.is_multiple_of(64);
    worker.scripts() > RECYCLE_SCRIPTS
        || (looked_at && resident_mb(worker.process()) > RECYCLE_RSS_MB)
}

fn resident_mb(process: Option<u32>) -> u64 {
    let status = process
        .and_then(|id| std::fs::read_to_string(format!("/proc/{id}/status")).ok())
        .unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kilobytes.unwrap_or(0) / 1024
}
