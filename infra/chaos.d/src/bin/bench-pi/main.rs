//! Measures what becomes of process data between the socket and who looks at them, and prints one JSON line per figure.

mod cache;
mod columns;
mod server;
mod tree;

use std::path::PathBuf;

use clap::{Parser, Subcommand};
use dcp::pi::{PiClient, PiCredentials, PiSource};

use self::server::Server;

/// Measures the reading of process data.
#[derive(Debug, Parser)]
struct Arguments {
    /// How often each figure is measured; the median of the rounds counts.
    #[arg(long, env = "ROUNDS", default_value_t = 7)]
    rounds: usize,
    /// Values that go through the cache.
    #[arg(long, env = "SAMPLES", default_value_t = 100_000_000)]
    samples: usize,
    /// Only figures whose names contain this.
    #[arg(long, default_value = "")]
    only: String,
    /// Address of a simulator with the large tree; its figure is left out without it.
    #[arg(long)]
    large_tree: Option<String>,
    #[command(subcommand)]
    part: Option<Part>,
}

/// Parts that have a process of their own, so that their memory is their own.
#[derive(Debug, Subcommand)]
enum Part {
    /// The server of the values.
    Serve,
    /// Reads a long history through the cache.
    Cache {
        /// Address of the server.
        url: String,
        /// Folder of the cache.
        folder: PathBuf,
    },
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    match &arguments.part {
        Some(Part::Serve) => return server::serve().await,
        Some(Part::Cache { url, folder }) => {
            return cache::read(url, folder, arguments.samples).await;
        }
        None => {}
    }
    let wants = |figure: &str| figure.contains(&arguments.only);
    let server = Server::start()?;
    let mut figures = Vec::new();
    if wants("pi.columns_vs_parse") || wants("pi.downsampled_vs_parse") {
        figures.extend(columns::measure(&server.url, arguments.rounds).await?);
    }
    if wants("pi.cache_rss_mb") {
        figures.push(cache::measure(&server.url, arguments.samples)?);
    }
    if let Some(url) = arguments.large_tree.filter(|_| wants("pi.tree_level_ms")) {
        figures.push(tree::measure(&url, arguments.rounds).await?);
    }
    for figure in figures {
        println!("{}", figure.line());
    }
    Ok(())
}

fn client(url: &str) -> anyhow::Result<PiClient> {
    Ok(PiClient::connect(&source(url), &PiCredentials::Anonymous)?)
}

fn source(url: &str) -> PiSource {
    PiSource {
        id: "bench".to_owned(),
        url: url.to_owned(),
        asset_server: String::new(),
        database: String::new(),
        data_server: String::new(),
        credentials: None,
        ca_file: None,
    }
}
