//! A caller's request on its way to a module, here or on a peer: as one of the edge, with the identity the edge has made.

use std::net::IpAddr;
use std::sync::Arc;

use hyper::body::Incoming;
use hyper::header::{
    AUTHORIZATION, CONNECTION, COOKIE, HeaderMap, HeaderName, HeaderValue, UPGRADE,
};
use hyper::{Method, Request, Response, StatusCode, Uri};

use super::client::FORWARDED_FOR;
use super::peers::Peer;
use super::problem::Problem;
use super::{Edge, Note, Side, TRACEPARENT, URI_BYTES, guard, proxy};
use crate::node::body::Body;
use crate::telemetry::TraceContext;

/// Largest body that passes; modules set their own, smaller limits.
const BODY_BYTES: u64 = 64 * 1024 * 1024;
/// Names the node whose instance of a module is meant; without it the nearest one answers.
const NODE: HeaderName = HeaderName::from_static("dcp-node");

impl Edge {
    /// Forwards a request and hands the answer back.
    pub(super) async fn to_module(
        &self,
        name: &str,
        side: Side,
        from: IpAddr,
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
        note.who = identity
            .as_ref()
            .map(|identity| identity.caller.login.clone());
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
        let peer = self.wanted_peer(request.headers_mut())?;
        let here = self.supervisor.modules.get(name);
        let mut answer = match here.filter(|_| peer.is_none()) {
            Some(module) => {
                name.clone_into(&mut note.part);
                proxy::send(module, request).await?
            }
            None => match peer.or_else(|| self.peers.host_of(name)) {
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

    /// The peer that the caller names, where several nodes host a module and one is meant.
    fn wanted_peer(&self, headers: &mut HeaderMap) -> Result<Option<&Arc<Peer>>, Problem> {
        let Some(node) = headers.remove(NODE) else {
            return Ok(None);
        };
        let node = node.to_str().unwrap_or_default();
        if node == self.config.node.name {
            return Ok(None);
        }
        let peer = self.peers.named(node);
        peer.map(Some)
            .ok_or_else(|| Problem::not_found(format!("there is no node `{node}`")))
    }

    /// Login's answer for the edge of another node, which hosts no login.
    pub(super) async fn resolve_for_peer(
        &self,
        request: Request<Incoming>,
    ) -> Result<Response<Body>, Problem> {
        let login = self.supervisor.modules.get("login");
        let is_edge = self.sessions.is_edge(request.headers()).await;
        let login = login.filter(|_| is_edge);
        let login = login.ok_or_else(|| Problem::not_found("there is nothing here"))?;
        let answer = proxy::send(
            login,
            request.map(|body| Body::Request(body, URI_BYTES as u64 * 4)),
        )
        .await?;
        Ok(proxy::hand_back(answer, &self.stopping))
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
    from: IpAddr,
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
        (FORWARDED_FOR, from.to_string()),
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
