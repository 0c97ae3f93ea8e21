//! Time and identifiers as arguments, so that tests decide them.
//!
//! Times are kept to the microsecond: that is what both databases store without loss.

use std::fmt::Debug;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::BoxFuture;
use uuid::Uuid;

pub use jiff::Timestamp;

/// What the time is, and how to wait.
pub trait Clock: Debug + Send + Sync {
    /// The present instant, to the microsecond.
    fn now(&self) -> Timestamp;

    /// Ends after `duration` of this clock.
    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()>;
}

/// The clock of the machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that asks the machine for the time"
    )]
    fn now(&self) -> Timestamp {
        to_microseconds(Timestamp::now())
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that waits for the machine's time"
    )]
    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        Box::pin(tokio::time::sleep(duration))
    }
}

/// A clock that stands still until a test moves it.
#[derive(Debug, Clone)]
pub struct ManualClock {
    microseconds: Arc<AtomicI64>,
    moved: Arc<tokio::sync::Notify>,
}

impl ManualClock {
    /// A clock that shows `start`.
    pub fn at(start: Timestamp) -> Self {
        Self {
            microseconds: Arc::new(AtomicI64::new(start.as_microsecond())),
            moved: Arc::default(),
        }
    }

    /// Moves the clock forward and wakes who slept past it.
    pub fn advance(&self, by: Duration) {
        let by = i64::try_from(by.as_micros()).unwrap_or(i64::MAX);
        self.microseconds.fetch_add(by, Ordering::SeqCst);
        self.moved.notify_waiters();
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_microsecond(self.microseconds.load(Ordering::SeqCst))
            .unwrap_or(Timestamp::MAX)
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        let clock = self.clone();
        let end = clock.now().checked_add(duration).unwrap_or(Timestamp::MAX);
        Box::pin(async move {
            loop {
                let moved = clock.moved.notified();
                if clock.now() >= end {
                    return;
                }
                moved.await;
            }
        })
    }
}

/// Cuts an instant to what both databases store.
pub fn to_microseconds(at: Timestamp) -> Timestamp {
    Timestamp::from_microsecond(at.as_microsecond()).unwrap_or(at)
}

/// Where new identifiers come from: random in production, a known sequence in tests.
#[derive(Debug, Clone)]
pub struct Ids {
    seed: Option<u64>,
    count: Arc<AtomicU64>,
    last: Arc<Mutex<Uuid>>,
}

impl Ids {
    /// Identifiers that sort by the time they were made (UUID version 7).
    pub fn random() -> Self {
        Self {
            seed: None,
            count: Arc::default(),
            last: Arc::default(),
        }
    }

    /// The same sequence on every run, for tests.
    pub fn seeded(seed: u64) -> Self {
        Self {
            seed: Some(seed),
            ..Self::random()
        }
    }

    /// The next identifier: greater than every one this source has given before.
    pub fn next(&self) -> Uuid {
        let Some(seed) = self.seed else {
            return self.increasing();
        };
        let count = self.count.fetch_add(1, Ordering::Relaxed) + 1;
        Uuid::from_u64_pair(seed, count)
    }

    fn increasing(&self) -> Uuid {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let next = Uuid::now_v7();
        *last = if next > *last {
            next
        } else {
            Uuid::from_u128(last.as_u128() + 1)
        };
        *last
    }
}

impl Default for Ids {
    fn default() -> Self {
        Self::random()
    }
}
