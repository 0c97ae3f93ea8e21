//! What can be seen of a queue from outside while it is being worked on.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::Subscriptions;
use super::topology::read_by;

/// A queue that a module reads.
#[derive(Debug, Clone)]
pub(crate) struct WatchedQueue {
    /// The name under which its messages are recorded.
    pub(crate) name: String,
    /// Type of its messages on the wire.
    pub(crate) wire_name: String,
    pub(crate) ordered: bool,
    /// The queues of the bus: itself, or the lanes of an ordered subscription.
    pub(crate) parts: Vec<String>,
    brake: BrakeLight,
}

impl WatchedQueue {
    /// Whether its consumers wait for something that reactions need.
    pub(crate) fn is_braked(&self) -> bool {
        self.brake.is_on()
    }
}

/// Says whether a brake is on, to who does not hold it.
#[derive(Debug, Clone, Default)]
pub(crate) struct BrakeLight(Arc<AtomicBool>);

impl BrakeLight {
    pub(super) fn show(&self, on: bool) {
        self.0.store(on, Ordering::Relaxed);
    }

    fn is_on(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

impl Subscriptions {
    /// The queues of `module`, with what can be seen of them.
    pub(crate) fn watched(&self, module: &str) -> impl Iterator<Item = WatchedQueue> {
        self.all.iter().map(move |one| {
            let (name, ordered) = (one.source.queue(module), one.source.is_ordered());
            WatchedQueue {
                parts: read_by(&name, ordered),
                wire_name: one.source.wire_name().to_owned(),
                brake: one.brake.clone(),
                name,
                ordered,
            }
        })
    }
}
