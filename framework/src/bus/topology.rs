//! The queues and bindings of the platform, as the manifests of its modules say them.

use std::collections::BTreeSet;

use super::bridge::owners;
use super::queue::{LANES, lane_queue, lane_queues, notice_queue, without_lane};
use super::{Subscriptions, event_queue, task_queue_named};
use crate::model::{Manifest, Zone};

/// Queues, and the event types each of them collects.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Topology {
    pub(crate) queues: BTreeSet<Queue>,
    pub(crate) bindings: BTreeSet<Binding>,
}

/// A queue.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Queue {
    pub(crate) name: String,
    pub(crate) takes: Takes,
}

/// What a queue takes and who reads it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Takes {
    /// Events, for consumers that share them.
    Events,
    /// The events of some slots, for one consumer at a time.
    Lane,
    /// Tasks, for consumers that share them.
    Tasks,
}

/// Lets a queue collect an event.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Binding {
    /// Wire name of the event.
    pub(crate) event: String,
    pub(crate) queue: String,
    /// Only the slots of this lane.
    pub(crate) lane: Option<u8>,
}

impl Topology {
    /// Lets `module` collect the events of `wire_name` (`calc.call.finished.v1`).
    #[must_use]
    pub fn event(mut self, module: &str, wire_name: &str) -> Self {
        self.collect(wire_name, event_queue(module, wire_name), None);
        self
    }

    /// The same in order of the keys: a queue for each lane, each for one consumer at a time.
    #[must_use]
    pub fn ordered_event(mut self, module: &str, wire_name: &str) -> Self {
        let queue = event_queue(module, wire_name);
        for lane in 0..LANES {
            self.collect(wire_name, lane_queue(&queue, lane), Some(lane));
        }
        self
    }

    /// Makes the queue of the task `wire_name` (`calc.call.v1`), of one site where it has sites.
    #[must_use]
    pub fn task(mut self, wire_name: &str, site: Option<&str>) -> Self {
        self.add(task_queue_named(wire_name, site), Takes::Tasks);
        self
    }

    /// Everything a module's manifest says; tasks per site get a queue for each of `sites`.
    #[must_use]
    pub fn manifest(self, manifest: &Manifest, sites: &[String]) -> Self {
        let module = manifest.name.as_str();
        let events = manifest.queues.events.iter();
        let topology = events.fold(self.notices_of(module), |topology, (name, queue)| {
            if queue.ordered {
                topology.ordered_event(module, name)
            } else {
                topology.event(module, name)
            }
        });
        let tasks = manifest.queues.tasks.iter();
        tasks.fold(topology, |topology, (name, task)| {
            if task.per_site {
                let each = sites.iter();
                each.fold(topology, |topology, site| topology.task(name, Some(site)))
            } else {
                topology.task(name, Some(crate::calc::EVERY_SITE))
            }
        })
    }

    /// What a bridge needs in its own zone: queues in which it hears from the subscribers of what it brings.
    #[must_use]
    pub fn bridge_into(self, zone: Zone, manifest: &Manifest) -> Self {
        let brought = manifest.bridge.brings_into(zone).iter().map(String::as_str);
        owners(brought).into_iter().fold(self, Self::notices_of)
    }

    /// What a bridge needs in the other zone, which is `zone`: the queues of what it takes from there.
    #[must_use]
    pub fn bridge_out_of(self, zone: Zone, manifest: &Manifest) -> Self {
        let taken = manifest.bridge.brings_into(zone.other()).iter();
        taken.fold(self, |topology, event| {
            topology.ordered_event(manifest.name.as_str(), event)
        })
    }

    /// What `module` reacts to, and where it hears from its own subscribers.
    pub fn of(module: &str, subscriptions: &Subscriptions) -> Self {
        Self::read_by(module, subscriptions).notices_of(module)
    }

    /// What `module` reacts to: all that a bridge has on the bus it reads, where it publishes nothing.
    pub(crate) fn read_by(module: &str, subscriptions: &Subscriptions) -> Self {
        let all = subscriptions.all.iter();
        all.fold(Self::default(), |topology, one| {
            one.source.declare(topology, module)
        })
    }

    /// The names of all queues.
    pub fn queues(&self) -> impl Iterator<Item = &str> {
        self.queues.iter().map(|queue| queue.name.as_str())
    }

    /// Who collects which event: the event, the subscription's queue and its lanes, 0 without order.
    pub(crate) fn subscriptions(&self) -> BTreeSet<(&str, &str, u8)> {
        let bindings = self.bindings.iter();
        bindings
            .map(|Binding { event, queue, lane }| match lane {
                None => (event.as_str(), queue.as_str(), 0),
                Some(_) => (event.as_str(), without_lane(queue), LANES),
            })
            .collect()
    }

    /// The queue in which a publisher hears from its subscribers.
    #[must_use]
    pub fn notices_of(mut self, module: &str) -> Self {
        self.add(notice_queue(module), Takes::Tasks);
        self
    }

    pub(crate) fn is_subset(&self, of: &Self) -> bool {
        self.queues.is_subset(&of.queues) && self.bindings.is_subset(&of.bindings)
    }

    pub(crate) fn extend(&mut self, with: &Self) {
        self.queues.extend(with.queues.iter().cloned());
        self.bindings.extend(with.bindings.iter().cloned());
    }

    /// Whether one consumer at a time reads the queue.
    pub(crate) fn is_lane(&self, queue: &str) -> bool {
        let mut named = self.queues.iter().filter(|known| known.name == queue);
        named.any(|known| known.takes == Takes::Lane)
    }

    fn collect(&mut self, event: &str, queue: String, lane: Option<u8>) {
        let takes = lane.map_or(Takes::Events, |_| Takes::Lane);
        self.bindings.insert(Binding {
            event: event.to_owned(),
            queue: queue.clone(),
            lane,
        });
        self.add(queue, takes);
    }

    fn add(&mut self, name: String, takes: Takes) {
        self.queues.insert(Queue { name, takes });
    }
}

/// The queues that the consumers of a subscription read.
pub(crate) fn read_by(queue: &str, ordered: bool) -> Vec<String> {
    if ordered {
        lane_queues(queue).collect()
    } else {
        vec![queue.to_owned()]
    }
}
