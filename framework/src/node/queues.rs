//! Queues of the hosted modules, declared before any of them starts: what is published before a subscriber's first start
//! then waits for it instead of being lost.

use anyhow::Context as _;

use super::NodeConfig;
use crate::bus::{Topology, connect};
use crate::clock::SystemClock;
use crate::model::Manifest;

/// Declares a queue for every event that a deployed manifest consumes.
pub(crate) async fn declare(config: &NodeConfig) -> anyhow::Result<()> {
    let manifests = config.modules.iter().filter_map(|module| {
        let text =
            std::fs::read_to_string(config.deploy().join(&module.name).join("module.toml")).ok()?;
        // A manifest that cannot be read is reported when its module starts.
        Manifest::parse(&text).ok()
    });
    let topology = manifests.fold(Topology::default(), |topology, manifest| {
        let module = manifest.name.as_str();
        manifest
            .events
            .consumes
            .iter()
            .fold(topology, |topology, event| topology.event(module, event))
    });
    let unusable = || {
        format!(
            "the bus {} cannot be used",
            config.bus.url.split('@').next_back().unwrap_or_default()
        )
    };
    let bus = connect(
        &config.bus.url,
        config.node.zone,
        std::sync::Arc::new(SystemClock),
    )
    .await
    .with_context(unusable)?;
    let declared = bus.declare(&topology).await;
    bus.close().await;
    declared.with_context(unusable)
}
