//! The HTTP side: connections, TLS, faults, and which answer a request gets.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Context as _;
use bytes::Bytes;
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use hyper::header::HOST;
use hyper::{Method, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use crate::access::Caller;
use crate::bodies::{self, Answer, Body};
use crate::channels::{self, Opening};
use crate::context::{Context, Request};
use crate::faults::Kind;
use crate::refusal::Refusal;
use crate::{Simulator, batch, fields, operations, routes};

/// Largest body of a `POST`.
const MAX_BODY: usize = 4 << 20;
const HEADER_TIMEOUT: Duration = Duration::from_secs(10);

/// Serves until the future that holds it is dropped, which also ends its connections, or the listener fails.
pub async fn serve(simulator: Arc<Simulator>, listener: TcpListener) -> anyhow::Result<()> {
    let mut connections = JoinSet::new();
    loop {
        let (stream, peer) = tokio::select! {
            accepted = listener.accept() => accepted.context("accept")?,
            Some(ended) = connections.join_next() => {
                if let Err(error) = ended {
                    tracing::warn!(%error, "a connection failed");
                }
                continue;
            }
        };
        let simulator = Arc::clone(&simulator);
        connections.spawn(async move {
            if let Err(error) = accept(simulator, stream, peer).await {
                tracing::debug!(%peer, %error, "connection ended");
            }
        });
    }
}

async fn accept(
    simulator: Arc<Simulator>,
    stream: TcpStream,
    peer: SocketAddr,
) -> anyhow::Result<()> {
    stream.set_nodelay(true)?;
    let stream = stream.into_std()?;
    // A second handle on the socket, to make its close a reset when a fault asks for it.
    let handle = stream.try_clone()?;
    let stream = TcpStream::from_std(stream)?;
    match &simulator.tls {
        Some(tls) => {
            let stream = tls.accept(stream).await?;
            connection(&simulator, stream, &handle, peer).await
        }
        None => connection(&simulator, stream, &handle, peer).await,
    }
}

async fn connection(
    simulator: &Simulator,
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    handle: &std::net::TcpStream,
    peer: SocketAddr,
) -> anyhow::Result<()> {
    let opening: Mutex<Option<Opening>> = Mutex::new(None);
    let service = hyper::service::service_fn(async |request: hyper::Request<Incoming>| {
        let exchange = exchange(simulator, request).await;
        tracing::debug!(%peer, status = exchange.status, target = exchange.target, "answered");
        if exchange.response.is_none() {
            rustix::net::sockopt::set_socket_linger(handle, Some(Duration::ZERO))?;
        }
        *opening.lock().unwrap_or_else(PoisonError::into_inner) = exchange.opening;
        exchange
            .response
            .ok_or_else(|| std::io::Error::from(std::io::ErrorKind::ConnectionReset))
    });
    hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades()
        .await?;
    let opening = opening.into_inner().unwrap_or_else(PoisonError::into_inner);
    match opening {
        Some(opening) => channels::run(simulator, opening).await,
        None => Ok(()),
    }
}

/// One answer; without a response the connection is reset.
struct Exchange {
    status: u16,
    target: String,
    response: Option<Response<Body>>,
    opening: Option<Opening>,
}

async fn exchange(simulator: &Simulator, request: hyper::Request<Incoming>) -> Exchange {
    let target = request
        .uri()
        .path_and_query()
        .map_or_else(String::new, ToString::to_string);
    let whole = |answer: &Answer, met: &[Kind]| Exchange {
        status: answer.status,
        target: target.clone(),
        response: Some(bodies::respond(answer, met, simulator.now())),
        opening: None,
    };
    if let Some(rest) = target.strip_prefix("/_simulator/faults") {
        return whole(&administer(simulator, rest, request).await, &[]);
    }
    let met = simulator.faults.meet(&target);
    for fault in &met {
        if let Kind::Latency { milliseconds } = fault {
            tokio::time::sleep(Duration::from_millis(*milliseconds)).await;
        }
    }
    if met.contains(&Kind::Reset) {
        return Exchange {
            status: 0,
            target,
            response: None,
            opening: None,
        };
    }
    if let Some(status) = met.iter().find_map(imposed) {
        let body = json!({ "Errors": ["A fault was asked for."] });
        return whole(&Answer::new(status, body), &met);
    }
    if met.contains(&Kind::UpdatesGone) {
        simulator.updates.forget();
    }
    let mut answer = match answer(simulator, request, &met).await {
        Answered::Whole(answer) => answer,
        Answered::Channel(opening) => {
            let response = bodies::switch(&opening.accept, simulator.now());
            return Exchange {
                status: 101,
                target,
                response: Some(response),
                opening: Some(*opening),
            };
        }
    };
    if met.contains(&Kind::WebException) && answer.body.is_object() {
        answer.body["WebException"] =
            json!({ "StatusCode": 502, "Errors": ["The data source failed while it was read."] });
    }
    whole(&answer, &met)
}

/// The status a fault asks for instead of the answer.
fn imposed(fault: &Kind) -> Option<u16> {
    match fault {
        Kind::Status { status } | Kind::ChannelRefused { status } => Some(*status),
        _ => None,
    }
}

async fn administer(
    simulator: &Simulator,
    rest: &str,
    request: hyper::Request<Incoming>,
) -> Answer {
    let faults = &simulator.faults;
    match (request.method(), rest) {
        (&Method::GET, "") => Answer::new(200, json!(faults.list())),
        (&Method::DELETE, "") => {
            faults.clear();
            Answer::new(200, json!([]))
        }
        (&Method::POST, "") => match read(request)
            .await
            .map(|body| serde_json::from_slice(&body))
        {
            Some(Ok(fault)) => {
                faults.add(fault);
                Answer::new(200, json!(faults.list()))
            }
            _ => Refusal::bad_request("This is not a fault.").into(),
        },
        _ => Refusal::new(404, "Only /_simulator/faults exists.").into(),
    }
}

async fn read(request: hyper::Request<Incoming>) -> Option<Bytes> {
    Limited::new(request.into_body(), MAX_BODY)
        .collect()
        .await
        .ok()
        .map(http_body_util::Collected::to_bytes)
}

enum Answered {
    Whole(Answer),
    Channel(Box<Opening>),
}

impl<T: Into<Answer>> From<T> for Answered {
    fn from(answer: T) -> Self {
        Self::Whole(answer.into())
    }
}

async fn answer(
    simulator: &Simulator,
    mut request: hyper::Request<Incoming>,
    met: &[Kind],
) -> Answered {
    let caller = match simulator.access.check(request.headers(), &simulator.faults) {
        Ok(caller) => caller,
        Err(challenge) => return challenge.into(),
    };
    let host = request
        .headers()
        .get(HOST)
        .and_then(|host| host.to_str().ok())
        .unwrap_or("localhost");
    let scheme = if simulator.tls.is_some() {
        "https"
    } else {
        "http"
    };
    let base = format!("{scheme}://{host}/piwebapi");
    let uri = request.uri().clone();
    let Some(path) = below(uri.path()) else {
        return Refusal::new(404, "PI Web API is served below /piwebapi.").into();
    };
    let asked = Request::new(&base, path, uri.query().unwrap_or(""));
    let operation = match routes::operation(request.method().as_str(), &asked) {
        Ok(operation) => operation,
        Err(refusal) => return refusal.into(),
    };
    if operation.template.ends_with("/channel") {
        return match channels::open(simulator, &asked, caller, &mut request, met) {
            Ok(opening) => Answered::Channel(Box::new(opening)),
            Err(refusal) => refusal.into(),
        };
    }
    match *request.method() {
        Method::POST => {
            let Some(body) = read(request).await else {
                return Answer::new(413, json!({ "Message": "The body is too large." })).into();
            };
            post(simulator, &asked, &caller, operation, &body).into()
        }
        Method::GET | Method::HEAD => get(simulator, &asked, &caller).into(),
        ref method => routes::not_served(method.as_str(), operation).into(),
    }
}

fn below(path: &str) -> Option<&str> {
    let root = path.get(..9)?;
    root.eq_ignore_ascii_case("/piwebapi").then(|| &path[9..])
}

fn post(
    simulator: &Simulator,
    request: &Request,
    caller: &Caller,
    operation: &operations::Operation,
    body: &[u8],
) -> Answer {
    if operation.template == "/batch" {
        let part = |address: &str| part(simulator, &request.base, address, caller);
        return match batch::answer(body, part) {
            Ok(answers) => Answer::new(207, answers),
            Err(refusal) => refusal.into(),
        };
    }
    let answered = Context::new(simulator, request, caller)
        .and_then(|context| routes::post(&context, operation, body));
    finish(request, answered)
}

/// One request of a batch, given by its absolute address.
fn part(simulator: &Simulator, base: &str, address: &str, caller: &Caller) -> (u16, Value) {
    let path = address.find("://").map_or(Some(address), |scheme| {
        address[scheme + 3..]
            .find('/')
            .map(|slash| &address[scheme + 3 + slash..])
    });
    let (path, query) = path.map_or(("", ""), |path| path.split_once('?').unwrap_or((path, "")));
    let answer = match below(path) {
        Some(path) => {
            let request = Request::new(base, path, query);
            match routes::operation("GET", &request) {
                Ok(_) => get(simulator, &request, caller),
                Err(refusal) => refusal.into(),
            }
        }
        None => Refusal::unknown("The resource", address).into(),
    };
    (answer.status, answer.body)
}

fn get(simulator: &Simulator, request: &Request, caller: &Caller) -> Answer {
    let answered = Context::new(simulator, request, caller).and_then(|context| {
        routes::answer(&context).map(|body| Answer {
            location: routes::location(&context, &body),
            ..Answer::new(routes::status(&context, &body), body)
        })
    });
    finish(request, answered)
}

/// Keeps the fields the caller wants.
fn finish(request: &Request, answered: Result<Answer, Refusal>) -> Answer {
    match answered {
        Ok(mut answer) => {
            answer.body = fields::select(answer.body, request.query.get("selectedFields"));
            answer
        }
        Err(refusal) => refusal.into(),
    }
}
