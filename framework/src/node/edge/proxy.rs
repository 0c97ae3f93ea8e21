//! The way of a request to a module and of its answer back: connections are kept, bodies pass as they come, nothing is collected.

use std::sync::Arc;
use std::time::Duration;

use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::header::{CONNECTION, CONTENT_TYPE, HeaderValue, UPGRADE};
use hyper::{Request, Response, StatusCode, Version};
use hyper_util::rt::TokioIo;
use tokio_util::sync::CancellationToken;

use super::guard::strip_hop_by_hop;
use super::problem::Problem;
use crate::node::body::{Answer, Body, TooLarge};
use crate::node::module::Module;
use crate::node::pool::{Connection, Pool};
use crate::node::status::State;

/// A module must begin its answer in this time. Long work is a task on the bus; the calculation engine answers within this or says 504 itself.
const ANSWER_TIME: Duration = Duration::from_secs(70);
/// Tries of one request while nothing of it has reached a module.
const TRIES: usize = 4;
/// How often a reading request goes to another instance because the one that had it died: once, so that a request that kills does not kill them all.
const BREAKS: usize = 1;

/// An answer before it is known whether it is endless.
pub(crate) type Raw = Response<Body>;

/// Sends a request to an instance of the module; when one cannot be reached, to another.
pub(crate) async fn send(module: &Module, mut request: Request<Body>) -> Result<Raw, Problem> {
    let mut failed = None;
    let mut breaks = 0;
    for _ in 0..TRIES {
        let Some(instance) = module.choose(failed).or_else(|| module.choose(None)) else {
            return Err(not_running(module));
        };
        match attempt(&instance.pool, request).await {
            Ok(answer) => return Ok(answer),
            Err(Failure::NotSent(back)) => request = *back,
            Err(Failure::Lost(back, _)) if breaks < BREAKS => {
                breaks += 1;
                request = *back;
            }
            Err(Failure::Lost(_, detail) | Failure::Broken(detail)) => {
                return Err(broken(detail).of_module(&module.name));
            }
            Err(Failure::TooLarge) => return Err(too_large().of_module(&module.name)),
            Err(Failure::TooSlow) => return Err(too_slow().of_module(&module.name)),
        }
        failed = Some(instance.id);
    }
    Err(not_running(module))
}

/// Sends a request to a peer node.
pub(crate) async fn send_to_peer(
    pool: &Arc<Pool>,
    name: &str,
    mut request: Request<Body>,
) -> Result<Raw, Problem> {
    for _ in 0..TRIES {
        match attempt(pool, request).await {
            Ok(answer) => return Ok(answer),
            Err(Failure::NotSent(back)) => request = *back,
            Err(Failure::Lost(_, detail) | Failure::Broken(detail)) => return Err(broken(detail)),
            Err(Failure::TooLarge) => return Err(too_large()),
            Err(Failure::TooSlow) => return Err(too_slow()),
        }
    }
    Err(Problem::unavailable(
        "node",
        format!("the node {name} cannot be reached"),
    ))
}

fn not_running(module: &Module) -> Problem {
    let detail = match module.state() {
        _ if module.is_elsewhere() => format!(
            "the module `{}` runs elsewhere and is away: {}",
            module.name,
            module
                .problem()
                .unwrap_or_else(|| "it has not answered yet".to_owned())
        ),
        State::Stopped | State::Stopping => format!(
            "the module `{}` was stopped by an operator; `dcp start {}` starts it",
            module.name, module.name
        ),
        State::Starting | State::Ready => format!("the module `{}` is starting", module.name),
        State::Failed => format!(
            "the module `{}` has failed and is being started again; its log says why",
            module.name
        ),
    };
    Problem::unavailable(&module.name, detail)
}

fn broken(detail: String) -> Problem {
    Problem::new(
        StatusCode::BAD_GATEWAY,
        "module-broken",
        "The module broke off its answer",
        detail,
    )
}

fn too_slow() -> Problem {
    let detail = format!("no answer within {} s", ANSWER_TIME.as_secs());
    Problem::new(
        StatusCode::GATEWAY_TIMEOUT,
        "timed-out",
        "The module took too long",
        detail,
    )
}

fn too_large() -> Problem {
    Problem::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        "too-large",
        "The request is too large",
        TooLarge.to_string(),
    )
}

enum Failure {
    /// Nothing reached the module: the request may go elsewhere.
    NotSent(Box<Request<Body>>),
    /// It broke after it was sent, and only reads: it may be sent again.
    Lost(Box<Request<Body>>, String),
    /// It broke after it was sent: whether it took effect is unknown.
    Broken(String),
    TooLarge,
    TooSlow,
}

async fn attempt(pool: &Arc<Pool>, request: Request<Body>) -> Result<Raw, Failure> {
    let (mut connection, kept) = match pool.kept().await {
        Some(connection) => (connection, true),
        None => match pool.connect().await {
            Ok(connection) => (connection, false),
            Err(error) => {
                tracing::debug!(%error, "a module cannot be reached");
                return Err(Failure::NotSent(Box::new(request)));
            }
        },
    };
    let again = (request.method().is_safe() && hyper::body::Body::is_end_stream(request.body()))
        .then(|| copy(&request));
    let sent = tokio::time::timeout(ANSWER_TIME, connection.try_send_request(request))
        .await
        .map_err(|_| Failure::TooSlow)?;
    match sent {
        Ok(response) => Ok(response.map(|incoming| answer(incoming, connection, pool))),
        Err(mut error) => Err(match (error.take_message(), again) {
            (Some(request), _) => Failure::NotSent(Box::new(request)),
            // A kept connection may be closed by the other side while a request is on its way: nobody has died of that.
            (None, Some(request)) if kept => Failure::NotSent(Box::new(request)),
            (None, Some(request)) => Failure::Lost(Box::new(request), error.error().to_string()),
            _ if caused_by_size(error.error()) => Failure::TooLarge,
            _ => Failure::Broken(error.error().to_string()),
        }),
    }
}

fn caused_by_size(error: &hyper::Error) -> bool {
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        if error.is::<TooLarge>() {
            return true;
        }
        cause = error.source();
    }
    false
}

fn copy(request: &Request<Body>) -> Request<Body> {
    let mut copy = Request::new(Body::empty());
    *copy.method_mut() = request.method().clone();
    *copy.uri_mut() = request.uri().clone();
    *copy.headers_mut() = request.headers().clone();
    copy
}

fn answer(incoming: Incoming, connection: Connection, pool: &Arc<Pool>) -> Body {
    Answer {
        incoming,
        connection: Some((connection, Arc::clone(pool))),
        until: None,
    }
    .into_body()
}

/// Makes an answer of a module fit for the caller: headers of the connection go, endless answers end when the node stops.
pub(crate) fn hand_back(mut response: Raw, stopping: &CancellationToken) -> Response<Body> {
    *response.version_mut() = Version::HTTP_11;
    strip_hop_by_hop(response.headers_mut());
    let endless = response
        .headers()
        .get(CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().starts_with(b"text/event-stream"));
    if endless && let Body::Answer(answer) = response.body_mut() {
        answer.until = Some(Box::pin(stopping.clone().cancelled_owned()));
    }
    response
}

/// The protocol a caller wants to change to, when it does.
pub(crate) fn wanted_protocol(request: &Request<Incoming>) -> Option<HeaderValue> {
    let asks = request
        .headers()
        .get(CONNECTION)?
        .to_str()
        .ok()?
        .to_ascii_lowercase()
        .contains("upgrade");
    asks.then(|| request.headers().get(UPGRADE).cloned())
        .flatten()
}

/// Joins the two ends of a connection that changed its protocol (WebSocket), until either ends or the node stops.
pub(crate) fn join(
    caller: hyper::upgrade::OnUpgrade,
    response: &mut Raw,
    stopping: CancellationToken,
) {
    let module = hyper::upgrade::on(response);
    tokio::spawn(async move {
        let joined = async {
            let (caller, module) =
                tokio::try_join!(caller, module).map_err(std::io::Error::other)?;
            tokio::io::copy_bidirectional(&mut TokioIo::new(caller), &mut TokioIo::new(module))
                .await
        };
        tokio::select! {
            ended = joined => if let Err(error) = ended { tracing::debug!(%error, "an upgraded connection ended") },
            () = stopping.cancelled() => {}
        }
    });
}

/// The whole body of an answer, when it is small enough.
pub(crate) async fn collect(response: Raw, limit: usize) -> Result<bytes::Bytes, String> {
    let body = http_body_util::Limited::new(response.into_body(), limit)
        .collect()
        .await
        .map_err(|error| error.to_string())?;
    Ok(body.to_bytes())
}
