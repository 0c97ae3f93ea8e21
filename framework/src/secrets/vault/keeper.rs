//! Keeps the lease: renews it in time, logs in anew where that does not do, and finds the vault again when it was away.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::{Lease, Trouble, Vault};
use crate::bus::pause::in_outage;
use crate::clock::{Clock as _, SystemClock};

/// How long a login that was refused is not tried again: only a person changes that.
const REFUSED: Duration = Duration::from_secs(10);
/// Between two questions, also where a lease lasts a moment only.
const SHORTEST: Duration = Duration::from_millis(100);

/// Never ends.
pub(super) async fn keep(vault: Arc<Vault>) {
    let mut failures = 0;
    loop {
        vault.until_due(failures).await;
        match vault.extend().await {
            Ok(()) => failures = 0,
            Err(trouble) => {
                failures += 1;
                vault.note(trouble);
            }
        }
    }
}

impl Vault {
    /// Waits until the lease is due, or until somebody meets trouble; after a failure only a moment.
    async fn until_due(&self, failures: u32) {
        let due = self.lease().map(|lease| lease.renew_at);
        let pause = match (failures, due) {
            (0, Some(due)) => due.saturating_duration_since(Instant::now()).max(SHORTEST),
            (failures, _) => in_outage(failures),
        };
        tokio::select! {
            () = SystemClock.sleep(pause) => {}
            () = self.met_trouble.notified(), if failures == 0 => {}
        }
    }

    /// Renews the lease, or logs in.
    async fn extend(&self) -> Result<(), Trouble> {
        let _turn = self.turn.lock().await;
        if let Some(lease) = self
            .lease()
            .filter(|lease| lease.renewable && lease.is_good())
        {
            // Revoked, at the end of its life (a vault may call that its own failure), or away: then a login decides.
            if let Ok(renewed) = lease.renewed().await {
                let enough = !renewed.is_cut_short();
                self.take(renewed);
                if enough {
                    return Ok(());
                }
            }
        }
        self.log_in().await.map(drop)
    }

    /// A lease other than this one, which the vault no longer takes.
    pub(super) async fn instead_of(&self, refused: &Lease) -> Result<Lease, Trouble> {
        let _turn = self.turn.lock().await;
        match self.lease() {
            Some(lease) if !lease.is_of(refused) => return Ok(lease),
            _ => self.drop_lease(),
        }
        self.log_in().await
    }

    /// Logs in, one at a time; asks nothing for a while after a refusal.
    pub(super) async fn log_in(&self) -> Result<Lease, Trouble> {
        if let Some(reason) = self.refused_lately(REFUSED) {
            return Err(Trouble::Refused(reason));
        }
        match self.login.log_in(&self.server).await {
            Ok(lease) => {
                self.take(lease.clone());
                Ok(lease)
            }
            Err(Trouble::Away(reason)) => Err(Trouble::Away(reason)),
            Err(refusal) => {
                let reason = refusal.reason();
                self.refuse(&reason);
                Err(Trouble::Refused(reason))
            }
        }
    }
}
