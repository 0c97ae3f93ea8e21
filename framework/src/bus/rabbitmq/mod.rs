//! RabbitMQ: quorum queues, mandatory and confirmed publishing, acknowledgement after the effect.
//!
//! Two connections per process, dialled when they are needed. Nothing is repaired: a connection that fails is thrown away
//! and dialled anew, with what the broker must know declared again, because a broker may come back empty.

mod broker;
mod dial;
mod link;
mod plan;
mod publisher;
mod pump;
mod renewal;
mod tls;
mod topology;
mod wire;
mod zone;

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::BoxFuture;
use lapin::options::QueueDeclareOptions;
use lapin::types::FieldTable;
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

pub(super) use self::broker::Broker;
use self::link::Link;
use self::plan::Plan;
use self::publisher::Publisher;
use self::pump::{Held, Pump};
use self::wire::short;
use super::{Bus, BusError, Inbound, Outgoing, Topology};
use crate::clock::Clock;
use crate::limits::BROKER_ANSWER;
use crate::model::{Manifest, Zone};

/// RabbitMQ definitions of a virtual host: everything `topology` says, and for each of `modules` permissions of a user of that
/// name, which let it publish as itself and read its own queues and nothing else. A bridge also publishes what it brings, in the
/// name of its owners.
pub fn definitions(
    topology: &Topology,
    vhost: &str,
    zone: Zone,
    modules: &[Manifest],
) -> serde_json::Value {
    Plan::of(topology).definitions(vhost, zone, modules)
}

/// A broker, as one process sees it.
#[derive(Debug)]
pub struct RabbitMq {
    shared: Arc<Shared>,
    held: Mutex<HashMap<String, Arc<Held>>>,
}

#[derive(Debug)]
struct Shared {
    consuming: Link,
    publisher: Publisher,
    /// This user may declare nothing: a deployment has.
    deployed: Arc<AtomicBool>,
    zone: Zone,
    clock: Arc<dyn Clock>,
    stop: CancellationToken,
    /// What was declared, and over which channel: declared again when that one has gone.
    declared: tokio::sync::Mutex<Declared>,
    /// Changes when subscriptions have to move to a new connection.
    moved: watch::Sender<()>,
}

#[derive(Debug, Default)]
struct Declared {
    topology: Topology,
    channel: Option<lapin::Channel>,
}

impl RabbitMq {
    /// A broker whose virtual host belongs to `zone`; nothing is dialled yet.
    pub(super) fn new(broker: Broker, zone: Zone, clock: Arc<dyn Clock>) -> Self {
        let can_change = broker.can_change();
        let broker = Arc::new(broker);
        let deployed = Arc::new(AtomicBool::new(false));
        let shared = Shared {
            consuming: Link::new(broker.clone(), "dcp consuming"),
            publisher: Publisher::new(broker, deployed.clone()),
            deployed,
            zone,
            clock,
            stop: CancellationToken::new(),
            declared: tokio::sync::Mutex::default(),
            moved: watch::Sender::default(),
        };
        let shared = Arc::new(shared);
        if can_change {
            #[expect(
                clippy::disallowed_methods,
                reason = "ends with the bus or with `close`"
            )]
            tokio::spawn(renewal::watch(Arc::downgrade(&shared)));
        }
        Self {
            shared,
            held: Mutex::default(),
        }
    }

    fn held(&self, queue: &str) -> Option<Arc<Held>> {
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.get(queue)
            .filter(|held| !held.alive.is_cancelled())
            .cloned()
    }

    async fn count(&self, queue: &str) -> Result<u64, BusError> {
        let held = self.held(queue);
        let mine = held
            .as_ref()
            .map_or(0, |held| held.count(self.shared.clock.now()));
        let waiting = self.shared.waiting(queue).await?;
        if waiting > 0 || mine > 0 {
            return Ok(u64::from(waiting) + mine as u64);
        }
        let Some(held) = held else { return Ok(0) };
        if self.shared.deployed.load(Ordering::Relaxed) {
            return Ok(0);
        }
        // A message on its way to here is counted nowhere: a probe behind it shows when it has arrived.
        let id = Uuid::new_v4().to_string();
        self.shared
            .publisher
            .send("", queue, b"", wire::probe(&id)?)
            .await?;
        let come = async {
            loop {
                let probed = held.probed.notified();
                if held.has_probe(&id) {
                    return;
                }
                probed.await;
            }
        };
        match tokio::time::timeout(Duration::from_secs(1), come).await {
            Ok(()) => Ok(held.count(self.shared.clock.now()) as u64),
            Err(_) => Ok(1),
        }
    }
}

impl Shared {
    async fn declare(&self, topology: &Topology) -> Result<(), BusError> {
        let mut declared = self.declared.lock().await;
        let known = topology.is_subset(&declared.topology);
        declared.topology.extend(topology);
        let lives = declared
            .channel
            .as_ref()
            .is_some_and(|channel| channel.status().connected());
        if known && lives {
            return Ok(());
        }
        let what = if lives { topology } else { &declared.topology };
        let plan = Plan::of(what);
        let channel = declared.channel.as_ref().filter(|_| lives);
        let done = self.declare_or_check(&plan, channel.cloned()).await?;
        declared.channel = Some(done);
        Ok(())
    }

    /// A user that may not declare finds everything there, or cannot work.
    async fn declare_or_check(
        &self,
        plan: &Plan,
        channel: Option<lapin::Channel>,
    ) -> Result<lapin::Channel, BusError> {
        if !self.deployed.load(Ordering::Relaxed) {
            match self.declare_all(plan, channel).await {
                Err(error) if topology::is_refused(&error) => {
                    self.deployed.store(true, Ordering::Relaxed);
                }
                outcome => return outcome,
            }
        }
        zone::check(&self.consuming, self.zone).await?;
        let missing = topology::missing(&self.consuming, plan).await?;
        if !missing.is_empty() {
            let missing = missing.join(", ");
            return Err(BusError::unavailable(format!(
                "this user may not declare, and the broker lacks: {missing}; an operator runs `dcp topology apply`"
            )));
        }
        self.consuming.channel().await
    }

    async fn declare_all(
        &self,
        plan: &Plan,
        channel: Option<lapin::Channel>,
    ) -> Result<lapin::Channel, BusError> {
        let channel = if let Some(channel) = channel {
            channel
        } else {
            zone::claim(&self.consuming, self.zone).await?;
            self.consuming.channel().await?
        };
        topology::declare(&channel, plan).await?;
        Ok(channel)
    }

    async fn declare_again(&self) -> Result<(), BusError> {
        self.declare(&Topology::default()).await
    }

    /// Whether one consumer at a time reads the queue.
    async fn is_lane(&self, queue: &str) -> bool {
        self.declared.lock().await.topology.is_lane(queue)
    }

    async fn waiting(&self, queue: &str) -> Result<u32, BusError> {
        let look = async {
            let channel = self.consuming.channel().await?;
            let passive = QueueDeclareOptions::durable().passive();
            let queue = channel
                .queue_declare(short(queue)?, passive, FieldTable::default())
                .await?;
            channel.close(200, "bye".into()).await?;
            Ok(queue.message_count())
        };
        tokio::time::timeout(BROKER_ANSWER, look)
            .await
            .map_err(BusError::unavailable)?
    }
}

impl Bus for RabbitMq {
    fn system(&self) -> &'static str {
        "rabbitmq"
    }

    fn declare<'a>(&'a self, topology: &'a Topology) -> BoxFuture<'a, Result<(), BusError>> {
        let declared = self.shared.declare(topology);
        Box::pin(self.shared.consuming.within(BROKER_ANSWER, declared))
    }

    fn publish<'a>(&'a self, messages: &'a [Outgoing]) -> BoxFuture<'a, Vec<Result<(), BusError>>> {
        Box::pin(self.shared.publisher.publish(messages))
    }

    fn subscribe<'a>(
        &'a self,
        queue: &'a str,
        prefetch: usize,
    ) -> BoxFuture<'a, Result<Inbound, BusError>> {
        Box::pin(async move {
            let prefetch = u16::try_from(prefetch.max(1)).unwrap_or(u16::MAX);
            let (sender, inbound) = mpsc::channel(prefetch.into());
            let held = Arc::new(Held::default());
            let queue = queue.to_owned();
            self.held
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .insert(queue.clone(), held.clone());
            let pump = Pump {
                shared: self.shared.clone(),
                queue,
                prefetch,
                sender,
                held,
            };
            #[expect(
                clippy::disallowed_methods,
                reason = "ends with its subscription or with `close`"
            )]
            tokio::spawn(pump.run());
            Ok(inbound)
        })
    }

    fn depth<'a>(&'a self, queue: &'a str) -> BoxFuture<'a, Result<u64, BusError>> {
        Box::pin(self.count(queue))
    }

    fn missing<'a>(
        &'a self,
        topology: &'a Topology,
    ) -> BoxFuture<'a, Result<Vec<String>, BusError>> {
        Box::pin(async move {
            zone::check(&self.shared.consuming, self.shared.zone).await?;
            topology::missing(&self.shared.consuming, &Plan::of(topology)).await
        })
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            self.shared.stop.cancel();
            let pumps: Vec<_> = self
                .held
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .drain()
                .collect();
            for (_, held) in pumps {
                // A broker that is away ends the wait: there is nothing to give back to it.
                drop(tokio::time::timeout(Duration::from_secs(2), held.alive.cancelled()).await);
            }
            self.shared.publisher.close().await;
            self.shared.consuming.close().await;
        })
    }
}
