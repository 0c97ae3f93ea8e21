//! Asking another module by HTTP, through the edge, with this module's own credential.

use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::model::{ModuleName, SiteId};
use crate::secrets::Held;
use crate::telemetry::{Span, SpanKind, TraceContext};

/// Why another module did not answer as wished.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// It cannot be reached.
    #[error("{module} does not answer")]
    Unavailable {
        /// Which module.
        module: ModuleName,
        /// Why.
        #[source]
        cause: reqwest::Error,
    },
    /// It refuses.
    #[error("{module} answers {status}: {title}")]
    Refused {
        /// Which module.
        module: ModuleName,
        /// HTTP status.
        status: u16,
        /// Kind of the problem, `urn:dcp:problem:...`.
        kind: String,
        /// Title of the problem.
        title: String,
    },
    /// Its answer is not what was agreed.
    #[error("{module} answers in an unknown shape")]
    Shape {
        /// Which module.
        module: ModuleName,
        /// Why.
        #[source]
        cause: serde_json::Error,
    },
}

impl From<ServiceError> for super::Problem {
    fn from(error: ServiceError) -> Self {
        match &error {
            ServiceError::Refused { status: 404, .. } => {
                Self::not_found("such thing").because(error)
            }
            ServiceError::Unavailable { module, .. }
            | ServiceError::Refused {
                module,
                status: 429 | 503..,
                ..
            } => Self::unavailable(format!("The module {module}")).because(error),
            ServiceError::Refused { .. } | ServiceError::Shape { .. } => Self::internal(error),
        }
    }
}

#[derive(serde::Deserialize, Default)]
#[serde(default)]
struct Refusal {
    r#type: String,
    title: String,
}

/// Client of one other module; cheap to clone.
#[derive(Debug, Clone)]
pub struct ServiceClient {
    http: reqwest::Client,
    base: String,
    module: ModuleName,
    token: Arc<Held>,
}

impl ServiceClient {
    pub(crate) fn new(
        http: reqwest::Client,
        edge: &str,
        module: ModuleName,
        token: Arc<Held>,
    ) -> Self {
        let base = format!("{}/api/{module}", edge.trim_end_matches('/'));
        Self {
            http,
            base,
            module,
            token,
        }
    }

    /// GET `/api/<module><path>`, about a site.
    pub async fn get<T: DeserializeOwned>(
        &self,
        path: &str,
        site: Option<&SiteId>,
    ) -> Result<T, ServiceError> {
        let request = self.http.get(format!("{}{path}", self.base));
        self.send("GET", request, site).await
    }

    /// POST with a JSON body.
    pub async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        site: Option<&SiteId>,
        body: &impl Serialize,
    ) -> Result<T, ServiceError> {
        let request = self.http.post(format!("{}{path}", self.base)).json(body);
        self.send("POST", request, site).await
    }

    async fn send<T: DeserializeOwned>(
        &self,
        method: &'static str,
        mut request: reqwest::RequestBuilder,
        site: Option<&SiteId>,
    ) -> Result<T, ServiceError> {
        if let Some(site) = site {
            request = request.header(super::SITE, site.as_str());
        }
        let mut span = Span::begin(SpanKind::Client, TraceContext::current(), || {
            format!("{method} /api/{}", self.module)
        });
        span.set("http.request.method", method);
        if span.is_recorded() {
            span.set("peer.service", self.module.to_string());
        }
        let unavailable = |cause| ServiceError::Unavailable {
            module: self.module.clone(),
            cause,
        };
        let request = request.header("traceparent", span.context().traceparent());
        let response = self
            .with_credential(request)
            .await
            .inspect_err(|_| span.fail("unavailable"))
            .map_err(unavailable)?;
        let status = response.status();
        span.asked(status);
        let body = response.bytes().await.map_err(unavailable)?;
        if !status.is_success() {
            let refusal: Refusal = serde_json::from_slice(&body).unwrap_or_default();
            let module = self.module.clone();
            return Err(ServiceError::Refused {
                module,
                status: status.as_u16(),
                kind: refusal.r#type,
                title: refusal.title,
            });
        }
        serde_json::from_slice(&body).map_err(|cause| ServiceError::Shape {
            module: self.module.clone(),
            cause,
        })
    }

    /// Sends with the module's credential, and once more when that is refused and another is in its place by now.
    async fn with_credential(
        &self,
        request: reqwest::RequestBuilder,
    ) -> Result<reqwest::Response, reqwest::Error> {
        let (again, token) = (request.try_clone(), self.token.value());
        let response = request.bearer_auth(token.expose()).send().await?;
        if response.status() == reqwest::StatusCode::UNAUTHORIZED
            && let Some(again) = again
            && let Some(token) = self.token.instead_of(&token).await
        {
            return again.bearer_auth(token.expose()).send().await;
        }
        Ok(response)
    }
}
