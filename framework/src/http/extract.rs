//! Extractors that answer problem+json: axum's own answer text/plain and show the names of Rust's types.

use axum::RequestExt as _;
use axum::body::{Bytes, HttpBody as _};
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use http_body_util::{BodyExt as _, LengthLimitError};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::Problem;

/// Nesting of JSON that is accepted; deeper input has no use here and costs stack.
pub const JSON_DEPTH: usize = 32;

/// A JSON body, as argument and as answer.
#[derive(Debug, Clone)]
pub struct Json<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        if !is_json(request.headers()) {
            return Err(Problem::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "not-json",
                "The body must be JSON",
            )
            .detail("Send Content-Type: application/json."));
        }
        let body = body(request).await?;
        parse(&body).map(Self)
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let Some(kind) = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
    else {
        return false;
    };
    let kind = kind
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    kind == "application/json" || (kind.starts_with("application/") && kind.ends_with("+json"))
}

/// The bytes of a body, whatever they mean.
#[derive(Debug, Clone)]
pub struct Body(pub Bytes);

impl<S: Send + Sync> FromRequest<S> for Body {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        body(request).await.map(Self)
    }
}

/// The whole body within the route's limit, gathered in the room that its length asks for: parts that are kept until the last has
/// come would be copied and held twice.
async fn body(request: Request) -> Result<Bytes, Problem> {
    let mut parts = request.into_limited_body();
    let mut whole = Vec::new();
    while let Some(part) = parts.frame().await {
        let Ok(part) = part.map_err(cut_short)?.into_data() else {
            continue;
        };
        if whole.is_empty() {
            if parts.is_end_stream() {
                return Ok(part);
            }
            let further = usize::try_from(parts.size_hint().lower()).unwrap_or(0);
            whole.reserve_exact(part.len() + further);
        }
        whole.extend_from_slice(&part);
    }
    Ok(whole.into())
}

fn cut_short(error: axum::Error) -> Problem {
    if error.into_inner().is::<LengthLimitError>() {
        let title = "The body is too large";
        Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", title)
    } else {
        Problem::bad_request("The body ended early.")
    }
}

/// JSON text as a type; a wrong part is named by its pointer.
pub fn parse<T: DeserializeOwned>(text: &[u8]) -> Result<T, Problem> {
    if depth(text) > JSON_DEPTH {
        return Err(Problem::unprocessable(format!(
            "The body is nested deeper than {JSON_DEPTH} levels."
        )));
    }
    let mut reader = serde_json::Deserializer::from_slice(text);
    let value = serde_path_to_error::deserialize(&mut reader).map_err(|error| rejected(&error))?;
    reader
        .end()
        .map_err(|error| Problem::bad_request(format!("The body is not valid JSON: {error}.")))?;
    Ok(value)
}

fn rejected(error: &serde_path_to_error::Error<serde_json::Error>) -> Problem {
    let inner = error.inner();
    if inner.is_syntax() || inner.is_eof() {
        return Problem::bad_request(format!("The body is not valid JSON: {inner}."));
    }
    let text = inner.to_string();
    let detail = text
        .rsplit_once(" at line ")
        .map_or(text.as_str(), |(detail, _)| detail);
    Problem::unprocessable("A part of the body is not what it must be.")
        .part(pointer(error.path()), detail)
}

/// A path of serde as JSON pointer (RFC 6901).
fn pointer(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    let mut pointer = String::new();
    for segment in path {
        pointer.push('/');
        match segment {
            Segment::Seq { index } => pointer.push_str(&index.to_string()),
            Segment::Map { key } => pointer.push_str(&key.replace('~', "~0").replace('/', "~1")),
            Segment::Enum { variant } => pointer.push_str(variant),
            Segment::Unknown => pointer.push('?'),
        }
    }
    pointer
}

/// How deep the brackets of a JSON text go, without reading it as JSON.
fn depth(text: &[u8]) -> usize {
    let (mut now, mut deepest, mut in_text, mut escaped) = (0_usize, 0, false, false);
    for byte in text {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_text => escaped = true,
            b'"' => in_text = !in_text,
            b'[' | b'{' if !in_text => {
                now += 1;
                deepest = deepest.max(now);
            }
            b']' | b'}' if !in_text => now = now.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        match serde_json::to_vec(&self.0) {
            Ok(body) => (
                [
                    (header::CONTENT_TYPE, "application/json"),
                    (header::CACHE_CONTROL, "no-store"),
                ],
                body,
            )
                .into_response(),
            Err(error) => Problem::internal(error).into_response(),
        }
    }
}

/// Parameters of the query.
#[derive(Debug, Clone)]
pub struct Query<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let read: Result<axum::extract::Query<T>, _> =
            axum::extract::Query::try_from_uri(&parts.uri);
        read.map(|read| Self(read.0)).map_err(|rejection| {
            let text = rejection.body_text();
            let text = text
                .strip_prefix("Failed to deserialize query string: ")
                .unwrap_or(&text);
            let (name, detail) = text.split_once(": ").unwrap_or(("", text));
            Problem::unprocessable("A parameter of the query is not what it must be.")
                .part(name, detail)
        })
    }
}

/// Parameters of the path.
#[derive(Debug, Clone)]
pub struct Path<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let read: Result<axum::extract::Path<T>, _> =
            axum::extract::Path::from_request_parts(parts, state).await;
        // A path that does not fit its type names nothing that exists.
        read.map(|read| Self(read.0))
            .map_err(|_| Problem::not_found(format!("such thing as {}", parts.uri.path())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, serde::Deserialize)]
    struct Model {
        #[expect(dead_code, reason = "only its type matters here")]
        tags: Vec<u32>,
    }

    #[test]
    fn the_wrong_part_is_named_by_its_pointer() {
        let problem = parse::<Model>(br#"{"tags":[1,"x"]}"#).unwrap_err();
        assert_eq!(problem.status(), StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(problem.parts()[0].pointer, "/tags/1");
        assert_eq!(
            problem.parts()[0].detail,
            "invalid type: string \"x\", expected u32"
        );
        for broken in ["{", "", "{} {}"] {
            let problem = parse::<serde_json::Value>(broken.as_bytes()).unwrap_err();
            assert_eq!(problem.status(), StatusCode::BAD_REQUEST, "{broken}");
        }
    }

    #[test]
    fn depth_is_limited_and_brackets_in_texts_do_not_count() {
        let nested = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
        assert!(parse::<serde_json::Value>(nested(JSON_DEPTH).as_bytes()).is_ok());
        assert!(parse::<serde_json::Value>(nested(JSON_DEPTH + 1).as_bytes()).is_err());
        assert_eq!(depth(br#"["[[[\"[[[", "\\"]"#), 1);
    }
}
