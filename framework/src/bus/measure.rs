//! Counters and times of the messages of one subscription.

use std::sync::Arc;
use std::time::Duration;

use metrics::{Counter, Histogram, counter, histogram};

use super::pause;
use crate::clock::Timestamp;

/// What is counted, with its labels made once: a look into the registry for each message would cost as much as the rest.
#[derive(Clone)]
pub(crate) struct Measures {
    inner: Arc<Inner>,
}

struct Inner {
    done: Counter,
    duplicate: Counter,
    retried: Counter,
    dead: Counter,
    parked: Counter,
    reaction: Histogram,
    lag: Histogram,
}

impl std::fmt::Debug for Measures {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Measures").finish_non_exhaustive()
    }
}

impl Measures {
    pub(super) fn of(queue: &str) -> Self {
        let outcome = |outcome: &'static str| counter!("dcp_messages_total", "queue" => queue.to_owned(), "outcome" => outcome);
        let inner = Inner {
            done: outcome("done"),
            duplicate: outcome("duplicate"),
            retried: outcome("retried"),
            dead: outcome("dead"),
            parked: outcome("parked"),
            reaction: histogram!("dcp_reaction_seconds", "queue" => queue.to_owned()),
            lag: histogram!("dcp_message_lag_seconds", "queue" => queue.to_owned()),
        };
        Self {
            inner: Arc::new(inner),
        }
    }

    /// A message has had its effect; `stored` is when its sender stored it.
    pub(super) fn done(&self, stored: Timestamp, now: Timestamp) {
        self.inner.done.increment(1);
        self.inner
            .lag
            .record(pause::until(stored, now).as_secs_f64());
    }

    pub(super) fn duplicate(&self) {
        self.inner.duplicate.increment(1);
    }

    pub(super) fn retried(&self) {
        self.inner.retried.increment(1);
    }

    pub(super) fn dead(&self) {
        self.inner.dead.increment(1);
    }

    pub(super) fn parked(&self) {
        self.inner.parked.increment(1);
    }

    /// A reaction ran for so long, whatever it said.
    pub(super) fn reacted(&self, spent: Duration) {
        self.inner.reaction.record(spent.as_secs_f64());
    }
}
