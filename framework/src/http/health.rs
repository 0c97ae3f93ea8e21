//! Whether a process can serve: its checks, each run once at a time, however many ask.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::{Shared, join_all};
use serde::Serialize;
use tokio::sync::oneshot;
use tokio::task::AbortHandle;
use tokio_util::sync::CancellationToken;

/// A check that takes longer counts as failed: a probe must not hang with what it probes.
const CHECK_TIME: Duration = Duration::from_secs(2);

type Checking = Pin<Box<dyn Future<Output = Result<(), String>> + Send>>;

/// Something the process needs.
#[derive(Clone)]
pub struct Check {
    name: &'static str,
    required: bool,
    run: Arc<dyn Fn() -> Checking + Send + Sync>,
    under_way: Arc<Mutex<Option<UnderWay>>>,
}

/// A check that has been begun; all who ask before it ends get its outcome.
struct UnderWay {
    task: AbortHandle,
    outcome: Shared<oneshot::Receiver<Result<(), String>>>,
}

impl Check {
    /// Without it the process cannot serve: not ready.
    pub fn required<F>(name: &'static str, run: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<(), String>> + Send + 'static,
    {
        Self {
            name,
            required: true,
            run: Arc::new(move || Box::pin(run())),
            under_way: Arc::default(),
        }
    }

    /// Without it the process serves, but something waits: degraded.
    pub fn wanted<F>(name: &'static str, run: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<(), String>> + Send + 'static,
    {
        Self {
            required: false,
            ..Self::required(name, run)
        }
    }

    /// Joins the check that is under way, or begins it. It goes on when nobody waits any more: cut short, it would throw away what
    /// the next one needs, such as a connection whose first answer takes long, and never succeed.
    fn begun(&self) -> Shared<oneshot::Receiver<Result<(), String>>> {
        let mut under_way = self
            .under_way
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(begun) = under_way.as_ref().filter(|begun| !begun.task.is_finished()) {
            return begun.outcome.clone();
        }
        let (tell, outcome) = oneshot::channel();
        let (run, outcome) = ((self.run)(), outcome.shared());
        #[expect(
            clippy::disallowed_methods,
            reason = "ends with the check, which is bounded by what it asks"
        )]
        let task = tokio::spawn(async move { drop(tell.send(run.await)) }).abort_handle();
        *under_way = Some(UnderWay {
            task,
            outcome: outcome.clone(),
        });
        outcome
    }

    async fn outcome(&self) -> Result<(), String> {
        match tokio::time::timeout(CHECK_TIME, self.begun()).await {
            Ok(Ok(outcome)) => outcome,
            _ => Err("no answer".into()),
        }
    }
}

/// The checks of a process.
#[derive(Clone, Default)]
pub struct Health {
    checks: Arc<Mutex<Vec<Check>>>,
    stopping: CancellationToken,
}

#[derive(Serialize)]
pub(super) struct Report {
    pub(super) status: &'static str,
    checks: BTreeMap<&'static str, String>,
}

impl Health {
    /// No checks yet; not ready any more once `stopping`.
    pub fn new(stopping: CancellationToken) -> Self {
        Self {
            checks: Arc::default(),
            stopping,
        }
    }

    /// Adds a check.
    pub fn add(&self, check: Check) {
        self.checks
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(check);
    }

    pub(super) async fn report(&self) -> Report {
        let checks = self
            .checks
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        let mut report = Report {
            status: if self.stopping.is_cancelled() {
                "stopping"
            } else {
                "ready"
            },
            checks: BTreeMap::new(),
        };
        let outcomes = join_all(checks.iter().map(Check::outcome)).await;
        for (check, outcome) in checks.iter().zip(outcomes) {
            if outcome.is_err() && report.status != "stopping" {
                report.status = if check.required || report.status == "down" {
                    "down"
                } else {
                    "degraded"
                };
            }
            report
                .checks
                .insert(check.name, outcome.err().unwrap_or_else(|| "ok".into()));
        }
        report
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use tokio::sync::Semaphore;

    use super::*;

    #[tokio::test]
    async fn a_check_that_outlasts_who_asks_is_joined_by_who_asks_next() {
        let (begun, end) = (Arc::new(AtomicU32::new(0)), Arc::new(Semaphore::new(0)));
        let health = Health::new(CancellationToken::new());
        let (counted, waited) = (begun.clone(), end.clone());
        health.add(Check::required("store", move || {
            let (counted, waited) = (counted.clone(), waited.clone());
            async move {
                counted.fetch_add(1, Ordering::SeqCst);
                let waited = waited.acquire().await;
                waited.map(drop).map_err(|error| error.to_string())
            }
        }));
        let gone = tokio::time::timeout(Duration::from_millis(20), health.report()).await;
        assert!(gone.is_err(), "it takes longer");
        let (report, ()) = tokio::join!(health.report(), async { end.add_permits(1) });
        assert_eq!(report.status, "ready", "{:?}", report.checks);
        assert_eq!(begun.load(Ordering::SeqCst), 1);
        end.close();
        // What was found once is not told for ever.
        while health.report().await.status == "ready" {}
        assert!(begun.load(Ordering::SeqCst) > 1);
    }
}
