//! The HTTP side: reading requests, authentication, faults, answers.

use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use anyhow::Context as _;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Frame, Incoming};
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HOST, HeaderMap, WWW_AUTHENTICATE};
use hyper::{Method, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};

use crate::context::{Context, Request};
use crate::faults::Kind;
use crate::refusal::Refusal;
use crate::{Simulator, batch, fields, routes};

/// Largest body of a `POST /batch`.
const MAX_BODY: usize = 4 << 20;
const HEADER_TIMEOUT: Duration = Duration::from_secs(10);

type Body = BoxBody<Bytes, std::io::Error>;

/// Serves until the future that holds it is dropped, or the listener fails.
pub async fn serve(simulator: Arc<Simulator>, listener: TcpListener) -> anyhow::Result<()> {
    loop {
        let (stream, peer) = listener.accept().await.context("accept")?;
        let simulator = Arc::clone(&simulator);
        tokio::spawn(async move {
            if let Err(error) = connection(simulator, stream, peer).await {
                tracing::debug!(%peer, %error, "connection ended");
            }
        });
    }
}

async fn connection(
    simulator: Arc<Simulator>,
    stream: TcpStream,
    peer: SocketAddr,
) -> anyhow::Result<()> {
    stream.set_nodelay(true)?;
    let stream = stream.into_std()?;
    // A second handle on the socket, to make its close a reset when a fault asks for it.
    let handle = stream.try_clone()?;
    let service = hyper::service::service_fn(async |request: hyper::Request<Incoming>| {
        let (status, target, answer) = exchange(&simulator, request).await;
        tracing::debug!(%peer, status, target, "answered");
        if answer.is_none() {
            rustix::net::sockopt::set_socket_linger(&handle, Some(Duration::ZERO))?;
        }
        answer.ok_or_else(|| std::io::Error::from(std::io::ErrorKind::ConnectionReset))
    });
    hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT)
        .serve_connection(TokioIo::new(TcpStream::from_std(stream)?), service)
        .await?;
    Ok(())
}

/// One answer; `None` resets the connection.
async fn exchange(
    simulator: &Simulator,
    request: hyper::Request<Incoming>,
) -> (u16, String, Option<Response<Body>>) {
    let target = request
        .uri()
        .path_and_query()
        .map_or_else(String::new, ToString::to_string);
    if let Some(rest) = target.strip_prefix("/_simulator/faults") {
        let (status, body) = administer(simulator, rest, request).await;
        return (status, target, Some(respond(status, &body)));
    }
    let met = simulator.faults.meet(&target);
    for fault in &met {
        if let Kind::Latency { milliseconds } = fault {
            tokio::time::sleep(Duration::from_millis(*milliseconds)).await;
        }
    }
    if met.contains(&Kind::Reset) {
        return (0, target, None);
    }
    let (status, mut body) = match met.iter().find_map(|fault| {
        if let Kind::Status { status } = fault {
            Some(*status)
        } else {
            None
        }
    }) {
        Some(status) => (status, json!({ "Errors": ["A fault was asked for."] })),
        None => answer(simulator, request).await,
    };
    if met.contains(&Kind::WebException) && body.is_object() {
        body["WebException"] =
            json!({ "StatusCode": 502, "Errors": ["The data source failed while it was read."] });
    }
    let response = if met.contains(&Kind::Truncate) {
        truncated(status, &body)
    } else {
        respond(status, &body)
    };
    (status, target, Some(response))
}

async fn administer(
    simulator: &Simulator,
    rest: &str,
    request: hyper::Request<Incoming>,
) -> (u16, Value) {
    let faults = &simulator.faults;
    match (request.method(), rest) {
        (&Method::GET, "") => (200, json!(faults.list())),
        (&Method::DELETE, "") => {
            faults.clear();
            (200, json!([]))
        }
        (&Method::POST, "") => match read(request)
            .await
            .map(|body| serde_json::from_slice(&body))
        {
            Some(Ok(fault)) => {
                faults.add(fault);
                (200, json!(faults.list()))
            }
            _ => (400, json!({ "Errors": ["This is not a fault."] })),
        },
        _ => (
            404,
            json!({ "Errors": ["Only /_simulator/faults exists."] }),
        ),
    }
}

async fn read(request: hyper::Request<Incoming>) -> Option<Bytes> {
    Limited::new(request.into_body(), MAX_BODY)
        .collect()
        .await
        .ok()
        .map(http_body_util::Collected::to_bytes)
}

async fn answer(simulator: &Simulator, request: hyper::Request<Incoming>) -> (u16, Value) {
    let Some(user) = user(simulator, request.headers()) else {
        return (
            401,
            json!({ "Message": "Authorization has been denied for this request." }),
        );
    };
    let host = request
        .headers()
        .get(HOST)
        .and_then(|host| host.to_str().ok())
        .unwrap_or("localhost");
    let base = format!("http://{host}/piwebapi");
    let uri = request.uri().clone();
    let Some(path) = below(uri.path()) else {
        return (
            404,
            Refusal::new(404, "PI Web API is served below /piwebapi.").body(),
        );
    };
    let query = uri.query().unwrap_or("");
    match (
        request.method(),
        path.trim_matches('/').eq_ignore_ascii_case("batch"),
    ) {
        (&Method::GET | &Method::HEAD, false) => {
            get(simulator, &Request::new(&base, path, query), &user)
        }
        (&Method::POST, true) => {
            let Some(body) = read(request).await else {
                return (413, json!({ "Message": "The body is too large." }));
            };
            let answered = batch::answer(&body, |address| part(simulator, &base, address, &user));
            answered.map_or_else(
                |refusal| (refusal.status, refusal.body()),
                |answers| (207, answers),
            )
        }
        _ => (
            405,
            json!({ "Message": "The requested resource does not support this method." }),
        ),
    }
}

fn below(path: &str) -> Option<&str> {
    let root = path.get(..9)?;
    root.eq_ignore_ascii_case("/piwebapi").then(|| &path[9..])
}

/// One request of a batch, given by its absolute address.
fn part(simulator: &Simulator, base: &str, address: &str, user: &str) -> (u16, Value) {
    let path = address.find("://").map_or(Some(address), |scheme| {
        address[scheme + 3..]
            .find('/')
            .map(|slash| &address[scheme + 3 + slash..])
    });
    let (path, query) = path.map_or(("", ""), |path| path.split_once('?').unwrap_or((path, "")));
    match below(path) {
        Some(path) => get(simulator, &Request::new(base, path, query), user),
        None => (404, Refusal::unknown("The resource", address).body()),
    }
}

fn get(simulator: &Simulator, request: &Request, user: &str) -> (u16, Value) {
    let states = simulator.faults.states();
    let answered = Context::new(&simulator.plant, request, simulator.now(), &simulator.zone)
        .and_then(|context| routes::answer(&context, &states, user, simulator.started));
    match answered {
        Ok(body) => (
            200,
            fields::select(body, request.query.get("selectedFields")),
        ),
        Err(refusal) => (refusal.status, refusal.body()),
    }
}

/// Who asks: the name, empty for an anonymous caller, `None` for a refused one.
fn user(simulator: &Simulator, headers: &HeaderMap) -> Option<String> {
    let Some((name, password)) = &simulator.credentials else {
        return Some(String::new());
    };
    let header = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, value) = header.split_once(' ')?;
    let given = String::from_utf8(STANDARD.decode(value.trim()).ok()?).ok()?;
    let known = scheme.eq_ignore_ascii_case("basic") && given == format!("{name}:{password}");
    known.then(|| name.clone())
}

fn builder(status: u16) -> hyper::http::response::Builder {
    let builder = Response::builder()
        .status(StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR))
        .header(CONTENT_TYPE, "application/json; charset=utf-8");
    if status == 401 {
        builder.header(WWW_AUTHENTICATE, "Basic realm=\"PI Web API simulator\"")
    } else {
        builder
    }
}

fn respond(status: u16, body: &Value) -> Response<Body> {
    let body = Full::new(Bytes::from(body.to_string()))
        .map_err(|never| match never {})
        .boxed();
    builder(status).body(body).unwrap_or_default()
}

fn truncated(status: u16, body: &Value) -> Response<Body> {
    let mut bytes = Bytes::from(body.to_string());
    bytes.truncate(bytes.len() / 2);
    let body = Broken {
        first: Some(bytes),
        waited: false,
    }
    .boxed();
    builder(status).body(body).unwrap_or_default()
}

/// A body that breaks off: its first half, a moment for it to leave, then an error.
struct Broken {
    first: Option<Bytes>,
    waited: bool,
}

impl hyper::body::Body for Broken {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut std::task::Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, std::io::Error>>> {
        if let Some(first) = self.first.take() {
            return Poll::Ready(Some(Ok(Frame::data(first))));
        }
        if !self.waited {
            // Without this turn the error overtakes what is still in the buffer.
            self.waited = true;
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(Some(Err(std::io::ErrorKind::ConnectionAborted.into())))
    }
}
