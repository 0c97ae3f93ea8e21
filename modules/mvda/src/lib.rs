//! Multivariate batch monitoring: models of batches, which batches are abnormal, and why.
//!
//! Process data come from PI Web API and are read only; models are calculated by the calculation engine, which reads the
//! data itself near the source. This module keeps what was asked for, the result and how it came to be, and never changes
//! a model: a new calculation under the same name is the next version, and unwanted ones are archived, not deleted.
//! Deliberately absent: any statistics in Rust (they are R functions that anybody can run and check).

pub mod ask;
pub mod changes;
pub mod check;
pub mod collect;
pub mod contributions;
pub mod engine;
pub mod envelope;
pub mod limits;
pub mod model;
pub mod models;
pub mod overlay;
pub mod parameters;
pub mod phases;
pub mod plant;
pub mod provenance;
pub mod queue;
pub mod sources;
pub mod trend;
pub mod wording;

use std::sync::Arc;

use dcp::calc::{CalcClient, publish_scripts};
use dcp::events::calc::CallFinished;
use dcp::http::{Caller, Problem, Routes, routes};
use dcp::model::Permission;
use dcp::params;
use dcp::store::{Files, Store, Tx};
use dcp::{Module, Start};
use tokio::sync::Notify;

use crate::model::{Model, State};

/// The name of this module.
pub const MODULE: &str = "mvda";
/// See batches, trends and models.
pub const READ: Permission = Permission::new("mvda.read");
/// Calculate, cancel, archive and restore models.
pub const MODEL: Permission = Permission::new("mvda.model");
/// The SQL of this module.
pub const STORE: Files = dcp::store!();

/// What the handlers share.
#[derive(Debug, Clone)]
pub struct Mvda {
    /// The models.
    pub store: Store,
    /// The data sources of the sites.
    pub sources: sources::Sources,
    /// The process data.
    pub plant: plant::Plant,
    /// The calculation engine.
    pub calc: CalcClient,
    /// Changes of models, for listeners.
    pub changes: changes::Changes,
    /// What this node is validated for.
    pub zone: String,
    /// Woken when a result can be fetched.
    pub to_collect: Arc<Notify>,
}

impl Mvda {
    /// The model of the request's site with this id; 404 when there is none.
    pub async fn model(&self, caller: &Caller, id: &str) -> Result<Model, Problem> {
        let site = caller.site()?.as_str();
        Model::find(&self.store, site, id)
            .await?
            .ok_or_else(|| Problem::not_found(format!("model {id}")))
    }

    /// The result of a model as JSON text; 409 while there is none.
    pub async fn result(&self, model: &Model) -> Result<String, Problem> {
        if model.summary.state != State::Ready {
            return Err(Problem::conflict("The model has no result.")
                .with("state", serde_json::json!(model.summary.state)));
        }
        let body = self
            .store
            .read(
                "model_result_body",
                params![model.site.as_str(), &model.summary.id],
            )
            .await?;
        Ok(body.one()?)
    }
}

/// Opens what the module needs and answers with its routes and reactions.
pub async fn start(start: Start) -> anyhow::Result<Module> {
    let mvda = Mvda {
        store: start.store(STORE).await?,
        sources: sources::Sources::new(start.service("framework").await?, start.clock()),
        plant: plant::Plant::new(start.secrets(), start.clock(), start.pi_cache()?),
        calc: CalcClient::new(start.service("calc").await?),
        changes: changes::Changes::default(),
        zone: start.manifest().zone.to_string(),
        to_collect: Arc::default(),
    };
    publish_scripts(&mvda.store, &[provenance::SCRIPT]).await?;
    start.spawn("collect results", collect::collect(mvda.clone()));
    start.spawn(
        "watch changes",
        mvda.changes
            .clone()
            .watch(mvda.store.clone(), start.clock()),
    );
    let reactions = mvda.clone();
    let module = start.routes(api(mvda));
    Ok(module
        .on(async move |tx: &mut Tx<'_>, event: &CallFinished| {
            queue::take_outcome(&reactions, tx, event).await
        })
        .on(queue::show_progress))
}

/// The routes and who may call them.
pub fn api(mvda: Mvda) -> Routes<Mvda> {
    Routes::new(mvda)
        .allow(READ, routes!(sources::list_sources))
        .allow(READ, routes!(plant::list_elements))
        .allow(READ, routes!(plant::list_tags))
        .allow(READ, routes!(plant::list_batches))
        .allow(READ, routes!(phases::list_phases))
        .allow(READ, routes!(trend::show_trend))
        .allow(READ, routes!(overlay::show_overlay))
        .allow(READ, routes!(plant::show_kept))
        .allow(READ, routes!(models::list_models))
        .allow(READ, routes!(changes::stream_models))
        .allow(READ, routes!(models::show_model))
        .allow(READ, routes!(models::show_result))
        .allow(READ, routes!(contributions::explain))
        .allow(READ, routes!(envelope::show_envelope))
        .allow(MODEL, routes!(queue::cancel_model))
        .allow(MODEL, routes!(models::archive_model))
        .allow(MODEL, routes!(models::restore_model))
        .body_limit(limits::ASK_BYTES)
        .allow(MODEL, routes!(queue::create_model))
}
