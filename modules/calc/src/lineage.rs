//! Where results come from: which calls gave them, from what, and what was made of them.

use crate::Calc;
use crate::call_list::{CallView, MOST, views};
use crate::engine::Failure;
use axum::extract::State;
use dcp::http::{Json, Path, Problem};
use dcp::params;
use serde::Serialize;

/// Where a result comes from and what was made of it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct Lineage {
    /// The calls that gave it, oldest first.
    made_by: Vec<CallView>,
    /// The results those calls took.
    inputs: Vec<String>,
    /// The calls that took it, oldest first.
    used_by: Vec<CallView>,
}

/// Where a result comes from and what was made of it.
#[utoipa::path(get, path = "/api/calc/results/{key}/lineage", tag = "results", params(("key" = String, Path)),
    responses((status = 200, body = Lineage), (status = 404, description = "nothing is known of it", body = Problem)))]
pub(crate) async fn lineage_of_result(
    State(calc): State<Calc>,
    Path(key): Path<String>,
) -> Result<Json<Lineage>, Problem> {
    calc.recorder.settled().await;
    let read = |procedure| calc.store.read(procedure, params![&key, MOST]);
    let lineage = Lineage {
        made_by: views(read("calls_of_result").await?)?,
        used_by: views(read("calls_with_input").await?)?,
        inputs: calc
            .store
            .read("inputs_of_result", params![&key])
            .await?
            .all()?,
    };
    if lineage.made_by.is_empty() && lineage.used_by.is_empty() {
        return Err(Failure::UnknownResult(key).into());
    }
    Ok(Json(lineage))
}
