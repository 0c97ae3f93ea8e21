//! The inbox: a message takes effect once per subscriber, in the transaction that records it.

use super::{Envelope, Reaction};
use crate::params;
use crate::store::{Store, Tx};

/// The inbox of one subscriber.
#[derive(Debug, Clone)]
pub(crate) struct Inbox {
    pub(crate) store: Store,
    /// The queue it reads: the name under which it is recorded.
    pub(crate) subscriber: String,
}

impl Inbox {
    /// Runs `effect` and records the message, both or neither; does nothing if it is recorded already.
    pub(crate) async fn take<F>(&self, envelope: &Envelope, effect: F) -> Result<(), Reaction>
    where
        F: AsyncFnOnce(&mut Tx<'_>) -> Result<(), Reaction>,
    {
        let mut tx = self.store.begin().await?;
        let now = tx.now();
        let recorded = tx
            .call("dcp_inbox_add", params![&self.subscriber, envelope.id, now])
            .await?;
        if recorded.affected() == 0 {
            tracing::debug!(message.id = %envelope.id, queue = self.subscriber, "a message came twice");
            return Ok(());
        }
        effect(&mut tx).await?;
        Ok(tx.commit().await?)
    }

    /// Whether the message has taken effect already.
    pub(crate) async fn has(&self, envelope: &Envelope) -> Result<bool, Reaction> {
        Ok(self
            .store
            .read("dcp_inbox_has", params![&self.subscriber, envelope.id])
            .await?
            .one::<i64>()?
            > 0)
    }
}
