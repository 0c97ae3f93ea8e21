//! The reconciler: a message that was sent and that a subscriber has not recorded in time is brought to that subscriber once more,
//! because a bus may lose what it confirmed. As long as it may still be in the subscriber's queue, nothing is sent.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::Deserialize;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::queue::{lane, lane_queue};
use super::relay::message;
use super::{Bus, BusError, Cause, Destination, Outgoing, pause, trace};
use crate::clock::Clock;
use crate::crash::point;
use crate::limits::{LOST_AFTER, OUTBOX_BATCH, RECONCILE, RECONCILE_SHARE};
use crate::params;
use crate::store::Store;

const LEASE: &str = "reconcile";

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
    message_id: Uuid,
    envelope: String,
    /// How often it was sent again.
    looks: u32,
    queue: String,
    lanes: u8,
    /// What came later is recorded, for long: a queue without lanes that is never empty cannot hold this one. Lanes go on apart
    /// from each other, so that what came later says nothing there.
    lost: bool,
    follows: Option<Uuid>,
}

/// Which lanes of each queue were empty when this round first looked: what the round sends again must not pass for what was
/// there before.
#[derive(Debug, Default)]
struct Empty(HashMap<String, Vec<bool>>);

impl Empty {
    /// Queues that hold something in every lane: nothing goes to them, so that they are not read again in this round.
    fn busy(&self) -> Vec<&str> {
        let busy = self.0.iter().filter(|(_, lanes)| !lanes.contains(&true));
        busy.map(|(queue, _)| queue.as_str()).collect()
    }

    async fn look(&mut self, bus: &dyn Bus, row: &Row) -> Result<(), BusError> {
        if self.0.contains_key(&row.queue) {
            return Ok(());
        }
        let mut lanes = Vec::new();
        if row.lanes == 0 {
            lanes.push(bus.depth(&row.queue).await? == 0);
        }
        for lane in 0..row.lanes {
            lanes.push(bus.depth(&lane_queue(&row.queue, lane)).await? == 0);
        }
        self.0.insert(row.queue.clone(), lanes);
        Ok(())
    }

    fn has(&self, queue: &str, lane: u8) -> bool {
        let lanes = self.0.get(queue);
        lanes.and_then(|lanes| lanes.get(usize::from(lane))) == Some(&true)
    }

    /// Nothing more goes to this queue in this round: it is not there.
    fn close(&mut self, queue: &str) {
        self.0.insert(queue.to_owned(), Vec::new());
    }
}

impl Reconciler {
    pub(super) async fn run(self) {
        while !self.stop.is_cancelled() {
            let looking = self.round().await.unwrap_or_else(|cause| {
                tracing::debug!(%cause, "what subscribers have not recorded is looked at later");
                Duration::ZERO
            });
            let pause = RECONCILE.max(looking * RECONCILE_SHARE);
            tokio::select! {
                () = self.clock.sleep(pause) => {}
                () = self.stop.cancelled() => {}
            }
        }
    }

    /// How long the database was read in this round: what is sent again, and the wait for a broker, say nothing about its load.
    async fn round(&self) -> Result<Duration, Cause> {
        let Some(lease) = self.store.try_lease(LEASE).await? else {
            return Ok(Duration::ZERO);
        };
        let done = self.overdue().await;
        lease.release().await;
        done
    }

    async fn overdue(&self) -> Result<Duration, Cause> {
        let (mut empty, mut looking) = (Empty::default(), Duration::ZERO);
        loop {
            let began = Instant::now();
            let now = self.clock.now();
            let lost_before = now.checked_sub(LOST_AFTER)?;
            let busy = serde_json::to_string(&empty.busy())?;
            let rows: Vec<Row> = self
                .store
                .read(
                    "dcp_outbox_overdue",
                    params![now, lost_before, busy, OUTBOX_BATCH],
                )
                .await?
                .all()?;
            looking += began.elapsed();
            if rows.is_empty() {
                return Ok(looking);
            }
            self.look_after(&rows, &mut empty).await?;
        }
    }

    /// Sends again what must have been lost, and puts off the rest until the next round.
    async fn look_after(&self, rows: &[Row], empty: &mut Empty) -> Result<(), Cause> {
        let (mut lost, mut held_back) = (Vec::new(), Vec::new());
        for row in rows {
            empty.look(self.bus.as_ref(), row).await?;
            let mut outgoing = message("", &row.envelope, row.seq, row.follows)?;
            let lane = lane(&outgoing.envelope.key);
            let (queue, lane) = if row.lanes == 0 {
                (row.queue.clone(), 0)
            } else {
                (lane_queue(&row.queue, lane), lane)
            };
            if row.lost || empty.has(&row.queue, lane) {
                outgoing.to = Destination::Queue(queue);
                lost.push((row, outgoing));
            } else {
                held_back.push(row);
            }
        }
        let (sent, missing) = self.send(lost).await?;
        point("reconcile.sent");
        for row in &missing {
            empty.close(&row.queue);
        }
        held_back.extend(missing);
        let looks = sent.iter().map(|row| row.looks + 1).max();
        self.look_later(&sent, 1, pause::before_look(looks.unwrap_or(1)))
            .await?;
        self.look_later(&held_back, 0, RECONCILE).await
    }

    async fn look_later(&self, rows: &[&Row], again: u32, pause: Duration) -> Result<(), Cause> {
        let look_at = self.clock.now().checked_add(pause)?;
        let mut by_queue: HashMap<&str, Vec<Uuid>> = HashMap::new();
        for row in rows {
            by_queue.entry(&row.queue).or_default().push(row.message_id);
        }
        for (queue, ids) in by_queue {
            let later = params![queue, serde_json::to_string(&ids)?, look_at, again];
            self.store.write("dcp_outbox_look_later", later).await?;
        }
        Ok(())
    }

    /// Those that were sent, and those whose queue is not there.
    async fn send<'a>(
        &self,
        lost: Vec<(&'a Row, Outgoing)>,
    ) -> Result<(Vec<&'a Row>, Vec<&'a Row>), Cause> {
        let (rows, messages): (Vec<_>, Vec<_>) = lost.into_iter().unzip();
        let (mut sent, mut missing) = (Vec::new(), Vec::new());
        let outcomes = trace::publish(&*self.bus, &messages).await;
        for (outcome, row) in outcomes.into_iter().zip(rows) {
            match outcome {
                Ok(()) => sent.push(row),
                Err(BusError::Unavailable(cause)) => return Err(cause),
                Err(error) => {
                    tracing::debug!(%error, queue = row.queue, "a subscriber cannot be reached");
                    missing.push(row);
                }
            }
        }
        if !sent.is_empty() {
            metrics::counter!("dcp_resent_total").increment(u64::try_from(sent.len())?);
            tracing::info!(
                messages = sent.len(),
                "messages that a subscriber has not recorded are sent again"
            );
        }
        if let Some(row) = missing.first() {
            tracing::warn!(
                queue = row.queue,
                "a subscriber cannot be reached: its queue is not there"
            );
        }
        Ok((sent, missing))
    }
}
