//! Every event and task of the platform as a type.
//!
//! An event tells what has happened: past tense, owned by who publishes it, for any number of subscribers. A task asks for
//! work: owned by who does it, one queue, competing workers. What is on the wire stays readable for ever: a new shape is
//! a new `VERSION`, and `golden/` keeps one document of each.

pub mod administration;
pub mod calc;
pub mod framework;
pub mod mvda;
pub mod saw;

use std::fmt;

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::clock::Timestamp;

/// Something that travels over the bus.
pub trait Event: Serialize + DeserializeOwned + Send + Sync {
    /// `<owner>.<subject>.<what happened>`, or `<owner>.<task>`; for ever.
    const NAME: &'static str;
    /// The shape's version; a new shape is a new one.
    const VERSION: u16;
    /// Whether it tells or asks.
    const KIND: Kind = Kind::Event;

    /// What it is about: messages of one key keep their order.
    fn key(&self) -> Key;

    /// After this nobody needs it; only for tasks.
    fn deadline(&self) -> Option<Timestamp> {
        None
    }
}

/// The name on the wire: `mvda.model.calculated.v1`.
pub fn wire_name<E: Event>() -> String {
    format!("{}.v{}", E::NAME, E::VERSION)
}

/// The two kinds of messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Tells what has happened, to everyone who subscribed.
    Event,
    /// Asks for work, of one worker.
    Task,
}

/// What a message is about.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Key(String);

impl Key {
    /// The key as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Key {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl From<&str> for Key {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl From<&String> for Key {
    fn from(text: &String) -> Self {
        Self(text.clone())
    }
}

impl From<String> for Key {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl From<Uuid> for Key {
    fn from(id: Uuid) -> Self {
        Self(id.to_string())
    }
}

/// A person or service as others see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Actor {
    /// The user's id.
    pub id: String,
    /// The name shown.
    pub name: String,
}

#[cfg(test)]
mod tests;
