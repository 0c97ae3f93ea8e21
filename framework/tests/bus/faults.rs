//! A bus that fails on demand, and what delivery makes of it: nothing is lost, nothing has two effects.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use dcp::bus::{
    Away, Bus, BusError, Delivery, Filter, Inbound, Outgoing, Reaction, Subscriptions, Topology,
    dead_letters,
};
use dcp::clock::{Clock, SystemClock, Timestamp};
use dcp::params;
use dcp::store::{Store, Tx};
use futures_util::future::BoxFuture;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::order::ordered;
use crate::setup::{Courier, Happened, effect, effects, event, eventually, publish, store_with};

/// What a faulty bus does to the next messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    /// Says that it is stored, and forgets it.
    Lost,
    /// Stores it, and says that it could not be reached.
    LostConfirm,
    /// Stores it twice.
    Doubled,
    /// Refuses it.
    Refused,
    /// Stores it after the message that follows.
    Late,
}

/// A bus in front of another one that does what it is told to each next event.
#[derive(Debug)]
struct Faulty {
    inner: Arc<dyn Bus>,
    faults: Mutex<VecDeque<Fault>>,
}

impl Faulty {
    fn new(inner: Arc<dyn Bus>) -> Arc<Self> {
        Arc::new(Self {
            inner,
            faults: Mutex::default(),
        })
    }

    fn next(&self, faults: &[Fault]) {
        self.faults.lock().unwrap().extend(faults);
    }

    async fn send(&self, messages: &[Outgoing]) -> Vec<Result<(), BusError>> {
        let mut late = None;
        let mut outcomes = Vec::new();
        for message in messages {
            // Notices are not what is tested.
            let is_event = message.envelope.kind == dcp::events::Kind::Event;
            let fault = if is_event {
                self.faults.lock().unwrap().pop_front()
            } else {
                None
            };
            let one = std::slice::from_ref(message);
            let stored = match fault {
                None => self.inner.publish(one).await.remove(0),
                Some(Fault::Lost) => Ok(()),
                Some(Fault::LostConfirm) => {
                    self.inner.publish(one).await.remove(0).unwrap();
                    Err(BusError::Unavailable("the confirm is lost".into()))
                }
                Some(Fault::Doubled) => self
                    .inner
                    .publish(&[message.clone(), message.clone()])
                    .await
                    .remove(0),
                Some(Fault::Refused) => Err(BusError::Refused),
                Some(Fault::Late) => {
                    late = Some(message.clone());
                    outcomes.push(Ok(()));
                    continue;
                }
            };
            outcomes.push(stored);
            if let Some(late) = late.take() {
                self.inner.publish(&[late]).await.remove(0).unwrap();
            }
        }
        if let Some(late) = late {
            self.inner.publish(&[late]).await.remove(0).unwrap();
        }
        outcomes
    }
}

impl Bus for Faulty {
    fn system(&self) -> &'static str {
        self.inner.system()
    }

    fn declare<'a>(&'a self, topology: &'a Topology) -> BoxFuture<'a, Result<(), BusError>> {
        self.inner.declare(topology)
    }

    fn publish<'a>(&'a self, messages: &'a [Outgoing]) -> BoxFuture<'a, Vec<Result<(), BusError>>> {
        Box::pin(self.send(messages))
    }

    fn subscribe<'a>(
        &'a self,
        queue: &'a str,
        prefetch: usize,
    ) -> BoxFuture<'a, Result<Inbound, BusError>> {
        self.inner.subscribe(queue, prefetch)
    }

    fn depth<'a>(&'a self, queue: &'a str) -> BoxFuture<'a, Result<u64, BusError>> {
        self.inner.depth(queue)
    }

    fn missing<'a>(
        &'a self,
        topology: &'a Topology,
    ) -> BoxFuture<'a, Result<Vec<String>, BusError>> {
        self.inner.missing(topology)
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        self.inner.close()
    }
}

/// The machine's clock, put forward or back.
#[derive(Debug, Default)]
struct Shifted {
    microseconds: AtomicI64,
}

impl Shifted {
    fn by(&self, seconds: i64) {
        self.microseconds
            .fetch_add(seconds * 1_000_000, Ordering::SeqCst);
    }
}

impl Clock for Shifted {
    fn now(&self) -> Timestamp {
        let now = SystemClock.now().as_microsecond() + self.microseconds.load(Ordering::SeqCst);
        Timestamp::from_microsecond(now).unwrap()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        SystemClock.sleep(duration)
    }
}

/// A publisher and a subscriber that reach each other through a faulty bus.
struct Pair {
    bus: Arc<Faulty>,
    clock: Arc<Shifted>,
    publisher: Store,
    subscriber: Store,
    running: Vec<(Delivery, CancellationToken)>,
    _courier: Courier,
}

impl Pair {
    async fn start(reactions: Subscriptions) -> Self {
        let courier = Courier::local();
        let clock = Arc::new(Shifted::default());
        let bus = Faulty::new(courier.connect().await);
        // The event's name says that its publisher is the module `test`.
        let publisher = store_with(courier.folder(), "test", clock.clone()).await;
        let subscriber = store_with(courier.folder(), "subscriber", clock.clone()).await;
        let mut running = Vec::new();
        for (store, reactions) in [
            (&publisher, Subscriptions::default()),
            (&subscriber, reactions),
        ] {
            bus.declare(&Topology::of(store.module(), &reactions))
                .await
                .unwrap();
            let stop = CancellationToken::new();
            let (store, bus): (_, Arc<dyn Bus>) = (store.clone(), bus.clone());
            let runs = Delivery::start(store, bus, reactions, clock.clone(), stop.clone());
            running.push((runs.unwrap(), stop));
        }
        let pair = Self {
            bus,
            clock,
            publisher,
            subscriber,
            running,
            _courier: courier,
        };
        let known = async || {
            publish(&pair.publisher, &event()).await;
            pair.kept().await > 0
        };
        eventually("the publisher knows its subscriber", known).await;
        pair.settled().await;
        pair.subscriber
            .write("effect_clear", params![])
            .await
            .unwrap();
        pair
    }

    /// Messages that the subscriber has not recorded, as far as the publisher knows.
    async fn kept(&self) -> u64 {
        let size = self
            .publisher
            .read("dcp_outbox_size", params![])
            .await
            .unwrap();
        size.one::<dcp::bus::OutboxSize>().unwrap().kept
    }

    /// Waits until the publisher keeps nothing any more.
    async fn settled(&self) {
        eventually("the publisher keeps nothing", async || {
            let size = self
                .publisher
                .read("dcp_outbox_size", params![])
                .await
                .unwrap();
            let size = size.one::<dcp::bus::OutboxSize>().unwrap();
            size.waiting + size.kept == 0
        })
        .await;
    }

    async fn publish(&self, events: &[Happened]) {
        let all = self.publisher.tx(async |tx| {
            for event in events {
                tx.publish(event).await?;
            }
            Ok::<_, dcp::store::StoreError>(())
        });
        all.await.unwrap();
    }

    async fn stop(self) {
        for (mut delivery, stop) in self.running {
            stop.cancel();
            delivery.stopped().await;
        }
    }
}

fn ids(events: &[Happened]) -> Vec<String> {
    events.iter().map(|event| event.id.to_string()).collect()
}

async fn sorted(store: &Store) -> Vec<String> {
    let mut effects = effects(store).await;
    effects.sort();
    effects
}

#[tokio::test]
async fn what_the_bus_loses_is_sent_again_and_forgotten_once_it_is_recorded() {
    let pair = Pair::start(Subscriptions::default().on(effect)).await;
    let sent: Vec<_> = (0..20).map(|_| event()).collect();
    pair.bus.next(&[Fault::Lost; 7]);
    pair.publish(&sent).await;
    eventually("the others arrive", async || {
        effects(&pair.subscriber).await.len() == 13
    })
    .await;
    eventually("the lost ones are kept", async || pair.kept().await == 7).await;
    pair.clock.by(60);
    pair.settled().await;
    assert_eq!(sorted(&pair.subscriber).await, ids(&sent));
    pair.stop().await;
}

#[tokio::test]
async fn every_fault_of_the_bus_leaves_each_message_one_effect() {
    let pair = Pair::start(Subscriptions::default().on(effect)).await;
    let sent: Vec<_> = (0..50).map(|_| event()).collect();
    pair.bus.next(&[
        Fault::Doubled,
        Fault::LostConfirm,
        Fault::Late,
        Fault::Refused,
        Fault::Doubled,
        Fault::Late,
        Fault::LostConfirm,
        Fault::Refused,
    ]);
    pair.publish(&sent).await;
    pair.settled().await;
    assert_eq!(sorted(&pair.subscriber).await, ids(&sent));
    pair.stop().await;
}

#[tokio::test]
async fn a_key_keeps_its_order_whatever_the_bus_does() {
    use Fault::{Doubled, Late, Lost, LostConfirm, Refused};
    let reactions = Subscriptions::default().on(async |tx: &mut Tx<'_>, event: &Happened| {
        tx.call("effect_add", params![&event.how]).await?;
        Ok::<_, Reaction>(())
    });
    let pair = Pair::start(reactions.specified_by(&ordered())).await;
    let id = Uuid::now_v7();
    let step = |number: usize| Happened {
        id,
        how: format!("{number:02}"),
    };
    let sent: Vec<_> = (0..30).map(step).collect();
    pair.bus.next(&[
        Late,
        Lost,
        Doubled,
        Refused,
        Late,
        LostConfirm,
        Late,
        Lost,
        Refused,
    ]);
    pair.publish(&sent[..20]).await;
    eventually("something is lost", async || pair.kept().await > 0).await;
    pair.publish(&sent[20..]).await;
    pair.clock.by(60);
    pair.settled().await;
    let expected: Vec<_> = sent.iter().map(|event| event.how.clone()).collect();
    eventually("all take effect", async || {
        effects(&pair.subscriber).await.len() >= 30
    })
    .await;
    assert_eq!(effects(&pair.subscriber).await, expected);
    pair.stop().await;
}

#[tokio::test]
async fn an_outage_of_what_reactions_need_makes_no_dead_letters() {
    let (away, tries) = (Arc::new(AtomicBool::new(true)), Arc::new(AtomicU32::new(0)));
    let (asked, counted) = (away.clone(), tries.clone());
    let reactions = Subscriptions::default().on(async move |tx: &mut Tx<'_>, event: &Happened| {
        if event.how == "needy" && asked.load(Ordering::SeqCst) {
            counted.fetch_add(1, Ordering::SeqCst);
            return Err(Reaction::later(Away {
                what: "the laboratory system".to_owned(),
                cause: "no answer".into(),
            }));
        }
        effect(tx, event).await
    });
    let pair = Pair::start(reactions).await;
    let sent: Vec<_> = (0..20)
        .map(|_| Happened {
            how: "needy".to_owned(),
            ..event()
        })
        .collect();
    pair.publish(&sent).await;
    eventually("it is tried more than once", async || {
        tries.load(Ordering::SeqCst) > 2
    })
    .await;
    away.store(false, Ordering::SeqCst);
    pair.settled().await;
    assert_eq!(sorted(&pair.subscriber).await, ids(&sent));
    let letters = dead_letters(&pair.subscriber, &Filter::default(), 10).await;
    assert!(letters.unwrap().is_empty());
    pair.stop().await;
}

#[tokio::test]
async fn a_clock_that_jumps_holds_up_nothing() {
    let pair = Pair::start(Subscriptions::default().on(effect)).await;
    let mut sent = Vec::new();
    for jump in [3600, -7200, 40, -40, 86_400, -86_400] {
        pair.clock.by(jump);
        let some: Vec<_> = (0..5).map(|_| event()).collect();
        pair.publish(&some).await;
        sent.extend(ids(&some));
        eventually("events take effect", async || {
            effects(&pair.subscriber).await.len() == sent.len()
        })
        .await;
    }
    assert_eq!(sorted(&pair.subscriber).await, sent);
    pair.stop().await;
}

#[tokio::test]
async fn a_piece_of_work_that_the_broker_brings_again_is_done_once() {
    let courier = Courier::local();
    let bus = courier.connect().await;
    let store = courier.store("a").await;
    let (begun, go_on) = (
        Arc::new(AtomicU32::new(0)),
        Arc::new(tokio::sync::Notify::new()),
    );
    let (counted, waits) = (begun.clone(), go_on.clone());
    let reactions = Subscriptions::default().work(
        "basel",
        2,
        async move |_: &crate::setup::Please| {
            counted.fetch_add(1, Ordering::SeqCst);
            waits.notified().await;
            Ok(())
        },
        async |tx: &mut Tx<'_>, please: &crate::setup::Please, (): ()| {
            tx.call("effect_add", params![please.id]).await?;
            Ok(())
        },
    );
    let runs = crate::setup::Running::start(&store, &bus, reactions).await;
    let id = Uuid::now_v7();
    let twice = crate::setup::task("basel", &crate::setup::Please { id });
    for outcome in bus.publish(&[twice.clone(), twice]).await {
        outcome.unwrap();
    }
    eventually("the work begins", async || {
        begun.load(Ordering::SeqCst) == 1
    })
    .await;
    go_on.notify_one();
    runs.settle().await;
    assert_eq!(
        (begun.load(Ordering::SeqCst), effects(&store).await),
        (1, vec![id.to_string()])
    );
    runs.stop().await;
}
