//! A server that speaks PI Web API from a real recording, for development, demonstration and tests.
//!
//! It serves what the platform reads: asset tree, event frames as batches, points and their values, updates and channels, `POST /batch`. It refuses every
//! write. Operations of the published interface that it does not serve answer 501 and name themselves; it never invents an answer.
//!
//! Time: batches follow each other and the last one runs at the origin (see [`timeline`]); its event frame is open. By default all
//! of its samples have happened at the origin and the last values hold from then on.

#![expect(
    clippy::disallowed_methods,
    reason = "a server of its own, not a module: nothing hands it a clock or tracks its tasks"
)]

pub mod access;
pub mod batch;
pub mod bodies;
pub mod by_value;
pub mod calculation;
pub mod channels;
pub mod chromatography;
pub mod content;
pub mod context;
pub mod faults;
pub mod fields;
pub mod frames;
pub mod identity;
pub mod lists;
pub mod objects;
pub mod operations;
pub mod plant;
pub mod points;
pub mod query;
pub mod refusal;
pub mod render;
pub mod retrieval;
pub mod routes;
pub mod search;
pub mod server;
pub mod signal;
pub mod stream;
pub mod streams;
pub mod summaries;
pub mod summary;
pub mod time;
pub mod timeline;
pub mod tls;
pub mod units;
pub mod updates;
pub mod webid;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::access::Access;
use crate::faults::Faults;
use crate::plant::Plant;
use crate::time::Micros;
use crate::timeline::LastBatch;
use crate::tls::Tls;
use crate::updates::Updates;

/// How a simulator is set up.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// When the last batch runs; the present minute without it.
    pub origin: Option<Micros>,
    /// How much of the last batch has happened then.
    pub last_batch: LastBatch,
    /// Name and password callers must give; anonymous without them and without tokens.
    pub credentials: Option<(String, String)>,
    /// Bearer tokens that are accepted.
    pub tokens: Vec<String>,
    /// Whether callers are challenged for Kerberos.
    pub negotiate: bool,
    /// Certificate chain and key as PEM files; plain HTTP without them.
    pub tls: Option<(PathBuf, PathBuf)>,
    /// Zone of times without one; UTC without it.
    pub zone: Option<String>,
    /// The largest number of values or objects in one answer; 150,000 without it.
    pub most: Option<usize>,
    /// Whether there is a database of 100,000 elements.
    pub large_tree: bool,
}

/// The server's state.
#[derive(Debug)]
pub struct Simulator {
    plant: Plant,
    faults: Faults,
    updates: Updates,
    access: Access,
    tls: Option<Tls>,
    zone: TimeZone,
    most: usize,
    started: Micros,
    /// The same where no clock can be wrong.
    running: Instant,
}

impl Simulator {
    /// Builds the plant.
    pub fn new(settings: Settings) -> anyhow::Result<Self> {
        let started = Timestamp::now().as_microsecond();
        let origin = settings
            .origin
            .map_or_else(|| timeline::origin(None, started), Ok)?;
        let recording = timeline::recording(timeline::DRYER)?;
        let batches = timeline::place(recording, origin, settings.last_batch);
        let recording = timeline::recording(timeline::NYLON)?;
        let before = origin - 2 * 3_600_000_000;
        let autoclave = timeline::place(recording, before, LastBatch::Complete);
        let zone = match settings.zone.as_deref() {
            None => TimeZone::UTC,
            Some(name) => {
                context::zone(name).map_err(|refusal| anyhow::anyhow!(refusal.errors.join(" ")))?
            }
        };
        let tls = settings.tls.as_ref();
        Ok(Self {
            plant: Plant::new(&batches, &autoclave, origin, settings.large_tree),
            faults: Faults::default(),
            updates: Updates::default(),
            access: Access {
                credentials: settings.credentials,
                tokens: settings.tokens,
                negotiate: settings.negotiate,
            },
            tls: tls.map(|(chain, key)| Tls::read(chain, key)).transpose()?,
            zone,
            most: settings.most.unwrap_or(retrieval::MAX_RETURNED),
            started,
            running: Instant::now(),
        })
    }

    /// How long it has been running, whatever its clock says.
    fn up_for(&self) -> Duration {
        self.running.elapsed()
    }

    /// The present by the server's clock.
    fn now(&self) -> Micros {
        let now = Timestamp::now().as_microsecond().max(self.started);
        now.saturating_add(self.faults.clock())
    }
}

/// A simulator inside a test: serves until it is dropped.
#[derive(Debug)]
pub struct Running {
    /// Where it listens.
    pub address: SocketAddr,
    scheme: &'static str,
    task: tokio::task::JoinHandle<()>,
}

impl Running {
    /// Starts a simulator on a free port of the loopback interface.
    pub async fn start(settings: Settings) -> anyhow::Result<Self> {
        let scheme = if settings.tls.is_some() {
            "https"
        } else {
            "http"
        };
        let simulator = Arc::new(Simulator::new(settings)?);
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let task = tokio::spawn(async move {
            if let Err(error) = server::serve(simulator, listener).await {
                tracing::error!(%error, "the simulator ended");
            }
        });
        Ok(Self {
            address,
            scheme,
            task,
        })
    }

    /// The base address of its PI Web API.
    pub fn url(&self) -> String {
        format!("{}://{}/piwebapi", self.scheme, self.address)
    }

    /// The address of its faults.
    pub fn faults_url(&self) -> String {
        format!("{}://{}/_simulator/faults", self.scheme, self.address)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.task.abort();
    }
}
