//! The place of one instance.

use std::sync::Arc;

use crate::model::Timestamp;
use crate::node::instance::Instance;
use crate::node::status::{InstanceStatus, State, memory};

/// What is known of one instance, whether it has a process or not.
#[derive(Debug)]
pub(super) struct Slot {
    pub(super) state: State,
    pub(super) since: Timestamp,
    pub(super) restarts: u32,
    pub(super) instance: Option<Arc<Instance>>,
    pub(super) ready_after_ms: Option<u64>,
    pub(super) degraded: bool,
    pub(super) problem: Option<String>,
}

impl Slot {
    pub(super) fn new(now: Timestamp) -> Self {
        Self {
            state: State::Starting,
            since: now,
            restarts: 0,
            instance: None,
            ready_after_ms: None,
            degraded: false,
            problem: None,
        }
    }

    pub(super) fn status(&self, id: u32) -> InstanceStatus {
        let process = self.instance.as_ref().and_then(|instance| instance.process);
        let elsewhere = |instance: &&Arc<Instance>| instance.process.is_none();
        InstanceStatus {
            id,
            port: process.map(|process| process.port),
            pid: process.map(|process| process.pid),
            address: self
                .instance
                .as_ref()
                .filter(elsewhere)
                .map(|instance| instance.address.clone()),
            state: self.state,
            since: self.since,
            restarts: self.restarts,
            memory_bytes: process.map_or(0, |process| memory(process.pid)),
            ready_after_ms: self.ready_after_ms,
            problem: self.problem.clone(),
        }
    }
}
