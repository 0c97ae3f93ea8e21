//! How much is on its way: the outbox, and every queue.

use std::collections::BTreeMap;

use axum::extract::State;
use futures_util::future::join_all;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Messages;
use crate::bus::{OutboxSize, WatchedQueue};
use crate::clock::Timestamp;
use crate::http::{Json, Problem};
use crate::limits::DEPTH_TIME;
use crate::params;
use crate::store::StoreError;

/// What a module has to send and has received.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Overview {
    module: String,
    pub(super) outbox: Outbox,
    pub(super) queues: Vec<QueueState>,
    /// Dead letters of all queues.
    dead_letters: u64,
    /// Whether the bus says how much is in the queues.
    bus_answers: bool,
}

/// Messages that wait for the bus or for their subscribers.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Outbox {
    /// Messages that no bus has yet.
    pub(super) waiting: u64,
    /// When the oldest of them was stored.
    oldest: Option<Timestamp>,
    /// The same as seconds until now.
    pub(super) oldest_seconds: f64,
    /// Messages that were sent and that a subscriber has not recorded yet.
    pub(super) kept: u64,
}

/// One queue that a module reads.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct QueueState {
    pub(super) queue: String,
    /// Type of its messages on the wire; none for a queue that the module does not read any more.
    #[serde(rename = "type")]
    name: Option<String>,
    /// Whether the messages of one key take effect in their order.
    ordered: bool,
    /// Messages in the bus: waiting, postponed or being worked on; none while the bus does not say.
    pub(super) depth: Option<u64>,
    /// Messages in the module's database that wait for others of their key or for their next attempt.
    pub(super) parked: u64,
    /// Those of them that have failed before.
    retrying: u64,
    pub(super) dead_letters: u64,
    /// Whether this process waits for something that its reactions need.
    braked: bool,
}

#[derive(Debug, Default, Deserialize)]
struct Counts {
    subscriber: String,
    parked: u64,
    retrying: u64,
    dead: u64,
}

/// What this module has to send and has received, by queue.
#[utoipa::path(get, path = "/messages", tag = "messages", responses((status = 200, body = Overview)))]
pub(super) async fn overview(State(messages): State<Messages>) -> Result<Json<Overview>, Problem> {
    Ok(Json(messages.overview().await?))
}

impl Messages {
    pub(super) async fn overview(&self) -> Result<Overview, StoreError> {
        let outbox: OutboxSize = self.store.read("dcp_outbox_size", params![]).await?.one()?;
        let counts: Vec<Counts> = self
            .store
            .read("dcp_queue_counts", params![])
            .await?
            .all()?;
        let mut counts: BTreeMap<String, Counts> = counts
            .into_iter()
            .map(|one| (one.subscriber.clone(), one))
            .collect();
        let depths = join_all(self.queues.iter().map(|queue| self.depth(queue))).await;
        let bus_answers = depths.iter().all(Option::is_some);
        let mut queues: Vec<QueueState> = self
            .queues
            .iter()
            .zip(depths)
            .map(|(queue, depth)| {
                let counts = counts.remove(&queue.name).unwrap_or_default();
                QueueState::of(queue, depth, &counts)
            })
            .collect();
        queues.extend(counts.into_values().map(|counts| QueueState::left(&counts)));
        Ok(Overview {
            module: self.store.module().to_owned(),
            outbox: self.outbox(&outbox),
            dead_letters: queues.iter().map(|queue| queue.dead_letters).sum(),
            queues,
            bus_answers,
        })
    }

    fn outbox(&self, size: &OutboxSize) -> Outbox {
        let waits = |since| self.store.clock().now().duration_since(since).as_secs_f64();
        Outbox {
            waiting: size.waiting,
            oldest: size.oldest,
            oldest_seconds: size.oldest.map_or(0.0, waits).max(0.0),
            kept: size.kept,
        }
    }

    /// All lanes of a queue together; none when the bus does not say in time.
    async fn depth(&self, queue: &WatchedQueue) -> Option<u64> {
        let parts = join_all(queue.parts.iter().map(|part| self.bus.depth(part)));
        let depths = tokio::time::timeout(DEPTH_TIME, parts).await.ok()?;
        depths.into_iter().map(Result::ok).sum()
    }
}

impl QueueState {
    fn of(queue: &WatchedQueue, depth: Option<u64>, counts: &Counts) -> Self {
        Self {
            queue: queue.name.clone(),
            name: Some(queue.wire_name.clone()),
            ordered: queue.ordered,
            depth,
            parked: counts.parked,
            retrying: counts.retrying,
            dead_letters: counts.dead,
            braked: queue.is_braked(),
        }
    }

    /// A queue that is not read any more and whose messages are still here.
    fn left(counts: &Counts) -> Self {
        Self {
            queue: counts.subscriber.clone(),
            name: None,
            ordered: false,
            depth: None,
            parked: counts.parked,
            retrying: counts.retrying,
            dead_letters: counts.dead,
            braked: false,
        }
    }
}
