//! The `dcp` command: for operators (status, stop, start, scale, logs), data scientists (login, publish), module teams (contracts) and whoever sets a platform up.

#![expect(
    clippy::disallowed_methods,
    reason = "a command of the shell, configured by its variables"
)]

#[macro_use]
mod output;

mod backup;
mod calc;
mod config;
mod contracts;
mod db;
mod folder;
mod home;
mod manifests;
mod messages;
mod migrate;
mod node;
mod portal;
mod publish;
mod restore;
mod secret_file;
mod secrets;
mod status;
mod table;
mod topology;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// The Data Computation Platform from the command line.
#[derive(Parser)]
#[command(
    name = "dcp",
    version,
    about,
    after_help = "The platform is found through DCP_HOME, or the nearest folder .dcp above this one or the program.\nThe portal's address is DCP_URL, or the one infra/up noted."
)]
struct Arguments {
    /// The portal's address, when another one is meant.
    #[arg(long, global = true, value_name = "PORTAL")]
    url: Option<String>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Show every module: node, zone, state, instances, ports, memory, restarts. Ends with 1 when something is down.
    Status {
        /// For programs.
        #[arg(long)]
        json: bool,
    },
    /// Start a stopped module.
    Start(Target),
    /// Stop a module; it finishes what it has begun.
    Stop(Target),
    /// Replace the instances of a module one by one by new ones.
    Restart(Target),
    /// Run a module in so many instances.
    Scale {
        #[command(flatten)]
        target: Target,
        /// How many.
        instances: u32,
    },
    /// Show the log of a module.
    Logs {
        #[command(flatten)]
        target: Target,
        /// How many lines.
        #[arg(short = 'n', long, default_value_t = 50)]
        lines: u32,
        /// Go on with new lines.
        #[arg(short, long)]
        follow: bool,
    },
    /// Show how much is on its way: each queue, and what waits to be sent.
    Messages {
        /// For programs.
        #[arg(long)]
        json: bool,
    },
    /// Look at messages that no reaction could take, try them again or give them up.
    #[command(subcommand)]
    DeadLetters(messages::DeadLetters),
    /// Log in: keeps an API token for the commands below, which mean this portal until the next login.
    Login {
        /// Name at login; the password is asked for, or taken from `DCP_PASSWORD`.
        user: String,
        /// Days the token is valid.
        #[arg(long, default_value_t = 30)]
        days: u32,
    },
    /// Print the kept token, for `curl -H "Authorization: Bearer $(dcp token)"`.
    Token,
    /// Call R functions and keep what they give; see their scripts, and take versions from draft to effective.
    Calc {
        #[command(subcommand)]
        command: calc::Command,
        #[command(flatten)]
        place: calc::Place,
    },
    /// Publish R functions as endpoints: a file, or a folder (R/, data/, tests/, dcp.toml), packed as .tar or not.
    Publish {
        /// The file or the folder.
        path: std::path::PathBuf,
        /// Name of the script; that in dcp.toml, of the folder or of the file when absent.
        #[arg(long)]
        name: Option<String>,
        #[command(flatten)]
        place: calc::Place,
    },
    /// Look at what modules tell and ask each other, and check that it fits.
    #[command(subcommand)]
    Contracts(contracts::Command),
    /// Plan, make or check the queues of a zone.
    #[command(subcommand)]
    Topology(topology::Command),
    /// Check, show or explain the settings of the nodes.
    #[command(subcommand)]
    Config(config::Command),
    /// Make databases for the deployed modules on SQL Server, and move what they have there.
    #[command(subcommand)]
    Db(db::Command),
    /// Look at what the databases of the deployed modules lack, and bring it.
    #[command(subcommand)]
    Migrate(migrate::Command),
    /// Look into the file of secrets, change it, encrypt it.
    #[command(subcommand)]
    Secrets(secret_file::Command),
    /// Write the file of secrets with fresh random keys; an existing one only gets what it lacks.
    InitSecrets {
        /// User name of the person who is to be the first administrator: writes a code for that person, too.
        #[arg(long, value_name = "USER")]
        first_administrator: Option<String>,
    },
    /// Write the secrets of the file into a vault, with the token of `DCP_VAULT_TOKEN`.
    PushSecrets {
        /// The vault: `vault:<url of the server>/<mount of a KV version 2 engine>`.
        #[arg(long)]
        to: String,
    },
    /// Print how the first administrator gets in: address, user name and code.
    FirstAdministrator,
}

/// A module, on one node or on all that host it.
#[derive(clap::Args)]
struct Target {
    /// The module.
    module: String,
    /// The node; needed only when several host the module and one is meant.
    #[arg(long)]
    node: Option<String>,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    home::choose_portal(arguments.url);
    let done = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(anyhow::Error::from)
        .and_then(|runtime| runtime.block_on(run(arguments.command)));
    done.unwrap_or_else(|error| {
        eprintln!("dcp: {error:#}");
        ExitCode::FAILURE
    })
}

async fn run(command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Status { json } => return status::show(json).await,
        Command::Messages { json } => return messages::overview(json).await,
        Command::DeadLetters(command) => return messages::dead_letters(command).await,
        Command::Start(target) => {
            node::order(&target.module, target.node.as_deref(), "start").await?;
        }
        Command::Stop(target) => {
            node::order(&target.module, target.node.as_deref(), "stop").await?;
        }
        Command::Restart(target) => {
            node::order(&target.module, target.node.as_deref(), "restart").await?;
        }
        Command::Scale { target, instances } => {
            node::order(
                &target.module,
                target.node.as_deref(),
                &format!("scale?instances={instances}"),
            )
            .await?;
        }
        Command::Logs {
            target,
            lines,
            follow,
        } => node::logs(&target.module, target.node.as_deref(), lines, follow)?,
        Command::Login { user, days } => portal::login(&user, days).await?,
        Command::Token => println!("{}", portal::token()?),
        Command::Calc { command, place } => return calc::run(command, place).await,
        Command::Publish { path, name, place } => {
            publish::publish(&path, name.as_deref(), &place).await?;
        }
        Command::Contracts(command) => return contracts::run(command),
        Command::Topology(command) => return topology::run(command).await,
        Command::Config(command) => return config::run(command).await,
        Command::Db(command) => db::run(command).await?,
        Command::Migrate(command) => return migrate::run(&command),
        Command::Secrets(command) => secret_file::run(&command)?,
        Command::InitSecrets {
            first_administrator,
        } => secrets::write(first_administrator.as_deref())?,
        Command::PushSecrets { to } => secrets::push(&to).await?,
        Command::FirstAdministrator => secrets::show_first_administrator()?,
    }
    Ok(ExitCode::SUCCESS)
}
