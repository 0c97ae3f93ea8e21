//! The bridge between zones: what its list names passes once, in order and with its label, and nothing else does.

use std::path::Path;
use std::sync::Arc;

use dcp::bus::{
    Bus, Crossing, DeadLetter, Delivery, Destination, Envelope, Filter, Outgoing, Reaction,
    Subscriptions, Topology, dead_letters,
};
use dcp::clock::{Clock, SystemClock};
use dcp::events::mvda::{Model, ModelFailed};
use dcp::events::{Actor, Event, wire_name};
use dcp::model::{EventQueue, Queues, Zone};
use dcp::params;
use dcp::store::{Store, Tx};
use serde_json::json;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::setup::{Courier, PATIENCE, Running, effects, eventually, store_in};

on_each_bus! {
    events_of_the_other_zone_take_effect_once_in_their_order_with_their_label
    a_module_that_does_not_say_so_refuses_what_comes_from_the_free_zone
    what_does_not_fit_its_contract_or_was_brought_before_stays_out
}

/// Both zones with their buses.
struct Zones {
    free: Arc<dyn Bus>,
    controlled: Arc<dyn Bus>,
}

impl Zones {
    async fn of(courier: &Courier) -> Self {
        Self {
            free: courier.bus_of(Zone::NonGxp).await,
            controlled: courier.bus_of(Zone::Gxp).await,
        }
    }
}

/// A bridge into the controlled zone, as its process runs it.
struct Bridge {
    delivery: Delivery,
    stop: CancellationToken,
}

impl Bridge {
    async fn start(courier: &Courier) -> Self {
        let zones = Zones::of(courier).await;
        let events = vec![wire_name::<ModelFailed>()];
        let record = async |tx: &mut Tx<'_>, event: &Envelope| {
            let zone = event.zone.map(Zone::as_str);
            tx.call("effect_add", params![zone]).await?;
            Ok(())
        };
        let stop = CancellationToken::new();
        let delivery = Delivery::bridge(
            courier.store("bridge").await,
            Crossing {
                from: zones.free,
                to: zones.controlled,
                events: events.clone(),
            },
            Subscriptions::default().bring(&events, Zone::NonGxp, record),
            Arc::new(SystemClock),
            stop.clone(),
        );
        Self {
            delivery: delivery.unwrap(),
            stop,
        }
    }

    async fn stop(mut self) {
        self.stop.cancel();
        self.delivery.stopped().await;
    }
}

fn failed(key: &str, number: usize) -> ModelFailed {
    ModelFailed {
        model: Model {
            id: key.to_owned(),
            name: "Dryer".to_owned(),
            version: 1,
            kind: "level".to_owned(),
        },
        site: "basel".to_owned(),
        unit: "Dryer 1".to_owned(),
        by: Actor {
            id: "u-1".to_owned(),
            name: "Ada".to_owned(),
        },
        at: SystemClock.now(),
        reason: number.to_string(),
        link: String::new(),
    }
}

/// The module that owns the event: the name decides it, not the test.
async fn publisher(folder: &Path) -> Store {
    store_in(folder, "mvda").await
}

async fn note(tx: &mut Tx<'_>, event: &ModelFailed) -> Result<(), Reaction> {
    let from = tx.brought_from().map_or("here", Zone::as_str);
    let line = format!("{from} {} {}", event.model.id, event.reason);
    tx.call("effect_add", params![line]).await?;
    Ok(())
}

fn reactions(free: bool) -> Subscriptions {
    let mut queues = Queues::default();
    let queue = EventQueue {
        ordered: true,
        free,
    };
    queues.events.insert(wire_name::<ModelFailed>(), queue);
    Subscriptions::default().on(note).specified_by(&queues)
}

/// The queues that a deployment declares in the free zone before anybody publishes.
async fn deploy(courier: &Courier) -> Zones {
    let zones = Zones::of(courier).await;
    let topology =
        Topology::default().ordered_event(&courier.module("bridge"), &wire_name::<ModelFailed>());
    zones.free.declare(&topology).await.unwrap();
    dcp::bus::announce(zones.free.as_ref(), &SystemClock, &topology)
        .await
        .unwrap();
    zones
}

async fn letters(store: &Store) -> Vec<DeadLetter> {
    dead_letters(store, &Filter::default(), 100).await.unwrap()
}

async fn events_of_the_other_zone_take_effect_once_in_their_order_with_their_label(
    courier: &Courier,
) {
    let zones = deploy(courier).await;
    let reader = courier.store("reader").await;
    let reads = Running::start(&reader, &zones.controlled, reactions(true)).await;
    let source = publisher(courier.folder()).await;
    let publishes = Running::start(&source, &zones.free, Subscriptions::default()).await;
    let mark = &courier.mark;
    for number in 0..60 {
        let bridge = if number % 20 == 0 {
            Some(Bridge::start(courier).await)
        } else {
            None
        };
        for key in 0..4 {
            let event = failed(&format!("{mark}-{key}"), number);
            let done = source.tx(async |tx| tx.publish(&event).await).await;
            done.unwrap();
        }
        // Whatever it is doing then.
        if let Some(bridge) = bridge {
            bridge.stop().await;
        }
    }
    let bridge = Bridge::start(courier).await;
    eventually("everything has passed", async || {
        effects(&reader).await.len() >= 240
    })
    .await;
    publishes.delivery.settle(PATIENCE).await.unwrap();
    reads.settle().await;
    let taken = effects(&reader).await;
    for key in 0..4 {
        let start = format!("nongxp {mark}-{key} ");
        let numbers: Vec<usize> = taken
            .iter()
            .filter_map(|line| line.strip_prefix(&start)?.parse().ok())
            .collect();
        assert_eq!(numbers, (0..60).collect::<Vec<_>>(), "{start}");
    }
    assert_eq!(taken.len(), 240);
    let recorded = effects(&courier.store("bridge").await).await;
    assert_eq!(recorded, vec!["nongxp"; 240]);
    bridge.stop().await;
    publishes.stop().await;
    reads.stop().await;
}

async fn a_module_that_does_not_say_so_refuses_what_comes_from_the_free_zone(courier: &Courier) {
    let zones = deploy(courier).await;
    let reader = courier.store("reader").await;
    let reads = Running::start(&reader, &zones.controlled, reactions(false)).await;
    let bridge = Bridge::start(courier).await;
    let event = failed(&courier.mark, 1);
    zones.free.publish(&[outgoing(&event)]).await;
    // Of its own zone it takes the same event.
    zones.controlled.publish(&[outgoing(&event)]).await;
    eventually("both are decided", async || {
        letters(&reader).await.len() == 1 && effects(&reader).await.len() == 1
    })
    .await;
    let letter = letters(&reader).await.remove(0);
    assert!(letter.reason.contains("free zone"), "{}", letter.reason);
    assert!(effects(&reader).await[0].starts_with("here "));
    bridge.stop().await;
    reads.stop().await;
}

async fn what_does_not_fit_its_contract_or_was_brought_before_stays_out(courier: &Courier) {
    let zones = deploy(courier).await;
    let reader = courier.store("reader").await;
    let reads = Running::start(&reader, &zones.controlled, reactions(true)).await;
    let bridge = Bridge::start(courier).await;
    let spoilt = |change: fn(&mut serde_json::Value)| {
        let mut document = document(&failed(&courier.mark, 0));
        change(&mut document);
        Outgoing {
            to: Destination::Topic,
            envelope: serde_json::from_value(document).unwrap(),
        }
    };
    let strangers = [
        spoilt(|document| document["data"]["model"] = json!("no model")),
        spoilt(|document| document["key"] = json!("another")),
        spoilt(|document| document["zone"] = json!("gxp")),
    ];
    zones.free.publish(&strangers).await;
    // One of another key, because a dead letter holds up its own.
    let good = failed(&format!("{}-good", courier.mark), 1);
    zones.free.publish(&[outgoing(&good)]).await;
    let store = courier.store("bridge").await;
    eventually("all are decided", async || {
        letters(&store).await.len() == 3 && effects(&reader).await.len() == 1
    })
    .await;
    let reasons: Vec<String> = letters(&store)
        .await
        .into_iter()
        .map(|letter| letter.reason)
        .collect();
    for part in [
        "does not fit its contract",
        "its key is another",
        "zone gxp already",
    ] {
        assert!(
            reasons.iter().any(|reason| reason.contains(part)),
            "{part}: {reasons:?}"
        );
    }
    bridge.stop().await;
    reads.stop().await;
}

fn outgoing(event: &ModelFailed) -> Outgoing {
    Outgoing {
        to: Destination::Topic,
        envelope: serde_json::from_value(document(event)).unwrap(),
    }
}

fn document(event: &ModelFailed) -> serde_json::Value {
    json!({
        "id": Uuid::now_v7(), "source": "mvda", "type": wire_name::<ModelFailed>(), "kind": "event", "key": event.key(),
        "time": SystemClock.now(), "data": event,
    })
}
