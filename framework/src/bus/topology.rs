//! The queues and bindings of the platform, as the manifests of its modules say them.

use std::collections::BTreeSet;

use super::subscriptions::Source;
use super::{Subscriptions, event_queue, task_queue_named};

/// Queues, and the event types each of them collects.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Topology {
    pub(crate) queues: BTreeSet<String>,
    /// Wire name of the event, queue.
    pub(crate) bindings: BTreeSet<(String, String)>,
}

impl Topology {
    /// Lets `module` collect the events of `wire_name` (`calc.call.finished.v1`).
    #[must_use]
    pub fn event(mut self, module: &str, wire_name: &str) -> Self {
        let queue = event_queue(module, wire_name);
        self.bindings.insert((wire_name.to_owned(), queue.clone()));
        self.queues.insert(queue);
        self
    }

    /// Makes the queue of the task `wire_name` (`calc.call.v1`), of one site where it has sites.
    #[must_use]
    pub fn task(mut self, wire_name: &str, site: Option<&str>) -> Self {
        self.queues.insert(task_queue_named(wire_name, site));
        self
    }

    /// What `module` reacts to.
    pub fn of(module: &str, subscriptions: &Subscriptions) -> Self {
        subscriptions
            .all
            .iter()
            .fold(Self::default(), |topology, one| match &one.source {
                Source::Event(name) => topology.event(module, name),
                Source::Task(queue) => topology.queue(queue),
            })
    }

    /// The names of all queues.
    pub fn queues(&self) -> impl Iterator<Item = &str> {
        self.queues.iter().map(String::as_str)
    }

    fn queue(mut self, name: &str) -> Self {
        self.queues.insert(name.to_owned());
        self
    }
}
