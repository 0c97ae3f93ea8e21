//! The relay: brings outbox rows to the bus, under a lease, woken after a commit.

use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use tokio_util::sync::CancellationToken;

use super::{Bus, BusError, Destination, Outgoing, pause};
use crate::clock::{Clock, Timestamp};
use crate::limits::{OUTBOX_BATCH, OUTBOX_POLL, PUBLISH_DEADLINE};
use crate::params;
use crate::store::Store;

const LEASE: &str = "outbox";

/// How long to leave the outbox to the process that owns it now.
const OWNED: Duration = Duration::from_millis(50);

pub(super) struct Relay {
    store: Store,
    bus: Arc<dyn Bus>,
    clock: Arc<dyn Clock>,
    stop: CancellationToken,
    failures: u32,
}

#[derive(Debug, Deserialize)]
struct Row {
    seq: i64,
    destination: String,
    envelope: String,
    attempts: u32,
}

/// What the outbox holds.
#[derive(Debug, Deserialize)]
pub(super) struct Waiting {
    pub(super) waiting: u64,
    next_at: Option<Timestamp>,
}

impl Relay {
    pub(super) fn new(
        store: Store,
        bus: Arc<dyn Bus>,
        clock: Arc<dyn Clock>,
        stop: CancellationToken,
    ) -> Self {
        Self {
            store,
            bus,
            clock,
            stop,
            failures: 0,
        }
    }

    /// Sends until the order to stop, and once more after it: what was committed goes out before the process ends.
    pub(super) async fn run(mut self) {
        loop {
            let pause = self.drain().await;
            tokio::select! {
                () = self.store.published() => {}
                () = self.clock.sleep(pause) => {}
                () = self.stop.cancelled() => break,
            }
        }
        self.drain().await;
    }

    /// Sends what is due; says when to look again.
    async fn drain(&mut self) -> Duration {
        loop {
            match self.batch().await {
                Ok(None) => {
                    self.failures = 0;
                }
                Ok(Some(pause)) => {
                    self.failures = 0;
                    return pause;
                }
                Err(cause) => {
                    self.failures += 1;
                    tracing::warn!(cause = %cause, failures = self.failures, "the outbox waits");
                    return pause::in_outage(self.failures);
                }
            }
        }
    }

    /// Sends one batch: `None` says that there may be more.
    async fn batch(&mut self) -> Result<Option<Duration>, super::Cause> {
        let now = self.clock.now();
        let waiting: Waiting = self.store.read("dcp_outbox_next", params![]).await?.one()?;
        match waiting.next_at {
            None => return Ok(Some(OUTBOX_POLL)),
            Some(next) if next > now => return Ok(Some(until(now, next).min(OUTBOX_POLL))),
            Some(_) => {}
        }
        // Held only while there is something to send: who has it empties the outbox for everybody.
        let Some(lease) = self.store.try_lease(LEASE).await? else {
            return Ok(Some(OWNED));
        };
        let sent = self.send(now).await;
        lease.release().await;
        sent.map(|()| None)
    }

    async fn send(&self, now: Timestamp) -> Result<(), super::Cause> {
        loop {
            let rows: Vec<Row> = self
                .store
                .read("dcp_outbox_due", params![now, OUTBOX_BATCH])
                .await?
                .all()?;
            if rows.is_empty() {
                return Ok(());
            }
            let messages = rows.iter().map(outgoing).collect::<Result<Vec<_>, _>>()?;
            let sent = tokio::time::timeout(PUBLISH_DEADLINE, self.bus.publish(&messages)).await;
            let outcomes =
                sent.map_err(|_| BusError::unavailable("the bus did not answer in time"))?;
            self.settle(&rows, outcomes).await?;
        }
    }

    async fn settle(
        &self,
        rows: &[Row],
        outcomes: Vec<Result<(), BusError>>,
    ) -> Result<(), super::Cause> {
        let mut sent = Vec::new();
        let mut outage = None;
        let mut tx = self.store.begin().await?;
        for (row, outcome) in rows.iter().zip(outcomes) {
            match outcome {
                Ok(()) => sent.push(row.seq),
                Err(BusError::Unavailable(cause)) => outage = Some(cause),
                Err(error) => {
                    let later = self
                        .clock
                        .now()
                        .checked_add(pause::in_outage(row.attempts + 1))?;
                    tracing::warn!(%error, seq = row.seq, attempts = row.attempts + 1, "a message waits in the outbox");
                    tx.call("dcp_outbox_postpone", params![row.seq, later])
                        .await?;
                }
            }
        }
        tx.call("dcp_outbox_sent", params![serde_json::to_string(&sent)?])
            .await?;
        tx.commit().await?;
        outage.map_or(Ok(()), Err)
    }
}

fn outgoing(row: &Row) -> Result<Outgoing, serde_json::Error> {
    Ok(Outgoing {
        to: Destination::from(row.destination.as_str()),
        envelope: serde_json::from_str(&row.envelope)?,
    })
}

fn until(now: Timestamp, then: Timestamp) -> Duration {
    Duration::try_from(then.duration_since(now)).unwrap_or(Duration::ZERO)
        + Duration::from_millis(1)
}
