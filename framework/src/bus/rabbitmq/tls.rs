//! TLS below AMQP: sockets for lapin that are encrypted from their first byte, with the server's name checked.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use async_rs::traits::Reactor;
use async_rs::util::RuntimeParts;
use async_rs::{Runtime, Tokio};
use futures_util::Stream;
use rustls::ClientConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{PrivateKeyDer, ServerName};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_util::compat::{Compat, TokioAsyncReadCompatExt as _};

use super::broker::Login;
use crate::tls;

/// Dials with TLS where others dial plainly.
#[derive(Clone)]
pub(super) struct Encrypted {
    tls: TlsConnector,
    name: ServerName<'static>,
    plain: Tokio,
    refused: Arc<OnceLock<rustls::Error>>,
}

impl Encrypted {
    /// What `login` trusts and shows.
    pub(super) fn new(login: &Login) -> io::Result<Self> {
        let name = ServerName::try_from(login.uri.authority.host.clone());
        Ok(Self {
            tls: Arc::new(config(login)?).into(),
            name: name.map_err(io::Error::other)?,
            plain: Tokio::current(),
            refused: Arc::default(),
        })
    }

    pub(super) fn runtime(&self) -> Runtime<RuntimeParts<Tokio, Self>> {
        Runtime::new(RuntimeParts::new(self.plain.clone(), self.clone()))
    }

    /// Why no connection came about, as far as TLS is why: of several addresses of one name only the last failure is told.
    pub(super) fn refused(&self) -> Option<&rustls::Error> {
        self.refused.get()
    }
}

impl std::fmt::Debug for Encrypted {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Encrypted({:?})", self.name)
    }
}

#[expect(refining_impl_trait, reason = "nobody registers a socket here")]
impl Reactor for Encrypted {
    type TcpStream = Compat<TlsStream<TcpStream>>;
    type Sleep = <Tokio as Reactor>::Sleep;

    fn register<H: Send + 'static>(&self, _socket: H) -> io::Result<Self::TcpStream> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn sleep(&self, time: Duration) -> Self::Sleep {
        self.plain.sleep(time)
    }

    fn interval(&self, time: Duration) -> impl Stream<Item = Instant> + Send + 'static {
        self.plain.interval(time)
    }

    fn tcp_connect_addr(
        &self,
        address: SocketAddr,
    ) -> impl Future<Output = io::Result<Self::TcpStream>> + Send + 'static {
        let Self {
            tls, name, refused, ..
        } = self.clone();
        async move {
            let socket = TcpStream::connect(address).await?;
            socket.set_nodelay(true)?;
            let encrypted = tls.connect(name, socket).await;
            let encrypted = encrypted.inspect_err(|error| {
                if let Some(error) = tls::failure(error) {
                    // The first one is as good as the next.
                    refused.set(error.clone()).unwrap_or_default();
                }
            });
            Ok(encrypted?.compat())
        }
    }
}

/// Trusts the given CA alone; without one, what the machine trusts.
fn config(login: &Login) -> io::Result<ClientConfig> {
    let builder = tls::trusting(login.trust.as_deref(), "bus.ca")?;
    let Some((certificate, key)) = &login.identity else {
        return Ok(builder.with_no_client_auth());
    };
    let chain = tls::certificates(certificate, "bus.certificate")?;
    let key = PrivateKeyDer::from_pem_slice(key)
        .map_err(|_| io::Error::other("bus.key holds no private key in PEM"))?;
    builder
        .with_client_auth_cert(chain, key)
        .map_err(|_| io::Error::other("bus.certificate and bus.key do not fit together"))
}
