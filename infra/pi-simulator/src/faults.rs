//! Faults on request, so that a client's tests can meet them: `GET`, `POST` and `DELETE /_simulator/faults`.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::time::Micros;

/// What goes wrong.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Kind {
    /// The answer comes late.
    Latency {
        /// By how much.
        milliseconds: u64,
    },
    /// An error status instead of the answer.
    Status {
        /// 400 to 599.
        status: u16,
    },
    /// The body ends in the middle and the connection closes.
    Truncate,
    /// The body comes in small pieces.
    Slow {
        /// How much of it comes in a second.
        bytes_per_second: u32,
    },
    /// A 200 that carries a `WebException`.
    WebException,
    /// The connection is reset before an answer.
    Reset,
    /// A system state in place of the values of every stream whose path contains `tag`.
    State {
        /// Part of the path, in any case.
        tag: String,
        /// Name of the state.
        name: String,
        /// Number of the state.
        value: i64,
    },
    /// The account may not read what has `object` in its path.
    Forbidden {
        /// Part of the path, in any case.
        object: String,
    },
    /// What has `object` in its path was renamed or deleted since a client has last seen it.
    Gone {
        /// Part of the path, in any case.
        object: String,
    },
    /// Nobody has given what has `object` in its path a unit.
    Unitless {
        /// Part of the path, in any case.
        object: String,
    },
    /// The server's clock is wrong.
    Clock {
        /// Ahead by this, behind when negative.
        seconds: i64,
    },
    /// A Bearer token ends.
    ExpiredToken {
        /// The token.
        token: String,
        /// How long it still serves after the fault was asked for.
        #[serde(default)]
        seconds: u32,
    },
    /// No channel is opened: an answer with this status instead of 101.
    ChannelRefused {
        /// 400 to 599.
        #[serde(default = "not_implemented")]
        status: u16,
    },
    /// A channel ends after some messages.
    ChannelCloses {
        /// How many it sends before.
        messages: u32,
        /// Code of the close frame; without it the connection just breaks.
        #[serde(default)]
        code: Option<u16>,
    },
    /// A channel falls silent after some messages and stays open; not even its heartbeat comes.
    ChannelStalls {
        /// How many it sends before.
        messages: u32,
    },
    /// The server has forgotten every registration for updates.
    UpdatesGone,
}

fn not_implemented() -> u16 {
    501
}

impl Kind {
    /// Whether it happens to a request at all, and to one for this target.
    fn concerns(&self, target: &str) -> bool {
        let path = target
            .split('?')
            .next()
            .unwrap_or_default()
            .to_ascii_lowercase();
        match self {
            Self::State { .. }
            | Self::Forbidden { .. }
            | Self::Gone { .. }
            | Self::Unitless { .. }
            | Self::Clock { .. }
            | Self::ExpiredToken { .. } => false,
            Self::ChannelRefused { .. }
            | Self::ChannelCloses { .. }
            | Self::ChannelStalls { .. } => path.ends_with("/channel"),
            Self::UpdatesGone => {
                path.contains("/streams/updates/") || path.ends_with("/streamsets/updates")
            }
            _ => true,
        }
    }
}

/// A fault, where it happens and how often.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Fault {
    /// What goes wrong.
    #[serde(flatten)]
    pub kind: Kind,
    /// Part of the request's path and query that must match; all requests without it.
    #[serde(default)]
    pub path: String,
    /// How many requests are left to fail; without it, all.
    #[serde(default)]
    pub times: Option<u32>,
}

/// The faults in force, each with when it was asked for.
#[derive(Debug, Default)]
pub struct Faults {
    faults: Mutex<Vec<(Fault, Asked)>>,
}

#[derive(Debug)]
struct Asked(Instant);

/// System states imposed on tags.
#[derive(Debug, Clone, Default)]
pub struct States {
    by_tag: HashMap<String, (String, i64)>,
}

impl States {
    /// The state imposed on a stream.
    pub fn of(&self, path: &str) -> Option<(&str, i64)> {
        if self.by_tag.is_empty() {
            return None;
        }
        let path = path.to_lowercase();
        self.by_tag
            .iter()
            .find(|(tag, _)| path.contains(tag.as_str()))
            .map(|(_, (name, value))| (name.as_str(), *value))
    }
}

/// Objects that cannot be seen, or not their units, by parts of their paths.
#[derive(Debug, Clone, Default)]
pub struct Veils {
    forbidden: Vec<String>,
    gone: Vec<String>,
    unitless: Vec<String>,
}

impl Veils {
    /// Whether nothing is veiled.
    pub fn is_empty(&self) -> bool {
        self.forbidden.is_empty() && self.gone.is_empty() && self.unitless.is_empty()
    }

    /// Whether the object at this path is there no more.
    pub fn is_gone(&self, path: &str) -> bool {
        is_part(&self.gone, path)
    }

    /// Whether the account may not read the object at this path.
    pub fn is_forbidden(&self, path: &str) -> bool {
        is_part(&self.forbidden, path)
    }

    /// Whether the object at this path has no unit.
    pub fn is_unitless(&self, path: &str) -> bool {
        is_part(&self.unitless, path)
    }
}

fn is_part(veiled: &[String], path: &str) -> bool {
    let path = path.to_lowercase();
    veiled.iter().any(|part| path.contains(part.as_str()))
}

impl Faults {
    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<(Fault, Asked)>> {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a fault.
    pub fn add(&self, fault: Fault) {
        self.lock().push((fault, Asked(Instant::now())));
    }

    /// Ends all faults.
    pub fn clear(&self) {
        self.lock().clear();
    }

    /// The faults in force.
    pub fn list(&self) -> Vec<Fault> {
        self.lock().iter().map(|(fault, _)| fault.clone()).collect()
    }

    /// The faults a request meets; those with a count are used up.
    pub fn meet(&self, target: &str) -> Vec<Kind> {
        let mut faults = self.lock();
        let mut met = Vec::new();
        for (fault, _) in faults.iter_mut() {
            if !fault.kind.concerns(target)
                || !target.contains(&fault.path)
                || fault.times == Some(0)
            {
                continue;
            }
            fault.times = fault.times.map(|left| left - 1);
            met.push(fault.kind.clone());
        }
        faults.retain(|(fault, _)| fault.times != Some(0));
        met
    }

    /// The imposed states.
    pub fn states(&self) -> States {
        let faults = self.lock();
        let states = faults.iter().filter_map(|(fault, _)| match &fault.kind {
            Kind::State { tag, name, value } => Some((tag.to_lowercase(), (name.clone(), *value))),
            _ => None,
        });
        States {
            by_tag: states.collect(),
        }
    }

    /// The objects that cannot be seen, or not their units.
    pub fn veils(&self) -> Veils {
        let mut veils = Veils::default();
        for (fault, _) in self.lock().iter() {
            match &fault.kind {
                Kind::Forbidden { object } => veils.forbidden.push(object.to_lowercase()),
                Kind::Gone { object } => veils.gone.push(object.to_lowercase()),
                Kind::Unitless { object } => veils.unitless.push(object.to_lowercase()),
                _ => {}
            }
        }
        veils
    }

    /// How far the server's clock is ahead.
    pub fn clock(&self) -> Micros {
        let faults = self.lock();
        let seconds = faults.iter().map(|(fault, _)| match fault.kind {
            Kind::Clock { seconds } => seconds,
            _ => 0,
        });
        seconds.sum::<i64>().saturating_mul(1_000_000)
    }

    /// Whether a Bearer token has ended.
    pub fn expired(&self, token: &str) -> bool {
        self.lock().iter().any(|(fault, asked)| match &fault.kind {
            Kind::ExpiredToken {
                token: ended,
                seconds,
            } => ended == token && asked.0.elapsed() >= Duration::from_secs((*seconds).into()),
            _ => false,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(texts: &[&str]) -> Faults {
        let faults = Faults::default();
        for text in texts {
            faults.add(serde_json::from_str(text).unwrap());
        }
        faults
    }

    #[test]
    fn a_fault_happens_as_often_as_asked_and_where_asked() {
        let faults =
            faults(&[r#"{"kind": "status", "status": 503, "path": "/recorded", "times": 2}"#]);
        assert_eq!(faults.meet("/streams/a/value"), []);
        assert_eq!(
            faults.meet("/streams/a/recorded"),
            [Kind::Status { status: 503 }]
        );
        assert_eq!(faults.meet("/streams/a/recorded").len(), 1);
        assert_eq!(faults.meet("/streams/a/recorded").len(), 0);
    }

    #[test]
    fn faults_of_channels_and_updates_are_not_used_up_by_other_requests() {
        let faults = faults(&[
            r#"{"kind": "channel_refused", "times": 1}"#,
            r#"{"kind": "updates_gone", "times": 1}"#,
        ]);
        assert_eq!(faults.meet("/piwebapi/streams/x/value").len(), 0);
        assert_eq!(
            faults.meet("/piwebapi/streams/x/channel?heartbeatRate=1"),
            [Kind::ChannelRefused { status: 501 }]
        );
        assert_eq!(
            faults.meet("/piwebapi/streams/updates/abc_0"),
            [Kind::UpdatesGone]
        );
        assert_eq!(faults.list(), []);
    }

    #[test]
    fn clock_and_tokens_are_states_of_the_server() {
        let faults = faults(&[
            r#"{"kind": "clock", "seconds": -90}"#,
            r#"{"kind": "expired_token", "token": "old"}"#,
            r#"{"kind": "expired_token", "token": "later", "seconds": 3600}"#,
        ]);
        assert_eq!(faults.clock(), -90_000_000);
        assert!(faults.expired("old") && !faults.expired("later") && !faults.expired("new"));
    }
}
