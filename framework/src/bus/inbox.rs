//! The inbox: a message takes effect once per subscriber, in the transaction that records it.

use super::decide::{Admission, KeyState, admit};
use super::measure::Measures;
use super::{Envelope, Reaction, parked};
use crate::crash::point;
use crate::params;
use crate::store::{Store, Tx};

/// The inbox of one subscriber.
#[derive(Debug, Clone)]
pub(crate) struct Inbox {
    pub(crate) store: Store,
    /// The queue it reads: the name under which it is recorded.
    pub(crate) subscriber: String,
    /// Whether the messages of one key take effect in their order.
    pub(crate) ordered: bool,
    /// Whether its message was parked before, and not brought by the bus.
    pub(crate) of_parked: bool,
    pub(crate) measures: Measures,
}

impl Inbox {
    /// Runs `effect` and records the message, both or neither; does nothing if it is recorded already, and parks it if it has
    /// to wait for others of its key.
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
            self.measures.duplicate();
            if self.of_parked {
                parked::forget(
                    &mut tx,
                    &self.subscriber,
                    envelope.id,
                    &self.key_of(envelope),
                )
                .await?;
                tx.commit().await?;
            }
            return Ok(());
        }
        let mut awaited_by = None;
        if self.ordered && !self.of_parked {
            let state = self.key_state(&mut tx, envelope).await?;
            match admit(&state, envelope.seq) {
                Admission::Take => awaited_by = state.first,
                Admission::Held => return Ok(()),
                Admission::Wait { is_first } => {
                    drop(tx);
                    return Ok(parked::wait(self, envelope, is_first).await?);
                }
            }
        }
        point("inbox.recorded");
        tx.reacts_to(envelope);
        effect(&mut tx).await?;
        point("inbox.effect");
        if self.of_parked {
            parked::forget(
                &mut tx,
                &self.subscriber,
                envelope.id,
                &self.key_of(envelope),
            )
            .await?;
        } else if let Some(first) = awaited_by {
            parked::wake(&mut tx, &self.subscriber, first).await?;
        }
        tx.commit().await?;
        point("inbox.committed");
        self.measures.done(envelope.time, self.store.clock().now());
        Ok(())
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

    /// What this subscription holds of the message's key.
    pub(crate) async fn key_state(
        &self,
        tx: &mut Tx<'_>,
        envelope: &Envelope,
    ) -> Result<KeyState, crate::store::StoreError> {
        let follows = envelope.follows;
        let key = self.key_of(envelope);
        let asked = params![&self.subscriber, &key, envelope.id, follows];
        tx.call("dcp_key_state", asked).await?.one()
    }

    /// The key under which the message waits: without an order none waits for another.
    pub(crate) fn key_of(&self, envelope: &Envelope) -> String {
        if self.ordered {
            envelope.key.to_string()
        } else {
            envelope.id.to_string()
        }
    }
}
