//! The platform as an `AsyncAPI` 3.0 document: every event and task of the deployed modules, who sends it and who reads it.

mod bindings;

use std::collections::BTreeSet;

use schemars::SchemaGenerator;
use schemars::generate::SchemaSettings;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{Contract, Subscribed, Wiring, Work};
use crate::bus::{Topology, task_queue_named};
use crate::calc::EVERY_SITE;
use crate::model::{Manifest, Text, Zone};

/// A module as it is deployed on a node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deployed {
    /// What people call it.
    pub title: Text,
    /// What it is for.
    pub description: Text,
    /// Its version.
    pub version: String,
    /// The node that hosts it; nothing where only the manifest is known.
    pub node: Option<String>,
    /// The zone in which it works there.
    pub zone: Zone,
    /// What it sends and reads.
    pub wiring: Wiring,
}

impl Deployed {
    /// A manifest as a node has deployed it.
    pub fn of(manifest: &Manifest, node: Option<&str>, zone: Zone) -> Self {
        Self {
            title: manifest.title.clone(),
            description: manifest.description.clone(),
            version: manifest.version.clone(),
            node: node.map(str::to_owned),
            zone,
            wiring: Wiring::of(manifest),
        }
    }
}

/// The document of these modules, of which one may be deployed on several nodes.
pub fn document(contracts: &[Contract], deployed: &[Deployed]) -> Value {
    let mut writer = Writer::new(contracts);
    for module in deployed {
        writer.module(&module.wiring);
    }
    json!({
        "asyncapi": "3.0.0",
        "info": info(deployed),
        "defaultContentType": "application/json",
        "channels": writer.channels,
        "operations": writer.operations,
        "components": {
            "messages": writer.messages,
            "messageTraits": { "envelope": bindings::envelope() },
            "schemas": writer.generator.take_definitions(true),
        },
    })
}

fn info(deployed: &[Deployed]) -> Value {
    let mut seen = BTreeSet::new();
    let modules = deployed
        .iter()
        .filter(|module| seen.insert(&module.wiring.module));
    let tags: Vec<Value> = modules
        .map(|module| json!({ "name": module.wiring.module, "description": module.description.en }))
        .collect();
    let nodes: Vec<Value> = deployed
        .iter()
        .map(|module| {
            json!({ "module": module.wiring.module, "version": module.version, "node": module.node, "zone": module.zone })
        })
        .collect();
    json!({
        "title": "Data Computation Platform: events and tasks",
        "version": env!("CARGO_PKG_VERSION"),
        "description": "What the deployed modules tell and ask each other over the bus. Messages are CloudEvents; every zone has a bus of its own.",
        "tags": tags,
        "x-dcp-deployed": nodes,
    })
}

/// The parts of the document that grow with each module.
struct Writer<'c> {
    contracts: &'c [Contract],
    /// Schemas as `AsyncAPI` has them: a superset of draft 07, in one place.
    generator: SchemaGenerator,
    channels: Map<String, Value>,
    operations: Map<String, Value>,
    messages: Map<String, Value>,
}

impl<'c> Writer<'c> {
    fn new(contracts: &'c [Contract]) -> Self {
        let settings = SchemaSettings::draft07().with(|settings| {
            settings.definitions_path = "/components/schemas".into();
            settings.meta_schema = None;
        });
        Self {
            contracts,
            generator: settings.into_generator(),
            channels: Map::new(),
            operations: Map::new(),
            messages: Map::new(),
        }
    }

    fn module(&mut self, wiring: &Wiring) {
        let module = &wiring.module;
        for event in &wiring.publishes {
            self.event_channel(event);
            let title = format!("{module} publishes {event}");
            self.operation(module, "send", event, &title);
        }
        for Subscribed { name, ordered, .. } in &wiring.events {
            self.event_channel(name);
            let title = format!("{module} reacts to {name}");
            let operation = self.operation(module, "receive", name, &title);
            let topology = Topology::default();
            let topology = if *ordered {
                topology.ordered_event(module, name)
            } else {
                topology.event(module, name)
            };
            operation["x-dcp-queues"] = topology.queues().collect();
            operation["x-dcp-ordered"] = (*ordered).into();
        }
        for task in &wiring.tasks {
            self.task(module, task);
        }
    }

    /// The routing key of an event is its name and the slot of its key.
    fn event_channel(&mut self, event: &str) {
        let slot = json!({ "slot": { "description": "The slot of the key: the same key has the same slot, 0 to 63." } });
        let address = format!("{event}.{{slot}}");
        self.channel(event, &address, &bindings::event_channel(event), Some(slot));
    }

    fn task(&mut self, module: &str, task: &Work) {
        let name = &task.name;
        let queue = task_queue_named(
            name,
            Some(if task.per_site { "{site}" } else { EVERY_SITE }),
        );
        let site = task
            .per_site
            .then(|| json!({ "site": { "description": "The site whose workers do it." } }));
        self.channel(name, &queue, &bindings::task_channel(&queue), site);
        let title = format!("{module} works on {name}");
        let operation = self.operation(module, "receive", name, &title);
        operation["x-dcp-queues"] = json!([queue]);
    }

    fn channel(&mut self, name: &str, address: &str, binding: &Value, parameters: Option<Value>) {
        if self.channels.contains_key(name) {
            return;
        }
        let message = self.message(name);
        let mut channel = json!({
            "address": address,
            "messages": { name: { "$ref": format!("#/components/messages/{name}") } },
            "bindings": { "amqp": binding },
        });
        if let Some(description) = message.get("description") {
            channel["description"] = description.clone();
        }
        if let Some(parameters) = parameters {
            channel["parameters"] = parameters;
        }
        self.channels.insert(name.to_owned(), channel);
        self.messages.insert(name.to_owned(), message);
    }

    /// A module may be newer than this program: then its message has a name and no shape.
    fn message(&mut self, name: &str) -> Value {
        let mut message = json!({
            "name": name,
            "title": name,
            "contentType": "application/json",
            "bindings": { "amqp": bindings::message(name) },
            "traits": [{ "$ref": "#/components/messageTraits/envelope" }],
        });
        let Some(contract) = self.contracts.iter().find(|one| one.wire_name() == name) else {
            message["description"] =
                "Unknown to this node, which is older than the module that names it.".into();
            return message;
        };
        message["description"] = contract.description().into();
        message["payload"] = contract.schema_in(&mut self.generator);
        message["tags"] = json!([{ "name": contract.owner() }, { "name": contract.kind }]);
        message["x-dcp-owner"] = contract.owner().into();
        message["x-dcp-kind"] = json!(contract.kind);
        message["x-dcp-version"] = contract.version.into();
        if let Some(example) = contract.example() {
            message["examples"] = json!([{ "payload": example }]);
        }
        message
    }

    fn operation(&mut self, module: &str, action: &str, name: &str, title: &str) -> &mut Value {
        let operation = json!({
            "action": action,
            "channel": { "$ref": format!("#/channels/{name}") },
            "title": title,
            "tags": [{ "name": module }],
            "bindings": { "amqp": bindings::operation(action) },
            "messages": [{ "$ref": format!("#/channels/{name}/messages/{name}") }],
            "x-dcp-module": module,
        });
        let key = format!("{module}.{action}.{name}");
        let place = self.operations.entry(key).or_insert(Value::Null);
        *place = operation;
        place
    }
}

#[cfg(test)]
mod tests;
