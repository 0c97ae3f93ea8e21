//! The engine as its operators see it.

use crate::Calc;
use crate::engine::pool::Figures;
use axum::extract::State;
use dcp::http::Json;
use serde::Serialize;

/// One engine.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct EngineView {
    /// The node it runs on.
    node: String,
    /// The node's zone.
    zone: String,
    /// Sites whose calls it takes from the bus.
    sites: Vec<String>,
    /// How busy its workers are.
    workers: Figures,
    /// R, as it describes itself.
    environment: serde_json::Value,
}

/// The engines of this address: one per process.
#[utoipa::path(get, path = "/api/calc/engines", tag = "engines", responses((status = 200, body = Vec<EngineView>)))]
pub(crate) async fn list_engines(State(calc): State<Calc>) -> Json<Vec<EngineView>> {
    Json(vec![EngineView {
        node: calc.node.clone(),
        zone: calc.zone.to_string(),
        sites: calc.settings.site_list().map(str::to_owned).collect(),
        workers: calc.pool.figures(),
        environment: serde_json::from_str(calc.pool.about()).unwrap_or_default(),
    }])
}
