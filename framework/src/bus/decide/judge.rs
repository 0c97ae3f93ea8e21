//! What becomes of a message, given what its reaction said.

use std::time::Duration;

use crate::bus::{Envelope, pause};
use crate::clock::Timestamp;
use crate::limits::{MAX_ATTEMPTS, MAX_DELIVERIES};
use crate::model::Zone;

/// How a reaction failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Failure {
    /// What it needs is away: not the message's fault, and not counted.
    Away,
    /// It can succeed later.
    Later,
    /// It can never succeed.
    Never,
}

impl Failure {
    /// What traces call it.
    pub(crate) fn kind(self) -> &'static str {
        match self {
            Self::Away => "away",
            Self::Later => "later",
            Self::Never => "never",
        }
    }
}

/// What becomes of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Decision {
    /// It has had its effect.
    Done,
    /// It is held and tried again here, as often as it takes.
    Hold,
    /// It is tried again after this pause, with this count of failed attempts.
    Again {
        /// Failed attempts so far.
        attempts: u32,
        /// The pause before the next.
        after: Duration,
    },
    /// It becomes a dead letter with this count of failed attempts.
    Dead {
        /// Failed attempts so far.
        attempts: u32,
    },
}

/// Why a message becomes a dead letter without being tried; `free` says that the subscription takes what comes from the free zone.
pub(crate) fn unfit(
    envelope: &Envelope,
    deliveries: u32,
    free: bool,
    now: Timestamp,
) -> Option<&'static str> {
    if envelope.is_expired(now) {
        return Some("its deadline had passed");
    }
    if envelope.zone == Some(Zone::NonGxp) && !free {
        return Some("it comes from the free zone, and the manifest does not say `free = true`");
    }
    (deliveries > MAX_DELIVERIES).then_some("it was handed out too often without any verdict")
}

/// Decides after a reaction to a message that had failed `attempts` times before.
pub(crate) fn judge(outcome: Result<(), Failure>, attempts: u32) -> Decision {
    let attempts = attempts.saturating_add(1);
    match outcome {
        Ok(()) => Decision::Done,
        Err(Failure::Away) => Decision::Hold,
        Err(Failure::Later) if attempts < MAX_ATTEMPTS => Decision::Again {
            attempts,
            after: pause::before_retry(attempts),
        },
        Err(Failure::Later | Failure::Never) => Decision::Dead { attempts },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_tried_a_named_number_of_times_with_growing_pauses() {
        let mut last = Duration::ZERO;
        for failed in 0..MAX_ATTEMPTS - 1 {
            let Decision::Again { attempts, after } = judge(Err(Failure::Later), failed) else {
                panic!("given up after {failed}");
            };
            assert_eq!(attempts, failed + 1);
            assert!(after.mul_f64(2.0) > last, "{after:?} after {last:?}");
            last = after;
        }
        assert_eq!(
            judge(Err(Failure::Later), MAX_ATTEMPTS - 1),
            Decision::Dead {
                attempts: MAX_ATTEMPTS
            }
        );
    }

    #[test]
    fn an_outage_is_never_counted_and_a_refusal_never_repeated() {
        assert_eq!(judge(Err(Failure::Away), u32::MAX), Decision::Hold);
        assert_eq!(
            judge(Err(Failure::Never), 0),
            Decision::Dead { attempts: 1 }
        );
    }
}
