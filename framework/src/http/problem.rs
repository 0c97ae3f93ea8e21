//! Errors as callers see them: RFC 9457 `application/problem+json`. The one place that turns an error into HTTP.

use std::borrow::Cow;
use std::time::Duration;

use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::store::StoreError;

/// Content type of a problem.
pub const PROBLEM_JSON: &str = "application/problem+json";

/// One part of the input that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct InvalidPart {
    /// JSON pointer into the body, or the name of a parameter.
    pub pointer: String,
    /// What is wrong with it.
    pub detail: String,
}

/// An error as its caller sees it; boxed, so that every `Result` of a handler stays small.
#[derive(Debug, Serialize)]
#[serde(transparent)]
pub struct Problem(pub(super) Box<Body>);

/// What went wrong, for the caller. Its cause is for the log only.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct Body {
    /// Identifies the kind of problem: `urn:dcp:problem:<kind>`.
    #[serde(rename = "type")]
    #[schema(rename = "type", value_type = String)]
    kind: Cow<'static, str>,
    /// The same for every problem of this kind.
    #[schema(value_type = String)]
    title: Cow<'static, str>,
    /// The HTTP status.
    #[serde(serialize_with = "as_number")]
    #[schema(value_type = u16)]
    status: StatusCode,
    /// What this caller can do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    /// Finds the request in the logs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) trace_id: Option<String>,
    /// The module that answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) module: Option<String>,
    /// The parts of the input that are wrong.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<InvalidPart>,
    /// More members, per kind.
    #[serde(flatten)]
    #[schema(ignore)]
    more: serde_json::Map<String, serde_json::Value>,
    #[serde(skip)]
    retry_after: Option<Duration>,
    #[serde(skip)]
    pub(super) cause: Option<anyhow::Error>,
}

impl utoipa::PartialSchema for Problem {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        Body::schema()
    }
}

impl utoipa::ToSchema for Problem {
    fn schemas(schemas: &mut Vec<(String, utoipa::openapi::RefOr<utoipa::openapi::Schema>)>) {
        Body::schemas(schemas);
    }
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "the shape serde asks for"
)]
fn as_number<S: serde::Serializer>(status: &StatusCode, out: S) -> Result<S::Ok, S::Error> {
    out.serialize_u16(status.as_u16())
}

impl Problem {
    /// A problem of a kind of the module's own, such as `unknown-script`.
    pub fn new(status: StatusCode, kind: &str, title: impl Into<Cow<'static, str>>) -> Self {
        Self(Box::new(Body {
            kind: format!("urn:dcp:problem:{kind}").into(),
            title: title.into(),
            status,
            detail: None,
            trace_id: None,
            module: None,
            errors: Vec::new(),
            more: serde_json::Map::new(),
            retry_after: None,
            cause: None,
        }))
    }

    /// 400: the request cannot be understood.
    pub fn bad_request(detail: impl Into<String>) -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "bad-request",
            "The request cannot be understood",
        )
        .detail(detail)
    }

    /// 401: nobody is signed in.
    pub fn unauthenticated() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "not-signed-in", "Sign in first")
    }

    /// 403: signed in, but not allowed.
    pub fn forbidden(detail: impl Into<String>) -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "not-allowed",
            "You are not allowed to do this",
        )
        .detail(detail)
    }

    /// 404: the thing does not exist, or not for this caller.
    pub fn not_found(what: impl std::fmt::Display) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not-found", "Not found")
            .detail(format!("There is no {what}."))
    }

    /// 409: it contradicts what is there.
    pub fn conflict(detail: impl Into<String>) -> Self {
        Self::new(
            StatusCode::CONFLICT,
            "conflict",
            "This contradicts what is there",
        )
        .detail(detail)
    }

    /// 422: understood, but wrong; name the parts with [`Problem::part`].
    pub fn unprocessable(detail: impl Into<String>) -> Self {
        Self::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "invalid-input",
            "The input is not valid",
        )
        .detail(detail)
    }

    /// 503: something this module depends on does not answer.
    pub fn unavailable(what: impl std::fmt::Display) -> Self {
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "unavailable",
            "Temporarily not available",
        )
        .detail(format!("{what} does not answer at the moment."))
        .retry_after(Duration::from_secs(2))
    }

    /// 500: a bug. The caller learns the trace id and nothing else.
    pub fn internal(cause: impl Into<anyhow::Error>) -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            "Something went wrong on our side",
        )
        .because(cause)
    }

    /// What this caller can do about it.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.0.detail = Some(detail.into());
        self
    }

    /// Names one part of the input that is wrong.
    #[must_use]
    pub fn part(mut self, pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        self.0.errors.push(InvalidPart {
            pointer: pointer.into(),
            detail: detail.into(),
        });
        self
    }

    /// Adds a member, per kind.
    #[must_use]
    pub fn with(mut self, member: &str, value: impl Into<serde_json::Value>) -> Self {
        self.0.more.insert(member.to_owned(), value.into());
        self
    }

    /// When to try again, for 429 and 503.
    #[must_use]
    pub fn retry_after(mut self, wait: Duration) -> Self {
        self.0.retry_after = Some(wait);
        self
    }

    /// The cause, for the log only.
    #[must_use]
    pub fn because(mut self, cause: impl Into<anyhow::Error>) -> Self {
        self.0.cause = Some(cause.into());
        self
    }

    /// Its HTTP status.
    pub fn status(&self) -> StatusCode {
        self.0.status
    }

    /// Its kind, such as `urn:dcp:problem:not-found`.
    pub fn kind(&self) -> &str {
        &self.0.kind
    }

    /// The parts of the input it names.
    pub fn parts(&self) -> &[InvalidPart] {
        &self.0.errors
    }
}

/// Refusals of the store: what another writer did is a conflict, what passes is 503, the rest is a bug.
impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match &error {
            error if error.is_transient() => Self::unavailable("The database"),
            StoreError::Duplicate(_) => {
                Self::conflict("Something with this name or key is there already.")
            }
            StoreError::Rejected { message, .. } => Self::conflict(message.clone()),
            _ => return Self::internal(error),
        }
        .because(error)
    }
}

/// The problem on its way through the layers, which add trace id and module and write the body.
#[derive(Clone)]
pub(super) struct Pending(pub(super) std::sync::Arc<std::sync::Mutex<Option<Problem>>>);

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.0.status.into_response();
        write_headers(&self.0, response.headers_mut());
        let body = serde_json::to_vec(&self).unwrap_or_default();
        *response.body_mut() = axum::body::Body::from(body);
        response
            .extensions_mut()
            .insert(Pending(std::sync::Arc::new(std::sync::Mutex::new(Some(
                self,
            )))));
        response
    }
}

fn write_headers(problem: &Body, headers: &mut axum::http::HeaderMap) {
    let mut set = |name: HeaderName, value: HeaderValue| headers.insert(name, value);
    set(header::CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON));
    set(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Some(wait) = problem.retry_after {
        let seconds = wait.as_millis().div_ceil(1000).max(1);
        set(
            header::RETRY_AFTER,
            HeaderValue::from(u64::try_from(seconds).unwrap_or(u64::MAX)),
        );
    }
    if problem.status == StatusCode::UNAUTHORIZED {
        set(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
}
