//! Answers as they go over the wire: whole, broken off, or slow.

use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Empty, Full, StreamBody};
use hyper::body::Frame;
use hyper::header::{
    CONNECTION, CONTENT_TYPE, DATE, LOCATION, SEC_WEBSOCKET_ACCEPT, UPGRADE, WWW_AUTHENTICATE,
};
use hyper::http::response::Builder;
use hyper::{Response, StatusCode};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::access::Challenge;
use crate::faults::Kind;
use crate::refusal::Refusal;
use crate::time::Micros;

/// How often a slow body sends a piece.
const PIECES_PER_SECOND: u32 = 10;

/// A body of any kind.
pub type Body = BoxBody<Bytes, std::io::Error>;

/// What a request is answered with.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// The body.
    pub body: Value,
    /// The header `Location`.
    pub location: Option<String>,
    /// The headers `WWW-Authenticate`.
    pub challenges: Vec<String>,
}

impl Answer {
    /// An answer without headers of its own.
    pub fn new(status: u16, body: Value) -> Self {
        Self {
            status,
            body,
            location: None,
            challenges: Vec::new(),
        }
    }
}

impl From<Refusal> for Answer {
    fn from(refusal: Refusal) -> Self {
        Self::new(refusal.status, refusal.body())
    }
}

impl From<Challenge> for Answer {
    fn from(challenge: Challenge) -> Self {
        let message = "Authorization has been denied for this request.";
        Self {
            challenges: challenge.0,
            ..Self::new(401, json!({ "Message": message }))
        }
    }
}

/// The answer on the wire, with the faults it meets, dated by the server's clock.
pub fn respond(answer: &Answer, met: &[Kind], now: Micros) -> Response<Body> {
    let mut builder = head(answer.status, now);
    if let Some(location) = &answer.location {
        builder = builder.header(LOCATION, location);
    }
    for challenge in &answer.challenges {
        builder = builder.header(WWW_AUTHENTICATE, challenge);
    }
    // A 204 has no body.
    let bytes = if answer.status == 204 {
        Bytes::new()
    } else {
        Bytes::from(answer.body.to_string())
    };
    let slow = met.iter().find_map(|fault| match fault {
        Kind::Slow { bytes_per_second } => Some(*bytes_per_second),
        _ => None,
    });
    let body = match slow {
        _ if met.contains(&Kind::Truncate) => broken(bytes),
        Some(bytes_per_second) => dripping(bytes, bytes_per_second),
        None => Full::new(bytes).map_err(|never| match never {}).boxed(),
    };
    builder.body(body).unwrap_or_default()
}

/// The answer that turns a connection into a channel.
pub fn switch(accept: &str, now: Micros) -> Response<Body> {
    head(101, now)
        .header(CONNECTION, "Upgrade")
        .header(UPGRADE, "websocket")
        .header(SEC_WEBSOCKET_ACCEPT, accept)
        .body(Empty::new().map_err(|never| match never {}).boxed())
        .unwrap_or_default()
}

fn head(status: u16, now: Micros) -> Builder {
    let builder = Response::builder()
        .status(StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR));
    let builder = match Timestamp::from_microsecond(now) {
        Ok(now) => builder.header(DATE, now.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()),
        Err(_) => builder,
    };
    if matches!(status, 101 | 204) {
        builder
    } else {
        builder.header(CONTENT_TYPE, "application/json; charset=utf-8")
    }
}

fn broken(mut bytes: Bytes) -> Body {
    bytes.truncate(bytes.len() / 2);
    Broken {
        first: Some(bytes),
        waited: false,
    }
    .boxed()
}

fn dripping(bytes: Bytes, bytes_per_second: u32) -> Body {
    let size = usize::try_from(bytes_per_second / PIECES_PER_SECOND)
        .unwrap_or(usize::MAX)
        .max(1);
    let pause = Duration::from_secs(1) / (bytes_per_second.clamp(1, PIECES_PER_SECOND));
    let pieces = futures_util::stream::unfold(bytes, move |mut rest| async move {
        if rest.is_empty() {
            return None;
        }
        tokio::time::sleep(pause).await;
        let piece = rest.split_to(size.min(rest.len()));
        Some((Ok(Frame::data(piece)), rest))
    });
    BodyExt::boxed(StreamBody::new(pieces))
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
