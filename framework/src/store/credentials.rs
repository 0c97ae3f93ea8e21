//! The address of a database of SQL Server may change while the module runs: its password, its user, or the server.

use super::{Engine, FRAMEWORK, Files, Store, StoreError};
use crate::clock::Clock;
use crate::limits::CREDENTIALS_LOOK;
use crate::secrets::Held;

impl Store {
    /// Looks now and then whether the secret with the address has changed, and moves there. Never ends.
    pub(crate) async fn follow(self, address: Held, files: Files, clock: &dyn Clock) {
        let mut present = address.value();
        loop {
            clock.sleep(CREDENTIALS_LOOK).await;
            let Some(next) = address.instead_of(&present).await else {
                continue;
            };
            match self.move_to(next.expose(), files).await {
                Ok(()) => {
                    tracing::info!("the database has a new address; new connections go there");
                    present = next;
                }
                Err(error) => tracing::warn!(
                    error = crate::chain(&error),
                    "the address of the database has changed and cannot be used; the one before serves on"
                ),
            }
        }
    }

    /// From now on transactions begin at that address; open ones end where they began.
    async fn move_to(&self, address: &str, files: Files) -> Result<(), StoreError> {
        let engine = Self::engine(address, &[FRAMEWORK, files])?;
        if !matches!(engine, Engine::SqlServer(_)) {
            return Err(StoreError::Address);
        }
        // Who cannot begin there must not lose what works.
        drop(engine.begin().await?);
        self.replace(engine);
        Ok(())
    }
}
