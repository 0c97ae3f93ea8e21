//! What every bus promises.

mod holding;
mod routing;

use std::sync::Arc;
use std::time::Duration;

use dcp::bus::{Bus, Delivered, Envelope, Inbound, Topology, Verdict};
use tokio::time::timeout;

use crate::setup::{Courier, PATIENCE, eventually};

/// The next message, within the patience of a test.
pub(crate) async fn next(inbound: &mut Inbound) -> Delivered {
    timeout(PATIENCE, inbound.recv())
        .await
        .expect("a message comes")
        .expect("the subscription lives")
}

/// Nothing comes for a while.
pub(crate) async fn nothing(inbound: &mut Inbound) {
    let come = timeout(Duration::from_millis(150), inbound.recv()).await;
    assert!(come.is_err(), "nothing should come: {come:?}");
}

pub(crate) fn id(delivered: &Delivered) -> uuid::Uuid {
    message(delivered).id
}

pub(crate) fn message(delivered: &Delivered) -> &Envelope {
    delivered.message.as_ref().unwrap()
}

pub(crate) fn done(delivered: Delivered) {
    delivered.verdict.send(Verdict::Done).unwrap();
}

/// A topology with one queue of this test, and its name.
pub(crate) fn queue(courier: &Courier, name: &str) -> (Topology, String) {
    let task = format!("{}.{}", courier.module(name), "work.v1");
    let topology = Topology::default().task(&task, None);
    let queue = topology.queues().next().unwrap().to_owned();
    (topology, queue)
}

/// A connection and a queue of this test.
pub(crate) async fn declared(courier: &Courier) -> (Arc<dyn Bus>, String) {
    let (topology, queue) = queue(courier, "a");
    let bus = courier.connect().await;
    bus.declare(&topology).await.unwrap();
    (bus, queue)
}

/// The same, and a subscription to the queue.
pub(crate) async fn reading(courier: &Courier, prefetch: usize) -> (Arc<dyn Bus>, String, Inbound) {
    let (bus, queue) = declared(courier).await;
    let inbound = bus.subscribe(&queue, prefetch).await.unwrap();
    (bus, queue, inbound)
}

/// Waits until a queue holds nothing.
pub(crate) async fn empty(bus: &dyn Bus, queue: &str) {
    let is_empty = async || bus.depth(queue).await.unwrap() == 0;
    eventually(&format!("{queue} is empty"), is_empty).await;
}

/// Sends messages, all of which must be stored.
pub(crate) async fn send(bus: &dyn Bus, messages: &[dcp::bus::Outgoing]) {
    for outcome in bus.publish(messages).await {
        outcome.unwrap();
    }
}
