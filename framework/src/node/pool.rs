//! Kept-alive connections from the edge to one instance.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use super::body::Body;

/// Idle connections kept per instance; more than a busy edge needs at once on one machine.
const IDLE_CONNECTIONS: usize = 256;
/// A module closes a connection that stays silent for 10 s; the edge gives it up well before, so that it never writes into a closing one.
const IDLE_TIME: Duration = Duration::from_secs(5);
/// Loopback or the next rack: whoever does not answer by then is not there.
const CONNECT_TIME: Duration = Duration::from_secs(2);

/// One connection to an instance.
pub(crate) type Connection = http1::SendRequest<Body>;

/// Where connections lead.
#[derive(Debug)]
enum Address {
    Local(SocketAddr),
    /// Resolved at each connect, because a peer may move.
    Named(String),
}

/// Connections to one address.
#[derive(Debug)]
pub(crate) struct Pool {
    address: Address,
    idle: Mutex<Vec<(Connection, Instant)>>,
}

impl Pool {
    /// Connections to a port of this machine.
    pub(crate) fn local(port: u16) -> Self {
        Self {
            address: Address::Local(SocketAddr::from((Ipv4Addr::LOCALHOST, port))),
            idle: Mutex::default(),
        }
    }

    /// Connections to `host:port`.
    pub(crate) fn named(host_and_port: &str) -> Self {
        Self {
            address: Address::Named(host_and_port.to_owned()),
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
        let connecting = tokio::time::timeout(CONNECT_TIME, async {
            match &self.address {
                Address::Local(address) => TcpStream::connect(address).await,
                Address::Named(name) => TcpStream::connect(name).await,
            }
        });
        let stream = connecting
            .await
            .map_err(|_| io::Error::from(io::ErrorKind::TimedOut))??;
        stream.set_nodelay(true)?;
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
