//! Answers of the edge itself that say what went wrong, as RFC 9457 problems.

use hyper::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use hyper::{Response, StatusCode};
use serde_json::json;

use crate::node::body::Body;

/// What went wrong, for the caller.
#[derive(Debug, Clone)]
pub(crate) struct Problem {
    status: StatusCode,
    kind: &'static str,
    title: &'static str,
    detail: String,
    module: Option<String>,
    retry_after: Option<u32>,
}

impl Problem {
    pub(crate) fn new(
        status: StatusCode,
        kind: &'static str,
        title: &'static str,
        detail: impl Into<String>,
    ) -> Self {
        Self {
            status,
            kind,
            title,
            detail: detail.into(),
            module: None,
            retry_after: None,
        }
    }

    pub(crate) fn not_found(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not-found", "Not found", detail)
    }

    pub(crate) fn unauthorized(detail: impl Into<String>) -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "not-signed-in",
            "Sign in first",
            detail,
        )
    }

    pub(crate) fn forbidden(detail: impl Into<String>) -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "not-allowed",
            "You are not allowed to do this",
            detail,
        )
    }

    /// A module does not run, or not yet.
    pub(crate) fn unavailable(module: &str, detail: impl Into<String>) -> Self {
        let title = "The module is not running";
        let mut problem = Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "module-unavailable",
            title,
            detail,
        );
        problem.module = Some(module.to_owned());
        problem.retry_after = Some(5);
        problem
    }

    /// Nobody can be told to modules at present.
    pub(crate) fn unsigned() -> Self {
        let mut problem = Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "unavailable",
            "The node cannot sign who is calling",
            "its provider of secrets does not sign at present; the log of the node says why. Try again in a moment",
        );
        problem.retry_after = Some(5);
        problem
    }

    pub(crate) fn of_module(mut self, module: &str) -> Self {
        self.module = Some(module.to_owned());
        self
    }

    pub(crate) fn answer(self, trace_id: &str) -> Response<Body> {
        let body = json!({
            "type": format!("urn:dcp:problem:{}", self.kind),
            "title": self.title,
            "status": self.status.as_u16(),
            "detail": self.detail,
            "trace_id": trace_id,
            "module": self.module.unwrap_or_else(|| "node".to_owned()),
        });
        let mut response = Response::new(Body::from(body.to_string()));
        *response.status_mut() = self.status;
        response.headers_mut().insert(
            CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        response
            .headers_mut()
            .insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(RETRY_AFTER, seconds.into());
        }
        if self.status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(
                hyper::header::WWW_AUTHENTICATE,
                HeaderValue::from_static("Bearer"),
            );
        }
        response
    }
}
