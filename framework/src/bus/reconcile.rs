//! The reconciler: a message that was sent and that a subscriber has not recorded in time is brought to that subscriber once more,
//! because a bus may lose what it confirmed. As long as it may still be in the subscriber's queue, nothing is sent.

use std::collections::HashMap;
use std::sync::Arc;

use serde::Deserialize;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::queue::{lane, lane_queue};
use super::relay::message;
use super::{Bus, BusError, Destination, Outgoing, pause};
use crate::clock::Clock;
use crate::crash::point;
use crate::limits::{OUTBOX_BATCH, RECONCILE};
use crate::params;
use crate::store::Store;

const LEASE: &str = "reconcile";

/// So often a message is looked for in a queue that is never empty, before it counts as lost: for a quarter of an hour.
const LOOKS: u32 = 4;

pub(super) struct Reconciler {
    pub(super) store: Store,
    pub(super) bus: Arc<dyn Bus>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) stop: CancellationToken,
}

/// A message and a subscriber that has not recorded it.
#[derive(Debug, Deserialize)]
struct Row {
    seq: i64,
    envelope: String,
    attempts: u32,
    queue: String,
    lanes: u8,
    /// The subscriber has recorded a later one.
    passed: bool,
    follows: Option<Uuid>,
}

impl Row {
    /// Whether it must have been lost although the queue is never empty: what came later is recorded, for long. Lanes go on
    /// apart from each other, so that what came later says nothing there.
    fn seems_lost(&self) -> bool {
        self.passed && self.lanes == 0 && self.attempts >= LOOKS
    }
}

impl Reconciler {
    pub(super) async fn run(self) {
        while !self.stop.is_cancelled() {
            if let Err(cause) = self.round().await {
                tracing::debug!(%cause, "what subscribers have not recorded is looked at later");
            }
            tokio::select! {
                () = self.clock.sleep(RECONCILE) => {}
                () = self.stop.cancelled() => {}
            }
        }
    }

    async fn round(&self) -> Result<(), super::Cause> {
        let Some(lease) = self.store.try_lease(LEASE).await? else {
            return Ok(());
        };
        let done = self.overdue().await;
        lease.release().await;
        done
    }

    async fn overdue(&self) -> Result<(), super::Cause> {
        // Asked once: what this round sends again must not pass for what was there before.
        let mut depths = HashMap::new();
        loop {
            let now = self.clock.now();
            let rows: Vec<Row> = self
                .store
                .read("dcp_outbox_overdue", params![now, OUTBOX_BATCH])
                .await?
                .all()?;
            if rows.is_empty() {
                return Ok(());
            }
            self.send_lost(&rows, &mut depths).await?;
            point("reconcile.sent");
            let seqs: Vec<i64> = rows.iter().map(|row| row.seq).collect();
            let looks = rows.iter().map(|row| row.attempts + 1).max();
            let look_at = now.checked_add(pause::before_look(looks.unwrap_or(1)))?;
            let later = params![serde_json::to_string(&seqs)?, look_at];
            self.store.write("dcp_outbox_look_later", later).await?;
        }
    }

    async fn send_lost(
        &self,
        rows: &[Row],
        depths: &mut HashMap<String, u64>,
    ) -> Result<(), super::Cause> {
        let mut lost = Vec::new();
        for row in rows {
            let mut outgoing = message("", &row.envelope, row.seq, row.follows)?;
            let queue = if row.lanes > 0 {
                lane_queue(&row.queue, lane(&outgoing.envelope.key))
            } else {
                row.queue.clone()
            };
            let depth = match depths.get(&queue) {
                Some(depth) => *depth,
                None => self.bus.depth(&queue).await?,
            };
            depths.insert(queue.clone(), depth);
            if depth == 0 || row.seems_lost() {
                outgoing.to = Destination::Queue(queue);
                lost.push(outgoing);
            }
        }
        if lost.is_empty() {
            return Ok(());
        }
        tracing::info!(
            messages = lost.len(),
            "messages that a subscriber has not recorded are sent again"
        );
        for (outcome, Outgoing { to, envelope }) in
            self.bus.publish(&lost).await.into_iter().zip(&lost)
        {
            match outcome {
                Ok(()) => metrics::counter!("dcp_resent_total").increment(1),
                Err(BusError::Unavailable(cause)) => return Err(cause),
                Err(error) => {
                    tracing::warn!(%error, %to, message.id = %envelope.id, "a subscriber cannot be reached");
                }
            }
        }
        Ok(())
    }
}
