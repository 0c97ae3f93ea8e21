//! One PI Web API server: GET and `POST /batch` of GETs, nothing else can be sent.

mod sending;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use reqwest::header::HeaderValue;
use reqwest::{RequestBuilder, Url};
use rustls::ClientConfig;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

pub(super) use self::sending::pause;
use super::access::Access;
use super::body::{self, Reader};
use super::cache::Keeping;
use super::refusal::BatchAnswer;
use super::series::Series;
use super::server::{PiHealth, Server};
use super::{PiCredentials, PiError, PiSource, time};
use crate::secrets::Secrets;
use crate::{limits, tls};

/// A reader of one PI Web API server; cheap to clone. Readers of the same server share its concurrency limit, its budget of
/// repetitions and what is known of its failures.
///
/// Whoever drops the future of a question closes the connection of its request.
#[derive(Debug, Clone)]
pub struct PiClient {
    inner: Arc<Inner>,
    end: Option<End>,
    pub(super) keeping: Option<Keeping>,
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
    access: Access,
    server: Arc<Server>,
    source: PiSource,
    /// None where the address is not encrypted.
    trust: Option<Arc<ClientConfig>>,
}

impl PiClient {
    /// Prepares to read a source with credentials that stay as they are; nothing is sent yet.
    pub fn connect(source: &PiSource, credentials: &PiCredentials) -> Result<Self, PiError> {
        Self::prepared(source, credentials, None)
    }

    /// Prepares to read a source with the credentials it names; they are read anew when the server refuses them, so that a token
    /// that has ended or a changed password interrupts nothing. Nothing is sent yet.
    pub async fn open(source: &PiSource, secrets: Arc<dyn Secrets>) -> Result<Self, PiError> {
        let credentials = PiCredentials::of(source, secrets.as_ref()).await?;
        Self::prepared(source, &credentials, Some(secrets))
    }

    fn prepared(
        source: &PiSource,
        credentials: &PiCredentials,
        secrets: Option<Arc<dyn Secrets>>,
    ) -> Result<Self, PiError> {
        let base = source.base()?;
        let builder = reqwest::Client::builder()
            .connect_timeout(limits::PI_CONNECT)
            .timeout(limits::PI_REQUEST)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy();
        let trust = match base.scheme() {
            "https" => Some(Arc::new(source.trust()?)),
            _ => None,
        };
        let builder = match &trust {
            Some(trust) => builder
                .tls_backend_preconfigured(ClientConfig::clone(trust))
                .tls_info(true),
            None => builder,
        };
        Ok(Self {
            inner: Arc::new(Inner {
                http: builder.build().map_err(PiError::Down)?,
                access: Access::new(source, credentials, secrets)?,
                server: Server::at(base.as_str()),
                base,
                source: source.clone(),
                trust,
            }),
            end: None,
            keeping: None,
        })
    }

    /// The same reader for one question: waiting for a free place and all its requests together end within `patience`, so
    /// that whoever asks hears of the PI server before giving up.
    #[must_use]
    pub fn within(&self, patience: Duration) -> Self {
        Self {
            end: Some(End {
                at: Instant::now() + patience,
                patience,
            }),
            ..self.clone()
        }
    }

    /// The same reader for a question without end.
    pub(super) fn without_end(&self) -> Self {
        Self {
            end: None,
            ..self.clone()
        }
    }

    /// The source it reads.
    pub fn source(&self) -> &PiSource {
        &self.inner.source
    }

    /// Whether the server is asked at present, and what it may still be asked.
    pub fn health(&self) -> PiHealth {
        self.inner.server.health()
    }

    pub(super) fn server(&self) -> &Server {
        &self.inner.server
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
        self.ask(path, query, what, body::whole).await
    }

    /// GET of the values of streams, turned into columns while they arrive.
    pub(super) async fn get_series(
        &self,
        path: &[&str],
        query: &[(&str, &str)],
        what: &str,
    ) -> Result<Vec<Series>, PiError> {
        self.ask(path, query, what, body::columns).await
    }

    async fn ask<T>(
        &self,
        path: &[&str],
        query: &[(&str, &str)],
        what: &str,
        read: Reader<T>,
    ) -> Result<T, PiError> {
        time::check_range(query)?;
        let url = self.url(path, query)?;
        let answer = self
            .patiently(what, || self.inner.http.get(url.clone()), read)
            .await;
        match answer {
            Err(error) => Err(self.named(error, path, query).await),
            answer => answer,
        }
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
        let mut answers = self.post_batch(&Value::Object(parts)).await?;
        let missing = || PiError::Interrupted("the batch is not answered in full".to_owned());
        (0..paths.len())
            .map(|place| answers.remove(&place.to_string()).ok_or_else(missing))
            .collect()
    }

    /// `POST /batch`; whoever calls it puts GETs into it and nothing else.
    pub(super) async fn post_batch(
        &self,
        parts: &Value,
    ) -> Result<HashMap<String, BatchAnswer>, PiError> {
        let url = self.url(&["batch"], &[])?;
        self.patiently(
            "the batch",
            || self.post(url.clone()).json(parts),
            body::whole,
        )
        .await
    }

    /// Asks to be told of changes: a POST that changes nothing on the server but what it remembers of its callers.
    pub(super) async fn register<T>(&self, query: &[(&str, &str)]) -> Result<T, PiError>
    where
        T: DeserializeOwned + Send + 'static,
    {
        let url = self.url(&["streamsets", "updates"], query)?;
        self.patiently("the updates", || self.post(url.clone()), body::whole)
            .await
    }

    /// The header is what a server with defence against forged requests asks of every POST.
    fn post(&self, url: Url) -> RequestBuilder {
        self.inner
            .http
            .post(url)
            .header("X-Requested-With", "XmlHttpRequest")
    }

    pub(super) fn url(&self, path: &[&str], query: &[(&str, &str)]) -> Result<Url, PiError> {
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

    /// A failure of TLS in the words of who set up the data source.
    pub(super) fn mistrusted(&self, error: &rustls::Error) -> PiError {
        let host = self.inner.base.host_str().unwrap_or_default().to_owned();
        let problem = match error {
            rustls::Error::InvalidCertificate(error) => {
                tls::wrong_with(error, &host, &self.inner.source.signer())
            }
            _ => "does not speak TLS as it should; is it the port for https?".to_owned(),
        };
        PiError::Certificate { host, problem }
    }

    /// What an encrypted connection to the server trusts; none where the address is not encrypted.
    pub(super) fn trust(&self) -> Option<Arc<ClientConfig>> {
        self.inner.trust.clone()
    }

    pub(super) async fn authorization(&self) -> Result<Option<HeaderValue>, PiError> {
        self.in_time(self.inner.access.header()).await
    }

    /// Reads the credentials anew after `refused` was refused; whether there are other ones now.
    pub(super) async fn renew(&self, refused: Option<&HeaderValue>) -> bool {
        self.inner.access.renew(&self.inner.source, refused).await
    }
}
