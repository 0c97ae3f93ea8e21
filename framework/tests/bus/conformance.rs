//! What every bus promises.

use std::time::{Duration, Instant};

use dcp::bus::{BusError, Delivered, Envelope, Inbound, Topology, Verdict, task_queue_named};
use dcp::events::wire_name;
use dcp::model::Zone;
use tokio::time::timeout;

use crate::setup::{Courier, Happened, PATIENCE, event, eventually, outgoing, to_queue};

on_each_bus! {
    an_event_comes_to_every_queue_that_collects_it_and_to_no_other
    what_no_queue_takes_is_not_called_sent
    an_event_that_nobody_collects_is_sent
    a_message_belongs_to_one_of_several_consumers
    no_more_than_the_agreed_number_is_handed_out
    a_message_without_verdict_comes_again
    a_retry_comes_later_and_counts_its_attempts
    messages_of_one_sender_keep_their_order
    a_message_outlives_everyone_who_is_connected
    the_attributes_of_a_message_arrive_as_they_were_sent
    publishing_in_bulk_stores_every_message
    it_carries_the_messages_of_one_zone_only
}

async fn next(inbound: &mut Inbound) -> Delivered {
    timeout(PATIENCE, inbound.recv())
        .await
        .expect("a message comes")
        .expect("the subscription lives")
}

async fn nothing(inbound: &mut Inbound) {
    let come = timeout(Duration::from_millis(150), inbound.recv()).await;
    assert!(come.is_err(), "nothing should come: {come:?}");
}

fn id(delivered: &Delivered) -> uuid::Uuid {
    message(delivered).id
}

fn message(delivered: &Delivered) -> &Envelope {
    delivered.message.as_ref().unwrap()
}

fn done(delivered: Delivered) {
    delivered.verdict.send(Verdict::Done).unwrap();
}

/// A topology with one queue of this test, and its name.
fn queue(courier: &Courier, name: &str) -> (Topology, String) {
    let task = format!("{}.{}", courier.module(name), "work.v1");
    let topology = Topology::default().task(&task, None);
    let queue = topology.queues().next().unwrap().to_owned();
    (topology, queue)
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

async fn a_message_belongs_to_one_of_several_consumers(courier: &Courier) {
    let (topology, queue) = queue(courier, "a");
    let (one, two) = (courier.connect().await, courier.connect().await);
    one.declare(&topology).await.unwrap();
    let mut first = one.subscribe(&queue, 1).await.unwrap();
    let mut second = two.subscribe(&queue, 1).await.unwrap();
    let sent: Vec<_> = (0..20).map(|_| to_queue(&queue, &event())).collect();
    one.publish(&sent)
        .await
        .into_iter()
        .for_each(|outcome| outcome.unwrap());
    let mut seen = Vec::new();
    let mut by_second = 0;
    while seen.len() < sent.len() {
        let delivered = tokio::select! {
            delivered = next(&mut first) => delivered,
            delivered = next(&mut second) => { by_second += 1; delivered }
        };
        seen.push(id(&delivered));
        done(delivered);
    }
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen.len(), sent.len());
    assert!((1..20).contains(&by_second), "both work: {by_second}");
    nothing(&mut first).await;
    one.close().await;
    two.close().await;
}

async fn no_more_than_the_agreed_number_is_handed_out(courier: &Courier) {
    let (topology, queue) = queue(courier, "a");
    let bus = courier.connect().await;
    bus.declare(&topology).await.unwrap();
    let mut inbound = bus.subscribe(&queue, 2).await.unwrap();
    let sent: Vec<_> = (0..5).map(|_| to_queue(&queue, &event())).collect();
    bus.publish(&sent)
        .await
        .into_iter()
        .for_each(|outcome| outcome.unwrap());
    let (first, second) = (next(&mut inbound).await, next(&mut inbound).await);
    nothing(&mut inbound).await;
    done(first);
    let third = next(&mut inbound).await;
    nothing(&mut inbound).await;
    drop((second, third));
    bus.close().await;
}

async fn a_message_without_verdict_comes_again(courier: &Courier) {
    let (topology, queue) = queue(courier, "a");
    let bus = courier.connect().await;
    bus.declare(&topology).await.unwrap();
    let mut inbound = bus.subscribe(&queue, 1).await.unwrap();
    bus.publish(&[to_queue(&queue, &event())])
        .await
        .remove(0)
        .unwrap();
    let first = next(&mut inbound).await;
    let expected = id(&first);
    drop(first);
    let again = next(&mut inbound).await;
    assert_eq!((id(&again), message(&again).attempts), (expected, 0));
    assert_eq!(bus.depth(&queue).await.unwrap(), 1);
    done(again);
    empty(&*bus, &queue).await;
    nothing(&mut inbound).await;
    bus.close().await;
}

async fn empty(bus: &dyn dcp::bus::Bus, queue: &str) {
    let is_empty = async || bus.depth(queue).await.unwrap() == 0;
    eventually(&format!("{queue} is empty"), is_empty).await;
}

async fn a_retry_comes_later_and_counts_its_attempts(courier: &Courier) {
    let (topology, queue) = queue(courier, "a");
    let bus = courier.connect().await;
    bus.declare(&topology).await.unwrap();
    let mut inbound = bus.subscribe(&queue, 4).await.unwrap();
    bus.publish(&[to_queue(&queue, &event())])
        .await
        .remove(0)
        .unwrap();
    let first = next(&mut inbound).await;
    let retry = Envelope {
        attempts: 1,
        ..message(&first).clone()
    };
    let started = Instant::now();
    first
        .verdict
        .send(Verdict::Retry(Box::new(retry), Duration::from_secs(1)))
        .unwrap();
    bus.publish(&[to_queue(&queue, &event())])
        .await
        .remove(0)
        .unwrap();
    let other = next(&mut inbound).await;
    assert_eq!(message(&other).attempts, 0, "others do not wait");
    done(other);
    let again = next(&mut inbound).await;
    assert_eq!(message(&again).attempts, 1);
    assert!(
        started.elapsed() >= Duration::from_millis(900),
        "{:?}",
        started.elapsed()
    );
    done(again);
    empty(&*bus, &queue).await;
    bus.close().await;
}

async fn messages_of_one_sender_keep_their_order(courier: &Courier) {
    let (topology, queue) = queue(courier, "a");
    let bus = courier.connect().await;
    bus.declare(&topology).await.unwrap();
    let mut inbound = bus.subscribe(&queue, 8).await.unwrap();
    let sent: Vec<_> = (0..100).map(|_| to_queue(&queue, &event())).collect();
    for part in sent.chunks(30) {
        bus.publish(part)
            .await
            .into_iter()
            .for_each(|outcome| outcome.unwrap());
    }
    for expected in &sent {
        let delivered = next(&mut inbound).await;
        assert_eq!(id(&delivered), expected.envelope.id);
        done(delivered);
    }
    bus.close().await;
}

async fn a_message_outlives_everyone_who_is_connected(courier: &Courier) {
    let (topology, queue) = queue(courier, "a");
    let bus = courier.connect().await;
    bus.declare(&topology).await.unwrap();
    bus.publish(&[to_queue(&queue, &event())])
        .await
        .remove(0)
        .unwrap();
    bus.close().await;
    drop(bus);
    let bus = courier.connect().await;
    let mut inbound = bus.subscribe(&queue, 1).await.unwrap();
    let held = next(&mut inbound).await;
    bus.close().await;
    drop(held);
    let bus = courier.connect().await;
    let mut inbound = bus.subscribe(&queue, 1).await.unwrap();
    done(next(&mut inbound).await);
    empty(&*bus, &queue).await;
    bus.close().await;
}

async fn the_attributes_of_a_message_arrive_as_they_were_sent(courier: &Courier) {
    let (topology, queue) = queue(courier, "a");
    let bus = courier.connect().await;
    bus.declare(&topology).await.unwrap();
    let mut inbound = bus.subscribe(&queue, 1).await.unwrap();
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
    let (topology, queue) = queue(courier, "a");
    let bus = courier.connect().await;
    bus.declare(&topology).await.unwrap();
    let sent: Vec<_> = (0..500).map(|_| to_queue(&queue, &event())).collect();
    let started = Instant::now();
    bus.publish(&sent)
        .await
        .into_iter()
        .for_each(|outcome| outcome.unwrap());
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
