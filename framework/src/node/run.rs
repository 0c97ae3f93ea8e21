//! The life of a node: settings, secrets, listeners, modules, serve, drain.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tracing_subscriber::EnvFilter;

use super::config::NodeConfig;
use super::control::{self, Control};
use super::edge::{self, Edge, Side};
use super::launch::{LAUNCH, launch};
use super::supervisor::Supervisor;
use crate::config::{QUIET, SettingsError};
use crate::model::Zone;
use crate::secrets;
use crate::telemetry::{Exporter, Resource};

/// Exit code for settings that cannot be used.
const BAD_SETTINGS: u8 = 64;

/// Runs the node that the arguments describe: `--config node.toml`. The zone is the binary's own; settings of another zone are refused.
pub fn run(zone: Zone) -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let file = match arguments
        .iter()
        .map(String::as_str)
        .collect::<Vec<_>>()
        .as_slice()
    {
        [LAUNCH, parent, program] => return launch(parent, program),
        ["--config", file] => PathBuf::from(file),
        ["--version"] => {
            println!("{}", env!("CARGO_PKG_VERSION"));
            return ExitCode::SUCCESS;
        }
        _ => {
            eprintln!("usage: {zone}-node --config node.toml");
            return ExitCode::from(BAD_SETTINGS);
        }
    };
    let config = match NodeConfig::load(&file) {
        Ok(config) if config.node.zone == zone => config,
        Ok(config) => {
            eprintln!(
                "{}: node.zone is `{}`, but this is the binary of the zone `{zone}`",
                file.display(),
                config.node.zone
            );
            return ExitCode::from(BAD_SETTINGS);
        }
        Err(error) => {
            eprintln!("{:#}", anyhow::Error::from(error));
            return ExitCode::from(BAD_SETTINGS);
        }
    };
    if let Err(error) = crate::private::keep_memory_private() {
        eprintln!("the node cannot keep its memory private: {error}");
        return ExitCode::FAILURE;
    }
    log(&config);
    let served = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(anyhow::Error::from)
        .and_then(|runtime| runtime.block_on(serve(config, zone)));
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(error = format!("{error:#}"), "the node ends");
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

fn log(config: &NodeConfig) {
    let filter = EnvFilter::try_new(format!("{QUIET},{}", config.log.level))
        .unwrap_or_else(|_| EnvFilter::new(format!("{QUIET},info")));
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_target(false)
        .with_ansi(false);
    if config.log.format == "json" {
        lines.json().init();
    } else {
        lines.init();
    }
}

/// Begins to record traces, when the settings name a collector.
fn record(config: &NodeConfig) -> Result<Option<Exporter>, SettingsError> {
    let resource = Resource {
        service: config.node.name.clone(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        instance: "1".to_owned(),
        node: config.node.name.clone(),
        zone: config.node.zone.to_string(),
    };
    crate::telemetry::install(&config.telemetry, resource)
}

async fn serve(config: NodeConfig, zone: Zone) -> anyhow::Result<()> {
    let config = Arc::new(config);
    let secrets = secrets::open(&config.secrets.of_reader(&config.node.name)).await?;
    let drained = CancellationToken::new();
    let traces = record(&config)?.map(|exporter| tokio::spawn(exporter.run(drained.clone())));
    // Every socket is opened before any module starts: a taken port must not leave half a platform behind.
    let internal = edge::bind(config.edge.internal, "internal")
        .await
        .map_err(anyhow::Error::msg)?;
    let external = edge::bind(config.edge.external, "external")
        .await
        .map_err(anyhow::Error::msg)?;
    let socket = config.state().join("control.sock");
    let door = control::bind(&socket).await.map_err(anyhow::Error::msg)?;
    let (mut terminate, mut interrupt) = (
        signal(SignalKind::terminate())?,
        signal(SignalKind::interrupt())?,
    );

    // A broker that is down must not keep the portal down: modules declare their queues themselves when it is back.
    if let Err(error) = super::queues::declare(&config, secrets.clone()).await {
        tracing::warn!(
            error = format!("{error:#}"),
            "the queues could not be declared"
        );
    }
    let supervisor = Supervisor::start(&config, zone);
    let stopping = CancellationToken::new();
    let opened = Edge::open(&config, zone, secrets, &supervisor, stopping.clone()).await;
    let edge = match opened {
        Ok(edge) => edge,
        Err(error) => {
            supervisor.drain().await;
            return Err(error);
        }
    };
    let control = Control {
        config: Arc::clone(&config),
        zone,
        supervisor: Arc::clone(&supervisor),
        since: jiff::Timestamp::now(),
    };
    tokio::spawn(control::serve(door, Arc::new(control)));
    let listeners = [
        tokio::spawn(edge::serve(internal, Arc::clone(&edge), Side::Internal)),
        tokio::spawn(edge::serve(external, edge, Side::External)),
    ];
    tracing::info!(node = config.node.name, address = %config.edge.internal, "the node serves");

    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    tracing::info!("the node drains");
    stopping.cancel();
    for listener in listeners {
        listener.await?;
    }
    supervisor.drain().await;
    drained.cancel();
    if let Some(traces) = traces {
        traces.await?;
    }
    std::fs::remove_file(&socket).unwrap_or_default();
    tracing::info!("the node has ended");
    Ok(())
}
