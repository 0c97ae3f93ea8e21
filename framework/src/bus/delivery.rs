//! Delivery above any bus: what a transaction published is sent, what arrives takes effect once.
//!
//! Invariants: a message leaves the outbox only after the bus has stored it; its effect and its inbox row are one
//! transaction; its verdict follows the commit. So a process may die at any instruction: nothing is lost, and what comes
//! twice is recognised.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use thiserror::Error;
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

use super::inbox::Inbox;
use super::{Bus, Subscriptions, Topology, consumer, relay};
use crate::clock::Clock;
use crate::limits::DRAIN;
use crate::store::{Rows, Store};

/// The running delivery of one module.
#[derive(Debug)]
pub struct Delivery {
    store: Store,
    bus: Arc<dyn Bus>,
    queues: Vec<String>,
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
        let (end, ended) = oneshot::channel();
        let queues = subscriptions
            .all
            .iter()
            .map(|one| one.source.queue(store.module()))
            .collect();
        let delivery = Self {
            store: store.clone(),
            bus: bus.clone(),
            queues,
            ended: Some(ended),
        };
        let name = format!("{}-delivery", store.module());
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(NotStarted)?;
        let body = move || {
            let tasks = tokio::task::LocalSet::new();
            let all = run(store, bus, subscriptions, clock, stop);
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
        let waiting = self
            .store
            .read("dcp_outbox_next", vec![])
            .await
            .and_then(Rows::one::<relay::Waiting>);
        match waiting {
            Ok(relay::Waiting { waiting: 0, .. }) => {}
            Ok(waiting) => return format!("{} in the outbox", waiting.waiting),
            Err(error) => return error.to_string(),
        }
        for queue in &self.queues {
            match self.bus.depth(queue).await {
                Ok(0) => {}
                Ok(depth) => return format!("{depth} in {queue}"),
                Err(error) => return error.to_string(),
            }
        }
        String::new()
    }
}

async fn run(
    store: Store,
    bus: Arc<dyn Bus>,
    subscriptions: Subscriptions,
    clock: Arc<dyn Clock>,
    stop: CancellationToken,
) {
    let topology = Topology::of(store.module(), &subscriptions);
    let mut work = Vec::new();
    for subscription in subscriptions.all {
        let inbox = Inbox {
            store: store.clone(),
            subscriber: subscription.source.queue(store.module()),
        };
        let consumer = consumer::Consumer {
            inbox,
            bus: bus.clone(),
            clock: clock.clone(),
            stop: stop.clone(),
            subscription,
        };
        work.push(tokio::task::spawn_local(consumer.run(topology.clone())));
    }
    // The relay goes last: what the last reactions publish still goes out.
    let last = CancellationToken::new();
    let relay = relay::Relay::new(store.clone(), bus.clone(), clock.clone(), last.clone());
    let relay = tokio::task::spawn_local(relay.run());
    let prune = tokio::task::spawn_local(prune(store, clock.clone()));
    stop.cancelled().await;
    let all = async {
        report(&join_all(work).await);
        last.cancel();
        report(&[relay.await]);
    };
    tokio::select! {
        () = all => {}
        () = clock.sleep(DRAIN) => {
            tracing::warn!("reactions were still running at the end of the drain; they are undone");
        }
    }
    prune.abort();
    bus.close().await;
}

fn report(results: &[Result<(), tokio::task::JoinError>]) {
    for error in results.iter().filter_map(|result| result.as_ref().err()) {
        tracing::error!(%error, "a part of the delivery ended with a panic");
    }
}

/// Forgets what no bus can bring again.
async fn prune(store: Store, clock: Arc<dyn Clock>) {
    let (every, count) = crate::limits::INBOX_PRUNE;
    loop {
        clock.sleep(every).await;
        let before = clock
            .now()
            .checked_sub(crate::limits::INBOX_KEPT)
            .unwrap_or(jiff::Timestamp::MIN);
        if let Err(error) = store
            .write("dcp_inbox_prune", crate::params![before, count])
            .await
        {
            tracing::debug!(%error, "the inbox is pruned next time");
        }
    }
}
