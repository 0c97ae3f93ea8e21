//! `dcp topology`: the queues of a zone, planned from the manifests of its modules.

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, bail};
use clap::{Args, Subcommand, ValueEnum};
use dcp::bus::{Bus, Topology, announce, connect_as, definitions};
use dcp::clock::SystemClock;
use dcp::config::BusSettings;
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
            let plan = scope.plan()?;
            match format {
                Format::Text => print!("{}", scope.describe(&plan)),
                Format::Definitions => {
                    let vhost = vhost.unwrap_or_else(|| scope.zone.to_string());
                    let modules: Vec<_> = plan.users();
                    let all = definitions(&plan.topology, &vhost, scope.zone, &modules);
                    println!("{}", serde_json::to_string_pretty(&all)?);
                }
            }
            Ok(ExitCode::SUCCESS)
        }
        Command::Apply(on) => on.apply().await,
        Command::Verify(on) => on.verify().await,
    }
}

/// The topology of a zone and whose it is.
struct Plan {
    /// The modules of the zone.
    found: Vec<Found>,
    /// Modules of the other zone that take from this one.
    bridges: Vec<Manifest>,
    topology: Topology,
}

impl Plan {
    /// Who connects to the bus of the zone.
    fn users(&self) -> Vec<Manifest> {
        let here = self.found.iter().map(|one| &one.manifest);
        let mut users: Vec<Manifest> = here.chain(&self.bridges).cloned().collect();
        users.sort_by(|one, other| one.name.as_str().cmp(other.name.as_str()));
        users.dedup_by(|one, other| one.name == other.name);
        users
    }
}

impl Scope {
    /// The modules of the zone, and bridges of the other one; a free node hosts validated modules too.
    fn plan(&self) -> anyhow::Result<Plan> {
        let (found, others): (Vec<Found>, Vec<Found>) =
            self.manifests.read()?.into_iter().partition(|one| {
                one.zone == self.zone || (one.node.is_none() && self.zone == Zone::NonGxp)
            });
        if found.is_empty() {
            bail!("no module belongs to the zone {}", self.zone);
        }
        // In a folder of modules a bridge stands once, for the zone it is validated for.
        let elsewhere = others.iter().chain(
            found
                .iter()
                .filter(|one| one.node.is_none() && one.zone != self.zone),
        );
        let taking = elsewhere.filter(|one| !one.manifest.bridge.brings_into(one.zone).is_empty());
        let bridges: Vec<Manifest> = taking.map(|one| one.manifest.clone()).collect();
        let here = found.iter().fold(Topology::default(), |topology, one| {
            topology
                .manifest(&one.manifest, &self.sites)
                .bridge_into(self.zone, &one.manifest)
        });
        let topology = bridges
            .iter()
            .fold(here, |topology, one| topology.bridge_out_of(self.zone, one));
        Ok(Plan {
            found,
            bridges,
            topology,
        })
    }

    fn describe(&self, plan: &Plan) -> String {
        let mut lines = Vec::new();
        for Found { manifest, .. } in &plan.found {
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
            let brought = manifest.bridge.brings_into(self.zone).iter();
            lines.extend(brought.map(|event| format!("  brings     {event}")));
        }
        for bridge in &plan.bridges {
            lines.push(format!("{} of the other zone", bridge.name));
            let taken = bridge.bridge.brings_into(self.zone.other()).iter();
            lines.extend(taken.map(|event| format!("  takes      {event}")));
        }
        lines.push("queues".to_owned());
        lines.extend(plan.topology.queues().map(|queue| format!("  {queue}")));
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

/// A plan, the bus it is for, and what is missing there.
struct Asked {
    plan: Plan,
    bus: Arc<dyn Bus>,
    missing: Vec<String>,
}

impl OnBus {
    async fn ask(&self) -> anyhow::Result<Asked> {
        let plan = self.scope.plan()?;
        let bus = self.connect(&plan.found).await?;
        let missing = bus.missing(&plan.topology).await;
        Ok(Asked {
            missing: missing.context("the bus cannot be asked")?,
            plan,
            bus,
        })
    }

    async fn apply(&self) -> anyhow::Result<ExitCode> {
        let Asked { plan, bus, missing } = self.ask().await?;
        let Plan { topology, .. } = plan;
        bus.declare(&topology)
            .await
            .context("the queues cannot be made")?;
        announce(bus.as_ref(), &SystemClock, &topology)
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
        let Asked { plan, bus, missing } = self.ask().await?;
        bus.close().await;
        for one in &missing {
            println!("missing {one}");
        }
        println!(
            "{} missing of {} queues",
            missing.len(),
            plan.topology.queues().count()
        );
        Ok(if missing.is_empty() {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        })
    }

    async fn connect(&self, found: &[Found]) -> anyhow::Result<Arc<dyn Bus>> {
        let of_node = found.iter().find_map(|one| one.bus.clone());
        let clock = Arc::new(SystemClock);
        let (settings, secrets) = match (&self.bus, of_node) {
            (None, Some((settings, secrets))) => {
                (settings, Some(dcp::secrets::open(&secrets).await?))
            }
            (None, None) => bail!("no bus is known: name it with --bus or DCP_BUS"),
            (Some(address), of_node) => {
                // Another user of the same broker: the CA that signs its certificate is the same.
                let ca = of_node.and_then(|(settings, _)| settings.ca);
                let ca = ca.filter(|_| address.starts_with("amqps:"));
                let settings = BusSettings::at(address);
                (BusSettings { ca, ..settings }, None)
            }
        };
        let bus = connect_as(&settings, secrets, self.scope.zone, clock).await;
        bus.context("the bus cannot be used")
    }
}
