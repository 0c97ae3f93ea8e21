//! `dcp topology`: the queues of a zone, planned from the manifests of its modules.

use std::collections::BTreeSet;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, bail};
use clap::{Args, Subcommand, ValueEnum};
use dcp::bus::{Bus, Topology, announce, connect, definitions};
use dcp::clock::SystemClock;
use dcp::model::{Manifest, Zone};

use super::manifests::{Found, Manifests};

/// What to do with the topology.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Show the queues of a zone and who collects what.
    Plan {
        #[command(flatten)]
        scope: Scope,
        /// Words for people, or definitions with a user's permissions per module for `rabbitmqctl import_definitions`.
        #[arg(long, value_enum, default_value_t = Format::Text)]
        format: Format,
        /// Virtual host named in the definitions; the zone's name when absent.
        #[arg(long)]
        vhost: Option<String>,
    },
    /// Make what is missing and tell publishers who subscribes; what is there stays.
    Apply(OnBus),
    /// Name what is missing. Ends with 1 when something is.
    Verify(OnBus),
}

/// Which part of the platform.
#[derive(Args)]
pub(crate) struct Scope {
    #[command(flatten)]
    manifests: Manifests,
    /// The zone.
    #[arg(long, value_parser = zone)]
    zone: Zone,
    /// Sites whose tasks have queues of their own, separated by commas.
    #[arg(long, value_delimiter = ',')]
    sites: Vec<String>,
}

/// A part of the platform on a bus.
#[derive(Args)]
pub(crate) struct OnBus {
    #[command(flatten)]
    scope: Scope,
    /// The bus, as a user who may declare; the node's own when absent.
    #[arg(long, env = "DCP_BUS", hide_env_values = true)]
    bus: Option<String>,
}

/// How a plan is printed.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Format {
    /// For people.
    Text,
    /// RabbitMQ definitions.
    Definitions,
}

fn zone(name: &str) -> Result<Zone, String> {
    Zone::try_from(name.to_owned())
}

/// Does what was asked.
pub(crate) async fn run(command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Plan {
            scope,
            format,
            vhost,
        } => {
            let found = scope.found()?;
            match format {
                Format::Text => print!("{}", scope.describe(&found)),
                Format::Definitions => {
                    let modules = found.iter().map(|one| one.manifest.name.to_string());
                    let modules: BTreeSet<String> = modules.collect();
                    let vhost = vhost.unwrap_or_else(|| scope.zone.to_string());
                    let all = definitions(&scope.topology(&found), &vhost, scope.zone, &modules);
                    println!("{}", serde_json::to_string_pretty(&all)?);
                }
            }
            Ok(ExitCode::SUCCESS)
        }
        Command::Apply(on) => on.apply().await,
        Command::Verify(on) => on.verify().await,
    }
}

impl Scope {
    /// The modules of the zone; a free node hosts validated modules too.
    fn found(&self) -> anyhow::Result<Vec<Found>> {
        let mut found = self.manifests.read()?;
        found.retain(|one| {
            one.zone == self.zone || (one.node.is_none() && self.zone == Zone::NonGxp)
        });
        if found.is_empty() {
            bail!("no module belongs to the zone {}", self.zone);
        }
        Ok(found)
    }

    fn topology(&self, found: &[Found]) -> Topology {
        found.iter().fold(Topology::default(), |topology, one| {
            topology.manifest(&one.manifest, &self.sites)
        })
    }

    fn describe(&self, found: &[Found]) -> String {
        let mut lines = Vec::new();
        for Found { manifest, .. } in found {
            lines.push(manifest.name.to_string());
            let queues = &manifest.queues;
            lines.extend(
                queues
                    .publishes
                    .iter()
                    .map(|event| format!("  publishes  {event}")),
            );
            lines.extend(queues.events.iter().map(|(event, queue)| {
                let order = if queue.ordered {
                    "  in order of keys"
                } else {
                    ""
                };
                format!("  reacts to  {event}{order}")
            }));
            lines.extend(queues.tasks.iter().map(|(task, queue)| {
                format!("  does       {task}  {}", self.sites_of(queue.per_site))
            }));
        }
        lines.push("queues".to_owned());
        let topology = self.topology(found);
        lines.extend(topology.queues().map(|queue| format!("  {queue}")));
        lines.join("\n") + "\n"
    }

    fn sites_of(&self, per_site: bool) -> String {
        if !per_site {
            "one queue".to_owned()
        } else if self.sites.is_empty() {
            "a queue for each site; name them with --sites".to_owned()
        } else {
            format!("a queue for each of {}", self.sites.join(", "))
        }
    }
}

impl OnBus {
    async fn apply(&self) -> anyhow::Result<ExitCode> {
        let found = self.scope.found()?;
        let topology = self.scope.topology(&found);
        let bus = self.connect(&found).await?;
        let missing = bus
            .missing(&topology)
            .await
            .context("the bus cannot be asked")?;
        bus.declare(&topology)
            .await
            .context("the queues cannot be made")?;
        let manifests: Vec<Manifest> = found.into_iter().map(|one| one.manifest).collect();
        announce(bus.as_ref(), &SystemClock, &manifests)
            .await
            .context("publishers cannot be told who subscribes")?;
        bus.close().await;
        for one in &missing {
            println!("made {one}");
        }
        println!(
            "{} made, {} queues in all",
            missing.len(),
            topology.queues().count()
        );
        Ok(ExitCode::SUCCESS)
    }

    async fn verify(&self) -> anyhow::Result<ExitCode> {
        let found = self.scope.found()?;
        let topology = self.scope.topology(&found);
        let bus = self.connect(&found).await?;
        let missing = bus
            .missing(&topology)
            .await
            .context("the bus cannot be asked")?;
        bus.close().await;
        for one in &missing {
            println!("missing {one}");
        }
        println!(
            "{} missing of {} queues",
            missing.len(),
            topology.queues().count()
        );
        Ok(if missing.is_empty() {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        })
    }

    async fn connect(&self, found: &[Found]) -> anyhow::Result<Arc<dyn Bus>> {
        let of_node = || found.iter().find_map(|one| one.bus.clone());
        let address = self.bus.clone().or_else(of_node);
        let address = address.context("no bus is known: name it with --bus or DCP_BUS")?;
        let bus = connect(&address, self.scope.zone, Arc::new(SystemClock)).await;
        bus.context("the bus cannot be used")
    }
}
