//! Kept-alive connections from the edge to one instance.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::{BodyExt, Limited};
use hyper::client::conn::http1;
use hyper::header::{HOST, HeaderValue};
use hyper::{Request, Uri};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

use super::body::{Body, BodyError};
use crate::tls::Trust;

/// Idle connections kept per instance; more than a busy edge needs at once on one machine.
const IDLE_CONNECTIONS: usize = 256;
/// A module closes a connection that stays silent for 10 s; the edge gives it up well before, so that it never writes into a closing one.
const IDLE_TIME: Duration = Duration::from_secs(5);
/// Loopback or the next rack: whoever does not answer by then is not there.
const CONNECT_TIME: Duration = Duration::from_secs(2);
/// A file of a micro-frontend is there by then.
const FILE_TIME: Duration = Duration::from_secs(20);

/// One connection to an instance.
pub(crate) type Connection = http1::SendRequest<Body>;

/// Connections to one address.
#[derive(Debug)]
pub(crate) struct Pool {
    /// `host:port`; a name is resolved at each connect, because what it stands for may move.
    address: String,
    /// Who must have signed the certificate of whoever answers there, where that is TLS.
    trust: Option<Arc<Trust>>,
    idle: Mutex<Vec<(Connection, Instant)>>,
}

impl Pool {
    /// Connections to `host:port`.
    pub(crate) fn to(address: impl Into<String>) -> Self {
        Self::trusting(address, None)
    }

    /// The same with TLS, where there is somebody to trust.
    pub(crate) fn trusting(address: impl Into<String>, trust: Option<Arc<Trust>>) -> Self {
        Self {
            address: address.into(),
            trust,
            idle: Mutex::default(),
        }
    }

    /// A connection that was used before, if one is left that still lives.
    pub(crate) async fn kept(&self) -> Option<Connection> {
        loop {
            let (mut connection, since) = self
                .idle
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .pop()?;
            if since.elapsed() < IDLE_TIME && connection.ready().await.is_ok() {
                return Some(connection);
            }
        }
    }

    /// A new connection.
    pub(crate) async fn connect(&self) -> io::Result<Connection> {
        let connecting = tokio::time::timeout(CONNECT_TIME, self.dial()).await;
        connecting.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
    }

    async fn dial(&self) -> io::Result<Connection> {
        let stream = TcpStream::connect(&*self.address).await?;
        stream.set_nodelay(true)?;
        match &self.trust {
            None => begin(stream).await,
            Some(trust) => {
                let (host, _) = self.address.rsplit_once(':').unwrap_or((&self.address, ""));
                begin(trust.encrypt(host, stream).await?).await
            }
        }
    }

    /// The status of the answer to `GET path` over a connection of its own, or in words why there is none.
    pub(crate) async fn status(&self, path: &str, within: Duration) -> Result<u16, String> {
        let asked = async {
            let mut connection = self.connect().await.map_err(|error| match error.kind() {
                io::ErrorKind::InvalidData => format!("{} {error}", self.address),
                _ => self.silent(),
            })?;
            let request = self.question(path).map_err(|error| error.to_string())?;
            let answered = connection.send_request(request).await;
            Ok(answered.map_err(|_| self.silent())?.status().as_u16())
        };
        let asked = tokio::time::timeout(within, asked).await;
        asked.unwrap_or_else(|_| Err(self.silent()))
    }

    fn silent(&self) -> String {
        format!("{} does not answer", self.address)
    }

    /// GET of a path over a connection of its own, whole, when it is not larger than `limit`.
    pub(crate) async fn get(&self, path: &str, limit: usize) -> Result<Bytes, String> {
        let asked = tokio::time::timeout(FILE_TIME, self.ask(path, limit)).await;
        let answer = asked.unwrap_or_else(|_| Err("no answer in time".into()));
        answer.map_err(|error| format!("{}{path}: {error}", self.address))
    }

    fn question(&self, path: &str) -> Result<Request<Body>, BodyError> {
        let mut request = Request::new(Body::empty());
        *request.uri_mut() = path.parse::<Uri>()?;
        let host = HeaderValue::from_str(&self.address)?;
        request.headers_mut().insert(HOST, host);
        Ok(request)
    }

    async fn ask(&self, path: &str, limit: usize) -> Result<Bytes, BodyError> {
        let request = self.question(path)?;
        let answer = self.connect().await?.send_request(request).await?;
        if !answer.status().is_success() {
            return Err(format!("it answers {}", answer.status()).into());
        }
        let body = Limited::new(answer.into_body(), limit).collect().await?;
        Ok(body.to_bytes())
    }

    /// Keeps a connection whose answer has been read to its end.
    pub(crate) fn keep(&self, connection: Connection) {
        if connection.is_closed() {
            return;
        }
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < IDLE_CONNECTIONS {
            idle.push((connection, Instant::now()));
        }
    }
}

/// Begins to speak HTTP.
async fn begin(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
) -> io::Result<Connection> {
    let (connection, driver) = http1::handshake(TokioIo::new(stream))
        .await
        .map_err(io::Error::other)?;
    tokio::spawn(async move {
        if let Err(error) = driver.with_upgrades().await {
            tracing::debug!(%error, "a connection to a module ended");
        }
    });
    Ok(connection)
}
