//! What every process serves: health, metrics and its API's description.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use metrics_exporter_prometheus::PrometheusHandle;
use serde::Serialize;
use tokio_util::sync::CancellationToken;
use utoipa::openapi::OpenApi;

use super::{Json, deployment};
use crate::messages::Sampler;
use crate::model::Manifest;

/// A check that takes longer counts as failed: a probe must not hang with what it probes.
const CHECK_TIME: Duration = Duration::from_secs(2);

type Checking = Pin<Box<dyn Future<Output = Result<(), String>> + Send>>;

/// Something the process needs.
#[derive(Clone)]
pub struct Check {
    name: &'static str,
    required: bool,
    run: Arc<dyn Fn() -> Checking + Send + Sync>,
}

impl Check {
    /// Without it the process cannot serve: not ready.
    pub fn required<F>(name: &'static str, run: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<(), String>> + Send + 'static,
    {
        Self {
            name,
            required: true,
            run: Arc::new(move || Box::pin(run())),
        }
    }

    /// Without it the process serves, but something waits: degraded.
    pub fn wanted<F>(name: &'static str, run: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<(), String>> + Send + 'static,
    {
        Self {
            required: false,
            ..Self::required(name, run)
        }
    }
}

/// The checks of a process.
#[derive(Clone, Default)]
pub struct Health {
    checks: Arc<Mutex<Vec<Check>>>,
    stopping: CancellationToken,
}

#[derive(Serialize)]
struct Report {
    status: &'static str,
    checks: BTreeMap<&'static str, String>,
}

impl Health {
    /// No checks yet; not ready any more once `stopping`.
    pub fn new(stopping: CancellationToken) -> Self {
        Self {
            checks: Arc::default(),
            stopping,
        }
    }

    /// Adds a check.
    pub fn add(&self, check: Check) {
        self.checks
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(check);
    }

    async fn report(&self) -> Report {
        let checks = self
            .checks
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        let mut report = Report {
            status: if self.stopping.is_cancelled() {
                "stopping"
            } else {
                "ready"
            },
            checks: BTreeMap::new(),
        };
        for check in checks {
            let outcome = tokio::time::timeout(CHECK_TIME, (check.run)())
                .await
                .unwrap_or_else(|_| Err("no answer".into()));
            if outcome.is_err() && report.status != "stopping" {
                report.status = if check.required || report.status == "down" {
                    "down"
                } else {
                    "degraded"
                };
            }
            report
                .checks
                .insert(check.name, outcome.err().unwrap_or_else(|| "ok".into()));
        }
        report
    }
}

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
