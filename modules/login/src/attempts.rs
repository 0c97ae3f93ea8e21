//! Waits that grow with failed attempts, per account and per address. They slow guessing and lock nobody out: from an
//! address where a person has signed in before, what strangers do to the account does not count.

use std::time::Duration;

use axum::http::StatusCode;
use dcp::clock::Timestamp;
use dcp::http::Problem;
use dcp::params;
use dcp::store::{StoreError, Tx};
use serde::Deserialize;

use crate::Login;
use crate::limits::{ATTEMPT_MEMORY, FREE_ACCOUNT, FREE_ADDRESS, KNOWN_ADDRESS, LONGEST_WAIT};

#[derive(Deserialize)]
struct Attempt {
    failures: i64,
    not_before: Timestamp,
}

/// An attempt that was counted before its password is looked at, so that parallel guesses cannot overtake the count.
pub(crate) struct Counted {
    subjects: Vec<(String, i64)>,
}

impl Login {
    /// Counts an attempt as failed in advance, or says how long to wait.
    pub(crate) async fn count_attempt(
        &self,
        login: &str,
        address: &str,
    ) -> Result<Counted, Problem> {
        let now = self.now();
        let known: i64 = self
            .store
            .read(
                "address_known",
                params![login, address, now - KNOWN_ADDRESS],
            )
            .await?
            .one()?;
        let account = if known > 0 {
            format!("account:{login}@{address}")
        } else {
            format!("account:{login}")
        };
        let subjects = vec![
            (account, FREE_ACCOUNT),
            (format!("address:{address}"), FREE_ADDRESS),
        ];
        let mut tx = self.store.begin().await?;
        let mut longest = Duration::ZERO;
        for (subject, free) in &subjects {
            longest = longest.max(count(&mut tx, subject, *free, now).await?);
        }
        if !longest.is_zero() {
            return Err(
                Problem::new(StatusCode::TOO_MANY_REQUESTS, "slowed", "Too many attempts")
                    .detail("Wait a moment before you try again.")
                    .retry_after(longest),
            );
        }
        tx.commit().await?;
        Ok(Counted { subjects })
    }
}

impl Counted {
    /// Takes the count back after a success. The address keeps what failed before: one good password must not pay for
    /// guessing many.
    pub(crate) async fn forgive(self, tx: &mut Tx<'_>) -> Result<(), StoreError> {
        for (subject, _) in &self.subjects {
            let procedure = if subject.starts_with("account:") {
                "attempt_forget"
            } else {
                "attempt_undo"
            };
            tx.call(procedure, params![subject]).await?;
        }
        Ok(())
    }
}

/// Counts one more failure of a subject; answers how long it still has to wait.
async fn count(
    tx: &mut Tx<'_>,
    subject: &str,
    free: i64,
    now: Timestamp,
) -> Result<Duration, StoreError> {
    let before: Option<Attempt> = tx
        .call("attempt_of", params![subject, now - ATTEMPT_MEMORY])
        .await?
        .optional()?;
    let failures = before.as_ref().map_or(0, |attempt| attempt.failures) + 1;
    if let Some(attempt) = before.filter(|attempt| attempt.not_before > now) {
        return Ok(
            Duration::try_from(attempt.not_before.duration_since(now)).unwrap_or(LONGEST_WAIT)
        );
    }
    tx.call(
        "attempt_put",
        params![subject, failures, now, now + wait(failures, free)],
    )
    .await?;
    Ok(Duration::ZERO)
}

/// One second after the free failures, twice as long with each further one.
fn wait(failures: i64, free: i64) -> Duration {
    let over = failures - free;
    if over < 0 {
        return Duration::ZERO;
    }
    Duration::from_secs(1 << over.min(6)).min(LONGEST_WAIT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_and_are_bounded() {
        let waits: Vec<u64> = (1..=12)
            .map(|failures| wait(failures, 3).as_secs())
            .collect();
        assert_eq!(waits, [0, 0, 1, 2, 4, 8, 16, 32, 60, 60, 60, 60]);
        assert_eq!(wait(i64::MAX, 3), LONGEST_WAIT);
    }
}
