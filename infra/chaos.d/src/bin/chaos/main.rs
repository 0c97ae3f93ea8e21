//! Attacks a running platform and judges by its databases: processes are killed, the broker dies, the network fails.

#![expect(
    clippy::disallowed_methods,
    reason = "a tool: it waits on the time of the machine and starts its own tasks"
)]

mod broker;
mod check;
mod client;
mod database;
mod link;
mod load;
mod promises;
mod proxy;
mod stage;

use std::fmt;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::{Parser, ValueEnum};

use crate::broker::Broker;
use crate::check::Verdict;
use crate::promises::{ALL, Promise, Run};

/// Which bus is attacked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Which {
    Local,
    Rabbitmq,
    Both,
}

impl fmt::Display for Which {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Local => "local",
            Self::Rabbitmq => "rabbitmq",
            Self::Both => "both",
        })
    }
}

/// Where the modules keep what they know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Store {
    Sqlite,
    Sqlserver,
}

/// Attacks the platform with real processes and real kills, and counts what was lost, duplicated or disordered.
#[derive(Debug, Parser)]
#[command(name = "infra/chaos")]
struct Arguments {
    /// Decides who dies when; printed, so that a run can be repeated.
    #[arg(long)]
    seed: Option<u64>,
    /// Repeats with new seeds for this long.
    #[arg(long)]
    minutes: Option<u64>,
    /// The bus below the modules.
    #[arg(long, value_enum, default_value = "both")]
    bus: Which,
    /// The databases of the modules.
    #[arg(
        long,
        value_enum,
        default_value = "sqlite",
        requires_if("sqlserver", "server")
    )]
    store: Store,
    /// ADO connection string of a SQL Server on which databases may be made. P11 puts itself before it: it must be taken under the name 127.0.0.1.
    #[arg(long, env = "DCP_TEST_SQLSERVER")]
    server: Option<String>,
    /// Only these promises, such as P1; may be given more than once.
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
    /// A hundredth of the kills and events, to try the programs themselves.
    #[arg(long)]
    small: bool,
    /// Folder of the repository, for its scripts.
    #[arg(long, env = "DCP_ROOT", default_value = ".")]
    root: PathBuf,
    /// Folder for databases and logs; what failed stays there.
    #[arg(long, env = "DCP_CHAOS_FOLDER", default_value = "/tmp/dcp-chaos")]
    folder: PathBuf,
    /// First of 40 free ports of the loopback.
    #[arg(long, env = "DCP_CHAOS_PORT", default_value_t = 7700)]
    port: u16,
}

#[tokio::main(worker_threads = 2)]
async fn main() -> anyhow::Result<ExitCode> {
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_env_filter("error,lapin=off")
        .init();
    let arguments = Arguments::parse();
    let began = Instant::now();
    let mut all = Verdict::default();
    loop {
        let seed = arguments.seed.unwrap_or_else(rand::random);
        println!("seed {seed}");
        all.add(&round(&arguments, seed).await?);
        let minutes = arguments.minutes.unwrap_or_default();
        if began.elapsed() > Duration::from_secs(minutes * 60) || !all.holds() {
            break;
        }
    }
    println!("{all} in {} s", began.elapsed().as_secs());
    Ok(if all.holds() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Every wanted promise once on every wanted bus.
async fn round(arguments: &Arguments, seed: u64) -> anyhow::Result<Verdict> {
    let mut all = Verdict::default();
    let wanted: Vec<&Promise> = ALL
        .iter()
        .filter(|promise| {
            arguments.only.is_empty() || arguments.only.iter().any(|name| name == promise.name)
        })
        .filter(|promise| arguments.store == Store::Sqlite || promise.sqlserver)
        .collect();
    anyhow::ensure!(!wanted.is_empty(), "no such promise: {:?}", arguments.only);
    for promise in wanted {
        for bus in [Which::Local, Which::Rabbitmq] {
            let is_meant = arguments.bus == Which::Both || arguments.bus == bus;
            let is_possible = if bus == Which::Local {
                promise.local
            } else {
                promise.rabbitmq
            };
            if is_meant && is_possible {
                match attempt(arguments, promise, bus, seed).await {
                    Ok(verdict) => all.add(&verdict),
                    // The others are still worth knowing.
                    Err(error) => {
                        println!("{} {bus}: broke off, seed {seed}: {error:#}", promise.name);
                        all.unexpected += 1;
                    }
                }
            }
        }
    }
    Ok(all)
}

async fn attempt(
    arguments: &Arguments,
    promise: &Promise,
    bus: Which,
    seed: u64,
) -> anyhow::Result<Verdict> {
    let folder = arguments.folder.join(format!("{}-{bus}", promise.name));
    if folder.exists() {
        std::fs::remove_dir_all(&folder)?;
    }
    std::fs::create_dir_all(&folder)?;
    let broker = match bus {
        Which::Rabbitmq => Some(Broker::start(&arguments.root, &folder.join("rabbitmq"))?),
        _ => None,
    };
    let run = Run {
        folder: folder.clone(),
        root: arguments.root.clone(),
        port: arguments.port,
        seed,
        small: arguments.small,
        broker,
        server: arguments
            .server
            .clone()
            .filter(|_| arguments.store == Store::Sqlserver),
    };
    let began = Instant::now();
    let verdict = (promise.keep)(run).await?;
    println!(
        "{} {bus}: {verdict}; {} ({} s)",
        promise.name,
        verdict.notes.join(", "),
        began.elapsed().as_secs()
    );
    if verdict.holds() {
        std::fs::remove_dir_all(&folder)?;
    }
    Ok(verdict)
}
