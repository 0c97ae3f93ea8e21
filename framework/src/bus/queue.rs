//! The names of queues and routing keys: made from module, type, site and key alone, so that manifests say them too.

use crate::events::{Event, Key, wire_name};

/// Hash slots of the keys of an event. For ever: a routing key names one of them.
pub(crate) const SLOTS: u8 = 64;

/// Queues of an ordered subscription: as many messages take effect at the same time.
pub(crate) const LANES: u8 = 4;

/// The queue in which `module` finds the events of `wire_name` (`calc.call.finished.v1`).
pub fn event_queue(module: &str, wire_name: &str) -> String {
    format!("q.{module}.{wire_name}")
}

/// One of the [`LANES`] queues of an ordered subscription.
pub(crate) fn lane_queue(event_queue: &str, lane: u8) -> String {
    format!("{event_queue}.lane{lane}")
}

/// The subscription of a lane.
pub(crate) fn without_lane(lane_queue: &str) -> &str {
    lane_queue
        .rsplit_once(".lane")
        .map_or(lane_queue, |(queue, _)| queue)
}

/// The lanes of an ordered subscription.
pub(crate) fn lane_queues(event_queue: &str) -> impl Iterator<Item = String> {
    (0..LANES).map(move |lane| lane_queue(event_queue, lane))
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

/// The queue in which a publisher hears who subscribed and who recorded what.
pub(crate) fn notice_queue(module: &str) -> String {
    format!("q.{module}.delivery")
}

/// The slot of a key: FNV-1a, because every publisher and every version must find the same.
pub(crate) fn slot(key: &Key) -> u8 {
    let hash = key
        .as_str()
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
        });
    u8::try_from(hash % u64::from(SLOTS)).unwrap_or_default()
}

/// The lane of a key.
pub(crate) fn lane(key: &Key) -> u8 {
    slot(key) % LANES
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_slot_of_a_key_is_the_same_for_ever() {
        let slots: Vec<u8> = ["", "a", "batch-17", "Dryer 2"]
            .map(|key| slot(&key.into()))
            .into();
        assert_eq!(slots, [37, 12, 26, 27], "{slots:?}");
    }
}
