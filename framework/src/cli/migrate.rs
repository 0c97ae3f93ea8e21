//! `dcp migrate`: what the databases of the deployed modules lack, and bringing it. Each module's own program does the work:
//! only it holds its migrations.

use std::fmt;
use std::path::{Path, PathBuf};
use std::process::{Command as Process, ExitCode, Stdio};

use anyhow::{Context, bail};
use dcp::node::{HostedModule, NodeConfig};
use dcp::store::Plan;

use super::home::{home, nodes};

/// What is done with the databases.
#[derive(clap::Subcommand)]
pub(crate) enum Command {
    /// Show what each database lacks.
    Plan(Asked),
    /// Apply what each database lacks; with an administrator's login of SQL Server in `DCP_SQLSERVER`.
    Apply(Asked),
    /// Ends with 1 when a database lacks something or was changed.
    Verify(Asked),
}

/// The modules that are meant.
#[derive(clap::Args)]
pub(crate) struct Which {
    /// Only this module.
    #[arg(long)]
    module: Option<String>,
    /// Only on this node.
    #[arg(long)]
    node: Option<String>,
}

/// The modules that are meant, and for whom the answer is.
#[derive(clap::Args)]
pub(crate) struct Asked {
    #[command(flatten)]
    which: Which,
    /// For programs.
    #[arg(long)]
    json: bool,
}

/// A module on a node.
pub(crate) struct Deployed {
    /// The node's settings.
    pub(crate) config: NodeConfig,
    /// The module.
    pub(crate) module: HostedModule,
    folder: PathBuf,
}

/// Plans, applies or verifies.
pub(crate) fn run(command: &Command) -> anyhow::Result<ExitCode> {
    let (asked, order) = match command {
        Command::Plan(asked) | Command::Verify(asked) => (asked, "plan"),
        Command::Apply(asked) => (asked, "apply"),
    };
    let mut level = true;
    let mut all = Vec::new();
    for deployed in asked.which.find()? {
        let answer = deployed.ask(&["--migrate", order], None)?;
        let plan: Plan = serde_json::from_slice(&answer).context(
            "the module's program does not know `--migrate`; deploy its present version",
        )?;
        level &= plan.is_level();
        let (module, node) = (&deployed.module.name, &deployed.config.node.name);
        if asked.json {
            all.push(serde_json::json!({"module": module, "node": node, "plan": plan}));
        } else {
            print!("{}", told(&format!("{module} on {node}"), &plan, order));
        }
    }
    if asked.json {
        println!("{}", serde_json::to_string_pretty(&all)?);
    }
    let failed = matches!(command, Command::Verify(_)) && !level;
    Ok(if failed {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

impl Which {
    /// One module, on one node if several host it.
    pub(crate) fn one(module: String, node: Option<String>) -> Self {
        Self {
            module: Some(module),
            node,
        }
    }

    /// The deployed modules that are meant; it is an error when there is none.
    pub(crate) fn find(&self) -> anyhow::Result<Vec<Deployed>> {
        let home = home()?;
        let mut found = Vec::new();
        for name in nodes(&home) {
            let config = NodeConfig::load(&home.join("run").join(format!("{name}.toml")))?;
            let wanted = |module: &&HostedModule| {
                self.module.as_ref().is_none_or(|it| *it == module.name)
                    && self.node.as_ref().is_none_or(|it| *it == config.node.name)
            };
            for module in config.modules.iter().filter(wanted) {
                found.push(Deployed {
                    folder: home.join("deploy").join(&module.name),
                    module: module.clone(),
                    config: config.clone(),
                });
            }
        }
        if found.is_empty() {
            bail!(
                "no such module is deployed in {}; `dcp status` shows what is",
                home.display()
            );
        }
        Ok(found)
    }
}

impl Deployed {
    /// Lets the module's program work on its database, or on the one at `store`, and answers with what it prints; its words on
    /// progress and failures go to the terminal.
    pub(crate) fn ask(&self, arguments: &[&str], store: Option<&str>) -> anyhow::Result<Vec<u8>> {
        let program = self.folder.join(&self.module.name);
        let mut process = Process::new(&program);
        for (key, _) in
            std::env::vars_os().filter(|(key, _)| key.as_encoded_bytes().starts_with(b"DCP__"))
        {
            process.env_remove(key);
        }
        process
            .args(arguments)
            .current_dir(&self.folder)
            .envs(self.config.environment(&self.module))
            .env("DCP__LOG__LEVEL", "error")
            .env("DCP__LOG__FORMAT", "text")
            .stderr(Stdio::inherit());
        if let Some(store) = store {
            process.env("DCP__STORE__URL", store);
        }
        // Handed on under another name and not as an argument, which everybody on the machine could read.
        if let Some(administrator) = std::env::var_os("DCP_SQLSERVER") {
            process.env_remove("DCP_SQLSERVER");
            process.env("DCP__STORE__OWNER", administrator);
        }
        answer(&mut process, &program)
            .with_context(|| format!("{} on {}", self.module.name, self.config.node.name))
    }
}

impl fmt::Display for Deployed {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} on {}", self.module.name, self.config.node.name)
    }
}

fn answer(process: &mut Process, program: &Path) -> anyhow::Result<Vec<u8>> {
    let output = process.output().with_context(|| {
        format!(
            "{} cannot be started; deploy the module first",
            program.display()
        )
    })?;
    if !output.status.success() {
        bail!("the module's program refused; see above");
    }
    Ok(output.stdout)
}

fn told(place: &str, plan: &Plan, order: &str) -> String {
    let verb = if order == "apply" { "applied" } else { "due" };
    let replaced = if order == "apply" {
        "put back"
    } else {
        "replaced by another version's:"
    };
    let parts = [
        ("CHANGED after it was applied:", &plan.changed),
        (verb, &plan.due),
        (replaced, &plan.replaced),
        ("ahead of this version:", &plan.ahead),
    ];
    let lines = parts.iter().flat_map(|(word, steps)| {
        let line = move |step| format!("{place}: {word} {step}\n");
        steps.iter().map(line)
    });
    let text: String = lines.collect();
    if text.is_empty() {
        return format!("{place}: level\n");
    }
    text
}
