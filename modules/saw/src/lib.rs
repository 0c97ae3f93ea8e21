//! The statistical workbench: control charts and capability of values that people bring, for information only.
//!
//! It runs on the free node and calculates on that node's engine, over the bus. Nothing it shows may support a decision on
//! product quality, and every chart says so. Deliberately absent: process data (they belong to validated modules).

pub mod ask;
pub mod chart;
pub mod charts;
pub mod collect;

use std::sync::Arc;

use dcp::calc::{CalcClient, Script, publish_scripts};
use dcp::events::calc::CallFinished;
use dcp::http::{Routes, routes};
use dcp::model::Permission;
use dcp::store::{Files, Store, Tx};
use dcp::{Module, Start};
use tokio::sync::Notify;

/// The name of this module.
pub const MODULE: &str = "saw";
/// Make and see control charts.
pub const USE: Permission = Permission::new("saw.use");
/// The SQL of this module.
pub const STORE: Files = dcp::store!();
/// The R script of this module as it is published to the engine.
pub const SCRIPT: Script = Script {
    name: "saw",
    source: include_str!("../R/saw.R"),
};
/// Largest body: ten thousand numbers.
const BODY: usize = 512 * 1024;

/// What the handlers share.
#[derive(Debug, Clone)]
pub struct Saw {
    /// The charts.
    pub store: Store,
    /// The engine of this node.
    pub calc: CalcClient,
    /// What this node is good for.
    pub zone: String,
    /// Woken when a result can be fetched.
    pub to_collect: Arc<Notify>,
    /// Woken when a result has been kept.
    pub ready: Arc<Notify>,
}

/// Opens what the module needs and answers with its routes and reactions.
pub async fn start(start: Start) -> anyhow::Result<Module> {
    let saw = Saw {
        store: start.store(STORE).await?,
        calc: CalcClient::new(start.service("calc").await?),
        zone: start.manifest().zone.to_string(),
        to_collect: Arc::default(),
        ready: Arc::default(),
    };
    publish_scripts(&saw.store, &[SCRIPT]).await?;
    start.spawn("collect results", collect::collect(saw.clone()));
    let reactions = saw.clone();
    Ok(start
        .routes(api(saw))
        .on(async move |tx: &mut Tx<'_>, event: &CallFinished| {
            charts::take_outcome(&reactions, tx, event).await
        }))
}

/// The routes and who may call them.
pub fn api(saw: Saw) -> Routes<Saw> {
    Routes::new(saw)
        .allow(USE, routes!(charts::list_charts))
        .allow(USE, routes!(charts::show_chart))
        .body_limit(BODY)
        .allow(USE, routes!(charts::create_chart))
}
