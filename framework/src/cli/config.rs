//! `dcp config`: the settings of the nodes of this platform.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{Command as Process, ExitCode};

use anyhow::{Context, bail};
use dcp::config::{Layers, Setting};
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
    /// Print what is in force and where each value comes from, without secrets.
    Show {
        /// This file instead of those of the platform.
        #[arg(value_name = "FILE")]
        files: Vec<PathBuf>,
        /// For programs.
        #[arg(long)]
        json: bool,
    },
    /// Print every setting with its meaning.
    Document {
        /// Programs of modules whose own settings are told as well.
        #[arg(value_name = "PROGRAM")]
        programs: Vec<PathBuf>,
    },
    /// Print the variables with which a module of a node is started where the node does not start it: in a file for systemd or a shell.
    Environment(Apart),
}

/// A module that its node does not start.
#[derive(clap::Args)]
pub(crate) struct Apart {
    /// The module.
    #[arg(long)]
    module: String,
    /// The settings of the node.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Where the module listens; the port of its first address when absent.
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Option<SocketAddr>,
    /// Where the module reaches the edge of the node; the node's internal listener when absent.
    #[arg(long, value_name = "URL")]
    edge: Option<String>,
}

impl Apart {
    fn print(self) -> anyhow::Result<ExitCode> {
        let config = NodeConfig::load(&self.file)?;
        let name = &self.module;
        let module = config.modules.iter().find(|module| module.name == *name);
        let place = || format!("{} names no module `{name}`", self.file.display());
        let module = module.with_context(place)?;
        let mut variables: BTreeMap<String, String> =
            config.environment(module).into_iter().collect();
        if let Some(edge) = self.edge {
            variables.insert("DCP__EDGE__URL".into(), edge);
        } else if config.edge.internal.ip().is_unspecified() {
            bail!(
                "the node listens on {}: say with --edge where the module reaches it, such as http://node.example:{}",
                config.edge.internal,
                config.edge.internal.port()
            );
        }
        let port = module
            .addresses
            .first()
            .and_then(|url| url.trim_end_matches('/').rsplit(':').next()?.parse().ok());
        let everywhere = |port| SocketAddr::from((Ipv4Addr::UNSPECIFIED, port));
        let listen = self.listen.or(port.map(everywhere)).with_context(|| {
            format!("module `{name}` has no `addresses`; say with --listen where it listens")
        })?;
        variables.insert("DCP__HTTP__LISTEN".into(), listen.to_string());
        for (variable, value) in variables {
            println!("{variable}={}", quoted(&value));
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// A value as both a shell and systemd read it.
fn quoted(value: &str) -> String {
    let escaped = value.chars().flat_map(|sign| {
        let escape = matches!(sign, '\\' | '"' | '$' | '`').then_some('\\');
        escape.into_iter().chain([sign])
    });
    format!("\"{}\"", escaped.collect::<String>())
}

/// Answers.
pub(crate) async fn run(command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Check { files } => check(files).await,
        Command::Show { files, json } => show(files, json).await,
        Command::Environment(apart) => apart.print(),
        Command::Document { programs } => document(&programs),
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

/// Reads the settings and the secrets as each module that the node hosts will: with its name, and with its own login.
async fn check_file(file: &Path) -> anyhow::Result<usize> {
    let config = NodeConfig::load(file)?;
    for module in config.in_force().await.modules {
        if let Some(problem) = module.problem {
            bail!("{problem}");
        }
    }
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

async fn show(files: Vec<PathBuf>, json: bool) -> anyhow::Result<ExitCode> {
    let mut all = Vec::new();
    for file in of_platform(files)? {
        all.push(NodeConfig::load(&file)?.in_force().await);
    }
    if json {
        println!("{}", serde_json::to_string_pretty(&all)?);
        return Ok(ExitCode::SUCCESS);
    }
    for node in &all {
        println!("# {} ({})", node.node, node.file);
        lines(&node.settings);
        for module in &node.modules {
            println!("\n# {} on {}", module.module, node.node);
            if let Some(problem) = &module.problem {
                println!("# {problem}");
            }
            lines(&module.settings);
        }
        println!();
    }
    Ok(ExitCode::SUCCESS)
}

fn lines(settings: &[Setting]) {
    for Setting { key, value, source } in settings {
        println!("{key} = {}  # {source}", value.as_deref().unwrap_or(""));
    }
}

/// The settings of the framework, then what each program says of its own.
fn document(programs: &[PathBuf]) -> anyhow::Result<ExitCode> {
    let mut text = dcp::config::document();
    for program in programs {
        let asked = Process::new(program)
            .args(["--settings", "document"])
            .output();
        let told = asked.with_context(|| format!("{} cannot be asked", program.display()))?;
        if !told.status.success() {
            bail!("{} tells no settings", program.display());
        }
        text.push_str(&String::from_utf8(told.stdout)?);
    }
    print!("{text}");
    Ok(ExitCode::SUCCESS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_read_back_by_a_shell() {
        let value = r#"a "b" $HOME `id` \ 'c' é"#;
        let script = format!("v={}; printf %s \"$v\"", quoted(value));
        let told = std::process::Command::new("sh")
            .args(["-c", &script])
            .output()
            .unwrap();
        assert_eq!(String::from_utf8(told.stdout).unwrap(), value);
    }
}
