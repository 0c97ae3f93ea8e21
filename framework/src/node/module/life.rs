//! What happens to an instance, as the supervisor tells it.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::{Module, held};
use crate::node::instance::Instance;
use crate::node::status::State;

impl Module {
    pub(crate) fn starting(&self, id: u32) {
        self.change(id, |slot| {
            slot.state = State::Starting;
            slot.instance = None;
        });
    }

    pub(crate) fn started(&self, instance: &Arc<Instance>) {
        self.change(instance.id, |slot| {
            slot.instance = Some(Arc::clone(instance));
        });
    }

    pub(crate) fn is_ready(&self, instance: &Arc<Instance>, took: Duration) {
        let took = took.as_millis();
        tracing::info!(
            module = self.name,
            instance = instance.id,
            address = instance.address,
            duration_ms = took,
            "a module is ready"
        );
        self.change(instance.id, |slot| {
            slot.instance = Some(Arc::clone(instance));
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

    /// One that runs elsewhere cannot be used; said once for each reason.
    pub(crate) fn away(&self, instance: &Instance, problem: &str) {
        self.change(instance.id, |slot| {
            if slot.problem.as_deref() != Some(problem) {
                tracing::warn!(
                    module = self.name,
                    address = instance.address,
                    problem,
                    "a module that runs elsewhere cannot be used"
                );
            }
            slot.state = State::Failed;
            slot.instance = None;
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
