//! Delivery above any bus: what a transaction published is sent, what arrives takes effect once.
//!
//! Invariants: a message leaves the outbox only after every known subscriber has recorded it; its effect and its inbox row are
//! one transaction; its verdict follows the commit. So a process may die at any instruction and a broker may lose its disk:
//! nothing is lost, and what comes twice is recognised.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use thiserror::Error;
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

use super::bridge::owners;
use super::consumer::Consumer;
use super::inbox::Inbox;
use super::measure::Measures;
use super::parked::Runner;
use super::reactor::Reactor;
use super::receipts::{Hearing, Receipts};
use super::reconcile::Reconciler;
use super::relay::{OutboxSize, Relay};
use super::topology::read_by;
use super::{Bus, Subscriptions, Topology, Unread};
use crate::clock::{Clock, Timestamp};
use crate::limits::{DRAIN, INBOX_KEPT, INBOX_PRUNE, SUBSCRIBER_KEPT};
use crate::params;
use crate::store::Store;

/// The two buses of a bridge.
#[derive(Debug)]
pub struct Crossing {
    /// The bus of the other zone, which it reads.
    pub from: Arc<dyn Bus>,
    /// The bus of its own zone, on which it publishes.
    pub to: Arc<dyn Bus>,
    /// The events it brings.
    pub events: Vec<String>,
}

/// What a delivery reads from, what it publishes on, and for whom it hears what subscribers record.
#[derive(Debug, Clone)]
struct Ways {
    from: Arc<dyn Bus>,
    to: Arc<dyn Bus>,
    publishers: Vec<String>,
}

impl Ways {
    /// What is read, and where subscribers tell what they have recorded.
    fn queues(&self, module: &str, subscriptions: &Subscriptions) -> Vec<(Arc<dyn Bus>, String)> {
        let read = Topology::read_by(module, subscriptions);
        let publishers = self.publishers.iter();
        let heard = publishers.fold(Topology::default(), |heard, one| heard.notices_of(one));
        let on = |bus: &Arc<dyn Bus>, topology: &Topology| -> Vec<_> {
            let names = topology.queues();
            names.map(|name| (bus.clone(), name.to_owned())).collect()
        };
        [on(&self.from, &read), on(&self.to, &heard)].concat()
    }
}

/// The running delivery of one module.
#[derive(Debug)]
pub struct Delivery {
    store: Store,
    /// What it empties, and on which bus.
    queues: Vec<(Arc<dyn Bus>, String)>,
    unread: Unread,
    ended: Option<oneshot::Receiver<()>>,
}

/// Why delivery could not begin.
#[derive(Debug, Error)]
#[error("the delivery thread could not be started")]
pub struct NotStarted(#[source] std::io::Error);

/// What was still under way when the patience ended.
#[derive(Debug, Error)]
#[error("not settled after {0:?}: {1}")]
pub struct NotSettled(Duration, String);

impl Delivery {
    /// Declares the queues, sends what the outbox holds and reacts to what comes, until `stop`.
    ///
    /// Reactions run on a thread of their own, one after the other per queue, so that they need not be `Send`.
    pub fn start(
        store: Store,
        bus: Arc<dyn Bus>,
        subscriptions: Subscriptions,
        clock: Arc<dyn Clock>,
        stop: CancellationToken,
    ) -> Result<Self, NotStarted> {
        let ways = Ways {
            from: bus.clone(),
            to: bus,
            publishers: vec![store.module().to_owned()],
        };
        Self::begin(store, ways, subscriptions, clock, stop)
    }

    /// The same for a bridge: reads the bus of the other zone and publishes on that of its own.
    pub fn bridge(
        store: Store,
        crossing: Crossing,
        subscriptions: Subscriptions,
        clock: Arc<dyn Clock>,
        stop: CancellationToken,
    ) -> Result<Self, NotStarted> {
        let owners = owners(crossing.events.iter().map(String::as_str));
        let ways = Ways {
            publishers: owners.into_iter().map(str::to_owned).collect(),
            from: crossing.from,
            to: crossing.to,
        };
        Self::begin(store, ways, subscriptions, clock, stop)
    }

    fn begin(
        store: Store,
        ways: Ways,
        subscriptions: Subscriptions,
        clock: Arc<dyn Clock>,
        stop: CancellationToken,
    ) -> Result<Self, NotStarted> {
        let (end, ended) = oneshot::channel();
        let delivery = Self {
            store: store.clone(),
            queues: ways.queues(store.module(), &subscriptions),
            unread: Unread::default(),
            ended: Some(ended),
        };
        let unread = delivery.unread.clone();
        let name = format!("{}-delivery", store.module());
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(NotStarted)?;
        let body = move || {
            let tasks = tokio::task::LocalSet::new();
            let all = run(store, ways, subscriptions, unread, clock, stop);
            tasks.block_on(&runtime, all);
            // Whoever waits for the end may have gone already.
            end.send(()).ok();
        };
        std::thread::Builder::new()
            .name(name)
            .spawn(body)
            .map_err(NotStarted)?;
        Ok(delivery)
    }

    /// The queues that it cannot read now.
    pub fn unread(&self) -> Unread {
        self.unread.clone()
    }

    /// Ends when the last reaction has ended after `stop`.
    pub async fn stopped(&mut self) {
        if let Some(ended) = self.ended.take() {
            // An error says that the thread is gone, which is the same.
            drop(ended.await);
        }
    }

    /// Waits until the outbox and this module's queues are empty; says what was not when `patience` ends.
    pub async fn settle(&self, patience: Duration) -> Result<(), NotSettled> {
        let wait = async {
            let mut last = String::new();
            let mut quiet = 0;
            // Two quiet looks in a row: a reaction may publish just between the looks at queue and outbox.
            while quiet < 2 {
                last = self.busy().await;
                quiet = if last.is_empty() { quiet + 1 } else { 0 };
                self.store.clock().sleep(Duration::from_millis(5)).await;
            }
            last
        };
        if tokio::time::timeout(patience, wait).await.is_ok() {
            return Ok(());
        }
        Err(NotSettled(patience, self.busy().await))
    }

    async fn busy(&self) -> String {
        match self.unfinished().await {
            Ok(what) => what,
            Err(cause) => cause.to_string(),
        }
    }

    async fn unfinished(&self) -> Result<String, super::Cause> {
        let outbox: OutboxSize = self.store.read("dcp_outbox_size", params![]).await?.one()?;
        if outbox.waiting > 0 {
            return Ok(format!("{} in the outbox", outbox.waiting));
        }
        let parked: Option<Timestamp> =
            self.store.read("dcp_parked_next", params![]).await?.one()?;
        if let Some(next_at) = parked {
            return Ok(format!("a parked message is tried at {next_at}"));
        }
        for (bus, queue) in &self.queues {
            let depth = bus.depth(queue).await?;
            if depth > 0 {
                return Ok(format!("{depth} in {queue}"));
            }
        }
        Ok(String::new())
    }
}

async fn run(
    store: Store,
    ways: Ways,
    subscriptions: Subscriptions,
    unread: Unread,
    clock: Arc<dyn Clock>,
    stop: CancellationToken,
) {
    let topology = Topology::read_by(store.module(), &subscriptions);
    let reactors: Vec<Rc<Reactor>> = reactors(&store, subscriptions, ways.from.system());
    let receipts = Receipts::new(store.clone(), ways.from.clone(), clock.clone());
    let receipts = Rc::new(receipts);
    let mut work = Vec::new();
    for reactor in &reactors {
        for queue in read_by(&reactor.inbox.subscriber, reactor.inbox.ordered) {
            let consumer = Consumer {
                reactor: reactor.clone(),
                queue,
                bus: ways.from.clone(),
                clock: clock.clone(),
                stop: stop.clone(),
                receipts: receipts.clone(),
                unread: unread.clone(),
                brake: std::cell::RefCell::default(),
                probing: tokio::sync::Mutex::default(),
                under_way: std::cell::RefCell::default(),
            };
            work.push(tokio::task::spawn_local(consumer.run(topology.clone())));
        }
    }
    let runner = Runner {
        store: store.clone(),
        clock: clock.clone(),
        stop: stop.clone(),
        reactors: reactors.clone(),
    };
    work.push(tokio::task::spawn_local(runner.run()));
    // The relay and the receipts go last: what the last reactions publish and record still goes out.
    let last = CancellationToken::new();
    let closing = spawn_couriers(&store, &ways, &clock, &last, reactors, receipts);
    let prune = tokio::task::spawn_local(prune(store, clock.clone()));
    stop.cancelled().await;
    let all = async {
        report(&join_all(work).await);
        last.cancel();
        report(&join_all(closing).await);
    };
    tokio::select! {
        () = all => {}
        () = clock.sleep(DRAIN) => {
            tracing::warn!("reactions were still running at the end of the drain; they are undone");
        }
    }
    prune.abort();
    ways.to.close().await;
    if !Arc::ptr_eq(&ways.from, &ways.to) {
        ways.from.close().await;
    }
}

fn reactors(store: &Store, subscriptions: Subscriptions, system: &'static str) -> Vec<Rc<Reactor>> {
    let reactor = |subscription: super::subscriptions::Subscription| {
        let subscriber = subscription.source.queue(store.module());
        let inbox = Inbox {
            store: store.clone(),
            measures: Measures::of(&subscriber),
            subscriber,
            ordered: subscription.source.is_ordered(),
            of_parked: false,
        };
        Rc::new(Reactor {
            inbox,
            subscription,
            system,
        })
    };
    subscriptions.all.into_iter().map(reactor).collect()
}

/// What brings messages and notices to others, and hears theirs.
fn spawn_couriers(
    store: &Store,
    ways: &Ways,
    clock: &Arc<dyn Clock>,
    stop: &CancellationToken,
    reactors: Vec<Rc<Reactor>>,
    receipts: Rc<Receipts>,
) -> Vec<tokio::task::JoinHandle<()>> {
    let bus = &ways.to;
    let relay = Relay::new(store.clone(), bus.clone(), clock.clone(), stop.clone());
    let reconciler = Reconciler {
        store: store.clone(),
        bus: bus.clone(),
        clock: clock.clone(),
        stop: stop.clone(),
    };
    let hearings = ways.publishers.iter().map(|publisher| Hearing {
        store: store.clone(),
        publisher: publisher.clone(),
        bus: bus.clone(),
        clock: clock.clone(),
        stop: stop.clone(),
    });
    let hearings = hearings.map(|hearing| tokio::task::spawn_local(hearing.run()));
    let stop = stop.clone();
    let telling = async move {
        let sources: Vec<_> = reactors
            .iter()
            .map(|one| one.subscription.source.clone())
            .collect();
        receipts.run(&sources, stop).await;
    };
    let mut couriers = vec![
        tokio::task::spawn_local(relay.run()),
        tokio::task::spawn_local(reconciler.run()),
    ];
    couriers.extend(hearings);
    couriers.push(tokio::task::spawn_local(telling));
    couriers
}

fn report(results: &[Result<(), tokio::task::JoinError>]) {
    for error in results.iter().filter_map(|result| result.as_ref().err()) {
        tracing::error!(%error, "a part of the delivery ended with a panic");
    }
}

/// Forgets what no bus can bring again and subscribers that have gone for good.
async fn prune(store: Store, clock: Arc<dyn Clock>) {
    let (every, count) = INBOX_PRUNE;
    loop {
        clock.sleep(every).await;
        let before = |kept| clock.now().checked_sub(kept).unwrap_or(Timestamp::MIN);
        let pruned = store.tx(async |tx| {
            tx.call("dcp_inbox_prune", params![before(INBOX_KEPT), count])
                .await?;
            tx.call("dcp_subscriber_prune", params![before(SUBSCRIBER_KEPT)])
                .await?;
            tx.call("dcp_outbox_prune", params![]).await
        });
        if let Err(error) = pruned.await {
            tracing::debug!(%error, "what is old is forgotten next time");
        }
    }
}
