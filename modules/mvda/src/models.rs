//! Seeing models, and keeping them out of the way.

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use dcp::http::{Caller, Json, Path, Problem, Query};
use dcp::params;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::Mvda;
use crate::model::{self, Detail, Summary};

/// Which models.
#[derive(Debug, Deserialize, IntoParams)]
pub struct Which {
    /// Only those of this production unit.
    unit: Option<String>,
}

/// The models of the site, newest first.
#[utoipa::path(get, path = "/api/mvda/models", tag = "models", params(Which), responses((status = 200, body = Vec<Summary>)))]
pub async fn list_models(
    State(mvda): State<Mvda>,
    caller: Caller,
    Query(which): Query<Which>,
) -> Result<Json<Vec<Summary>>, Problem> {
    let site = caller.site()?.as_str();
    Ok(Json(
        model::list(&mvda.store, site, which.unit.as_deref()).await?,
    ))
}

/// One model, with what was asked for and how its result came to be.
#[utoipa::path(get, path = "/api/mvda/models/{id}", tag = "models", params(("id" = String, Path, description = "The model")),
    responses((status = 200, body = Detail), (status = 404, body = Problem)))]
pub async fn show_model(
    State(mvda): State<Mvda>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<Detail>, Problem> {
    let model = mvda.model(&caller, &id).await?;
    Ok(Json(Detail {
        summary: model.summary,
        ask: model.ask,
        provenance: model.provenance,
    }))
}

/// The result, as the R function gave it. It never changes: the engine's key of it is its tag.
#[utoipa::path(get, path = "/api/mvda/models/{id}/result", tag = "models", params(("id" = String, Path, description = "The model")),
    responses((status = 200, description = "What the R function answered", body = Object), (status = 304, description = "It is known already"),
        (status = 404, body = Problem), (status = 409, description = "There is no result", body = Problem)))]
pub async fn show_result(
    State(mvda): State<Mvda>,
    caller: Caller,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let model = mvda.model(&caller, &id).await?;
    let tag = format!("\"{}\"", model.result_key.as_deref().unwrap_or_default());
    let known = headers
        .get(header::IF_NONE_MATCH)
        .is_some_and(|value| value.as_bytes() == tag.as_bytes());
    let tag = HeaderValue::from_str(&tag).map_err(Problem::internal)?;
    let cache = HeaderValue::from_static("private, no-cache");
    if known && model.summary.state == model::State::Ready {
        return Ok((
            StatusCode::NOT_MODIFIED,
            [(header::ETAG, tag), (header::CACHE_CONTROL, cache)],
        )
            .into_response());
    }
    let body = mvda.result(&model).await?;
    let kind = HeaderValue::from_static("application/json");
    Ok((
        [
            (header::CONTENT_TYPE, kind),
            (header::ETAG, tag),
            (header::CACHE_CONTROL, cache),
        ],
        body,
    )
        .into_response())
}

/// Keeps a model out of the way; it stays as it is.
#[utoipa::path(post, path = "/api/mvda/models/{id}/archive", tag = "models", params(("id" = String, Path, description = "The model")),
    responses((status = 204, description = "Archived"), (status = 404, body = Problem)))]
pub async fn archive_model(
    State(mvda): State<Mvda>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    set_archived(&mvda, &caller, &id, true).await
}

/// Brings an archived model back.
#[utoipa::path(post, path = "/api/mvda/models/{id}/restore", tag = "models", params(("id" = String, Path, description = "The model")),
    responses((status = 204, description = "Restored"), (status = 404, body = Problem)))]
pub async fn restore_model(
    State(mvda): State<Mvda>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    set_archived(&mvda, &caller, &id, false).await
}

async fn set_archived(
    mvda: &Mvda,
    caller: &Caller,
    id: &str,
    archived: bool,
) -> Result<StatusCode, Problem> {
    let model = mvda.model(caller, id).await?;
    mvda.store
        .write("model_archived", params![model.site.as_str(), id, archived])
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
