//! The edge of a node: the only way to its modules and the server of the portal.
//!
//! Two listeners: the internal one shows everything; the external one shows what manifests expose and no part of the node itself.
//! Invariants: no request reaches a module with an identity the edge did not make; no answer leaves without the security headers.

mod assets;
mod guard;
mod listen;
mod measure;
mod operate;
mod peers;
mod portal;
mod problem;
mod proxy;
mod session;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use hyper::body::Incoming;
use hyper::header::{
    AUTHORIZATION, CACHE_CONTROL, CONNECTION, CONTENT_TYPE, COOKIE, HeaderName, HeaderValue,
    LOCATION, UPGRADE,
};
use hyper::{Method, Request, Response, StatusCode, Uri};
use tokio_util::sync::CancellationToken;

pub(crate) use listen::{bind, serve};

use self::assets::Assets;
use self::measure::{Line, Measure};
use self::operate::json_answer;
use self::peers::Peers;
use self::problem::Problem;
use self::session::Sessions;
use super::body::Body;
use super::config::NodeConfig;
use super::status::State;
use super::supervisor::Supervisor;
use crate::http::TraceContext;
use crate::identity::RESOLVE_PATH;
use crate::model::Zone;
use crate::secrets::Secrets;

/// Largest body that passes; modules set their own, smaller limits.
const BODY_BYTES: u64 = 64 * 1024 * 1024;
/// Longest path and query.
const URI_BYTES: usize = 8 * 1024;
const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
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

impl Edge {
    pub(crate) async fn open(
        config: &Arc<NodeConfig>,
        zone: Zone,
        secrets: &dyn Secrets,
        supervisor: &Arc<Supervisor>,
        stopping: CancellationToken,
    ) -> anyhow::Result<Arc<Self>> {
        let sessions = Sessions::open(secrets, zone).await?;
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
        let trace = TraceContext::continuing(
            request
                .headers()
                .get(TRACEPARENT)
                .and_then(|value| value.to_str().ok()),
        );
        let (method, path) = (request.method().clone(), request.uri().path().to_owned());
        let look = path == "/portal.json" && peers::is_look(request.headers());
        let mut note = Note {
            part: "node".to_owned(),
            who: None,
        };
        let answered = self.answer(side, from, &trace, &mut note, request).await;
        let mut response = answered.unwrap_or_else(|problem| problem.answer(&trace.trace_id()));
        guard::secure(response.headers_mut());
        let line = Line {
            from: from.ip(),
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
        from: SocketAddr,
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
        self.page(&path, inside, note, &request)
    }

    /// Everything but APIs: no body is read, nothing is changed.
    fn page(
        &self,
        path: &str,
        inside: bool,
        note: &mut Note,
        request: &Request<Incoming>,
    ) -> Result<Response<Body>, Problem> {
        if !matches!(
            *request.method(),
            Method::GET | Method::HEAD | Method::OPTIONS
        ) {
            return Err(Problem::new(
                StatusCode::METHOD_NOT_ALLOWED,
                "method-not-allowed",
                "This cannot be changed",
                format!("{path} can only be read"),
            ));
        }
        match path {
            "/health/live" => Ok(text("live\n")),
            "/health/ready" => self.ready(),
            "/metrics" if inside => Ok(text(self.measure.text(self.supervisor.modules.values()))),
            "/metrics" => Err(Problem::not_found(
                "the node itself is not reachable from outside",
            )),
            "/importmap.json" => Ok(json_answer(&self.import_map(!inside))),
            "/portal.json" => Ok(json_answer(&self.portal(!inside))),
            _ => match path
                .strip_prefix("/ui/")
                .and_then(|rest| rest.split_once('/'))
            {
                Some((module, file)) => {
                    "ui".clone_into(&mut note.part);
                    self.micro_frontend(module, file, inside, request)
                }
                None => self.shell(path, request),
            },
        }
    }

    async fn to_module(
        &self,
        name: &str,
        side: Side,
        from: SocketAddr,
        trace: &TraceContext,
        note: &mut Note,
        request: Request<Incoming>,
    ) -> Result<Response<Body>, Problem> {
        if side == Side::External && !self.is_exposed(name) {
            return Err(Problem::not_found(format!(
                "no module `{name}` is reachable from outside"
            )));
        }
        let identity = self
            .sessions
            .identify(request.headers(), &self.supervisor, &self.peers)
            .await?;
        note.who = identity.as_ref().map(|identity| identity.login.clone());
        let changes_session = name == "login" && request.method() != Method::GET;
        let credential = changes_session.then(|| request.headers().clone());
        let (mut request, protocol, upgrade) = prepare(
            request,
            name,
            from,
            trace,
            identity.as_ref().map(|identity| &identity.bearer),
        )?;
        if let Some(protocol) = &protocol {
            request
                .headers_mut()
                .insert(CONNECTION, HeaderValue::from_static("upgrade"));
            request.headers_mut().insert(UPGRADE, protocol.clone());
        }
        let mut answer = match self.supervisor.modules.get(name) {
            Some(module) => {
                name.clone_into(&mut note.part);
                proxy::send(module, request).await?
            }
            None => match self.peers.host_of(name) {
                Some(peer) => {
                    "peer".clone_into(&mut note.part);
                    request.headers_mut().remove(COOKIE);
                    proxy::send_to_peer(&peer.pool, &peer.name, request)
                        .await
                        .map_err(|problem| problem.of_module(name))?
                }
                None => {
                    return Err(
                        Problem::not_found(format!("no node hosts a module `{name}`"))
                            .of_module(name),
                    );
                }
            },
        };
        if let Some(headers) = credential {
            self.sessions.forget(&headers);
        }
        let switched = answer.status() == StatusCode::SWITCHING_PROTOCOLS;
        if let (true, Some(caller)) = (switched, upgrade) {
            proxy::join(caller, &mut answer, self.stopping.clone());
        }
        let mut answer = proxy::hand_back(answer, &self.stopping);
        if let (true, Some(protocol)) = (switched, protocol) {
            answer
                .headers_mut()
                .insert(CONNECTION, HeaderValue::from_static("upgrade"));
            answer.headers_mut().insert(UPGRADE, protocol);
        }
        Ok(answer)
    }

    /// Login's answer for the edge of another node, which hosts no login.
    async fn resolve_for_peer(
        &self,
        request: Request<Incoming>,
    ) -> Result<Response<Body>, Problem> {
        let login = self
            .supervisor
            .modules
            .get("login")
            .filter(|_| self.sessions.is_edge(request.headers()));
        let login = login.ok_or_else(|| Problem::not_found("there is nothing here"))?;
        let answer = proxy::send(
            login,
            request.map(|body| Body::Request(body, URI_BYTES as u64 * 4)),
        )
        .await?;
        Ok(proxy::hand_back(answer, &self.stopping))
    }

    fn ready(&self) -> Result<Response<Body>, Problem> {
        let down: Vec<&str> = self
            .supervisor
            .modules
            .values()
            .filter(|module| module.state() != State::Ready)
            .map(|module| module.name.as_str())
            .collect();
        if down.is_empty() {
            Ok(text("ready\n"))
        } else {
            Err(Problem::unavailable(
                "node",
                format!("not ready: {}", down.join(", ")),
            ))
        }
    }

    fn micro_frontend(
        &self,
        module: &str,
        file: &str,
        inside: bool,
        request: &Request<Incoming>,
    ) -> Result<Response<Body>, Problem> {
        let missing = || {
            Problem::not_found(format!(
                "the micro-frontend of `{module}` has no file {file}"
            ))
        };
        let hosted = self
            .supervisor
            .modules
            .get(module)
            .filter(|_| inside || self.is_exposed(module))
            .ok_or_else(missing)?;
        let answer = self.assets.answer(
            &hosted.folder().join("ui"),
            file,
            request.uri().query(),
            request.headers(),
        );
        let mut answer = answer.ok_or_else(missing)?;
        guard::allow_portal(request.headers(), answer.headers_mut(), &self.config.edge);
        Ok(answer)
    }

    /// The portal's own files; every address without a file is a page of the portal.
    fn shell(&self, path: &str, request: &Request<Incoming>) -> Result<Response<Body>, Problem> {
        if !self.config.is_portal() {
            return Ok(redirect(&self.config.edge.portal_url));
        }
        let root = self.config.deploy().join("shell");
        let file = path.trim_start_matches('/');
        let found = if file.is_empty() || file == "index.html" {
            None
        } else {
            self.assets
                .answer(&root, file, request.uri().query(), request.headers())
        };
        if let Some(answer) = found {
            return Ok(answer);
        }
        let name = path.rsplit('/').next().unwrap_or_default();
        if name.contains('.') && name != "index.html" {
            return Err(Problem::not_found(format!("the portal has no file {path}")));
        }
        let index = self
            .assets
            .answer(&root, "index.html", None, request.headers());
        let mut index = index.ok_or_else(|| {
            Problem::unavailable(
                "node",
                "the portal's shell is not deployed; infra/up builds and deploys it",
            )
        })?;
        guard::secure_page(index.headers_mut(), &self.config.edge);
        Ok(index)
    }
}

type Prepared = (
    Request<Body>,
    Option<HeaderValue>,
    Option<hyper::upgrade::OnUpgrade>,
);

/// Makes a caller's request one of the edge: its identity, its trace, nothing forged, nothing of the connection.
fn prepare(
    mut request: Request<Incoming>,
    module: &str,
    from: SocketAddr,
    trace: &TraceContext,
    bearer: Option<&HeaderValue>,
) -> Result<Prepared, Problem> {
    let protocol = proxy::wanted_protocol(&request);
    let upgrade = protocol.as_ref().map(|_| hyper::upgrade::on(&mut request));
    let (mut head, body) = request.into_parts();
    let path = head
        .uri
        .path_and_query()
        .cloned()
        .ok_or_else(|| Problem::not_found("the address has no path"))?;
    head.uri = Uri::from(path);
    head.version = hyper::Version::HTTP_11;
    head.extensions.clear();
    guard::strip_hop_by_hop(&mut head.headers);
    guard::strip_identity(&mut head.headers);
    // Only login has any business with the session itself.
    if module != "login" {
        head.headers.remove(COOKIE);
    }
    if let Some(bearer) = bearer {
        head.headers.insert(AUTHORIZATION, bearer.clone());
    }
    for (name, value) in [
        (FORWARDED_FOR, from.ip().to_string()),
        (TRACEPARENT, trace.traceparent()),
    ] {
        if let Ok(value) = HeaderValue::from_str(&value) {
            head.headers.insert(name, value);
        }
    }
    let body = if hyper::body::Body::is_end_stream(&body) {
        Body::empty()
    } else {
        Body::Request(body, BODY_BYTES)
    };
    Ok((Request::from_parts(head, body), protocol, upgrade))
}

fn text(body: impl Into<String>) -> Response<Body> {
    let mut response = Response::new(Body::from(body.into()));
    response.headers_mut().insert(
        CONTENT_TYPE,
        HeaderValue::from_static("text/plain; charset=utf-8"),
    );
    response
        .headers_mut()
        .insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn redirect(to: &str) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::FOUND;
    if let Ok(to) = HeaderValue::from_str(to) {
        response.headers_mut().insert(LOCATION, to);
    }
    response
}
