//! Who sends and who reads what, as the manifests say it, held against the registry.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::Contract;
use crate::events::Kind;
use crate::model::{Bridge, Manifest, Queues};

/// What one module publishes, reacts to and works on, by names on the wire.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wiring {
    /// The module.
    pub module: String,
    /// The events it publishes.
    pub publishes: Vec<String>,
    /// The events it reacts to.
    pub events: Vec<Subscribed>,
    /// The tasks it works on.
    pub tasks: Vec<Work>,
    /// The events it brings into the controlled and into the free zone, if it is a bridge.
    #[serde(default, skip_serializing_if = "Bridge::is_empty")]
    pub bridge: Bridge,
}

/// An event that a module reacts to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subscribed {
    /// Its name on the wire.
    pub name: String,
    /// Whether the events of one key take effect in their order.
    pub ordered: bool,
    /// Whether it takes what a bridge brings from the free zone.
    #[serde(default)]
    pub free: bool,
}

/// A task that a module works on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Work {
    /// Its name on the wire.
    pub name: String,
    /// Whether every site has a queue of its own.
    pub per_site: bool,
}

impl Wiring {
    /// What a manifest says.
    pub fn of(manifest: &Manifest) -> Self {
        let Queues {
            publishes,
            events,
            tasks,
        } = &manifest.queues;
        let events = events.iter().map(|(name, queue)| Subscribed {
            name: name.clone(),
            ordered: queue.ordered,
            free: queue.free,
        });
        let tasks = tasks.iter().map(|(name, queue)| Work {
            name: name.clone(),
            per_site: queue.per_site,
        });
        Self {
            module: manifest.name.to_string(),
            publishes: publishes.clone(),
            events: events.collect(),
            tasks: tasks.collect(),
            bridge: manifest.bridge.clone(),
        }
    }

    /// Whether the module reads this version of the message.
    pub fn reads(&self, contract: &Contract) -> bool {
        let name = contract.wire_name();
        match contract.kind {
            Kind::Event => self.events.iter().any(|event| event.name == name),
            Kind::Task => self.tasks.iter().any(|task| task.name == name),
        }
    }
}

/// Every sentence about manifests that do not fit the registry or each other; nothing when they do.
pub fn check_wiring(contracts: &[Contract], wiring: &[Wiring]) -> Vec<String> {
    let mut wrong = Vec::new();
    for module in wiring {
        let name = module.module.as_str();
        let events = module.events.iter().map(|event| ("reacts to", &event.name));
        let tasks = module.tasks.iter().map(|task| ("works on", &task.name));
        let publishes = module.publishes.iter().map(|event| ("publishes", event));
        let Bridge { gxp, nongxp } = &module.bridge;
        let brings = gxp.iter().chain(nongxp).map(|event| ("brings", event));
        for (does, message) in publishes.chain(events).chain(tasks).chain(brings) {
            let contract = contracts
                .iter()
                .find(|contract| contract.wire_name() == *message);
            wrong.extend(unfitting(name, does, message, contract));
        }
    }
    publishers(wiring, &mut wrong);
    wrong.extend(unbridged(wiring));
    wrong
}

/// What modules take from the free zone and no bridge brings.
fn unbridged(wiring: &[Wiring]) -> impl Iterator<Item = String> {
    let brought: BTreeSet<&String> = wiring.iter().flat_map(|one| &one.bridge.gxp).collect();
    wiring.iter().flat_map(move |module| {
        let free = module.events.iter().filter(|event| event.free);
        let lacking = free.filter(|event| !brought.contains(&event.name));
        let said: Vec<String> = lacking
            .map(|event| {
                format!(
                    "{} takes {} from the free zone, and no bridge brings it",
                    module.module, event.name
                )
            })
            .collect();
        said
    })
}

/// Why a module may not do with a message what its manifest says.
fn unfitting(
    module: &str,
    does: &str,
    message: &str,
    contract: Option<&Contract>,
) -> Option<String> {
    let said = format!("{module} {does} {message}");
    let Some(contract) = contract else {
        return Some(format!(
            "{said}, which the registry (framework/src/contracts/registry.rs) does not know"
        ));
    };
    let owner = contract.owner();
    match (does, contract.kind) {
        ("works on", Kind::Event) => Some(format!("{said}, which is an event and no task")),
        ("works on", Kind::Task) if owner != module => Some(format!(
            "{said}, which belongs to {owner}: the owner of a task does it"
        )),
        ("publishes" | "reacts to" | "brings", Kind::Task) => Some(format!(
            "{said}, which is a task: its owner {owner} works on it"
        )),
        ("publishes", Kind::Event) if owner != module => {
            Some(format!("{said}, which belongs to {owner}"))
        }
        _ => None,
    }
}

/// One event has one publisher, and what is read is published by someone.
fn publishers(wiring: &[Wiring], wrong: &mut Vec<String>) {
    let mut by_event: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for module in wiring {
        for event in &module.publishes {
            by_event.entry(event).or_default().insert(&module.module);
        }
    }
    for (event, modules) in by_event.iter().filter(|(_, modules)| modules.len() > 1) {
        let modules: Vec<&str> = modules.iter().copied().collect();
        wrong.push(format!(
            "{event} is published by {}: an event has one publisher",
            modules.join(" and ")
        ));
    }
    for module in wiring {
        let silent = module
            .events
            .iter()
            .filter(|event| !by_event.contains_key(event.name.as_str()));
        wrong.extend(silent.map(|event| {
            format!(
                "{} reacts to {}, which nobody publishes",
                module.module, event.name
            )
        }));
    }
}

#[cfg(test)]
mod tests;
