//! A message as it travels: CloudEvents attributes around the JSON of an event.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use uuid::Uuid;

use crate::clock::Timestamp;
use crate::events::{Event, Key, Kind, wire_name};
use crate::model::Zone;
use crate::store::{Store, StoreError};
use crate::telemetry::TraceContext;

/// The attributes and the body of one message.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Envelope {
    /// Made when the message was stored in the outbox: a second sending carries the same one.
    pub id: Uuid,
    /// The module that made it.
    pub source: String,
    /// Its type with the version: `mvda.model.calculated.v1`.
    #[serde(rename = "type")]
    pub name: String,
    /// Event or task.
    pub kind: Kind,
    /// What it is about: same key, same order.
    pub key: Key,
    /// The zone it comes from, if a bridge has brought it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<Zone>,
    /// The site whose queue a task is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub site: Option<String>,
    /// When it was stored.
    pub time: Timestamp,
    /// The trace that caused it (W3C).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traceparent: Option<String>,
    /// After this a task is worthless.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deadline: Option<Timestamp>,
    /// How often a reaction to it has failed.
    #[serde(default)]
    pub attempts: u32,
    /// The message of the same type and key that was sent before it and may still be on its way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub follows: Option<Uuid>,
    /// Its place in the outbox of its sender, given when it is sent.
    #[serde(default)]
    pub seq: i64,
    /// The event or task itself.
    pub data: Box<RawValue>,
}

impl Envelope {
    pub(crate) fn of<E: Event>(
        store: &Store,
        site: Option<&str>,
        event: &E,
        trace: TraceContext,
    ) -> Result<Self, StoreError> {
        Ok(Self {
            id: store.ids().next(),
            source: store.module().to_owned(),
            name: wire_name::<E>(),
            kind: E::KIND,
            key: event.key(),
            zone: None,
            site: site.map(str::to_owned),
            time: store.clock().now(),
            traceparent: Some(trace.traceparent()),
            deadline: event.deadline(),
            attempts: 0,
            follows: None,
            seq: 0,
            data: serde_json::value::to_raw_value(event)
                .map_err(|error| StoreError::Decode(error.to_string()))?,
        })
    }

    /// The event or task in it.
    pub fn decode<E: Event>(&self) -> Result<E, serde_json::Error> {
        serde_json::from_str(self.data.get())
    }

    /// Whether nobody needs it any more at `now`.
    pub fn is_expired(&self, now: Timestamp) -> bool {
        self.deadline.is_some_and(|deadline| deadline < now)
    }
}

/// Where a message goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Destination {
    /// To every queue that subscribed to its type.
    Topic,
    /// To this queue only.
    Queue(String),
}

impl fmt::Display for Destination {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Topic => formatter.write_str("topic"),
            Self::Queue(name) => formatter.write_str(name),
        }
    }
}

impl From<&str> for Destination {
    fn from(text: &str) -> Self {
        if text == "topic" {
            Self::Topic
        } else {
            Self::Queue(text.to_owned())
        }
    }
}
