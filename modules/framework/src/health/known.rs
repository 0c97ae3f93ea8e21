//! What is known of a source of process data, and what one more answer changes about it.

use std::collections::VecDeque;

use dcp::clock::Timestamp;
use dcp::pi::{PiError, PiIdentity};
use serde::Serialize;
use utoipa::ToSchema;

use crate::sites::DataSource;

/// Answers that are remembered: two hours of them.
const REMEMBERED: usize = 120;

/// How a source is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Condition {
    /// It was not asked yet.
    #[default]
    Unknown,
    /// It answers, and is what the settings say.
    Good,
    /// It answers, and something about it is not right.
    Warning,
    /// It does not answer, or not to the platform.
    Failed,
}

/// What is known of a source; it begins anew when the process starts.
#[derive(Debug, Clone, Default, Serialize, ToSchema)]
pub(crate) struct Health {
    pub(crate) condition: Condition,
    /// Since when it is so.
    #[schema(value_type = Option<String>, format = DateTime)]
    since: Option<Timestamp>,
    /// When it was asked last.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(super) checked_at: Option<Timestamp>,
    /// Who answered last.
    identity: Option<Identity>,
    /// What is not right about it.
    warnings: Vec<Warning>,
    /// What went wrong last, also when it answers again.
    last_error: Option<Failure>,
    /// The answers of about two hours, the oldest first.
    #[schema(value_type = Vec<Check>)]
    checks: VecDeque<Check>,
}

/// A PI Web API server as it says itself and as its certificate shows.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Identity {
    product: String,
    version: String,
    /// The state in its own words.
    state: String,
    up_minutes: Option<u64>,
    /// The account it takes the platform for.
    account: String,
    data_servers: Vec<DataServer>,
    /// SHA-256 of its certificate in hexadecimal digits; none without TLS.
    certificate_sha256: Option<String>,
    /// The shortest of the measured round trips.
    latency_ms: f64,
    /// How much its clock is ahead of this machine's.
    clock_difference_ms: Option<f64>,
}

/// A data server behind a PI Web API server.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct DataServer {
    name: String,
    version: String,
    connected: bool,
}

/// Something that will give wrong or no data although the server answers.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum Warning {
    /// Times relative to the present mean something else there.
    Clock {
        /// How much its clock is ahead of this machine's.
        seconds: f64,
    },
    /// The data server of the settings is not behind it.
    DataServerUnknown {
        /// Its name.
        name: String,
    },
    /// It does not reach the data server.
    DataServerDisconnected {
        /// Its name.
        name: String,
    },
    /// The asset database cannot be read.
    Database {
        /// Why.
        detail: String,
    },
    /// Another server, version or certificate answers than before.
    Changed {
        /// What answered before.
        before: String,
        /// What answers now.
        now: String,
    },
}

/// Why a source did not answer.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Failure {
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    title: String,
    detail: String,
}

/// One answer.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Check {
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// None when it did not answer.
    latency_ms: Option<f64>,
}

impl Health {
    pub(super) fn note(
        &mut self,
        source: &DataSource,
        at: Timestamp,
        outcome: Result<(PiIdentity, Vec<Warning>), PiError>,
    ) {
        let before = self.condition;
        let mut latency_ms = None;
        match outcome {
            Ok((identity, mut warnings)) => {
                latency_ms = Some(identity.latency_ms);
                let identity = Identity::from(identity);
                warnings.extend(self.changed(&identity));
                self.condition = if warnings.is_empty() {
                    Condition::Good
                } else {
                    Condition::Warning
                };
                self.warnings = warnings;
                self.identity = Some(identity);
            }
            Err(error) => {
                self.condition = Condition::Failed;
                self.warnings.clear();
                self.last_error = Some(Failure {
                    at,
                    title: error.title().to_owned(),
                    detail: format!("{} ({}): {error}.", source.name, source.url),
                });
            }
        }
        if self.condition != before || self.since.is_none() {
            self.since = Some(at);
        }
        self.checked_at = Some(at);
        self.checks.push_back(Check { at, latency_ms });
        while self.checks.len() > REMEMBERED {
            self.checks.pop_front();
        }
    }

    /// Whether somebody else answers than before; it stays a warning while this process lives.
    fn changed(&self, now: &Identity) -> Option<Warning> {
        let known = self
            .warnings
            .iter()
            .find(|warning| matches!(warning, Warning::Changed { .. }));
        let before = self.identity.as_ref().map(Identity::describe);
        match before {
            Some(before) if before != now.describe() => Some(Warning::Changed {
                before,
                now: now.describe(),
            }),
            _ => known.cloned(),
        }
    }
}

impl Identity {
    /// What makes it another server when it changes.
    fn describe(&self) -> String {
        let certificate = self.certificate_sha256.as_deref().unwrap_or_default();
        let described = format!("{} {} {certificate:.12}", self.product, self.version);
        described.trim_end().to_owned()
    }
}

impl From<PiIdentity> for Identity {
    fn from(found: PiIdentity) -> Self {
        let servers = found.data_servers.into_iter().map(|server| DataServer {
            name: server.name,
            version: server.version,
            connected: server.connected,
        });
        Self {
            product: found.product,
            version: found.version,
            state: found.state,
            up_minutes: found.up_minutes,
            account: found.account,
            data_servers: servers.collect(),
            certificate_sha256: found.certificate_sha256,
            latency_ms: found.latency_ms,
            clock_difference_ms: found.clock_difference_ms,
        }
    }
}

/// What is not right about a server that answers.
pub(crate) fn warnings(source: &DataSource, identity: &PiIdentity) -> Vec<Warning> {
    let mut warnings = Vec::new();
    if identity.clock_warning().is_some() {
        let seconds = identity.clock_difference_ms.unwrap_or_default() / 1000.0;
        warnings.push(Warning::Clock { seconds });
    }
    let name = &source.data_server;
    let mut servers = identity.data_servers.iter();
    // A server that tells nothing about its data servers is not to blame.
    if !name.is_empty() && !identity.data_servers.is_empty() {
        match servers.find(|server| server.name.eq_ignore_ascii_case(name)) {
            None => warnings.push(Warning::DataServerUnknown { name: name.clone() }),
            Some(server) if !server.connected => {
                warnings.push(Warning::DataServerDisconnected { name: name.clone() });
            }
            Some(_) => {}
        }
    }
    warnings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity(version: &str) -> PiIdentity {
        serde_json::from_value(serde_json::json!({
            "product": "PI Web API", "version": version, "state": "Running", "up_minutes": 5, "account": "dcp",
            "data_servers": [{"name": "PIMAM", "version": "3.4", "connected": false}],
            "certificate_sha256": null, "latency_ms": 2.5, "clock_difference_ms": 90_000.0, "read_at": "2026-01-01T00:00:00Z",
        }))
        .unwrap()
    }

    fn source(data_server: &str) -> DataSource {
        serde_json::from_value(serde_json::json!({
            "id": "dryers", "site": "basel", "name": "Dryers", "kind": "pi-web-api", "url": "http://127.0.0.1:1/piwebapi",
            "asset_server": "PIAF", "database": "Basel", "data_server": data_server, "from_file": false, "removed": false, "version": 1,
        }))
        .unwrap()
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn what_is_not_right_about_a_server_that_answers_is_named() {
        let found = warnings(&source("pimam"), &identity("1"));
        let name = "pimam".to_owned();
        assert_eq!(
            found,
            [
                Warning::Clock { seconds: 90.0 },
                Warning::DataServerDisconnected { name }
            ]
        );
        let name = "OTHER".to_owned();
        let found = warnings(&source(&name), &identity("1"));
        assert!(found.contains(&Warning::DataServerUnknown { name }));
    }

    #[test]
    fn a_failure_keeps_who_answered_before_and_is_kept_when_it_is_over() {
        let mut health = Health::default();
        health.note(&source("PIMAM"), at(0), Ok((identity("1"), Vec::new())));
        health.note(&source("PIMAM"), at(60), Ok((identity("1"), Vec::new())));
        assert_eq!(
            (health.condition, health.since),
            (Condition::Good, Some(at(0)))
        );
        health.note(&source("PIMAM"), at(120), Err(PiError::Unauthorized));
        assert_eq!(
            (health.condition, health.since),
            (Condition::Failed, Some(at(120)))
        );
        assert!(health.identity.is_some());
        health.note(&source("PIMAM"), at(180), Ok((identity("1"), Vec::new())));
        assert_eq!(health.condition, Condition::Good);
        assert_eq!(health.last_error.as_ref().unwrap().at, at(120));
        let latencies: Vec<_> = health.checks.iter().map(|check| check.latency_ms).collect();
        assert_eq!(latencies, [Some(2.5), Some(2.5), None, Some(2.5)]);
    }

    #[test]
    fn another_version_is_a_warning_that_stays() {
        let mut health = Health::default();
        health.note(&source("PIMAM"), at(0), Ok((identity("1"), Vec::new())));
        health.note(&source("PIMAM"), at(60), Ok((identity("2"), Vec::new())));
        health.note(&source("PIMAM"), at(120), Ok((identity("2"), Vec::new())));
        assert!(
            matches!(health.warnings.as_slice(), [Warning::Changed { before, .. }] if before == "PI Web API 1")
        );
    }

    #[test]
    fn no_more_answers_are_remembered_than_are_shown() {
        let mut health = Health::default();
        for minute in 0..200 {
            health.note(
                &source("PIMAM"),
                at(minute * 60),
                Err(PiError::Unauthorized),
            );
        }
        assert_eq!(health.checks.len(), REMEMBERED);
        assert_eq!(health.since, Some(at(0)));
    }
}
