//! A network that fails: a TCP proxy that resets, slows down, falls silent, or lets one end go without telling the other.

use std::net::SocketAddr;
use std::time::Duration;

use rustix::net::sockopt::set_socket_linger;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{ReadHalf, WriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{broadcast, watch};

/// Bytes that pass at once, and how long each such piece takes when the network is slow.
const PIECE: usize = 4096;
const SLOWNESS: Duration = Duration::from_millis(10);
/// How long both ends of a forgotten connection stay open: longer than anybody should wait for the other.
const FORGOTTEN: Duration = Duration::from_secs(90);

/// What the network does to every connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Weather {
    /// Everything passes.
    Fine,
    /// Everything passes, a piece at a time.
    Slow,
    /// Nothing passes for now; nothing is lost either.
    Silent,
    /// The server is gone: whoever connects is sent away.
    Gone,
}

/// What happens once to the connections that are open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Blow {
    /// Both ends get a reset.
    Reset,
    /// Nothing passes any more and nobody is told, as when a firewall forgets.
    Forget,
}

/// A proxy in front of one server.
#[derive(Debug)]
pub(crate) struct Proxy {
    /// Where it listens.
    pub(crate) address: SocketAddr,
    weather: watch::Sender<Weather>,
    blows: broadcast::Sender<Blow>,
}

impl Proxy {
    /// On a port of its own.
    pub(crate) fn start(server: SocketAddr) -> anyhow::Result<Self> {
        Self::start_at(std::net::TcpListener::bind("127.0.0.1:0")?, server)
    }

    /// Where somebody listens already.
    pub(crate) fn start_at(
        listener: std::net::TcpListener,
        server: SocketAddr,
    ) -> anyhow::Result<Self> {
        listener.set_nonblocking(true)?;
        let listener = TcpListener::from_std(listener)?;
        let (weather, _) = watch::channel(Weather::Fine);
        let (blows, _) = broadcast::channel(64);
        let proxy = Self {
            address: listener.local_addr()?,
            weather: weather.clone(),
            blows: blows.clone(),
        };
        tokio::spawn(async move {
            // A server that is away shows to the client as a connection that ends.
            while let Ok((near, _)) = listener.accept().await {
                if *weather.borrow() == Weather::Gone {
                    reset(&near);
                } else if let Ok(far) = TcpStream::connect(server).await {
                    tokio::spawn(connection(
                        near,
                        far,
                        weather.subscribe(),
                        blows.subscribe(),
                    ));
                }
            }
        });
        Ok(proxy)
    }

    pub(crate) fn set(&self, weather: Weather) {
        self.weather.send_replace(weather);
    }

    pub(crate) fn strike(&self, blow: Blow) {
        // Nobody is connected: nothing to strike.
        self.blows.send(blow).ok();
    }
}

async fn connection(
    mut near: TcpStream,
    mut far: TcpStream,
    weather: watch::Receiver<Weather>,
    mut blows: broadcast::Receiver<Blow>,
) {
    let blow = {
        let (near_in, near_out) = near.split();
        let (far_in, far_out) = far.split();
        tokio::select! {
            () = pass(near_in, far_out, weather.clone()) => None,
            () = pass(far_in, near_out, weather) => None,
            blow = blows.recv() => blow.ok(),
        }
    };
    match blow {
        Some(Blow::Reset) => {
            reset(&near);
            reset(&far);
        }
        Some(Blow::Forget) => tokio::time::sleep(FORGOTTEN).await,
        None => {}
    }
}

async fn pass(
    mut from: ReadHalf<'_>,
    mut to: WriteHalf<'_>,
    mut weather: watch::Receiver<Weather>,
) {
    let mut piece = vec![0; PIECE];
    while let Ok(count @ 1..) = from.read(&mut piece).await {
        let now = *weather.borrow_and_update();
        if now == Weather::Slow {
            tokio::time::sleep(SLOWNESS).await;
        }
        let ended = weather
            .wait_for(|weather| *weather != Weather::Silent)
            .await
            .is_err();
        if ended || to.write_all(&piece[..count]).await.is_err() {
            return;
        }
    }
}

fn reset(stream: &TcpStream) {
    // A socket that is closed already needs no reset.
    set_socket_linger(stream, Some(Duration::ZERO)).unwrap_or_default();
}
