//! Who answers at the address of a source: product, version, certificate, clock; and how far away it is.

use std::time::Instant;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::paging::Page;
use super::{PiClient, PiError, time};
use crate::clock::{Clock, SystemClock};
use crate::limits;

/// Who answers, as it says itself and as its certificate shows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PiIdentity {
    /// What the server calls itself: `PI Web API 2021 SP3`.
    pub product: String,
    /// Version of the PI Web API.
    pub version: String,
    /// State in its own words: `Running`.
    pub state: String,
    /// Minutes since it was started; none where the account may not know.
    pub up_minutes: Option<u64>,
    /// The account it takes the platform for; empty where it does not say.
    pub account: String,
    /// The data servers behind it.
    pub data_servers: Vec<PiDataServer>,
    /// SHA-256 of its certificate in hexadecimal digits; none without TLS.
    pub certificate_sha256: Option<String>,
    /// The shortest of the measured round trips, in milliseconds.
    pub latency_ms: f64,
    /// How much the server's clock is ahead of this machine's, in milliseconds, measured at half the round trip; none where it
    /// tells no time.
    pub clock_difference_ms: Option<f64>,
    /// When this was read.
    pub read_at: Timestamp,
}

/// A data server (PI Data Archive) behind the PI Web API.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PiDataServer {
    /// Name.
    pub name: String,
    /// Version; empty where it is not connected.
    pub version: String,
    /// Whether the PI Web API reaches it.
    pub connected: bool,
}

impl PiIdentity {
    /// What to do about the server's clock; none where it is right.
    pub fn clock_warning(&self) -> Option<String> {
        let difference = self.clock_difference_ms?;
        let tolerated = limits::PI_CLOCK_TOLERANCE.as_secs_f64() * 1e3 + self.latency_ms / 2.0;
        (difference.abs() > tolerated).then(|| {
            let (seconds, way) = (
                difference.abs() / 1e3,
                if difference > 0.0 { "ahead of" } else { "behind" },
            );
            format!(
                "the clock of the PI server is {seconds:.0} s {way} the clock of this machine: \
                 times relative to the present mean something else there; compare both with the time server"
            )
        })
    }

    /// Whether `other` is the same installation, as far as it shows.
    pub(super) fn is_same_server(&self, other: &Self) -> bool {
        (&self.product, &self.version, &self.certificate_sha256)
            == (&other.product, &other.version, &other.certificate_sha256)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", default)]
#[derive(Default)]
struct SystemWire {
    product_title: String,
    product_version: String,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct StatusWire {
    up_time_in_minutes: Option<f64>,
    state: String,
    server_time: String,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct UserWire {
    name: String,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct DataServerWire {
    name: String,
    is_connected: bool,
    server_version: String,
    server_time: String,
}

/// One question about the time: when it was half way, how long it took, and what the server's clock showed.
struct Reading {
    half_way: Timestamp,
    took_ms: f64,
    shown: Option<i64>,
}

impl PiClient {
    /// Asks the server who it is, which time it has, and how long it takes to answer.
    ///
    /// What an account may not know (status, data servers, account) stays empty; the server itself must answer.
    pub async fn identity(&self) -> Result<PiIdentity, PiError> {
        let system: SystemWire = self.get(&["system"], &[], "the server").await?;
        let account: Option<UserWire> = self
            .allowed(self.get(&["system", "userinfo"], &[], "the account").await)?
            .flatten();
        // Not the first request: that one also had to dial.
        let (mut status, mut best) = self.status().await?;
        let (again, second) = self.status().await?;
        if second.took_ms < best.took_ms {
            (status, best) = (again, second);
        }
        let (servers, seen) = self.seen_data_servers().await?;
        if best.shown.is_none() {
            best = seen;
        }
        let status = status.unwrap_or_default();
        let identity = PiIdentity {
            product: system.product_title,
            version: system.product_version,
            state: status.state,
            up_minutes: status.up_time_in_minutes.map(whole),
            account: account.unwrap_or_default().name,
            data_servers: servers,
            certificate_sha256: self
                .server()
                .certificate()
                .map(|der| hex::encode(Sha256::digest(der))),
            latency_ms: best.took_ms,
            clock_difference_ms: best
                .shown
                .map(|shown| milliseconds(shown - best.half_way.as_microsecond())),
            read_at: SystemClock.now(),
        };
        self.notice(&identity);
        Ok(identity)
    }

    /// What [`PiClient::identity`] found last in this process, without asking again.
    pub fn known_identity(&self) -> Option<PiIdentity> {
        self.server().identity()
    }

    fn notice(&self, identity: &PiIdentity) {
        if let Some(before) = self.server().know(identity) {
            tracing::warn!(
                source = self.source().id,
                product.before = before.product,
                product.now = identity.product,
                version.before = before.version,
                version.now = identity.version,
                certificate.before = before.certificate_sha256,
                certificate.now = identity.certificate_sha256,
                "another PI Web API server or version answers than before"
            );
        }
    }

    async fn status(&self) -> Result<(Option<StatusWire>, Reading), PiError> {
        let (began, sent) = (Instant::now(), SystemClock.now());
        let asked = self
            .get(&["system", "status"], &[], "the state of the server")
            .await;
        let reading = Reading::since(began, sent);
        let status: Option<StatusWire> = self.allowed(asked)?;
        let shown = status
            .as_ref()
            .and_then(|status| time::parse(&status.server_time));
        Ok((status, Reading { shown, ..reading }))
    }

    async fn seen_data_servers(&self) -> Result<(Vec<PiDataServer>, Reading), PiError> {
        let (began, sent) = (Instant::now(), SystemClock.now());
        let asked = self
            .get(&["dataservers"], &[], "the list of data servers")
            .await;
        let reading = Reading::since(began, sent);
        let page: Option<Page<DataServerWire>> = self.allowed(asked)?;
        let servers = page.map(|page| page.items).unwrap_or_default();
        let shown = servers
            .iter()
            .find_map(|server| time::parse(&server.server_time));
        let servers = servers.into_iter().map(|wire| PiDataServer {
            name: wire.name,
            version: wire.server_version,
            connected: wire.is_connected,
        });
        Ok((servers.collect(), Reading { shown, ..reading }))
    }

    /// Nothing where the account may not know, or the version does not offer it.
    fn allowed<T>(&self, asked: Result<T, PiError>) -> Result<Option<T>, PiError> {
        match asked {
            Ok(answer) => Ok(Some(answer)),
            Err(
                error @ (PiError::NoPermission(_)
                | PiError::NotFound(_)
                | PiError::Refused { .. }
                | PiError::Failed { status: 501, .. }),
            ) => {
                tracing::debug!(source = self.source().id, %error, "the server does not tell this");
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }
}

impl Reading {
    fn since(began: Instant, sent: Timestamp) -> Self {
        let took = began.elapsed();
        Self {
            half_way: sent.checked_add(took / 2).unwrap_or(sent),
            took_ms: took.as_secs_f64() * 1e3,
            shown: None,
        }
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "minutes since a start; what is no such number becomes zero"
)]
fn whole(minutes: f64) -> u64 {
    minutes as u64
}

#[expect(
    clippy::cast_precision_loss,
    reason = "differences of clocks are far below 2^53 microseconds"
)]
fn milliseconds(microseconds: i64) -> f64 {
    microseconds as f64 / 1e3
}
