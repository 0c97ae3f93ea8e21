//! A token of the vault and how long it lasts.

use std::sync::Arc;
use std::time::{Duration, Instant};

use vaultrs::client::VaultClient;

use super::Trouble;

/// Part of a lease after which it is renewed: two thirds, give or take a little, so that those who logged in together part.
pub(super) const RENEW: std::ops::Range<f64> = 0.62..0.71;

/// What a login gave. Its end is counted from before the question, so that it never ends here later than at the vault.
#[derive(Clone)]
pub(super) struct Lease {
    pub(super) client: Arc<VaultClient>,
    pub(super) until: Instant,
    pub(super) renew_at: Instant,
    pub(super) renewable: bool,
    /// How long it lasts since it was given or renewed.
    lasts: Duration,
    /// How long it lasted when it was new.
    whole: Duration,
}

impl Lease {
    pub(super) fn new(
        client: VaultClient,
        asked: Instant,
        lasts: Duration,
        renewable: bool,
    ) -> Self {
        Self {
            client: Arc::new(client),
            until: asked + lasts,
            renew_at: asked + lasts.mul_f64(rand::random_range(RENEW)),
            renewable,
            lasts,
            whole: lasts,
        }
    }

    /// What is left of it.
    pub(super) fn left(&self) -> Duration {
        self.until.saturating_duration_since(Instant::now())
    }

    pub(super) fn is_good(&self) -> bool {
        !self.left().is_zero()
    }

    /// Whether both are of the same login.
    pub(super) fn is_of(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.client, &other.client)
    }

    /// The same token with a new end.
    pub(super) async fn renewed(&self) -> Result<Self, Trouble> {
        let asked = Instant::now();
        let granted = vaultrs::token::renew_self(&*self.client, None).await?;
        let lasts = Duration::from_secs(granted.lease_duration);
        Ok(Self {
            until: asked + lasts,
            renew_at: asked + lasts.mul_f64(rand::random_range(RENEW)),
            renewable: granted.renewable,
            lasts,
            ..self.clone()
        })
    }

    /// Whether the vault gave less than it gave first: the token nears its greatest life.
    pub(super) fn is_cut_short(&self) -> bool {
        self.lasts < self.whole.mul_f64(0.9)
    }
}
