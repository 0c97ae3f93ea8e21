//! What every process serves: health, metrics and its API's description.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use metrics_exporter_prometheus::PrometheusHandle;
use utoipa::openapi::OpenApi;

use super::{Health, Json, deployment};
use crate::messages::Sampler;
use crate::model::Manifest;

/// The metrics of a process.
pub(crate) struct Metrics {
    handle: PrometheusHandle,
    sampler: Option<Sampler>,
}

impl Metrics {
    pub(crate) fn new(handle: PrometheusHandle, sampler: Option<Sampler>) -> Self {
        Self { handle, sampler }
    }

    async fn show(&self) -> String {
        if let Some(sampler) = &self.sampler {
            sampler.sample().await;
        }
        self.handle.render()
    }
}

/// `/health/live`, `/health/ready`, `/metrics`, `/openapi.json`, and what a node needs of a module that runs elsewhere.
pub(crate) fn routes(
    health: Health,
    metrics: Option<Metrics>,
    api: &OpenApi,
    manifest: &Manifest,
) -> Router {
    let metrics = metrics.map(Arc::new);
    let api: Arc<str> = api.to_json().unwrap_or_default().into();
    Router::new()
        .route("/health/live", get(async || "live"))
        .route("/health/ready", get(ready).with_state(health))
        .route(
            "/metrics",
            get(async move || match metrics {
                Some(metrics) => metrics.show().await,
                None => String::new(),
            }),
        )
        .route(
            "/openapi.json",
            get(async move || {
                (
                    [(header::CONTENT_TYPE, "application/json")],
                    api.to_string(),
                )
            }),
        )
        .merge(deployment::routes(manifest))
}

async fn ready(State(health): State<Health>) -> Response {
    let report = health.report().await;
    let status = match report.status {
        "ready" | "degraded" => StatusCode::OK,
        _ => StatusCode::SERVICE_UNAVAILABLE,
    };
    (status, Json(report)).into_response()
}
