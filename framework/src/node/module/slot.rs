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
        InstanceStatus {
            id,
            port: self.instance.as_ref().map(|instance| instance.port),
            pid: self.instance.as_ref().map(|instance| instance.pid),
            state: self.state,
            since: self.since,
            restarts: self.restarts,
            memory_bytes: self
                .instance
                .as_ref()
                .map_or(0, |instance| memory(instance.pid)),
            ready_after_ms: self.ready_after_ms,
            problem: self.problem.clone(),
        }
    }
}
