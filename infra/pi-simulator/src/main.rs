//! Starts the PI Web API simulator.

#![expect(
    clippy::disallowed_methods,
    reason = "a server of its own, not a module: nothing hands it a clock or tracks its tasks"
)]

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context;
use clap::Parser;
use jiff::Timestamp;
use pi_simulator::timeline::{self, LastBatch};
use pi_simulator::{Settings, Simulator, server};
use tokio::signal::unix::{SignalKind, signal};

/// Serves PI Web API from recorded batches.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    /// Address to listen on; keep plain HTTP on the loopback interface.
    #[arg(long, env = "PI_SIMULATOR_LISTEN", default_value = "127.0.0.1:7420")]
    listen: SocketAddr,
    /// When the last batch runs, for example 2026-01-31T12:00:00Z; the present without it.
    #[arg(long, conflicts_with = "state")]
    origin: Option<Timestamp>,
    /// File that keeps the origin, so that a restart keeps the timeline; delete it to start anew.
    #[arg(long, env = "PI_SIMULATOR_STATE")]
    state: Option<PathBuf>,
    /// Whether all of the last batch has happened at the origin, or six tenths and the rest comes minute by minute.
    #[arg(long, value_enum, default_value = "complete")]
    last_batch: LastBatch,
    /// Name callers must give; anonymous callers are served without it.
    #[arg(long, env = "PI_SIMULATOR_USER", requires = "password")]
    user: Option<String>,
    /// Password of that user.
    #[arg(long, env = "PI_SIMULATOR_PASSWORD", hide_env_values = true)]
    password: Option<String>,
    /// Bearer token that is accepted; may be given several times.
    #[arg(long = "token", env = "PI_SIMULATOR_TOKEN", hide_env_values = true)]
    tokens: Vec<String>,
    /// Challenges callers for Kerberos, which nobody passes.
    #[arg(long)]
    negotiate: bool,
    /// Certificate chain as a PEM file, for TLS.
    #[arg(long, requires = "tls_key")]
    tls_certificate: Option<PathBuf>,
    /// Key of the certificate as a PEM file.
    #[arg(long, requires = "tls_certificate")]
    tls_key: Option<PathBuf>,
    /// The largest number of values or objects in one answer.
    #[arg(long, default_value_t = pi_simulator::retrieval::MAX_RETURNED)]
    max_returned: usize,
    /// Adds the database `Large` of 100,000 elements.
    #[arg(long)]
    large_tree: bool,
    /// Zone of times that name none.
    #[arg(long, default_value = "Europe/Zurich")]
    time_zone: String,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    tracing_subscriber::fmt()
        .with_env_filter(
            tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| "info".into()),
        )
        .init();
    let arguments = Arguments::parse();
    let now = Timestamp::now().as_microsecond();
    let origin = match arguments.origin {
        Some(origin) => origin.as_microsecond(),
        None => timeline::origin(arguments.state.as_deref(), now)?,
    };
    let tls = arguments.tls_certificate.zip(arguments.tls_key);
    let scheme = if tls.is_some() { "https" } else { "http" };
    let simulator = Simulator::new(Settings {
        origin: Some(origin),
        last_batch: arguments.last_batch,
        credentials: arguments.user.zip(arguments.password),
        tokens: arguments.tokens,
        negotiate: arguments.negotiate,
        tls,
        zone: Some(arguments.time_zone),
        large_tree: arguments.large_tree,
        most: Some(arguments.max_returned),
    })?;
    let listener = tokio::net::TcpListener::bind(arguments.listen)
        .await
        .with_context(|| arguments.listen.to_string())?;
    tracing::info!(url = %format!("{scheme}://{}/piwebapi", listener.local_addr()?), origin = %pi_simulator::time::format(origin), "PI Web API simulator is ready");
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        ended = server::serve(Arc::new(simulator), listener) => ended,
        _ = terminate.recv() => Ok(()),
        interrupted = tokio::signal::ctrl_c() => Ok(interrupted?),
    }
}
