//! `dcp config`: the settings of the nodes of this platform.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use dcp::config::Layers;
use dcp::node::NodeConfig;

use super::home::{home, nodes};

/// What is asked about settings.
#[derive(clap::Subcommand)]
pub(crate) enum Command {
    /// Read the settings of each node as it does, and each secret that they name. Ends with 1 when something is wrong.
    Check {
        /// This file instead of those of the platform.
        #[arg(value_name = "FILE")]
        files: Vec<PathBuf>,
    },
    /// Print what is in force, without secrets.
    Show {
        /// This file instead of those of the platform.
        #[arg(value_name = "FILE")]
        files: Vec<PathBuf>,
    },
    /// Print every setting with its meaning.
    Document,
}

/// Answers.
pub(crate) async fn run(command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Check { files } => check(files).await,
        Command::Show { files } => show(files),
        Command::Document => {
            print!("{}", dcp::config::document());
            Ok(ExitCode::SUCCESS)
        }
    }
}

fn of_platform(files: Vec<PathBuf>) -> anyhow::Result<Vec<PathBuf>> {
    if !files.is_empty() {
        return Ok(files);
    }
    let run = home()?.join("run");
    let nodes = nodes(&home()?);
    Ok(nodes
        .iter()
        .map(|node| run.join(format!("{node}.toml")))
        .collect())
}

async fn check(files: Vec<PathBuf>) -> anyhow::Result<ExitCode> {
    let mut good = true;
    for file in of_platform(files)? {
        match check_file(&file).await {
            Ok(modules) => println!("{}: good, {modules} modules", file.display()),
            Err(error) => {
                good = false;
                println!("{}: {error:#}", file.display());
            }
        }
    }
    Ok(if good {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Reads the secrets as each module that the node hosts will: with its name, and with its own login.
async fn check_file(file: &std::path::Path) -> anyhow::Result<usize> {
    let config = NodeConfig::load(file)?;
    if config.secrets.wrapped_secret_id_file.is_some() {
        eprintln!("secrets are not read: looking would use up the wrapping tokens");
        return Ok(config.modules.len());
    }
    for module in &config.modules {
        let mut layers = Layers::read(Some(file))?.of_reader(&module.name);
        let provider = config.secrets.of_reader(&module.name);
        let reader = || format!("for module {}", module.name);
        let secrets = dcp::secrets::open(&provider).await.with_context(reader)?;
        layers
            .resolve(secrets.as_ref())
            .await
            .with_context(reader)?;
    }
    Ok(config.modules.len())
}

fn show(files: Vec<PathBuf>) -> anyhow::Result<ExitCode> {
    for file in of_platform(files)? {
        NodeConfig::load(&file)?;
        println!("# {}", file.display());
        for (key, value) in Layers::read(Some(&file))?.shown() {
            println!("{key} = {value}");
        }
    }
    Ok(ExitCode::SUCCESS)
}
