//! The names of queues: made from module, type and site alone, so that manifests say them too.

use crate::events::{Event, wire_name};

/// The queue in which `module` finds the events of `wire_name` (`calc.call.finished.v1`).
pub fn event_queue(module: &str, wire_name: &str) -> String {
    format!("q.{module}.{wire_name}")
}

/// The queue of a task type, per site where it has one: `q.calc.task.call.v1.basel`.
pub fn task_queue<T: Event>(site: Option<&str>) -> String {
    task_queue_named(&wire_name::<T>(), site)
}

/// The same from the wire name of the task.
pub fn task_queue_named(wire_name: &str, site: Option<&str>) -> String {
    let (owner, task) = wire_name.split_once('.').unwrap_or((wire_name, "task"));
    match site {
        Some(site) => format!("q.{owner}.task.{task}.{site}"),
        None => format!("q.{owner}.task.{task}"),
    }
}
