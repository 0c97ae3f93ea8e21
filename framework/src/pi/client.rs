//! One PI Web API server: GET and `POST /batch` of GETs, nothing else can be sent.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};
use std::time::{Duration, Instant};

use reqwest::header::{AUTHORIZATION, HeaderValue};
use reqwest::{Request, RequestBuilder, Response, StatusCode, Url};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::sync::Semaphore;

use super::answer::Completeness;
use super::{PiCredentials, PiError, PiSource};
use crate::clock::{Clock, SystemClock};
use crate::limits;
use crate::telemetry::{Span, SpanKind};

/// A reader of one PI Web API server; cheap to clone. Readers of the same server share its concurrency limit.
#[derive(Debug, Clone)]
pub struct PiClient {
    inner: Arc<Inner>,
    end: Option<End>,
}

/// By when all requests of one question must be answered.
#[derive(Debug, Clone, Copy)]
struct End {
    at: Instant,
    patience: Duration,
}

#[derive(Debug)]
struct Inner {
    http: reqwest::Client,
    base: Url,
    authorization: Option<HeaderValue>,
    gate: Arc<Semaphore>,
    source: PiSource,
}

/// Errors of a 4xx or 5xx; the server writes one of two shapes.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Refusal {
    errors: Vec<String>,
    message: String,
}

/// One answer of a batch.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct BatchAnswer {
    pub(super) status: u16,
    #[serde(default)]
    pub(super) content: Value,
}

impl PiClient {
    /// Prepares to read a source; nothing is sent yet.
    pub fn connect(source: &PiSource, credentials: &PiCredentials) -> Result<Self, PiError> {
        let misconfigured = |reason: &dyn std::fmt::Display| {
            PiError::Misconfigured(format!("{}: {reason}", source.url))
        };
        let base = Url::parse(&format!("{}/", source.url.trim_end_matches('/')))
            .map_err(|error| misconfigured(&error))?;
        if !matches!(base.scheme(), "http" | "https") || base.cannot_be_a_base() {
            return Err(misconfigured(
                &"the address must begin with http:// or https://",
            ));
        }
        let http = reqwest::Client::builder()
            .connect_timeout(limits::PI_CONNECT)
            .timeout(limits::PI_REQUEST)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()
            .map_err(PiError::Down)?;
        let authorization = credentials
            .header()
            .map_err(|_| misconfigured(&"the credentials hold characters that cannot be sent"))?;
        let gate = gate(base.as_str());
        Ok(Self {
            inner: Arc::new(Inner {
                http,
                base,
                authorization,
                gate,
                source: source.clone(),
            }),
            end: None,
        })
    }

    /// The same reader for one question: waiting for a free place and all its requests together end within `patience`, so
    /// that whoever asks hears of the PI server before giving up.
    #[must_use]
    pub fn within(&self, patience: Duration) -> Self {
        Self {
            inner: self.inner.clone(),
            end: Some(End {
                at: Instant::now() + patience,
                patience,
            }),
        }
    }

    /// The source it reads.
    pub fn source(&self) -> &PiSource {
        &self.inner.source
    }

    /// Whether the server answers and accepts the credentials.
    pub async fn check(&self) -> Result<(), PiError> {
        self.get::<Value>(&["system", "userinfo"], &[], "the server")
            .await
            .map(|_| ())
    }

    /// GET of a path below the base; `what` names the object in errors.
    pub(super) async fn get<T>(
        &self,
        path: &[&str],
        query: &[(&str, &str)],
        what: &str,
    ) -> Result<T, PiError>
    where
        T: DeserializeOwned + Send + 'static,
    {
        let url = self.url(path, query)?;
        self.patiently(what, || self.inner.http.get(url.clone()))
            .await
    }

    /// Several GETs in one request, answered in their order.
    pub(super) async fn get_many(
        &self,
        paths: &[Vec<&str>],
        query: &[(&str, &str)],
    ) -> Result<Vec<BatchAnswer>, PiError> {
        let mut parts = serde_json::Map::new();
        for (place, path) in paths.iter().enumerate() {
            let resource = self.url(path, query)?;
            parts.insert(
                place.to_string(),
                json!({ "Method": "GET", "Resource": resource.as_str() }),
            );
        }
        let url = self.url(&["batch"], &[])?;
        let body = Value::Object(parts);
        // The header is what a server with defence against forged requests asks of every POST.
        let build = || {
            self.inner
                .http
                .post(url.clone())
                .header("X-Requested-With", "XmlHttpRequest")
                .json(&body)
        };
        let mut answers: HashMap<String, BatchAnswer> = self.patiently("the batch", build).await?;
        let missing = || PiError::Interrupted("the batch is not answered in full".to_owned());
        (0..paths.len())
            .map(|place| answers.remove(&place.to_string()).ok_or_else(missing))
            .collect()
    }

    fn url(&self, path: &[&str], query: &[(&str, &str)]) -> Result<Url, PiError> {
        let mut url = self.inner.base.clone();
        let refuse = || PiError::Misconfigured(self.inner.source.url.clone());
        url.path_segments_mut()
            .map_err(|()| refuse())?
            .pop_if_empty()
            .extend(path);
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        Ok(url)
    }

    /// Sends until it succeeds, fails for good or the attempts are used up.
    async fn patiently<T>(
        &self,
        what: &str,
        build: impl Fn() -> RequestBuilder,
    ) -> Result<T, PiError>
    where
        T: DeserializeOwned + Send + 'static,
    {
        let mut attempt = 1;
        loop {
            match self.in_time(self.once(what, build(), attempt)).await {
                // A server that needs longer than the time limit will need as long again.
                Err(error)
                    if error.is_passing()
                        && !matches!(error, PiError::Slow(_))
                        && attempt < limits::PI_ATTEMPTS =>
                {
                    tracing::debug!(source = self.inner.source.id, attempt, %error, "PI request is repeated");
                    SystemClock.sleep(pause(attempt)).await;
                    attempt += 1;
                }
                outcome => return outcome,
            }
        }
    }

    async fn in_time<T>(
        &self,
        attempt: impl Future<Output = Result<T, PiError>>,
    ) -> Result<T, PiError> {
        match self.end {
            Some(End { at, patience }) => tokio::time::timeout_at(at.into(), attempt)
                .await
                .unwrap_or(Err(PiError::Slow(patience))),
            None => attempt.await,
        }
    }

    async fn once<T>(&self, what: &str, request: RequestBuilder, attempt: u32) -> Result<T, PiError>
    where
        T: DeserializeOwned + Send + 'static,
    {
        // The gate is never closed.
        let _permit = self
            .inner
            .gate
            .acquire()
            .await
            .map_err(|_| PiError::Slow(limits::PI_REQUEST))?;
        let request = match &self.inner.authorization {
            Some(header) => request.header(AUTHORIZATION, header.clone()),
            None => request,
        };
        let (http, request) = request.build_split();
        let request = request.map_err(unsent)?;
        let mut span = asking(&request, attempt);
        let response = http.execute(request).await;
        let response = response.inspect_err(|_| span.fail("unavailable"));
        let response = response.map_err(unsent)?;
        let status = response.status();
        span.asked(status);
        let body = body(response).await?;
        if status.is_success() {
            parse(body).await
        } else {
            Err(refused(status, &body, what))
        }
    }
}

/// A request as a step of the present trace. What it asks for stands in the query, which stays out of traces.
fn asking(request: &Request, attempt: u32) -> Span {
    let mut span = Span::within(SpanKind::Client, || format!("{} PI", request.method()));
    if span.is_recorded() {
        let host = request.url().host_str().unwrap_or_default();
        span.set("http.request.method", request.method().to_string());
        span.set("server.address", host.to_owned());
        span.set("http.request.resend_count", attempt - 1);
    }
    span
}

/// The concurrency limit of a server, shared by all its readers in this process.
fn gate(base: &str) -> Arc<Semaphore> {
    static GATES: OnceLock<Mutex<HashMap<String, Weak<Semaphore>>>> = OnceLock::new();
    let mut gates = GATES
        .get_or_init(Mutex::default)
        .lock()
        .unwrap_or_else(PoisonError::into_inner);
    gates.retain(|_, gate| gate.strong_count() > 0);
    if let Some(gate) = gates.get(base).and_then(Weak::upgrade) {
        return gate;
    }
    let gate = Arc::new(Semaphore::new(limits::PI_CONCURRENCY));
    gates.insert(base.to_owned(), Arc::downgrade(&gate));
    gate
}

/// Doubles with every attempt, between half and all of it at random, so that readers do not return together.
fn pause(attempt: u32) -> Duration {
    limits::PI_PAUSE
        .saturating_mul(1 << attempt.min(6))
        .mul_f64(rand::random_range(0.5..1.0))
}

fn unsent(error: reqwest::Error) -> PiError {
    if error.is_timeout() {
        PiError::Slow(limits::PI_REQUEST)
    } else {
        PiError::Down(error)
    }
}

async fn body(mut response: Response) -> Result<Vec<u8>, PiError> {
    let mut body = Vec::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) if body.len() + chunk.len() > limits::PI_ANSWER_BYTES => {
                return Err(PiError::TooLarge(limits::PI_ANSWER_BYTES));
            }
            Ok(Some(chunk)) => body.extend_from_slice(&chunk),
            Ok(None) => return Ok(body),
            Err(error) if error.is_timeout() => return Err(PiError::Slow(limits::PI_REQUEST)),
            Err(error) => return Err(PiError::Interrupted(error.to_string())),
        }
    }
}

async fn parse<T: DeserializeOwned + Send + 'static>(body: Vec<u8>) -> Result<T, PiError> {
    if body.len() < limits::PI_PARSE_INLINE {
        return read(&body);
    }
    let reading = tokio::task::spawn_blocking(move || read(&body));
    reading
        .await
        .map_err(|error| PiError::Interrupted(error.to_string()))?
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, PiError> {
    // A second look costs as much as the first: only where the word occurs at all.
    if body.windows(14).any(|part| part == b"\"WebException\"")
        && let Ok(Completeness {
            web_exception: Some(exception),
        }) = serde_json::from_slice(body)
    {
        return Err(PiError::Interrupted(exception.describe()));
    }
    serde_json::from_slice(body).map_err(|error| {
        if error.is_eof() {
            PiError::Interrupted(error.to_string())
        } else {
            PiError::Unreadable(error)
        }
    })
}

fn refused(status: StatusCode, body: &[u8], what: &str) -> PiError {
    let refusal: Refusal = serde_json::from_slice(body).unwrap_or_default();
    let mut errors = refusal.errors;
    if !refusal.message.is_empty() {
        errors.push(refusal.message);
    }
    of_status(status.as_u16(), errors, what)
}

/// The error of a status that is not a success.
pub(super) fn of_status(status: u16, errors: Vec<String>, what: &str) -> PiError {
    match status {
        401 => PiError::Unauthorized,
        403 => PiError::NoPermission(what.to_owned()),
        404 => PiError::NotFound(what.to_owned()),
        408 | 429 | 500.. => PiError::Failed { status, errors },
        _ => PiError::Refused { status, errors },
    }
}
