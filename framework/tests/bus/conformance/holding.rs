//! Who has a message, for how long, and when it comes again.

use std::time::{Duration, Instant};

use dcp::bus::{Envelope, Verdict};
use tokio::time::timeout;

use super::{declared, done, empty, id, message, next, nothing, queue, reading, send};
use crate::setup::{Courier, PATIENCE, event, eventually, to_queue};

on_each_bus! {
    a_message_belongs_to_one_of_several_consumers
    no_more_than_the_agreed_number_is_handed_out
    a_message_without_verdict_comes_again
    a_retry_comes_later_and_counts_its_attempts
    messages_of_one_sender_keep_their_order
    a_message_outlives_everyone_who_is_connected
    what_is_sent_waits_for_a_subscriber_that_comes_later
    what_has_its_verdict_never_comes_again
    what_a_subscription_held_goes_to_another_when_it_ends
    a_subscription_ends_when_its_bus_is_closed
    the_depth_counts_what_waits_is_held_and_is_postponed
    a_retry_outlives_everyone_who_is_connected
}

async fn a_message_belongs_to_one_of_several_consumers(courier: &Courier) {
    let (topology, queue) = queue(courier, "a");
    let (one, two) = (courier.connect().await, courier.connect().await);
    one.declare(&topology).await.unwrap();
    let mut first = one.subscribe(&queue, 1).await.unwrap();
    let mut second = two.subscribe(&queue, 1).await.unwrap();
    let sent: Vec<_> = (0..20).map(|_| to_queue(&queue, &event())).collect();
    send(&*one, &sent).await;
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
    let (bus, queue, mut inbound) = reading(courier, 2).await;
    let sent: Vec<_> = (0..5).map(|_| to_queue(&queue, &event())).collect();
    send(&*bus, &sent).await;
    let (first, second) = (next(&mut inbound).await, next(&mut inbound).await);
    nothing(&mut inbound).await;
    done(first);
    let third = next(&mut inbound).await;
    nothing(&mut inbound).await;
    drop((second, third));
    bus.close().await;
}

async fn a_message_without_verdict_comes_again(courier: &Courier) {
    let (bus, queue, mut inbound) = reading(courier, 1).await;
    send(&*bus, &[to_queue(&queue, &event())]).await;
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

async fn a_retry_comes_later_and_counts_its_attempts(courier: &Courier) {
    let (bus, queue, mut inbound) = reading(courier, 4).await;
    send(&*bus, &[to_queue(&queue, &event())]).await;
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
    send(&*bus, &[to_queue(&queue, &event())]).await;
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
    let (bus, queue, mut inbound) = reading(courier, 8).await;
    let sent: Vec<_> = (0..100).map(|_| to_queue(&queue, &event())).collect();
    for part in sent.chunks(30) {
        send(&*bus, part).await;
    }
    for expected in &sent {
        let delivered = next(&mut inbound).await;
        assert_eq!(id(&delivered), expected.envelope.id);
        done(delivered);
    }
    bus.close().await;
}

async fn a_message_outlives_everyone_who_is_connected(courier: &Courier) {
    let (bus, queue) = declared(courier).await;
    send(&*bus, &[to_queue(&queue, &event())]).await;
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

async fn what_is_sent_waits_for_a_subscriber_that_comes_later(courier: &Courier) {
    let (bus, queue) = declared(courier).await;
    let sent: Vec<_> = (0..3).map(|_| to_queue(&queue, &event())).collect();
    send(&*bus, &sent).await;
    assert_eq!(bus.depth(&queue).await.unwrap(), 3);
    let later = courier.connect().await;
    let mut inbound = later.subscribe(&queue, 4).await.unwrap();
    for expected in &sent {
        let delivered = next(&mut inbound).await;
        assert_eq!(id(&delivered), expected.envelope.id);
        done(delivered);
    }
    bus.close().await;
    later.close().await;
}

async fn what_has_its_verdict_never_comes_again(courier: &Courier) {
    let (bus, queue) = declared(courier).await;
    let sent: Vec<_> = (0..3).map(|_| to_queue(&queue, &event())).collect();
    send(&*bus, &sent).await;
    let mut inbound = bus.subscribe(&queue, 4).await.unwrap();
    let (first, second, third) = (
        next(&mut inbound).await,
        next(&mut inbound).await,
        next(&mut inbound).await,
    );
    // In another order than they came.
    done(third);
    done(first);
    let left = async || bus.depth(&queue).await.unwrap() == 1;
    eventually("two are forgotten", left).await;
    bus.close().await;
    drop(second);
    let bus = courier.connect().await;
    let mut inbound = bus.subscribe(&queue, 4).await.unwrap();
    let again = next(&mut inbound).await;
    assert_eq!(id(&again), sent[1].envelope.id);
    done(again);
    nothing(&mut inbound).await;
    bus.close().await;
}

async fn what_a_subscription_held_goes_to_another_when_it_ends(courier: &Courier) {
    let (topology, queue) = queue(courier, "a");
    let (one, two) = (courier.connect().await, courier.connect().await);
    one.declare(&topology).await.unwrap();
    let mut first = one.subscribe(&queue, 2).await.unwrap();
    let sent: Vec<_> = (0..2).map(|_| to_queue(&queue, &event())).collect();
    send(&*one, &sent).await;
    let held = (next(&mut first).await, next(&mut first).await);
    let mut second = two.subscribe(&queue, 4).await.unwrap();
    nothing(&mut second).await;
    drop(first);
    drop(held);
    for expected in &sent {
        let delivered = next(&mut second).await;
        assert_eq!(id(&delivered), expected.envelope.id, "in their order");
        done(delivered);
    }
    empty(&*two, &queue).await;
    one.close().await;
    two.close().await;
}

async fn the_depth_counts_what_waits_is_held_and_is_postponed(courier: &Courier) {
    let (bus, queue, mut inbound) = reading(courier, 1).await;
    let sent: Vec<_> = (0..3).map(|_| to_queue(&queue, &event())).collect();
    send(&*bus, &sent).await;
    let first = next(&mut inbound).await;
    let postponed = Box::new(message(&first).clone());
    let verdict = Verdict::Retry(postponed, Duration::from_secs(1));
    first.verdict.send(verdict).unwrap();
    let held = next(&mut inbound).await;
    let all = async || bus.depth(&queue).await.unwrap() == 3;
    eventually("one is postponed, one held, one waits", all).await;
    done(held);
    let left = async || bus.depth(&queue).await.unwrap() == 2;
    eventually("one has its verdict", left).await;
    bus.close().await;
}

async fn a_retry_outlives_everyone_who_is_connected(courier: &Courier) {
    let (bus, queue, mut inbound) = reading(courier, 1).await;
    send(&*bus, &[to_queue(&queue, &event())]).await;
    let first = next(&mut inbound).await;
    let retry = Envelope {
        attempts: 3,
        ..message(&first).clone()
    };
    let verdict = Verdict::Retry(Box::new(retry.clone()), Duration::from_secs(1));
    first.verdict.send(verdict).unwrap();
    // The verdict has arrived when the next message is handed out.
    send(&*bus, &[to_queue(&queue, &event())]).await;
    done(next(&mut inbound).await);
    bus.close().await;
    let bus = courier.connect().await;
    let mut inbound = bus.subscribe(&queue, 1).await.unwrap();
    let again = next(&mut inbound).await;
    assert_eq!((id(&again), message(&again).attempts), (retry.id, 3));
    done(again);
    empty(&*bus, &queue).await;
    bus.close().await;
}

async fn a_subscription_ends_when_its_bus_is_closed(courier: &Courier) {
    let (bus, queue, mut inbound) = reading(courier, 1).await;
    send(&*bus, &[to_queue(&queue, &event())]).await;
    done(next(&mut inbound).await);
    bus.close().await;
    let ended = timeout(PATIENCE, inbound.recv()).await.expect("it ends");
    assert!(ended.is_none(), "{ended:?}");
    let again = courier.connect().await;
    empty(&*again, &queue).await;
    again.close().await;
}
