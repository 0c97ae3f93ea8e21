//! What a reader of the vault knows: its lease, whether the vault is there, and what it has read.

use std::collections::BTreeMap;
use std::sync::{MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::super::{SecretTable, SecretsError};
use super::dynamic::Made;
use super::{Lease, Trouble, Vault};

#[derive(Default)]
pub(super) struct State {
    lease: Option<Lease>,
    /// Why the vault gives nothing, while that is so.
    away: Option<String>,
    refused: Option<(Instant, String)>,
    tables: BTreeMap<String, SecretTable>,
    /// Of the tables that the vault has made for this reader: until when.
    made: BTreeMap<String, Made>,
    /// Whether it was told that secrets are no longer given out.
    told_closed: bool,
}

/// What is known when somebody asks for a path.
pub(super) struct Known {
    pub(super) lease: Lease,
    pub(super) table: Option<SecretTable>,
    pub(super) is_away: bool,
    /// Whether it was made for this reader and is to be used on.
    pub(super) is_fresh: bool,
}

impl Vault {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn lease(&self) -> Option<Lease> {
        self.state().lease.clone()
    }

    /// What is known of a path; nothing when the lease has ended.
    pub(super) fn known(&self, path: &str) -> Option<Known> {
        let state = self.state();
        let lease = state.lease.clone().filter(Lease::is_good)?;
        let made = state.made.get(path);
        let is_over = made.is_some_and(|made| made.until <= Instant::now());
        Some(Known {
            is_fresh: made.is_some_and(|made| made.is_fresh(&lease)),
            lease,
            table: state.tables.get(path).filter(|_| !is_over).cloned(),
            is_away: state.away.is_some(),
        })
    }

    pub(super) fn note_made(&self, path: &str, made: Made) {
        self.state().made.insert(path.to_owned(), made);
    }

    pub(super) fn remember(&self, path: &str, table: &SecretTable) {
        self.state().tables.insert(path.to_owned(), table.clone());
    }

    pub(super) fn forget(&self, path: &str) {
        self.state().tables.remove(path);
    }

    /// A lease was given or renewed: the vault is there.
    pub(super) fn take(&self, lease: Lease) {
        let mut state = self.state();
        state.lease = Some(lease);
        state.refused = None;
        state.told_closed = false;
        if state.away.take().is_some() {
            tracing::info!(vault = self.server.address, "the vault answers again");
        }
    }

    /// The vault no longer takes the token: nothing read with it is given out any more.
    pub(super) fn drop_lease(&self) {
        self.state().lease = None;
    }

    /// A login was refused; said once for each reason. Wakes the keeper, which tries again.
    pub(super) fn refuse(&self, reason: &str) {
        let mut state = self.state();
        if state
            .refused
            .as_ref()
            .is_none_or(|(_, known)| known != reason)
        {
            tracing::error!(
                vault = self.server.address,
                reason,
                "the vault refuses the login"
            );
        }
        state.refused = Some((Instant::now(), reason.to_owned()));
        drop(state);
        self.met_trouble.notify_one();
    }

    pub(super) fn refused_lately(&self, pause: Duration) -> Option<String> {
        let state = self.state();
        let (at, reason) = state.refused.as_ref()?;
        (at.elapsed() < pause).then(|| reason.clone())
    }

    /// Notes that the vault gave nothing, says so once, and wakes the keeper.
    pub(super) fn note(&self, trouble: Trouble) {
        let mut state = self.state();
        let left = state.lease.as_ref().map(Lease::left).unwrap_or_default();
        if left.is_zero() && !state.told_closed {
            state.told_closed = true;
            tracing::error!(
                vault = self.server.address,
                "the lease of the secrets has ended; none is given out until the vault grants a new one"
            );
        }
        // A refusal was told when it came, and what the lease still allows is asked for as before.
        let Trouble::Away(reason) = trouble else {
            return;
        };
        if state.away.is_none() {
            tracing::warn!(
                vault = self.server.address,
                reason,
                left_seconds = left.as_secs(),
                "the vault is away; secrets that were read serve until the lease ends"
            );
            self.met_trouble.notify_one();
        }
        state.away = Some(reason);
    }

    /// Why the vault is away, while it is.
    pub(super) fn away(&self) -> Option<String> {
        self.state().away.clone()
    }

    /// Why the vault gives nothing at present, and until when that does not matter.
    pub(super) fn present_trouble(&self) -> Option<String> {
        let state = self.state();
        let left = state.lease.as_ref().map(Lease::left).unwrap_or_default();
        let refused = || Some(state.refused.as_ref()?.1.clone());
        let reason = state.away.clone().or_else(refused);
        if left.is_zero() {
            let reason = reason.as_deref().unwrap_or("a login is under way");
            return Some(format!(
                "the lease of the secrets has ended and none is given out: {reason}"
            ));
        }
        let (reason, left) = (reason?, left.as_secs());
        Some(format!(
            "the vault gives nothing: {reason}; secrets that were read serve for {left} s more"
        ))
    }

    /// The sentence for a secret that is not given out because the lease has ended.
    pub(super) fn closed(&self) -> SecretsError {
        let state = self.state();
        let refused = || Some(state.refused.as_ref()?.1.clone());
        let reason = state.away.clone().or_else(refused);
        drop(state);
        self.unavailable(&format!(
            "the lease has ended and no secret is given out until the vault grants a new one: {}",
            reason.as_deref().unwrap_or("a login is under way")
        ))
    }

    pub(super) fn unavailable(&self, reason: &str) -> SecretsError {
        SecretsError::Unavailable {
            provider: format!("vault {}", self.server.address),
            reason: reason.to_owned(),
        }
    }
}
