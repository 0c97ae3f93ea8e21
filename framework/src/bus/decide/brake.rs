//! The brake of a subscription: while what it needs is away, one message probes and the others wait.

use std::time::Duration;

use crate::bus::pause;
use crate::limits::BRAKE_AFTER;

/// Counts transient failures in a row.
#[derive(Debug, Default)]
pub(crate) struct Brake {
    failures: u32,
}

impl Brake {
    /// What a reaction needs was away; says how long to wait before the next attempt.
    pub(crate) fn failed(&mut self) -> Duration {
        self.failures = self.failures.saturating_add(1);
        pause::in_outage(self.failures)
    }

    /// A reaction ran, whatever it said.
    pub(crate) fn ran(&mut self) {
        self.failures = 0;
    }

    /// Whether only one message at a time may try.
    pub(crate) fn is_on(&self) -> bool {
        self.failures >= BRAKE_AFTER
    }

    /// Failures in a row.
    pub(crate) fn failures(&self) -> u32 {
        self.failures
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_goes_on_after_failures_in_a_row_and_off_when_a_reaction_runs() {
        let mut brake = Brake::default();
        for _ in 1..BRAKE_AFTER {
            brake.failed();
            assert!(!brake.is_on());
        }
        brake.failed();
        assert!(brake.is_on());
        brake.ran();
        assert!(!brake.is_on());
    }
}
