//! Queues of the hosted modules, declared before any of them starts: what is published before a subscriber's first start
//! then waits for it instead of being lost.

use anyhow::Context as _;

use super::NodeConfig;
use crate::bus::{Topology, announce, connect};
use crate::clock::SystemClock;
use crate::model::Manifest;

/// Declares the queues of every deployed manifest and tells publishers who collects their events.
pub(crate) async fn declare(config: &NodeConfig) -> anyhow::Result<()> {
    let manifests: Vec<Manifest> = config
        .modules
        .iter()
        .filter_map(|module| {
            let file = config.deploy().join(&module.name).join("module.toml");
            // A manifest that cannot be read is reported when its module starts.
            Manifest::parse(&std::fs::read_to_string(file).ok()?).ok()
        })
        .collect();
    // The queues of a site's tasks are declared by the engines of that site.
    let all = manifests.iter();
    let topology = all.fold(Topology::default(), |topology, one| {
        topology.manifest(one, &[])
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
    let declared = async {
        bus.declare(&topology).await?;
        announce(bus.as_ref(), &SystemClock, &manifests).await
    };
    let declared = declared.await;
    bus.close().await;
    declared.with_context(unusable)
}
