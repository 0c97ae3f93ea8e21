//! The contracts between modules: what every event and task looks like, and that no change breaks who reads it.
//!
//! Invariants: the registry holds every event type; the schema of a version that was published never changes in a way that
//! stops old code from reading new messages, or new code from reading messages that still wait in queues and outboxes.

pub mod asyncapi;
mod compare;
mod gate;
mod platform;
mod registry;
mod rule;
mod shape;

use include_dir::{Dir, include_dir};
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::Value;

pub use self::compare::{Comparison, compare};
pub use self::gate::{Accepted, KEPT_FOLDER, Verdict, accept, check, judge, kept_in};
pub use self::platform::{Subscribed, Wiring, Work, check_wiring};
pub use self::registry::all;
pub use self::rule::{Breach, Rule};
use crate::events::{Event, Key, Kind};

/// Golden documents and kept schemas, as they were when this was built.
static DOCUMENTS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/src/events/golden");

/// One version of an event or a task: its name on the wire and its shape.
#[derive(Debug, Clone, Copy)]
pub struct Contract {
    /// `<owner>.<subject>.<what happened>`, or `<owner>.<task>`.
    pub name: &'static str,
    /// The shape's version.
    pub version: u16,
    /// Whether it tells or asks.
    pub kind: Kind,
    type_name: &'static str,
    root: fn(SchemaGenerator) -> Schema,
    part: fn(&mut SchemaGenerator) -> Schema,
    echo: fn(&str) -> serde_json::Result<Echo>,
}

/// What a type makes of a document that it has read.
#[derive(Debug)]
pub struct Echo {
    /// The document as the type writes it, indented.
    pub written: String,
    /// What the message is about.
    pub key: Key,
}

impl Contract {
    /// The contract of a type.
    pub fn of<E: Event + JsonSchema>() -> Self {
        Self {
            name: E::NAME,
            version: E::VERSION,
            kind: E::KIND,
            type_name: std::any::type_name::<E>(),
            root: SchemaGenerator::into_root_schema_for::<E>,
            part: SchemaGenerator::subschema_for::<E>,
            echo: echo::<E>,
        }
    }

    /// The name on the wire: `calc.call.finished.v1`.
    pub fn wire_name(&self) -> String {
        format!("{}.v{}", self.name, self.version)
    }

    /// The module that publishes the event or does the task: the first word of its name.
    pub fn owner(&self) -> &'static str {
        self.name.split('.').next().unwrap_or_default()
    }

    /// The name of the Rust type, with its module: `calc::CallFinished`.
    pub fn rust_type(&self) -> &'static str {
        self.type_name
            .rsplit_once("events::")
            .map_or(self.type_name, |(_, name)| name)
    }

    /// The JSON Schema (draft 2020-12) made from the type.
    pub fn schema(&self) -> Value {
        let generator = SchemaSettings::draft2020_12().into_generator();
        let mut made = (self.root)(generator);
        made.insert("title".to_owned(), self.wire_name().into());
        // What people look for first stands first.
        let mut schema = serde_json::Map::new();
        for name in ["$schema", "title", "description"] {
            schema.extend(made.remove(name).map(|value| (name.to_owned(), value)));
        }
        if let Value::Object(rest) = made.to_value() {
            schema.extend(rest);
        }
        Value::Object(schema)
    }

    /// Adds the schema to a larger document; answers with a reference to it.
    pub(crate) fn schema_in(&self, generator: &mut SchemaGenerator) -> Value {
        (self.part)(generator).to_value()
    }

    /// What the message means: the first paragraph of the type's documentation.
    pub fn description(&self) -> String {
        self.schema()["description"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    }

    /// The golden document.
    pub fn example(&self) -> Option<Value> {
        embedded(&format!("{}.json", self.wire_name()))
    }

    /// The schema that was kept when this version was agreed.
    pub fn kept(&self) -> Option<Value> {
        embedded(&gate::kept_file(&self.wire_name()))
    }

    /// Reads a document and writes it again.
    pub fn echo(&self, document: &str) -> serde_json::Result<Echo> {
        (self.echo)(document)
    }
}

fn echo<E: Event>(document: &str) -> serde_json::Result<Echo> {
    let event: E = serde_json::from_str(document)?;
    Ok(Echo {
        written: serde_json::to_string_pretty(&event)? + "\n",
        key: event.key(),
    })
}

fn embedded(file: &str) -> Option<Value> {
    serde_json::from_slice(DOCUMENTS.get_file(file)?.contents()).ok()
}

#[cfg(test)]
mod tests;
