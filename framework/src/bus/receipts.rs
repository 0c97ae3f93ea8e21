//! Receipts: a subscriber tells the publisher what it has recorded, so that the publisher need not keep it, and a publisher
//! learns who subscribes. A notice that is lost costs a message that comes twice.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::queue::{LANES, notice_queue};
use super::subscriptions::Source;
use super::{
    Bus, BusError, Delivered, Destination, Envelope, Inbound, Outgoing, Topology, Verdict, pause,
};
use crate::clock::Clock;
use crate::events::{Key, Kind};
use crate::limits::{EVENT_PREFETCH, RECEIPT_BATCH, RECEIPT_GATHER, SUBSCRIBER_TELLS};
use crate::params;
use crate::store::{Store, StoreError};

const NAME: &str = "dcp.notice.v1";

/// What a subscriber tells a publisher.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Notice {
    /// It collects an event.
    Subscribed {
        event: String,
        queue: String,
        /// Lanes of an ordered subscription; 0 without order.
        lanes: u8,
    },
    /// These messages are in its database.
    Recorded { queue: String, ids: Vec<Uuid> },
}

/// What this module has to tell others, gathered for a moment.
#[derive(Debug)]
pub(super) struct Receipts {
    pub(super) store: Store,
    pub(super) bus: Arc<dyn Bus>,
    pub(super) clock: Arc<dyn Clock>,
    /// By publisher and queue.
    recorded: RefCell<BTreeMap<(String, String), Vec<Uuid>>>,
    many: Notify,
}

impl Receipts {
    pub(super) fn new(store: Store, bus: Arc<dyn Bus>, clock: Arc<dyn Clock>) -> Self {
        Self {
            store,
            bus,
            clock,
            recorded: RefCell::default(),
            many: Notify::new(),
        }
    }

    /// Notes that `queue` has a message of `publisher`.
    pub(super) fn add(&self, publisher: &str, queue: &str, id: Uuid) {
        let mut recorded = self.recorded.borrow_mut();
        let ids = recorded
            .entry((publisher.to_owned(), queue.to_owned()))
            .or_default();
        ids.push(id);
        if ids.len() >= RECEIPT_BATCH {
            self.many.notify_one();
        }
    }

    /// Tells what is gathered until the order to stop, and once more after it.
    pub(super) async fn run(&self, sources: &[Source], stop: CancellationToken) {
        let mut tell_at = self.clock.now();
        while !stop.is_cancelled() {
            if self.clock.now() >= tell_at {
                let told = self.subscribed(sources).await;
                let pause = if told {
                    SUBSCRIBER_TELLS
                } else {
                    RECEIPT_GATHER
                };
                tell_at = self.clock.now().checked_add(pause).unwrap_or(tell_at);
            }
            tokio::select! {
                () = self.clock.sleep(RECEIPT_GATHER) => {}
                () = self.many.notified() => {}
                () = stop.cancelled() => {}
            }
            self.flush().await;
        }
    }

    async fn flush(&self) {
        let recorded = self.recorded.take();
        for ((publisher, queue), ids) in recorded {
            for ids in ids.chunks(RECEIPT_BATCH) {
                let notice = Notice::Recorded {
                    queue: queue.clone(),
                    ids: ids.to_vec(),
                };
                self.send(&publisher, &notice).await;
            }
        }
    }

    /// Tells the publisher of each event who collects it; false if one could not be told.
    async fn subscribed(&self, sources: &[Source]) -> bool {
        let mut all = true;
        for source in sources {
            if let Source::Event { name, ordered } = source {
                let notice = Notice::Subscribed {
                    event: name.clone(),
                    queue: source.queue(self.store.module()),
                    lanes: if *ordered { LANES } else { 0 },
                };
                all &= self.send(owner(name), &notice).await;
            }
        }
        all
    }

    async fn send(&self, publisher: &str, notice: &Notice) -> bool {
        let message = outgoing(
            self.store.module(),
            self.store.ids().next(),
            self.clock.as_ref(),
            publisher,
            notice,
        );
        let Some(message) = message else { return false };
        let outcomes = self.bus.publish(&[message]).await;
        match outcomes.into_iter().next() {
            // A publisher that is not deployed has nothing to forget.
            Some(Ok(()) | Err(BusError::Unroutable(_))) => true,
            Some(Err(error)) => {
                tracing::debug!(%error, publisher, "a notice is lost; what it says is told again");
                false
            }
            None => false,
        }
    }
}

/// Tells publishers of all subscriptions of a topology before any subscriber has started.
pub async fn announce(
    bus: &dyn Bus,
    clock: &dyn Clock,
    topology: &Topology,
) -> Result<(), BusError> {
    let mut messages = Vec::new();
    for (event, queue, lanes) in topology.subscriptions() {
        let notice = Notice::Subscribed {
            event: event.to_owned(),
            queue: queue.to_owned(),
            lanes,
        };
        let id = Uuid::new_v4();
        messages.extend(outgoing(reader(queue), id, clock, owner(event), &notice));
    }
    for outcome in bus.publish(&messages).await {
        match outcome {
            Ok(()) | Err(BusError::Unroutable(_)) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// The module that reads a queue: the word after `q`.
fn reader(queue: &str) -> &str {
    queue.split('.').nth(1).unwrap_or_default()
}

/// The module that publishes an event: the first word of its name.
fn owner(event: &str) -> &str {
    event.split('.').next().unwrap_or_default()
}

fn outgoing(
    module: &str,
    id: Uuid,
    clock: &dyn Clock,
    publisher: &str,
    notice: &Notice,
) -> Option<Outgoing> {
    Some(Outgoing {
        to: Destination::Queue(notice_queue(publisher)),
        envelope: Envelope {
            id,
            source: module.to_owned(),
            name: NAME.to_owned(),
            kind: Kind::Task,
            key: Key::from(module),
            zone: None,
            site: None,
            time: clock.now(),
            traceparent: None,
            deadline: None,
            attempts: 0,
            follows: None,
            seq: 0,
            data: serde_json::value::to_raw_value(notice).ok()?,
        },
    })
}

/// Hears what subscribers tell this module.
pub(super) struct Hearing {
    pub(super) store: Store,
    /// Whom subscribers tell: this module, or the owner of events that a bridge brings.
    pub(super) publisher: String,
    pub(super) bus: Arc<dyn Bus>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) stop: CancellationToken,
}

impl Hearing {
    pub(super) async fn run(self) {
        let mut failures = 0;
        while !self.stop.is_cancelled() {
            match self.subscribe().await {
                Ok(inbound) => {
                    failures = 0;
                    self.hear(inbound).await;
                }
                Err(error) => {
                    failures += 1;
                    tracing::debug!(%error, failures, "subscribers cannot be heard");
                }
            }
            self.pause(pause::in_outage(failures.max(1))).await;
        }
    }

    async fn subscribe(&self) -> Result<Inbound, BusError> {
        let topology = Topology::default().notices_of(&self.publisher);
        self.bus.declare(&topology).await?;
        let queue = notice_queue(&self.publisher);
        self.bus.subscribe(&queue, EVENT_PREFETCH).await
    }

    async fn hear(&self, mut inbound: Inbound) {
        loop {
            let delivered = tokio::select! {
                delivered = inbound.recv() => delivered,
                () = self.stop.cancelled() => return,
            };
            let Some(Delivered {
                message, verdict, ..
            }) = delivered
            else {
                return;
            };
            let notice = message
                .ok()
                .and_then(|envelope| serde_json::from_str::<Notice>(envelope.data.get()).ok());
            if notice.is_none() {
                tracing::warn!("a notice cannot be read and is ignored");
            }
            if let Some(notice) = &notice
                && let Err(error) = self.note(notice).await
            {
                tracing::warn!(%error, "what a subscriber told comes again");
                drop(verdict);
                self.pause(pause::in_outage(1)).await;
                continue;
            }
            // The bus may have lost its connection: then it comes again, which changes nothing.
            drop(verdict.send(Verdict::Done));
        }
    }

    async fn note(&self, notice: &Notice) -> Result<(), StoreError> {
        let (procedure, values) = match notice {
            Notice::Subscribed {
                event,
                queue,
                lanes,
            } => {
                let now = self.clock.now();
                (
                    "dcp_subscriber_seen",
                    params![event, queue, u32::from(*lanes), now],
                )
            }
            Notice::Recorded { queue, ids } => {
                let ids = serde_json::to_string(ids)
                    .map_err(|error| StoreError::Decode(error.to_string()))?;
                ("dcp_outbox_received", params![queue, ids])
            }
        };
        self.store.write(procedure, values).await.map(drop)
    }

    async fn pause(&self, pause: Duration) {
        tokio::select! {
            () = self.clock.sleep(pause) => {}
            () = self.stop.cancelled() => {}
        }
    }
}
