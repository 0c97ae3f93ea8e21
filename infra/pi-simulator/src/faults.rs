//! Faults on request, so that a client's tests can meet them: `GET`, `POST` and `DELETE /_simulator/faults`.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};

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

/// The faults in force.
#[derive(Debug, Default)]
pub struct Faults {
    faults: Mutex<Vec<Fault>>,
}

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

impl Faults {
    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Fault>> {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a fault.
    pub fn add(&self, fault: Fault) {
        self.lock().push(fault);
    }

    /// Ends all faults.
    pub fn clear(&self) {
        self.lock().clear();
    }

    /// The faults in force.
    pub fn list(&self) -> Vec<Fault> {
        self.lock().clone()
    }

    /// The faults a request meets; those with a count are used up.
    pub fn meet(&self, target: &str) -> Vec<Kind> {
        let mut faults = self.lock();
        let mut met = Vec::new();
        for fault in faults.iter_mut() {
            if matches!(fault.kind, Kind::State { .. })
                || !target.contains(&fault.path)
                || fault.times == Some(0)
            {
                continue;
            }
            fault.times = fault.times.map(|left| left - 1);
            met.push(fault.kind.clone());
        }
        faults.retain(|fault| fault.times != Some(0));
        met
    }

    /// The imposed states.
    pub fn states(&self) -> States {
        let faults = self.lock();
        let states = faults.iter().filter_map(|fault| match &fault.kind {
            Kind::State { tag, name, value } => Some((tag.to_lowercase(), (name.clone(), *value))),
            _ => None,
        });
        States {
            by_tag: states.collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_happens_as_often_as_asked_and_where_asked() {
        let faults = Faults::default();
        faults.add(
            serde_json::from_str(
                r#"{"kind": "status", "status": 503, "path": "/recorded", "times": 2}"#,
            )
            .unwrap(),
        );
        assert_eq!(faults.meet("/streams/a/value"), []);
        assert_eq!(
            faults.meet("/streams/a/recorded"),
            [Kind::Status { status: 503 }]
        );
        assert_eq!(faults.meet("/streams/a/recorded").len(), 1);
        assert_eq!(faults.meet("/streams/a/recorded").len(), 0);
    }
}
