//! What happens to an instance, as the supervisor tells it.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::{Module, held};
use crate::node::instance::Running;
use crate::node::status::State;

impl Module {
    pub(crate) fn starting(&self, id: u32) {
        self.change(id, |slot| {
            slot.state = State::Starting;
            slot.instance = None;
        });
    }

    pub(crate) fn started(&self, id: u32, running: &Running) {
        self.change(id, |slot| {
            slot.instance = Some(Arc::clone(&running.instance));
        });
    }

    pub(crate) fn is_ready(&self, id: u32, running: &Running) {
        let took = running.started.elapsed().as_millis();
        tracing::info!(
            module = self.name,
            instance = id,
            port = running.instance.port,
            duration_ms = took,
            "a module is ready"
        );
        self.change(id, |slot| {
            slot.state = State::Ready;
            slot.degraded = false;
            slot.problem = None;
            slot.ready_after_ms = u64::try_from(took).ok();
        });
    }

    pub(crate) fn stopping(&self, id: u32) {
        self.change(id, |slot| slot.state = State::Stopping);
    }

    pub(crate) fn failed(&self, id: u32, problem: &str) {
        tracing::error!(
            module = self.name,
            instance = id,
            problem,
            "a module ended by itself and is started again"
        );
        self.restarts.fetch_add(1, Ordering::Relaxed);
        self.change(id, |slot| {
            slot.state = State::Failed;
            slot.instance = None;
            slot.restarts += 1;
            slot.problem = Some(problem.to_owned());
        });
    }

    pub(crate) fn degraded(&self, id: u32, degraded: bool) {
        if let Some(slot) = held(&self.slots).get_mut(&id)
            && slot.degraded != degraded
        {
            tracing::warn!(
                module = self.name,
                instance = id,
                degraded,
                "a module's readiness changed"
            );
            slot.degraded = degraded;
            slot.problem = degraded.then(|| {
                "it says that something it needs is missing; its log says what".to_owned()
            });
        }
    }

    pub(crate) fn gone(&self, id: u32) {
        held(&self.slots).remove(&id);
        self.refresh();
    }
}
