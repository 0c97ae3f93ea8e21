//! Measures the store beside what it stands on, in turns, and prints one JSON line per figure.

#![expect(
    clippy::disallowed_methods,
    reason = "a tool: it starts its own tasks and connects as a peer without framework"
)]

mod sqlite;
mod sqlserver;

use std::sync::Arc;

use clap::Parser;
use dcp::clock::{Ids, SystemClock};
use dcp::store::Store;
use dcp_chaos::{FILES, WRITER};

/// Measures the store beside raw rusqlite and raw tiberius, in turns within one run.
#[derive(Debug, Parser)]
struct Arguments {
    /// How often each figure is measured; the median of the rounds counts.
    #[arg(long, env = "ROUNDS", default_value_t = 7)]
    rounds: usize,
    /// Only figures whose names contain this.
    #[arg(long, default_value = "")]
    only: String,
    /// ADO connection string without a database of a login that may create databases; its figures are left out without it.
    #[arg(long, env = "DCP_TEST_SQLSERVER", hide_env_values = true)]
    sqlserver: Option<String>,
}

// Two threads, as a module has.
#[tokio::main(worker_threads = 2)]
async fn main() -> anyhow::Result<()> {
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_env_filter("warn,tiberius=off")
        .init();
    let arguments = Arguments::parse();
    let wants = |figure: &str| figure.contains(&arguments.only);
    let mut figures = Vec::new();
    if wants("store.sqlite_calls") {
        figures.push(sqlite::calls(arguments.rounds).await?);
    }
    if wants("store.open_ms") {
        figures.push(sqlite::open(arguments.rounds).await?);
    }
    let server = ["store.procedure_p50_vs_tiberius", "store.pool_p99_vs_p50"];
    if let Some(server) = &arguments.sqlserver {
        let measured = Box::pin(sqlserver::measure(server, arguments.rounds, wants));
        figures.extend(measured.await?);
    } else {
        let left_out = server.join(", ");
        eprintln!("SKIPPED: {left_out}: DCP_TEST_SQLSERVER is not set");
    }
    for figure in figures {
        println!("{}", figure.line());
    }
    Ok(())
}

async fn store(address: &str) -> anyhow::Result<Store> {
    Ok(Store::open(WRITER, address, FILES, Arc::new(SystemClock), Ids::random()).await?)
}
