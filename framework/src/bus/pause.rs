//! Pauses that grow, with jitter, so that those who failed together do not come back together.

use std::time::Duration;

use crate::limits::{OUTAGE_PAUSES, RETRY_PAUSES};

/// The pause before the attempt after `attempts` failures of a reaction.
pub(super) fn before_retry(attempts: u32) -> Duration {
    let step = usize::try_from(attempts.saturating_sub(1)).unwrap_or(usize::MAX);
    jittered(RETRY_PAUSES[step.min(RETRY_PAUSES.len() - 1)])
}

/// The pause after `failures` failures in a row of a database or broker.
pub(super) fn in_outage(failures: u32) -> Duration {
    let (shortest, longest) = OUTAGE_PAUSES;
    jittered(
        shortest
            .saturating_mul(2_u32.saturating_pow(failures.saturating_sub(1).min(16)))
            .min(longest),
    )
}

/// Between three quarters and one and a quarter of `pause`.
fn jittered(pause: Duration) -> Duration {
    pause.mul_f64(0.75 + rand::random::<f64>() / 2.0)
}
