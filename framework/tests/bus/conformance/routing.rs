//! Where a message goes, and how it arrives there.

use std::time::Instant;

use dcp::bus::{BusError, Topology, task_queue_named};
use dcp::events::{Key, wire_name};
use dcp::model::Zone;

use super::{declared, done, empty, id, message, next, nothing, queue, reading, send};
use crate::setup::{Courier, Happened, event, outgoing, to_queue};

on_each_bus! {
    an_event_comes_to_every_queue_that_collects_it_and_to_no_other
    what_no_queue_takes_is_not_called_sent
    an_event_that_nobody_collects_is_sent
    the_attributes_of_a_message_arrive_as_they_were_sent
    publishing_in_bulk_stores_every_message
    it_carries_the_messages_of_one_zone_only
    one_of_several_processes_of_a_subscriber_gets_an_event
    another_version_of_an_event_is_another_event
    what_is_not_there_is_named
    a_long_message_in_any_script_arrives_unchanged
}

async fn an_event_comes_to_every_queue_that_collects_it_and_to_no_other(courier: &Courier) {
    let bus = courier.connect().await;
    let mut inbound = Vec::new();
    for (module, name) in [
        ("a", wire_name::<Happened>()),
        ("b", wire_name::<Happened>()),
        ("c", "test.other.v1".into()),
    ] {
        let topology = Topology::default().event(&courier.module(module), &name);
        bus.declare(&topology).await.unwrap();
        bus.declare(&topology).await.unwrap();
        inbound.push(
            bus.subscribe(topology.queues().next().unwrap(), 4)
                .await
                .unwrap(),
        );
    }
    let event = event();
    bus.publish(&[outgoing(&event)]).await.remove(0).unwrap();
    for inbound in &mut inbound[..2] {
        let delivered = next(inbound).await;
        assert_eq!(message(&delivered).decode::<Happened>().unwrap(), event);
        assert_eq!(delivered.deliveries, 1);
        done(delivered);
    }
    nothing(&mut inbound[2]).await;
    bus.close().await;
}

async fn what_no_queue_takes_is_not_called_sent(courier: &Courier) {
    let bus = courier.connect().await;
    let nowhere = task_queue_named(&format!("{}.lost.v1", courier.mark), Some("basel"));
    let (topology, queue) = queue(courier, "a");
    bus.declare(&topology).await.unwrap();
    let messages = [
        to_queue(&queue, &event()),
        to_queue(&nowhere, &event()),
        to_queue(&queue, &event()),
    ];
    let outcomes = bus.publish(&messages).await;
    assert!(
        matches!(outcomes[..], [Ok(()), Err(BusError::Unroutable(_)), Ok(())]),
        "{outcomes:?}"
    );
    bus.close().await;
}

async fn an_event_that_nobody_collects_is_sent(courier: &Courier) {
    let bus = courier.connect().await;
    let mut lonely = outgoing(&event());
    lonely.envelope.name = format!("lonely-{}.thing.happened.v1", courier.mark);
    bus.publish(&[lonely]).await.remove(0).unwrap();
    bus.close().await;
}

async fn the_attributes_of_a_message_arrive_as_they_were_sent(courier: &Courier) {
    let (bus, queue, mut inbound) = reading(courier, 1).await;
    let mut sent = to_queue(&queue, &event());
    sent.envelope.site = Some("basel".to_owned());
    sent.envelope.deadline = Some("2096-01-01T00:00:00.000001Z".parse().unwrap());
    bus.publish(&[sent.clone()]).await.remove(0).unwrap();
    let delivered = next(&mut inbound).await;
    let (sent, come) = (
        serde_json::to_value(&sent.envelope),
        serde_json::to_value(message(&delivered)),
    );
    assert_eq!(come.unwrap(), sent.unwrap());
    done(delivered);
    bus.close().await;
}

async fn publishing_in_bulk_stores_every_message(courier: &Courier) {
    let (bus, queue) = declared(courier).await;
    let sent: Vec<_> = (0..500).map(|_| to_queue(&queue, &event())).collect();
    let started = Instant::now();
    send(&*bus, &sent).await;
    let published = started.elapsed();
    let mut inbound = bus.subscribe(&queue, 64).await.unwrap();
    for _ in &sent {
        done(next(&mut inbound).await);
    }
    empty(&*bus, &queue).await;
    eprintln!(
        "500 messages: published in {published:?}, published and consumed in {:?}",
        started.elapsed()
    );
    bus.close().await;
}

async fn it_carries_the_messages_of_one_zone_only(courier: &Courier) {
    let (topology, _) = queue(courier, "zoned");
    courier.connect().await.declare(&topology).await.unwrap();
    let refused = match courier.connect_as(Zone::NonGxp).await {
        Ok(bus) => bus.declare(&topology).await,
        Err(error) => Err(error),
    };
    assert!(
        matches!(refused, Err(BusError::OtherZone(Zone::Gxp))),
        "{refused:?}"
    );
    courier.connect().await.declare(&topology).await.unwrap();
}

async fn one_of_several_processes_of_a_subscriber_gets_an_event(courier: &Courier) {
    let (one, two) = (courier.connect().await, courier.connect().await);
    let topology = Topology::default().event(&courier.module("a"), &wire_name::<Happened>());
    one.declare(&topology).await.unwrap();
    let queue = topology.queues().next().unwrap();
    let mut first = one.subscribe(queue, 4).await.unwrap();
    let mut second = two.subscribe(queue, 4).await.unwrap();
    send(&*one, &[outgoing(&event())]).await;
    let (delivered, other) = tokio::select! {
        delivered = next(&mut first) => (delivered, &mut second),
        delivered = next(&mut second) => (delivered, &mut first),
    };
    nothing(other).await;
    done(delivered);
    one.close().await;
    two.close().await;
}

async fn another_version_of_an_event_is_another_event(courier: &Courier) {
    let bus = courier.connect().await;
    let name = format!("versioned-{}.thing.happened", courier.mark);
    let topology = Topology::default().event(&courier.module("a"), &format!("{name}.v1"));
    bus.declare(&topology).await.unwrap();
    let queue = topology.queues().next().unwrap();
    let mut inbound = bus.subscribe(queue, 4).await.unwrap();
    let versions: Vec<_> = [2, 11, 1]
        .map(|version| {
            let mut message = outgoing(&event());
            message.envelope.name = format!("{name}.v{version}");
            message
        })
        .into();
    send(&*bus, &versions).await;
    let delivered = next(&mut inbound).await;
    assert_eq!(id(&delivered), versions[2].envelope.id);
    done(delivered);
    nothing(&mut inbound).await;
    bus.close().await;
}

async fn what_is_not_there_is_named(courier: &Courier) {
    let bus = courier.connect().await;
    let (there, _) = queue(courier, "a");
    let (lacking, name) = queue(courier, "b");
    bus.declare(&there).await.unwrap();
    assert_eq!(bus.missing(&there).await.unwrap(), [""; 0]);
    let missing = bus.missing(&lacking).await.unwrap();
    assert!(
        !missing.is_empty() && missing.iter().any(|line| line.contains(&name)),
        "{missing:?}"
    );
    bus.declare(&lacking).await.unwrap();
    assert_eq!(bus.missing(&lacking).await.unwrap(), [""; 0]);
    bus.close().await;
}

async fn a_long_message_in_any_script_arrives_unchanged(courier: &Courier) {
    let (bus, queue, mut inbound) = reading(courier, 1).await;
    let long = Happened {
        how: "trocken, 乾いた, ξηρός, \u{1f4a7} \"\\ \n\0 ".repeat(4_000),
        ..event()
    };
    let mut sent = to_queue(&queue, &long);
    sent.envelope.key = Key::from("Trockner 1/乾 #.*~\u{1f4a7}");
    send(&*bus, &[sent.clone()]).await;
    let delivered = next(&mut inbound).await;
    assert_eq!(message(&delivered).key, sent.envelope.key);
    assert_eq!(message(&delivered).decode::<Happened>().unwrap(), long);
    done(delivered);
    bus.close().await;
}
