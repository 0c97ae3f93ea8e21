//! Pauses that grow, with jitter, so that those who failed together do not come back together.

use std::time::Duration;

use crate::clock::Timestamp;
use crate::limits::{OUTAGE_PAUSES, RESEND_AFTER, RESEND_AT_MOST, RETRY_PAUSES};

/// The pause before the attempt after `attempts` failures of a reaction.
pub(super) fn before_retry(attempts: u32) -> Duration {
    let step = usize::try_from(attempts.saturating_sub(1)).unwrap_or(usize::MAX);
    jittered(RETRY_PAUSES[step.min(RETRY_PAUSES.len() - 1)])
}

/// The pause after `failures` failures in a row of a database or broker.
pub(crate) fn in_outage(failures: u32) -> Duration {
    let (shortest, longest) = OUTAGE_PAUSES;
    jittered(
        shortest
            .saturating_mul(2_u32.saturating_pow(failures.saturating_sub(1).min(16)))
            .min(longest),
    )
}

/// The pause before a message that was sent is looked at for the `looks`-th time.
pub(super) fn before_look(looks: u32) -> Duration {
    let doubled = RESEND_AFTER.saturating_mul(2_u32.saturating_pow(looks.min(16)));
    jittered(doubled.min(RESEND_AT_MOST))
}

/// The time from `now` to `then`, and a little more; none if it has passed.
pub(super) fn until(now: Timestamp, then: Timestamp) -> Duration {
    Duration::try_from(then.duration_since(now)).unwrap_or(Duration::ZERO)
        + Duration::from_millis(1)
}

/// Between three quarters and one and a quarter of `pause`.
fn jittered(pause: Duration) -> Duration {
    pause.mul_f64(0.75 + rand::random::<f64>() / 2.0)
}
