//! The life of a module's process: arguments, settings, log, secrets, database, bus, routes, serve, drain.

mod arguments;
mod module;
mod start;
mod tasks;

pub use module::Module;
pub use start::Start;

use std::collections::BTreeSet;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context as _;
use tokio::net::TcpListener;

use self::arguments::Arguments;
use self::start::{Instead, Migrated};
use crate::bus::{Crossing, Delivery, Subscriptions};
use crate::clock::Clock;
use crate::config::{Layers, LogFormat, LogSettings, QUIET, Settings, SettingsError, handed};
use crate::http::{Check, Host, serve_as};
use crate::identity::{PUBLIC_KEY, Verifier};
use crate::limits::METRICS_FOLD;
use crate::messages::Messages;
use crate::model::{Manifest, ManifestError, Zone};
use crate::telemetry::Resource;

/// Settings or manifest are wrong; starting again changes nothing (`EX_USAGE` of sysexits.h).
pub const EXIT_CONFIG: u8 = 64;
/// Threads that run tasks: two cores are the smallest machine, and a module waits more than it computes.
const WORKERS: usize = 2;
/// Threads for blocking work, such as reading files; idle ones end after ten seconds.
const BLOCKING: usize = 16;

/// Runs a module until it is told to stop. Exit codes: 0 drained, 1 failed, 64 wrong settings.
///
/// `build` opens what the module needs and answers with its routes and reactions.
pub fn run(manifest: &str, build: impl AsyncFnOnce(Start) -> anyhow::Result<Module>) -> ExitCode {
    let name = std::env::args().next().unwrap_or_default();
    match live(manifest, build) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let code = if is_config(&error) {
                ExitCode::from(EXIT_CONFIG)
            } else {
                ExitCode::FAILURE
            };
            if tracing::dispatcher::has_been_set() {
                tracing::error!("{error:#}");
            } else {
                eprintln!("{name}: {error:#}");
            }
            code
        }
    }
}

fn is_config(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        cause.is::<SettingsError>() || cause.is::<ManifestError>() || cause.is::<arguments::Wrong>()
    })
}

fn live(
    manifest: &str,
    build: impl AsyncFnOnce(Start) -> anyhow::Result<Module>,
) -> anyhow::Result<()> {
    let manifest = Manifest::parse(manifest)?;
    let arguments = match Arguments::of_process()? {
        Arguments::Run(arguments) => arguments,
        Arguments::Show(text) => {
            println!("{} {}", manifest.name, text.unwrap_or(&manifest.version));
            return Ok(());
        }
    };
    crate::private::keep_memory_private().context("the process cannot keep its memory private")?;
    let layers = Layers::read_with(arguments.config.as_deref(), handed::variables()?)?
        .handed_over(manifest.name.as_str());
    let instead = Instead {
        migrating: arguments.migrate,
        telling: arguments.settings,
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(WORKERS)
        .max_blocking_threads(BLOCKING)
        .enable_all()
        .build()
        .context("the runtime cannot start")?;
    let outcome = runtime.block_on(process(manifest, layers, instead, build));
    // Blocking work that hangs must not hold the process after its drain.
    runtime.shutdown_timeout(std::time::Duration::from_millis(200));
    outcome
}

async fn process(
    manifest: Manifest,
    layers: Layers,
    instead: Instead,
    build: impl AsyncFnOnce(Start) -> anyhow::Result<Module>,
) -> anyhow::Result<()> {
    if instead.telling.is_some() {
        return tell_settings(manifest, layers, instead, build).await;
    }
    let mut layers = layers.of_reader(manifest.name.as_str());
    let provider = layers.secrets()?.of_reader(manifest.name.as_str());
    let secrets = crate::secrets::open(&provider).await?;
    layers.resolve(secrets.as_ref()).await?;
    let settings = layers.settings()?;
    log(&settings.log)?;
    check_zone(&manifest, &settings)?;
    let migrates = instead.migrating.is_some();
    let start = Start::new(manifest, layers, settings, secrets, instead);
    let module = build(start.clone()).await;
    if migrates {
        return tell_migrated(module);
    }
    operate(start, module.context("the module cannot start")?).await
}

/// Ends where the module reads its own settings: that is the one place that knows their type. Nothing is opened, and secrets
/// stay what they are in the settings: references.
async fn tell_settings(
    manifest: Manifest,
    layers: Layers,
    instead: Instead,
    build: impl AsyncFnOnce(Start) -> anyhow::Result<Module>,
) -> anyhow::Result<()> {
    let settings = layers.settings()?;
    let start = Start::new(manifest, layers, settings, crate::secrets::none(), instead);
    let done = build(start.clone()).await.map(drop);
    let Err(error) = done.and_then(|()| Ok(start.refuse_unread_settings()?)) else {
        println!("null");
        return Ok(());
    };
    match error.chain().find_map(|cause| cause.downcast_ref()) {
        Some(SettingsError::Told(serde_json::Value::String(text))) => print!("{text}"),
        Some(SettingsError::Told(told)) => println!("{told}"),
        _ => return Err(error),
    }
    Ok(())
}

/// A process that only migrates ends where its module opens its database: that is the one place that knows the migrations.
fn tell_migrated(module: anyhow::Result<Module>) -> anyhow::Result<()> {
    let told = match module {
        Ok(_) => Err(anyhow::anyhow!("the module has no database")),
        Err(error) => match error.chain().find_map(|cause| cause.downcast_ref()) {
            Some(Migrated(told)) => Ok(told.clone()),
            None => Err(error),
        },
    };
    println!("{}", told?);
    Ok(())
}

/// A controlled node runs only what is validated; a free node runs both, under its own zone.
fn check_zone(manifest: &Manifest, settings: &Settings) -> Result<(), SettingsError> {
    if settings.node.zone == Some(Zone::Gxp) && manifest.zone == Zone::NonGxp {
        return Err(SettingsError::Invalid(format!(
            "setting node.zone: this node is {} and the module {} is not validated; start it on a free node",
            Zone::Gxp,
            manifest.name
        )));
    }
    Ok(())
}

async fn operate(start: Start, module: Module) -> anyhow::Result<()> {
    start.refuse_unread_settings()?;
    let address = start.listen_address();
    let keys = start.secrets().read(PUBLIC_KEY).await?;
    let verifier = Verifier::from_table(&keys).context("secret identity/public")?;
    let host = Arc::new(Host::new(
        start.manifest(),
        verifier,
        start.clock(),
        start.stopping(),
    ));
    let shown = start.certificate().await?;
    let (verifying, secrets, clock) = (host.clone(), start.secrets(), start.clock());
    start.spawn("keys", async move {
        verifying.verifier.follow(&*secrets, &*clock).await;
    });
    let secrets = start.secrets();
    start.check(Check::wanted("secrets", move || {
        let trouble = secrets.trouble();
        async move { trouble.map_or(Ok(()), Err) }
    }));
    // First of all: what counts takes its counters when it is made.
    let metrics = metrics()?;
    record(&start)?;
    let (module, delivery) = delivery(&start, module).await?;
    start.spawn("metrics", fold(metrics.clone(), start.clock()));
    let app = module.assemble(&host, metrics);
    let listener = TcpListener::bind(address).await.with_context(|| {
        format!("{address} cannot be used; stop what listens there or set DCP__HTTP__LISTEN")
    })?;
    tracing::info!(listen = %address, module = %start.manifest().name, version = start.manifest().version, "ready");
    tokio::select! {
        () = serve_as(shown, listener, app, start.stopping()) => {}
        outcome = tasks::stop_on_signal(start.stopping()) => outcome.context("signals cannot be received")?,
    }
    start.stopping().cancel();
    if let Some(mut delivery) = delivery {
        delivery.stopped().await;
    }
    start.end().await
}

/// Begins to record traces, when the settings name a collector.
fn record(start: &Start) -> Result<(), SettingsError> {
    let (manifest, node) = (start.manifest(), &start.common().node);
    let resource = Resource {
        service: manifest.name.to_string(),
        version: manifest.version.clone(),
        instance: node.instance.clone(),
        node: node.name.clone(),
        zone: start.zone().to_string(),
    };
    if let Some(exporter) = crate::telemetry::install(&start.common().telemetry, resource)? {
        start.spawn_through_drain("traces", exporter.run(start.drained()));
    }
    Ok(())
}

/// Starts sending and receiving, when the module has a database: without one there is nothing to send from.
async fn delivery(start: &Start, mut module: Module) -> anyhow::Result<(Module, Option<Delivery>)> {
    let subscriptions = module.take_subscriptions();
    let other = module.take_other_bus();
    check_declared(start.manifest(), start.zone(), &subscriptions)?;
    let subscriptions = subscriptions.specified_by(&start.manifest().queues);
    let Some(store) = start.opened_store() else {
        return Ok((module, None));
    };
    let probe = store.clone();
    start.check(Check::required("store", move || {
        let store = probe.clone();
        async move {
            store
                .read("dcp_outbox_next", Vec::new())
                .await
                .map(drop)
                .map_err(|error| error.to_string())
        }
    }));
    let (settings, zone) = (&start.common().bus, start.zone());
    let bus = crate::bus::connect_as(settings, Some(start.secrets()), zone, start.clock())
        .await
        .context("the bus cannot be used; see bus.url (variable DCP__BUS__URL)")?;
    let read = other.as_ref().unwrap_or(&bus).clone();
    let module = module.with_messages(Messages::new(store.clone(), read, &subscriptions));
    let (clock, stop) = (start.clock(), start.stopping());
    let delivery = match other {
        None => Delivery::start(store, bus, subscriptions, clock, stop)?,
        Some(from) => {
            let events = start.manifest().bridge.brings_into(zone).to_vec();
            let crossing = Crossing {
                from,
                to: bus,
                events,
            };
            Delivery::bridge(store, crossing, subscriptions, clock, stop)?
        }
    };
    let unread = delivery.unread();
    start.check(Check::wanted("queues", move || {
        let trouble = unread.trouble();
        async move { trouble.map_or(Ok(()), Err) }
    }));
    Ok((module, Some(delivery)))
}

/// The manifest is the specification of the queues: a reaction it does not declare, or a queue nobody empties, is a mistake.
fn check_declared(
    manifest: &Manifest,
    zone: Zone,
    subscriptions: &Subscriptions,
) -> Result<(), ManifestError> {
    let queues = &manifest.queues;
    let declared: BTreeSet<&str> = queues
        .events
        .keys()
        .chain(queues.tasks.keys())
        .chain(manifest.bridge.brings_into(zone))
        .map(String::as_str)
        .collect();
    let reacts: BTreeSet<&str> = subscriptions.wire_names().collect();
    if let Some(name) = reacts.difference(&declared).next() {
        return Err(ManifestError::Rule(format!(
            "[queues] does not name {name}, which the module reacts to"
        )));
    }
    if let Some(name) = declared.difference(&reacts).next() {
        return Err(ManifestError::Rule(format!(
            "[queues] names {name}, which the module does not react to"
        )));
    }
    Ok(())
}

fn log(settings: &LogSettings) -> Result<(), SettingsError> {
    use tracing_subscriber::EnvFilter;
    let level = format!("{QUIET},{}", settings.level);
    let filter = EnvFilter::try_new(level).map_err(|error| {
        SettingsError::Invalid(format!(
            "setting log.level: {error} (variable DCP__LOG__LEVEL)"
        ))
    })?;
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    let set = match settings.format {
        LogFormat::Json => lines
            .json()
            .flatten_event(true)
            .with_current_span(false)
            .try_init(),
        LogFormat::Text => lines.with_ansi(false).try_init(),
    };
    set.map_err(|error| SettingsError::Invalid(format!("the log cannot be set up: {error}")))
}

/// Folds recorded times into their buckets: until then each needs memory, whether somebody collects them or not.
async fn fold(metrics: metrics_exporter_prometheus::PrometheusHandle, clock: Arc<dyn Clock>) {
    loop {
        clock.sleep(METRICS_FOLD).await;
        metrics.run_upkeep();
    }
}

fn metrics() -> anyhow::Result<metrics_exporter_prometheus::PrometheusHandle> {
    const SECONDS: [f64; 10] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 2.5, 10.0];
    let builder = metrics_exporter_prometheus::PrometheusBuilder::new().set_buckets(&SECONDS)?;
    Ok(builder.install_recorder()?)
}
