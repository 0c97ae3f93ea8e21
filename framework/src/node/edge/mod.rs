//! The edge of a node: the only way to its modules and the server of the portal.
//!
//! Two listeners: the internal one shows everything; the external one shows what manifests expose and no part of the node itself.
//! Invariants: no request reaches a module with an identity the edge did not make; no answer leaves without the security headers.

mod assets;
mod client;
mod contracts;
mod forward;
mod guard;
mod listen;
mod measure;
mod operate;
mod pages;
mod peers;
mod portal;
mod problem;
mod proxy;
mod session;

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Instant;

use hyper::body::Incoming;
use hyper::header::HeaderName;
use hyper::{Method, Request, Response, StatusCode};
use tokio_util::sync::CancellationToken;

pub(crate) use listen::{bind, serve};

use self::assets::Assets;
use self::measure::{Line, Measure};
use self::peers::Peers;
use self::problem::Problem;
use self::session::Sessions;
use super::body::Body;
use super::config::NodeConfig;
use super::supervisor::Supervisor;
use crate::clock::SystemClock;
use crate::identity::RESOLVE_PATH;
use crate::model::Zone;
use crate::secrets::Secrets;
use crate::telemetry::{Span, SpanKind, TraceContext};

/// Longest path and query.
const URI_BYTES: usize = 8 * 1024;
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// Which listener a request came through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    /// The company's own network.
    Internal,
    /// Everybody else.
    External,
}

/// Everything the edge answers with.
#[derive(Debug)]
pub(crate) struct Edge {
    pub(crate) config: Arc<NodeConfig>,
    pub(crate) zone: Zone,
    pub(crate) supervisor: Arc<Supervisor>,
    pub(crate) stopping: CancellationToken,
    sessions: Sessions,
    peers: Peers,
    assets: Assets,
    measure: Measure,
}

/// What is noted of a request beside its answer.
struct Note {
    part: String,
    who: Option<String>,
}

/// A request as a step of a trace; only what goes to a module is worth one.
fn span(request: &Request<Incoming>) -> Span {
    let parent = request.headers().get(TRACEPARENT);
    let parent = parent.and_then(|value| TraceContext::read(value.to_str().ok()?));
    let (method, path) = (request.method(), request.uri().path());
    let Some(module) = path
        .strip_prefix("/api/")
        .map(|rest| rest.split_once('/').map_or(rest, |(module, _)| module))
    else {
        return Span::silent(parent);
    };
    let mut span = Span::begin(SpanKind::Server, parent, || {
        format!("{method} /api/{module}")
    });
    if span.is_recorded() {
        span.set("http.request.method", method.to_string());
        span.set("url.path", path.to_owned());
    }
    span
}

impl Edge {
    pub(crate) async fn open(
        config: &Arc<NodeConfig>,
        zone: Zone,
        secrets: Arc<dyn Secrets>,
        supervisor: &Arc<Supervisor>,
        stopping: CancellationToken,
    ) -> anyhow::Result<Arc<Self>> {
        let sessions = Sessions::open(secrets, zone).await?;
        let signatory = sessions.signatory.clone();
        tokio::spawn(async move { signatory.follow(&SystemClock).await });
        let peers = Peers::new(&config.edge.peers)?;
        peers.watch(&supervisor.changes);
        let measure = Measure::start(
            supervisor.modules.keys(),
            Some(config.logs().join("access.log")),
        )?;
        Ok(Arc::new(Self {
            config: Arc::clone(config),
            zone,
            supervisor: Arc::clone(supervisor),
            stopping,
            sessions,
            peers,
            assets: Assets::default(),
            measure,
        }))
    }

    /// Answers one request and notes how that went.
    pub(crate) async fn serve(
        &self,
        side: Side,
        from: SocketAddr,
        request: Request<Incoming>,
    ) -> Response<Body> {
        let started = Instant::now();
        let trusted = &self.config.edge.trusted_proxies;
        let from = client::address(from.ip(), request.headers(), trusted);
        let mut span = span(&request);
        let trace = span.context();
        let (method, path) = (request.method().clone(), request.uri().path().to_owned());
        let look = path == "/portal.json" && peers::is_look(request.headers());
        let mut note = Note {
            part: "node".to_owned(),
            who: None,
        };
        let answered = self.answer(side, from, &trace, &mut note, request).await;
        let mut response = answered.unwrap_or_else(|problem| problem.answer(&trace.trace_id()));
        guard::secure(response.headers_mut());
        span.answered(response.status());
        let line = Line {
            from,
            method,
            path,
            status: response.status(),
            duration: started.elapsed(),
            trace: trace.trace_id(),
            who: note.who,
        };
        self.measure.note(&note.part, line, !look);
        response
    }

    async fn answer(
        &self,
        side: Side,
        from: IpAddr,
        trace: &TraceContext,
        note: &mut Note,
        request: Request<Incoming>,
    ) -> Result<Response<Body>, Problem> {
        let path = request.uri().path().to_owned();
        if request
            .uri()
            .path_and_query()
            .map_or(0, |text| text.as_str().len())
            > URI_BYTES
        {
            return Err(Problem::new(
                StatusCode::URI_TOO_LONG,
                "too-large",
                "The address is too long",
                format!("at most {URI_BYTES} bytes"),
            ));
        }
        let inside = side == Side::Internal;
        if let Some(rest) = path.strip_prefix("/api/") {
            guard::refuse_foreign_pages(request.method(), request.headers(), &self.config.edge)?;
            return match rest.split_once('/').unwrap_or((rest, "")) {
                ("node", below) if inside => self.operate(below, request).await,
                ("node", _) => Err(Problem::not_found(
                    "the node itself is not reachable from outside",
                )),
                (module, _) => {
                    self.to_module(module, side, from, trace, note, request)
                        .await
                }
            };
        }
        if path == RESOLVE_PATH && inside {
            return self.resolve_for_peer(request).await;
        }
        if path == "/asyncapi.json" && matches!(*request.method(), Method::GET | Method::HEAD) {
            return self.asyncapi(inside, &request).await;
        }
        self.page(&path, inside, note, &request)
    }
}
