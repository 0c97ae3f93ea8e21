//! Background tasks: named, cancelled at the stop, joined; the failure of one ends the process.

use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use futures_util::FutureExt as _;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Tasks may take so long to end after the order to stop: what a slow database still has to write is not lost, and the node, which
/// waits for five seconds, need not kill.
const STOP: Duration = Duration::from_millis(4600);
/// And so long in any case after the open requests have ended.
const JOIN: Duration = Duration::from_millis(400);

/// The tasks of a process.
#[derive(Clone, Default)]
pub(super) struct Tasks {
    tracker: TaskTracker,
    pub(super) stopping: CancellationToken,
    /// Cancelled after the open requests and reactions have ended.
    pub(super) drained: CancellationToken,
    failed: Arc<Mutex<Option<&'static str>>>,
    /// When the order to stop came.
    ordered: Arc<OnceLock<Instant>>,
}

impl Tasks {
    pub(super) fn begin() -> Self {
        let tasks = Self::default();
        let (stopping, ordered) = (tasks.stopping.clone(), tasks.ordered.clone());
        tasks.tracker.spawn(async move {
            stopping.cancelled().await;
            ordered.get_or_init(Instant::now);
        });
        tasks
    }

    pub(super) fn spawn(
        &self,
        name: &'static str,
        work: impl Future<Output = ()> + Send + 'static,
    ) {
        let stopping = self.stopping.clone();
        // Cancelled at the stop is as good as ended.
        self.spawn_through_drain(name, async move {
            stopping.run_until_cancelled(work).await.unwrap_or_default();
        });
    }

    pub(super) fn spawn_through_drain(
        &self,
        name: &'static str,
        work: impl Future<Output = ()> + Send + 'static,
    ) {
        let tasks = self.clone();
        self.tracker.spawn(async move {
            if AssertUnwindSafe(work).catch_unwind().await.is_err() {
                // The panic hook has logged the place. A process without one of its parts is worse than a restart.
                *tasks.failed.lock().unwrap_or_else(PoisonError::into_inner) = Some(name);
                tasks.stopping.cancel();
            }
        });
    }

    /// Waits until all tasks have ended.
    pub(super) async fn join(&self) -> anyhow::Result<()> {
        self.stopping.cancel();
        self.drained.cancel();
        self.tracker.close();
        let begun = self.ordered.get_or_init(Instant::now);
        let left = STOP.saturating_sub(begun.elapsed()).max(JOIN);
        if tokio::time::timeout(left, self.tracker.wait())
            .await
            .is_err()
        {
            tracing::warn!("some tasks did not end in time and were cut");
        }
        match *self.failed.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(name) => Err(anyhow::anyhow!(
                "the task {name} panicked; the process ends so that it is started anew"
            )),
            None => Ok(()),
        }
    }
}

/// Cancels the token on SIGTERM or SIGINT and then waits for ever: the server ends the process.
pub(super) async fn stop_on_signal(stopping: CancellationToken) -> std::io::Result<()> {
    let (mut terminate, mut interrupt) = (
        signal(SignalKind::terminate())?,
        signal(SignalKind::interrupt())?,
    );
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    tracing::info!("stopping");
    stopping.cancel();
    std::future::pending().await
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicBool, Ordering};

    #[tokio::test]
    async fn what_is_still_written_after_the_drain_is_waited_for() {
        let tasks = Tasks::begin();
        let (drained, written) = (tasks.drained.clone(), Arc::new(AtomicBool::new(false)));
        let done = written.clone();
        tasks.spawn_through_drain("slow", async move {
            drained.cancelled().await;
            // A database that takes its time.
            crate::clock::Clock::sleep(&crate::clock::SystemClock, 2 * JOIN).await;
            done.store(true, Ordering::SeqCst);
        });
        tasks.join().await.unwrap();
        assert!(written.load(Ordering::SeqCst));
    }
}
