//! The relay: brings outbox rows to the bus, under a lease, woken after a commit.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use futures_util::stream::{FuturesOrdered, StreamExt};
use serde::Deserialize;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{Bus, BusError, Destination, Envelope, Outgoing, pause, trace};
use crate::clock::{Clock, Timestamp};
use crate::crash::point;
use crate::limits::{OUTBOX_BATCH, OUTBOX_BATCHES, OUTBOX_POLL, PUBLISH_DEADLINE, RESEND_AFTER};
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
    follows: Option<Uuid>,
}

/// When the outbox needs the relay.
#[derive(Debug, Deserialize)]
struct Next {
    fresh: bool,
    next_at: Option<Timestamp>,
}

/// What the outbox holds.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct OutboxSize {
    /// Messages that no bus has yet.
    pub waiting: u64,
    /// When the oldest of them was stored.
    pub oldest: Option<Timestamp>,
    /// Messages that were sent and that a subscriber has not recorded yet.
    pub kept: u64,
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
        let mut fresh = false;
        loop {
            let pause = self.drain(fresh).await;
            tokio::select! {
                // In an outage the pause counts: every commit would begin another attempt.
                () = self.store.published(), if self.failures == 0 => fresh = true,
                () = self.clock.sleep(pause) => fresh = false,
                () = self.stop.cancelled() => break,
            }
        }
        self.drain(false).await;
    }

    /// Sends what is due; says when to look again.
    async fn drain(&mut self, mut fresh: bool) -> Duration {
        loop {
            match self.batch(std::mem::take(&mut fresh)).await {
                Ok(None) => {}
                Ok(Some(pause)) => return pause,
                Err(cause) => {
                    self.failures += 1;
                    tracing::warn!(cause = %cause, failures = self.failures, "the outbox waits");
                    return pause::in_outage(self.failures);
                }
            }
        }
    }

    /// Sends what is due: `None` says that there may be more. Whether anything is need not be asked where it has just been stored.
    async fn batch(&mut self, fresh: bool) -> Result<Option<Duration>, super::Cause> {
        let now = self.clock.now();
        if !fresh && let Some(pause) = self.nothing_until(now).await? {
            return Ok(Some(pause));
        }
        // Held only while there is something to send: who has it empties the outbox for everybody.
        let Some(lease) = self.store.try_lease(LEASE).await? else {
            return Ok(Some(OWNED));
        };
        let sent = self.send(now).await;
        lease.release().await;
        sent?;
        if std::mem::take(&mut self.failures) > 0 {
            // The bus was away and may have come back empty: what is kept is looked at now.
            self.store
                .write("dcp_outbox_look_now", params![self.clock.now()])
                .await?;
        }
        Ok(None)
    }

    /// How long nothing is due; `None` says that something is.
    async fn nothing_until(&self, now: Timestamp) -> Result<Option<Duration>, super::Cause> {
        let next: Next = self.store.read("dcp_outbox_next", params![]).await?.one()?;
        Ok(match next.next_at {
            _ if next.fresh => None,
            None => Some(OUTBOX_POLL),
            Some(next) if next > now => Some(pause::until(now, next).min(OUTBOX_POLL)),
            Some(_) => None,
        })
    }

    /// Sends what is due in batches, several of them on their way at once, and writes off in their order what the bus has.
    async fn send(&self, now: Timestamp) -> Result<(), super::Cause> {
        let mut waiting: VecDeque<Row> = VecDeque::new();
        let mut on_the_way = FuturesOrdered::new();
        // What is on its way still stands in the outbox: rows after it are read, and those before it when it has arrived.
        let mut after = 0;
        let mut outage = false;
        loop {
            while !outage && on_the_way.len() < OUTBOX_BATCHES {
                if waiting.is_empty() {
                    waiting.extend(self.due(now, after).await?);
                }
                let batch: Vec<Row> = waiting.drain(..waiting.len().min(OUTBOX_BATCH)).collect();
                let Some(row) = batch.last() else { break };
                after = row.seq;
                on_the_way.push_back(self.publish(batch));
            }
            match on_the_way.next().await {
                Some(sent) => {
                    let (rows, outcomes) = sent?;
                    outage |= outcomes.iter().any(is_outage);
                    self.settle(&rows, outcomes).await?;
                    point("relay.settled");
                }
                None if after == 0 || outage => return Ok(()),
                None => after = 0,
            }
        }
    }

    async fn due(&self, now: Timestamp, after: i64) -> Result<Vec<Row>, super::Cause> {
        let asked = params![now, after, OUTBOX_BATCH * OUTBOX_BATCHES];
        let rows: Vec<Row> = self.store.read("dcp_outbox_due", asked).await?.all()?;
        if !rows.is_empty() {
            point("relay.read");
        }
        Ok(rows)
    }

    async fn publish(
        &self,
        rows: Vec<Row>,
    ) -> Result<(Vec<Row>, Vec<Result<(), BusError>>), super::Cause> {
        let messages = rows
            .iter()
            .map(|row| message(&row.destination, &row.envelope, row.seq, row.follows))
            .collect::<Result<Vec<_>, _>>()?;
        // The bus has this deadline for sending and for each confirm, and cleans up behind it; this is for one that hangs.
        let patience = PUBLISH_DEADLINE * 3;
        let sent = tokio::time::timeout(patience, trace::publish(&*self.bus, &messages)).await;
        point("relay.published");
        match sent {
            Ok(outcomes) => Ok((rows, outcomes)),
            Err(_) => Err(BusError::unavailable("the bus did not answer in time").into()),
        }
    }

    async fn settle(
        &self,
        rows: &[Row],
        outcomes: Vec<Result<(), BusError>>,
    ) -> Result<(), super::Cause> {
        let mut sent = Vec::new();
        let mut outage = None;
        let now = self.clock.now();
        let mut calls = Vec::new();
        for (row, outcome) in rows.iter().zip(outcomes) {
            match outcome {
                Ok(()) => sent.push(row.seq),
                Err(BusError::Unavailable(cause)) => outage = Some(cause),
                Err(error) => {
                    let later = now.checked_add(pause::in_outage(row.attempts + 1))?;
                    tracing::warn!(%error, seq = row.seq, attempts = row.attempts + 1, "a message waits in the outbox");
                    calls.push(("dcp_outbox_postpone", params![row.seq, later]));
                }
            }
        }
        let sent = serde_json::to_string(&sent)?;
        let look_at = now.checked_add(RESEND_AFTER)?;
        calls.push(("dcp_outbox_await", params![&sent, look_at]));
        calls.push(("dcp_outbox_sent", params![sent, now]));
        self.store.write_all(calls).await?;
        outage.map_or(Ok(()), Err)
    }
}

fn is_outage(outcome: &Result<(), BusError>) -> bool {
    matches!(outcome, Err(BusError::Unavailable(_)))
}

/// A message as it is sent: it names the one before it of the same key as long as that may still be on its way.
pub(super) fn message(
    destination: &str,
    envelope: &str,
    seq: i64,
    follows: Option<Uuid>,
) -> Result<Outgoing, serde_json::Error> {
    let envelope: Envelope = serde_json::from_str(envelope)?;
    Ok(Outgoing {
        to: Destination::from(destination),
        envelope: Envelope {
            follows,
            seq,
            ..envelope
        },
    })
}
