//! The layers around a module's routes: trace, log, metrics, panics, load, identity, problems.

use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use axum::body::Body;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt as _;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use super::Problem;
use super::problem::{PROBLEM_JSON, Pending};
use crate::clock::Clock;
use crate::identity::Verifier;
use crate::model::{ModuleName, Permission};
use crate::telemetry::{Span, SpanKind, TraceContext};

/// Requests worked on at once; more are refused at once instead of queued behind a slow dependency.
pub const REQUESTS: usize = 256;

/// What the layers need to know of their process.
pub struct Host {
    pub(crate) module: ModuleName,
    pub(crate) services: Arc<[Permission]>,
    pub(crate) verifier: Verifier,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) stopping: CancellationToken,
    pub(crate) places: Semaphore,
}

impl Host {
    /// The host of a module that verifies tokens with that key.
    pub fn new(
        module: &crate::model::Manifest,
        verifier: Verifier,
        clock: Arc<dyn Clock>,
        stopping: CancellationToken,
    ) -> Self {
        let services = module.services.clone().into();
        Self {
            module: module.name.clone(),
            services,
            verifier,
            clock,
            stopping,
            places: Semaphore::new(REQUESTS),
        }
    }

    /// Puts the layers around the module's routes and beside them what every process serves.
    pub fn wrap(self: &Arc<Self>, api: Router, always: Router) -> Router {
        let api = api
            .fallback(unknown)
            .method_not_allowed_fallback(wrong_method)
            .layer(from_fn_with_state(self.clone(), identify))
            .layer(from_fn_with_state(self.clone(), admit));
        always
            .merge(api)
            .layer(from_fn_with_state(self.clone(), observe))
    }
}

async fn unknown(request: Request) -> Problem {
    Problem::not_found(format!("such address as {}", request.uri().path()))
}

async fn wrong_method(request: Request) -> Problem {
    Problem::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "wrong-method",
        "This address does not understand the method",
    )
    .detail(format!("{} is not possible here.", request.method()))
}

/// Refuses at once what would only wait.
async fn admit(State(host): State<Arc<Host>>, request: Request, next: Next) -> Response {
    let Ok(_place) = host.places.try_acquire() else {
        return Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "busy",
            "Too many requests at once",
        )
        .retry_after(std::time::Duration::from_secs(1))
        .into_response();
    };
    next.run(request).await
}

/// Verifies the edge's token, if the request carries one.
async fn identify(State(host): State<Arc<Host>>, mut request: Request, next: Next) -> Response {
    if let Some(value) = request.headers().get(header::AUTHORIZATION) {
        let token = value
            .to_str()
            .ok()
            .and_then(|value| value.strip_prefix("Bearer "));
        match host
            .verifier
            .verify(token.unwrap_or_default(), host.clock.now())
        {
            Ok(principal) => request.extensions_mut().insert(principal),
            Err(refused) => return Problem::unauthenticated().because(refused).into_response(),
        };
    }
    request.extensions_mut().insert(host);
    next.run(request).await
}

/// The outermost layer: gives the request its trace, survives panics, completes problems, counts and logs.
async fn observe(State(host): State<Arc<Host>>, request: Request, next: Next) -> Response {
    let started = Instant::now();
    let traceparent = request
        .headers()
        .get("traceparent")
        .and_then(|value| value.to_str().ok());
    let seen = Seen::of(&request, traceparent.and_then(TraceContext::read));
    let answered = AssertUnwindSafe(seen.span.run(next.run(request)))
        .catch_unwind()
        .await;
    let response = answered.unwrap_or_else(|panic| after_panic(panic.as_ref()));
    let mut response = finish(response, &host.module, &seen.trace_id);
    if let Ok(id) = HeaderValue::from_str(&seen.trace_id) {
        response.headers_mut().insert("x-request-id", id);
    }
    response.headers_mut().insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    seen.report(response.status(), started);
    response
}

struct Seen {
    span: Span,
    method: String,
    route: String,
    path: String,
    trace_id: String,
}

impl Seen {
    fn of(request: &Request, parent: Option<TraceContext>) -> Self {
        // Only routes become labels: paths would grow the metrics without bound.
        let route = request
            .extensions()
            .get::<MatchedPath>()
            .map_or("unknown", MatchedPath::as_str);
        let method = request.method();
        let path = request.uri().path();
        let mut span = if is_probe(route) {
            Span::silent(parent)
        } else {
            Span::begin(SpanKind::Server, parent, || format!("{method} {route}"))
        };
        if span.is_recorded() {
            span.set("http.request.method", method.to_string());
            span.set("http.route", route.to_owned());
            span.set("url.path", path.to_owned());
        }
        Self {
            method: method.to_string(),
            route: route.to_owned(),
            path: path.chars().take(256).collect(),
            trace_id: span.context().trace_id(),
            span,
        }
    }

    fn report(mut self, status: StatusCode, started: Instant) {
        let spent = started.elapsed();
        self.span.answered(status);
        let labels = [
            ("method", self.method.clone()),
            ("route", self.route.clone()),
            ("status", status.as_u16().to_string()),
        ];
        metrics::histogram!("http_request_duration_seconds", &labels).record(spent.as_secs_f64());
        let duration_ms = u64::try_from(spent.as_millis()).unwrap_or(u64::MAX);
        let (method, path, trace_id) = (self.method, self.path, self.trace_id);
        // Probes come every second and say nothing while they succeed.
        if is_probe(&self.route) {
            tracing::trace!(target: "dcp::access", method, path, status = status.as_u16(), duration_ms, trace_id, "answered");
        } else {
            tracing::info!(target: "dcp::access", method, path, status = status.as_u16(), duration_ms, trace_id, "answered");
        }
    }
}

/// Probes and looks of nodes come every few seconds.
fn is_probe(route: &str) -> bool {
    route.starts_with("/health") || route == "/metrics" || route == super::DEPLOYMENT
}

fn after_panic(panic: &(dyn Any + Send)) -> Response {
    let text = panic
        .downcast_ref::<&str>()
        .map(ToString::to_string)
        .or_else(|| panic.downcast_ref::<String>().cloned());
    Problem::internal(anyhow::anyhow!(
        "a handler panicked: {}",
        text.unwrap_or_default()
    ))
    .into_response()
}

/// Completes a problem with trace id and module; turns what axum itself refuses into a problem.
fn finish(response: Response, module: &ModuleName, trace_id: &str) -> Response {
    let (mut parts, body) = response.into_parts();
    let pending = parts
        .extensions
        .remove::<Pending>()
        .and_then(|pending| pending.0.lock().ok()?.take());
    let own = parts
        .headers
        .get(header::CONTENT_TYPE)
        .is_some_and(|kind| kind == PROBLEM_JSON || kind == "application/json");
    let mut problem = match pending {
        Some(problem) => problem,
        None if own || !(parts.status.is_client_error() || parts.status.is_server_error()) => {
            return Response::from_parts(parts, body);
        }
        None => {
            let title = parts.status.canonical_reason().unwrap_or("Refused");
            let problem = Problem::new(parts.status, "refused", title);
            parts.headers.remove(header::CONTENT_LENGTH);
            parts
                .headers
                .insert(header::CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON));
            problem
        }
    };
    log_cause(&problem, trace_id);
    problem.0.trace_id = Some(trace_id.to_owned());
    problem.0.module = Some(module.to_string());
    parts.headers.remove(header::CONTENT_LENGTH);
    Response::from_parts(
        parts,
        Body::from(serde_json::to_vec(&problem).unwrap_or_default()),
    )
}

fn log_cause(problem: &Problem, trace_id: &str) {
    let Some(cause) = &problem.0.cause else {
        return;
    };
    if problem.status().is_server_error() {
        tracing::error!(
            trace_id,
            kind = problem.kind(),
            cause = format!("{cause:#}"),
            "a request failed"
        );
    } else {
        tracing::debug!(
            trace_id,
            kind = problem.kind(),
            cause = format!("{cause:#}"),
            "a request was refused"
        );
    }
}
