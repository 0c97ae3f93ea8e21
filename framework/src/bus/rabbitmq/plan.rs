//! What has to be on a broker: exchanges, queues, bindings, and what each module may do with them. Made from the topology alone;
//! the same plan is declared over AMQP and written as RabbitMQ definitions. Everything that holds a message is a quorum queue.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::{Value, json};

use crate::bus::bridge::owners;
use crate::bus::queue::{LANES, SLOTS, notice_queue, slot};
use crate::bus::topology::{Binding, Queue, Takes};
use crate::bus::{Envelope, Topology};
use crate::limits::{RETRY_PAUSES, UNROUTED_KEPT};
use crate::model::{Manifest, Zone};

/// What no queue collects goes here, where an operator can see it.
const UNROUTED: &str = "unrouted";

/// Tasks go through this exchange to the queue that is their routing key.
pub(super) const TASK: &str = "task";

/// Exchanges, queues and bindings of a virtual host.
#[derive(Debug, Default)]
pub(super) struct Plan {
    pub(super) exchanges: BTreeMap<String, Exchange>,
    /// Queues with their arguments.
    pub(super) queues: BTreeMap<String, BTreeMap<&'static str, Value>>,
    /// Exchange, queue, routing key.
    pub(super) bindings: BTreeSet<(String, String, String)>,
}

/// An exchange.
#[derive(Debug)]
pub(super) struct Exchange {
    pub(super) kind: &'static str,
    /// The exchange that takes what no queue collects.
    pub(super) alternate: Option<&'static str>,
}

impl Plan {
    /// What every module needs, and what `topology` says.
    pub(super) fn of(topology: &Topology) -> Self {
        let mut plan = Self::default();
        plan.unrouted();
        plan.exchange(TASK, "direct", None);
        for pause in RETRY_PAUSES {
            plan.delay(pause);
        }
        for Queue { name, takes } in &topology.queues {
            match takes {
                Takes::Events => plan.queue(name, &[]),
                Takes::Lane => plan.queue(name, &[("x-single-active-consumer", json!(true))]),
                Takes::Tasks => {
                    plan.queue(name, &[]);
                    plan.bind(TASK, name, name);
                }
            }
        }
        for binding in &topology.bindings {
            plan.collect(binding);
        }
        plan
    }

    /// The exchange of one publisher with what it needs.
    pub(super) fn publisher(exchange: &str) -> Self {
        let mut plan = Self::default();
        plan.unrouted();
        if exchange != TASK {
            plan.exchange(exchange, "topic", Some(UNROUTED));
        }
        plan
    }

    /// Lets a queue collect an event: all of it or the slots of a lane, and what its publisher sends to this queue alone.
    fn collect(&mut self, binding: &Binding) {
        let Binding { event, queue, lane } = binding;
        let from = exchange_of(event);
        self.exchange(&from, "topic", Some(UNROUTED));
        self.bind(&from, queue, &directly_to(queue));
        match lane {
            None => self.bind(&from, queue, &format!("{event}.*")),
            Some(lane) => {
                for slot in (*lane..SLOTS).step_by(LANES.into()) {
                    self.bind(&from, queue, &format!("{event}.{slot}"));
                }
            }
        }
    }

    fn unrouted(&mut self) {
        self.exchange(UNROUTED, "fanout", None);
        self.queue(UNROUTED, &[("x-max-length", json!(UNROUTED_KEPT))]);
        self.bind(UNROUTED, UNROUTED, "");
    }

    /// A queue that nobody reads: after its pause a message goes back to the queue that is its routing key. Its exchange is a
    /// topic exchange, so that the broker can hold each module to the names of its own queues.
    fn delay(&mut self, pause: Duration) {
        let name = delay_name(pause);
        let milliseconds = u64::try_from(pause.as_millis()).unwrap_or(u64::MAX);
        self.exchange(&name, "topic", None);
        let arguments = [
            ("x-message-ttl", json!(milliseconds)),
            ("x-dead-letter-exchange", json!("")),
            ("x-dead-letter-strategy", json!("at-least-once")),
            ("x-overflow", json!("reject-publish")),
        ];
        self.queue(&name, &arguments);
        self.bind(&name, &name, "#");
    }

    fn exchange(&mut self, name: &str, kind: &'static str, alternate: Option<&'static str>) {
        self.exchanges
            .insert(name.to_owned(), Exchange { kind, alternate });
    }

    fn queue(&mut self, name: &str, more: &[(&'static str, Value)]) {
        let kind = ("x-queue-type", json!("quorum"));
        let arguments = more.iter().cloned().chain([kind]).collect();
        self.queues.insert(name.to_owned(), arguments);
    }

    fn bind(&mut self, exchange: &str, queue: &str, key: &str) {
        self.bindings
            .insert((exchange.to_owned(), queue.to_owned(), key.to_owned()));
    }

    /// RabbitMQ definitions for `rabbitmqctl import_definitions`: the plan, and for each of `modules` a user's permissions that
    /// let it write as itself and read its own queues, and nothing else.
    pub(super) fn definitions(&self, vhost: &str, zone: Zone, modules: &[Manifest]) -> Value {
        let exchange = |(name, exchange): (&String, &Exchange)| {
            let arguments = exchange.alternate.map_or_else(
                || json!({}),
                |alternate| json!({"alternate-exchange": alternate}),
            );
            json!({"vhost": vhost, "name": name, "type": exchange.kind, "durable": true, "auto_delete": false,
                "internal": false, "arguments": arguments})
        };
        let mark = json!({"vhost": vhost, "name": zone_mark(zone), "type": "fanout", "durable": true,
            "auto_delete": false, "internal": false, "arguments": {}});
        let exchanges = self.exchanges.iter().map(exchange).chain([mark]);
        let queues = self.queues.iter().map(|(name, arguments)| {
            json!({"vhost": vhost, "name": name, "durable": true, "auto_delete": false, "arguments": arguments})
        });
        let bindings = self.bindings.iter().map(|(exchange, queue, key)| {
            json!({"vhost": vhost, "source": exchange, "destination": queue, "destination_type": "queue",
                "routing_key": key, "arguments": {}})
        });
        let permissions = modules
            .iter()
            .map(|manifest| permission(vhost, zone, manifest));
        let topics = modules.iter().flat_map(|manifest| {
            let module = manifest.name.as_str();
            RETRY_PAUSES.map(|pause| {
                json!({"vhost": vhost, "user": module, "exchange": delay_name(pause),
                    "write": format!("^{}$", own_queues(module)), "read": ""})
            })
        });
        // The argument of the queue is the most that holds; an operator lowers the policy while the broker runs.
        let kept = json!({"vhost": vhost, "name": UNROUTED, "pattern": format!("^{UNROUTED}$"), "apply-to": "queues",
            "priority": 0, "definition": {"max-length": UNROUTED_KEPT}});
        json!({
            "vhosts": [{"name": vhost}],
            "policies": [kept],
            "exchanges": exchanges.collect::<Vec<_>>(),
            "queues": queues.collect::<Vec<_>>(),
            "bindings": bindings.collect::<Vec<_>>(),
            "permissions": permissions.collect::<Vec<_>>(),
            "topic_permissions": topics.collect::<Vec<_>>(),
        })
    }
}

fn permission(vhost: &str, zone: Zone, manifest: &Manifest) -> Value {
    let module = manifest.name.as_str();
    let owners = owners(manifest.bridge.brings_into(zone).iter().map(String::as_str));
    let publishers = owners.iter().chain([&module]);
    let mut write: Vec<String> = publishers.map(|owner| format!("evt\\.{owner}")).collect();
    write.extend([TASK.to_owned(), "delay\\..*".to_owned()]);
    let heard = owners
        .iter()
        .map(|owner| notice_queue(owner).replace('.', "\\."));
    let read: Vec<String> = heard.chain([own_queues(module)]).collect();
    json!({"vhost": vhost, "user": module, "configure": "^$",
        "write": format!("^({})$", write.join("|")), "read": format!("^({})$", read.join("|"))})
}

fn own_queues(module: &str) -> String {
    format!("q\\.{module}\\..*")
}

/// The exchange whose presence says whose virtual host it is.
pub(super) fn zone_mark(zone: Zone) -> String {
    format!("zone.{zone}")
}

/// The exchange of the module that owns an event: the first word of its name.
pub(super) fn exchange_of(wire_name: &str) -> String {
    format!("evt.{}", wire_name.split('.').next().unwrap_or_default())
}

/// The routing key of an event: its type and the slot of its key.
pub(super) fn routing_key(envelope: &Envelope) -> String {
    format!("{}.{}", envelope.name, slot(&envelope.key))
}

/// The routing key with which the publisher of an event reaches one subscriber.
pub(super) fn directly_to(queue: &str) -> String {
    format!("to.{queue}")
}

/// The exchange in front of the delay whose pause comes nearest to `after`.
pub(super) fn delay_exchange(after: Duration) -> String {
    let nearest = RETRY_PAUSES
        .iter()
        .find(|pause| pause.mul_f64(1.3) >= after);
    delay_name(*nearest.unwrap_or(&RETRY_PAUSES[RETRY_PAUSES.len() - 1]))
}

fn delay_name(pause: Duration) -> String {
    format!("delay.{}s", pause.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_retry_waits_in_the_queue_of_the_nearest_pause() {
        assert_eq!(delay_exchange(Duration::from_millis(750)), "delay.1s");
        assert_eq!(delay_exchange(Duration::from_millis(1250)), "delay.1s");
        assert_eq!(delay_exchange(Duration::from_millis(3750)), "delay.5s");
        assert_eq!(delay_exchange(Duration::from_mins(90)), "delay.3600s");
    }

    #[test]
    fn every_slot_of_an_ordered_event_goes_to_one_lane() {
        let topology = Topology::default().ordered_event("saw", "mvda.model.calculated.v1");
        let plan = Plan::of(&topology);
        let slots: Vec<_> = plan
            .bindings
            .iter()
            .filter(|(from, _, key)| from == "evt.mvda" && !key.starts_with("to."))
            .collect();
        let keys: BTreeSet<_> = slots.iter().map(|(_, _, key)| key).collect();
        assert_eq!((slots.len(), keys.len()), (SLOTS.into(), SLOTS.into()));
    }
}
