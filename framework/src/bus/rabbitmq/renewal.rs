//! Credentials and certificates that change: new connections stand before the old ones are let go.

use std::sync::Weak;

use super::Shared;
use crate::bus::BusError;
use crate::limits::CREDENTIALS_LOOK;

/// Looks now and then whether the connections were made with what is valid now.
pub(super) async fn watch(shared: Weak<Shared>) {
    while let Some((clock, stop)) = shared
        .upgrade()
        .map(|shared| (shared.clock.clone(), shared.stop.clone()))
    {
        let slept = stop
            .run_until_cancelled(clock.sleep(CREDENTIALS_LOOK))
            .await;
        if slept.is_none() {
            return;
        }
        if let Some(shared) = shared.upgrade() {
            shared.renew().await;
        }
    }
}

impl Shared {
    async fn renew(&self) {
        for renewed in [self.publisher.renew().await, self.renew_consuming().await] {
            if let Err(error) = renewed {
                let cause = std::error::Error::source(&error).map(ToString::to_string);
                tracing::warn!(%error, cause, "the credentials of the bus have changed and cannot be used; the old connection stays");
            }
        }
    }

    async fn renew_consuming(&self) -> Result<(), BusError> {
        if self.consuming.renew().await? {
            // It would keep the old connection; what it has declared is declared once more.
            self.declared.lock().await.channel = None;
            self.moved.send_replace(());
            tracing::info!("the bus has new credentials; subscriptions move to a new connection");
        }
        Ok(())
    }
}
