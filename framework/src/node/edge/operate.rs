//! `/api/node/`: what runs where, live changes, and the operator's buttons.

use futures_util::StreamExt;
use futures_util::future::join_all;
use hyper::body::Incoming;
use hyper::header::{AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, HOST, HeaderValue};
use hyper::{Method, Request, Response, StatusCode};
use tokio_stream::wrappers::{BroadcastStream, IntervalStream};

use super::peers::Peer;
use super::problem::Problem;
use super::session::Identity;
use super::{Edge, proxy};
use crate::model::Permission;
use crate::node::body::Body;
use crate::node::in_force::InForce;
use crate::node::module::{Change, Command};
use crate::node::status::{Health, ModuleStatus, State};

const READ: Permission = Permission::new("node.read");
const OPERATE: Permission = Permission::new("node.operate");
/// A comment on an otherwise silent stream, so that nobody between takes it for dead.
const HEARTBEAT: std::time::Duration = std::time::Duration::from_secs(15);

impl Edge {
    /// Answers below `/api/node/`; `path` is the rest.
    pub(crate) async fn operate(
        &self,
        path: &str,
        request: Request<Incoming>,
    ) -> Result<Response<Body>, Problem> {
        let parts: Vec<&str> = path.split('/').collect();
        match (request.method(), parts.as_slice()) {
            (&Method::GET, ["events"]) => Ok(self.events()),
            (&Method::GET, ["contracts"]) => self.contracts(&request).await,
            (&Method::GET, ["modules"]) => self.modules(&request).await,
            (&Method::GET, ["settings"]) => self.settings(&request).await,
            (&Method::POST, [node, "modules", module, command]) => {
                self.command(node, module, command, &request).await
            }
            _ => Err(Problem::not_found(format!(
                "/api/node/{path} is not part of the node's API"
            ))),
        }
    }

    async fn allowed(
        &self,
        request: &Request<Incoming>,
        permission: &Permission,
    ) -> Result<std::sync::Arc<Identity>, Problem> {
        let identity = self
            .sessions
            .identify(request.headers(), &self.supervisor, &self.peers)
            .await?;
        let identity =
            identity.ok_or_else(|| Problem::unauthorized("this needs a session or a token"))?;
        if identity.may(permission) {
            Ok(identity)
        } else {
            Err(Problem::forbidden(format!(
                "this needs the permission {permission}"
            )))
        }
    }

    async fn modules(&self, request: &Request<Incoming>) -> Result<Response<Body>, Problem> {
        let identity = self.allowed(request, &READ).await?;
        let mut all: Vec<ModuleStatus> = self
            .supervisor
            .modules
            .values()
            .map(|module| module.status())
            .collect();
        let only_here = request.uri().query() == Some("local=1");
        for peer in self.peers.0.iter().filter(|_| !only_here) {
            match peer
                .get("/api/node/modules?local=1", Some(&identity.bearer))
                .await
            {
                Ok(body) => all
                    .extend(serde_json::from_slice::<Vec<ModuleStatus>>(&body).unwrap_or_default()),
                Err(problem) => {
                    tracing::warn!(
                        peer = peer.name,
                        problem,
                        "a peer does not say what it runs"
                    );
                    all.extend(
                        self.peers
                            .modules()
                            .into_iter()
                            .filter(|module| module.node == peer.name)
                            .map(|module| ModuleStatus {
                                module: module.name,
                                node: module.node,
                                zone: module.zone,
                                version: module.version,
                                title: module.title,
                                state: State::Failed,
                                health: Health::Down,
                                instances: Vec::new(),
                            }),
                    );
                }
            }
        }
        Ok(json_answer(&all))
    }

    /// What this node and its peers work with; a peer that does not say stands there with the reason.
    async fn settings(&self, request: &Request<Incoming>) -> Result<Response<Body>, Problem> {
        let identity = self.allowed(request, &READ).await?;
        let mut all = vec![self.config.in_force().await];
        let only_here = request.uri().query() == Some("local=1");
        let peers = self.peers.0.iter().filter(|_| !only_here);
        let asked = peers.map(|peer| settings_of(peer, &identity));
        all.extend(join_all(asked).await.into_iter().flatten());
        Ok(json_answer(&all))
    }

    async fn command(
        &self,
        node: &str,
        module: &str,
        command: &str,
        request: &Request<Incoming>,
    ) -> Result<Response<Body>, Problem> {
        let identity = self.allowed(request, &OPERATE).await?;
        let order = match command {
            "stop" => Command::Stop,
            "start" => Command::Start,
            "restart" => Command::Restart,
            other => {
                return Err(Problem::not_found(format!(
                    "`{other}` is none of stop, start, restart"
                )));
            }
        };
        if node != self.config.node.name {
            return self.command_at_peer(node, request, &identity).await;
        }
        if !self.supervisor.modules.contains_key(module) {
            return Err(Problem::not_found(format!(
                "the node {node} hosts no module `{module}`"
            )));
        }
        tracing::info!(
            module,
            command,
            by = identity.caller.login,
            "an operator's order from the portal"
        );
        self.supervisor
            .order(module, order)
            .await
            .map_err(|detail| Problem::unavailable(module, detail))?;
        let status = self
            .supervisor
            .modules
            .get(module)
            .map(|module| module.status());
        Ok(json_answer(&status))
    }

    async fn command_at_peer(
        &self,
        node: &str,
        request: &Request<Incoming>,
        identity: &Identity,
    ) -> Result<Response<Body>, Problem> {
        let peer = self
            .peers
            .named(node)
            .ok_or_else(|| Problem::not_found(format!("there is no node `{node}`")))?;
        let mut onward = Request::new(Body::empty());
        *onward.method_mut() = Method::POST;
        *onward.uri_mut() = request.uri().clone();
        onward
            .headers_mut()
            .insert(HOST, HeaderValue::from_static("localhost"));
        onward
            .headers_mut()
            .insert(AUTHORIZATION, identity.bearer.clone());
        let answer = proxy::send_to_peer(&peer.pool, &peer.name, onward).await?;
        Ok(proxy::hand_back(answer, &self.stopping))
    }

    /// Every change of a module's state, as server-sent events; begins with the state of all, so that nobody misses what was before.
    fn events(&self) -> Response<Body> {
        let changes = BroadcastStream::new(self.supervisor.changes.subscribe())
            .filter_map(|change| async { change.ok() });
        let now = self.portal_modules(false).into_iter().map(|module| Change {
            module: module.name,
            node: module.node,
            state: module.state,
            ui: module.entry,
        });
        let lines = tokio_stream::iter(now.collect::<Vec<_>>())
            .chain(changes)
            .filter_map(|change| async move {
                let data = serde_json::to_string(&change).ok()?;
                Some(bytes::Bytes::from(format!(
                    "event: module\ndata: {data}\n\n"
                )))
            });
        let beats = IntervalStream::new(tokio::time::interval(HEARTBEAT))
            .map(|_| bytes::Bytes::from_static(b": here\n\n"));
        let stopping = self.stopping.clone().cancelled_owned();
        let stream = futures_util::stream::select(lines, beats).take_until(stopping);
        let mut response = Response::new(Body::Stream(stream.boxed()));
        response
            .headers_mut()
            .insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
        response
            .headers_mut()
            .insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response
    }
}

/// What a peer works with, or why it does not say.
async fn settings_of(peer: &Peer, identity: &Identity) -> Vec<InForce> {
    let told = peer
        .get("/api/node/settings?local=1", Some(&identity.bearer))
        .await
        .and_then(|body| {
            serde_json::from_slice(&body).map_err(|_| {
                format!(
                    "the node {} answers what this node does not understand; deploy the same version on both",
                    peer.name
                )
            })
        });
    told.unwrap_or_else(|problem| {
        tracing::warn!(
            peer = peer.name,
            problem,
            "a peer does not say what it works with"
        );
        vec![InForce::silent(&peer.name, problem)]
    })
}

pub(crate) fn json_answer(value: &impl serde::Serialize) -> Response<Body> {
    let (status, body) = match serde_json::to_vec(value) {
        Ok(body) => (StatusCode::OK, body),
        Err(error) => {
            tracing::error!(%error, "an answer cannot be written as JSON");
            (StatusCode::INTERNAL_SERVER_ERROR, Vec::new())
        }
    };
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
        .headers_mut()
        .insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}
