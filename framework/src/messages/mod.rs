//! What operators see and do with the messages of a module: every module with a database serves it below its own API.
//!
//! Looking needs the permission `node.read`, deciding about dead letters `node.operate`, both for all sites: a message may be
//! about any of them.

mod decide;
mod letters;
mod overview;
mod sample;

use std::sync::Arc;

use crate::bus::{Bus, Subscriptions, WatchedQueue};
use crate::http::{Routes, routes};
use crate::model::Permission;
use crate::store::Store;

pub(crate) use self::sample::Sampler;

#[cfg(test)]
mod tests;

const READ: Permission = Permission::new("node.read");
const OPERATE: Permission = Permission::new("node.operate");

/// The messages of one module: those it has to send, and those it has received.
#[derive(Clone)]
pub(crate) struct Messages {
    store: Store,
    bus: Arc<dyn Bus>,
    queues: Arc<[WatchedQueue]>,
}

impl Messages {
    pub(crate) fn new(store: Store, bus: Arc<dyn Bus>, subscriptions: &Subscriptions) -> Self {
        let queues = subscriptions.watched(store.module()).collect();
        Self { store, bus, queues }
    }

    /// The routes, below `/api/<module>`.
    pub(crate) fn routes(self) -> Routes<Self> {
        Routes::new(self)
            .allow_everywhere(READ, routes!(overview::overview))
            .allow_everywhere(READ, routes!(letters::list))
            .allow_everywhere(READ, routes!(letters::groups))
            .allow_everywhere(READ, routes!(letters::decisions))
            .allow_everywhere(OPERATE, routes!(decide::replay_letters))
            .allow_everywhere(OPERATE, routes!(decide::discard_letters))
    }
}
