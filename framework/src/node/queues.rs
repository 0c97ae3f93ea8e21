//! Queues of the hosted modules, declared before any of them starts: what is published before a subscriber's first start
//! then waits for it instead of being lost.

use std::path::PathBuf;
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
    let settings = config.bus.of_reader(&config.node.name);
    let hosted = config.modules.iter().map(|module| config.folder(module));
    // The queues of a site's tasks are declared by the engines of that site.
    let mut topology = manifests(hosted).fold(Topology::default(), |topology, one| {
        topology.manifest(&one, &[]).bridge_into(zone, &one)
    });
    // A bridge of the other zone takes from this bus, and may start after its publishers.
    let deployed = std::fs::read_dir(config.deploy()).into_iter().flatten();
    for other in manifests(deployed.filter_map(|entry| Some(entry.ok()?.path()))) {
        if other.zone == zone.other() {
            topology = topology.bridge_out_of(zone, &other);
        }
    }
    let unusable = || {
        format!(
            "the bus {} cannot be used",
            settings.url.split('@').next_back().unwrap_or_default()
        )
    };
    let bus = connect_as(&settings, Some(secrets), zone, Arc::new(SystemClock))
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

/// The manifests in the folders of modules; one that cannot be read is reported when its module starts.
fn manifests(folders: impl Iterator<Item = PathBuf>) -> impl Iterator<Item = Manifest> {
    folders.filter_map(|folder| {
        let text = std::fs::read_to_string(folder.join("module.toml")).ok()?;
        Manifest::parse(&text).ok()
    })
}
