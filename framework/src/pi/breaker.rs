//! When a server is left alone for a while, and how many requests to it may be repeated. No clock and no lock of its own.

use std::time::{Duration, Instant};

use jiff::Timestamp;
use serde::Serialize;

use crate::limits;

/// Whether a server is asked at present.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum PiAvailability {
    /// It is asked.
    Available,
    /// It has failed so often that it is left alone for a while.
    Resting {
        /// Since when it fails.
        since: Timestamp,
        /// When it is asked again.
        until: Timestamp,
        /// What happened last.
        cause: String,
    },
    /// One request tries whether it answers again; all others are refused until then.
    Probing {
        /// Since when it fails.
        since: Timestamp,
        /// What happened last.
        cause: String,
    },
}

/// An instant twice: for decisions, which no change of the machine's clock may touch, and for people.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moment {
    pub(super) tick: Instant,
    pub(super) at: Timestamp,
}

/// Leave to send one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Leave {
    Normal,
    Probe,
}

/// A server that fails again and again is left alone: it recovers sooner, and its callers hear at once that it is away.
#[derive(Debug, Default)]
pub(super) struct Breaker {
    failures: u32,
    failing_since: Option<Timestamp>,
    cause: String,
    /// How often in a row it was left alone without having answered in between.
    rests: u32,
    rest: Option<Rest>,
}

#[derive(Debug)]
struct Rest {
    until: Moment,
    probing: bool,
}

impl Breaker {
    /// Leave for a request, or what its caller is told instead.
    pub(super) fn ask(&mut self, now: Moment) -> Result<Leave, PiAvailability> {
        match &mut self.rest {
            None => Ok(Leave::Normal),
            Some(rest) if !rest.probing && now.tick >= rest.until.tick => {
                rest.probing = true;
                Ok(Leave::Probe)
            }
            Some(_) => Err(self.availability(now)),
        }
    }

    /// The server answered: whatever it said, it is there.
    pub(super) fn answered(&mut self) {
        *self = Self::default();
    }

    /// The server did not answer. A request that was on its way when the rest began says nothing new.
    pub(super) fn failed(&mut self, leave: Leave, cause: String, now: Moment) {
        if self.rest.is_some() && leave == Leave::Normal {
            return;
        }
        self.failures += 1;
        self.failing_since.get_or_insert(now.at);
        self.cause = cause;
        if leave == Leave::Probe || self.failures >= limits::PI_BREAKER_AFTER {
            let (first, longest) = limits::PI_BREAKER_REST;
            let pause = first.saturating_mul(1 << self.rests.min(10)).min(longest);
            self.rests += 1;
            self.rest = Some(Rest {
                until: Moment {
                    tick: now.tick + pause,
                    at: now.at.checked_add(pause).unwrap_or(now.at),
                },
                probing: false,
            });
        }
    }

    /// The request ended without saying anything about the server: the next one may probe.
    pub(super) fn undecided(&mut self, leave: Leave) {
        if leave == Leave::Probe
            && let Some(rest) = &mut self.rest
        {
            rest.probing = false;
        }
    }

    pub(super) fn availability(&self, now: Moment) -> PiAvailability {
        let since = self.failing_since.unwrap_or(now.at);
        let cause = self.cause.clone();
        match &self.rest {
            None => PiAvailability::Available,
            Some(rest) if rest.probing => PiAvailability::Probing { since, cause },
            Some(rest) => PiAvailability::Resting {
                since,
                until: rest.until.at,
                cause,
            },
        }
    }

    /// Whether nothing is known that would be missed.
    pub(super) fn is_calm(&self) -> bool {
        self.failures == 0
    }
}

/// How long the next caller should wait before asking again.
pub(super) fn rest_of(availability: &PiAvailability, now: Timestamp) -> Duration {
    match availability {
        PiAvailability::Resting { until, .. } => {
            Duration::try_from(until.duration_since(now)).unwrap_or_default()
        }
        _ => Duration::from_secs(1),
    }
}

/// Repetitions as a share of requests, so that a server in trouble is not asked several times as much as a healthy one.
#[derive(Debug)]
pub(super) struct RetryBudget {
    /// In shares of one repetition.
    shares: u32,
}

impl Default for RetryBudget {
    fn default() -> Self {
        Self {
            shares: limits::PI_RETRY_RESERVE * limits::PI_RETRY_SHARE,
        }
    }
}

impl RetryBudget {
    /// A question is asked: it pays for a share of a repetition.
    pub(super) fn asked(&mut self) {
        self.shares = (self.shares + 1).min(limits::PI_RETRY_RESERVE * limits::PI_RETRY_SHARE);
    }

    /// Takes one repetition, where one is left.
    pub(super) fn take(&mut self) -> bool {
        match self.shares.checked_sub(limits::PI_RETRY_SHARE) {
            Some(rest) => {
                self.shares = rest;
                true
            }
            None => false,
        }
    }

    pub(super) fn left(&self) -> u32 {
        self.shares / limits::PI_RETRY_SHARE
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    struct Time(Moment);

    impl Time {
        fn start() -> Self {
            Self(Moment {
                tick: Instant::now(),
                at: "2026-01-01T00:00:00Z".parse().unwrap(),
            })
        }

        fn after(&self, seconds: u64) -> Moment {
            let passed = Duration::from_secs(seconds);
            Moment {
                tick: self.0.tick + passed,
                at: self.0.at.checked_add(passed).unwrap(),
            }
        }
    }

    fn failing(time: &Time) -> Breaker {
        let mut breaker = Breaker::default();
        for _ in 0..limits::PI_BREAKER_AFTER {
            assert_eq!(breaker.ask(time.0), Ok(Leave::Normal));
            breaker.failed(Leave::Normal, "no answer".to_owned(), time.0);
        }
        breaker
    }

    #[test]
    fn a_server_that_fails_again_and_again_is_left_alone_and_then_probed_by_one() {
        let time = Time::start();
        let mut breaker = failing(&time);
        let resting = PiAvailability::Resting {
            since: time.0.at,
            until: time.after(5).at,
            cause: "no answer".to_owned(),
        };
        assert_eq!(breaker.ask(time.after(4)), Err(resting));
        assert_eq!(breaker.ask(time.after(5)), Ok(Leave::Probe));
        assert!(matches!(
            breaker.ask(time.after(5)),
            Err(PiAvailability::Probing { .. })
        ));
        breaker.answered();
        assert_eq!(breaker.ask(time.after(5)), Ok(Leave::Normal));
    }

    #[test]
    fn each_failed_probe_doubles_the_rest_up_to_the_longest() {
        let time = Time::start();
        let mut breaker = failing(&time);
        let mut at = 0;
        for rest in [5, 10, 20, 30, 30] {
            at += rest;
            assert!(breaker.ask(time.after(at - 1)).is_err());
            assert_eq!(breaker.ask(time.after(at)), Ok(Leave::Probe));
            breaker.failed(Leave::Probe, "still none".to_owned(), time.after(at));
        }
    }

    #[test]
    fn a_probe_that_nobody_waits_for_any_more_leaves_the_place_to_the_next() {
        let time = Time::start();
        let mut breaker = failing(&time);
        assert_eq!(breaker.ask(time.after(5)), Ok(Leave::Probe));
        breaker.undecided(Leave::Probe);
        assert_eq!(breaker.ask(time.after(5)), Ok(Leave::Probe));
    }

    proptest! {
        #[test]
        fn repetitions_stay_below_a_tenth_of_the_requests(asks in prop::collection::vec(any::<bool>(), 0..5000)) {
            let mut budget = RetryBudget::default();
            let (mut asked, mut repeated) = (0, 0);
            for ask in asks {
                if ask {
                    budget.asked();
                    asked += 1;
                } else if budget.take() {
                    repeated += 1;
                }
            }
            prop_assert!(repeated <= limits::PI_RETRY_RESERVE + asked / limits::PI_RETRY_SHARE);
        }

        #[test]
        fn one_answer_between_failures_keeps_the_server_in_use(failures in prop::collection::vec(1_u32..limits::PI_BREAKER_AFTER, 1..20)) {
            let time = Time::start();
            let mut breaker = Breaker::default();
            for row in failures {
                for _ in 0..row {
                    prop_assert_eq!(breaker.ask(time.0), Ok(Leave::Normal));
                    breaker.failed(Leave::Normal, String::new(), time.0);
                }
                breaker.answered();
            }
        }
    }
}
