//! Queues of the hosted modules, declared before any of them starts: what is published before a subscriber's first start
//! then waits for it instead of being lost.

use std::sync::Arc;

use anyhow::Context as _;

use super::NodeConfig;
use crate::bus::{Topology, announce, connect_as};
use crate::clock::SystemClock;
use crate::model::Manifest;
use crate::secrets::Secrets;

/// Declares the queues of every deployed manifest and tells publishers who collects their events.
pub(crate) async fn declare(config: &NodeConfig, secrets: Arc<dyn Secrets>) -> anyhow::Result<()> {
    let zone = config.node.zone;
    let hosted = config.modules.iter().map(|module| module.name.as_str());
    // The queues of a site's tasks are declared by the engines of that site.
    let mut topology = manifests(config, hosted).fold(Topology::default(), |topology, one| {
        topology.manifest(&one, &[]).bridge_into(zone, &one)
    });
    // A bridge of the other zone takes from this bus, and may start after its publishers.
    let deployed: Vec<String> = std::fs::read_dir(config.deploy())
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .collect();
    for other in manifests(config, deployed.iter().map(String::as_str)) {
        if other.zone == zone.other() {
            topology = topology.bridge_out_of(zone, &other);
        }
    }
    let unusable = || {
        format!(
            "the bus {} cannot be used",
            config.bus.url.split('@').next_back().unwrap_or_default()
        )
    };
    let bus = connect_as(&config.bus, Some(secrets), zone, Arc::new(SystemClock))
        .await
        .with_context(unusable)?;
    let declared = async {
        bus.declare(&topology).await?;
        announce(bus.as_ref(), &SystemClock, &topology).await
    };
    let declared = declared.await;
    bus.close().await;
    declared.with_context(unusable)
}

/// The manifests of deployed modules; one that cannot be read is reported when its module starts.
fn manifests<'m>(
    config: &'m NodeConfig,
    modules: impl Iterator<Item = &'m str>,
) -> impl Iterator<Item = Manifest> {
    modules.filter_map(|module| {
        let file = config.deploy().join(module).join("module.toml");
        Manifest::parse(&std::fs::read_to_string(file).ok()?).ok()
    })
}
