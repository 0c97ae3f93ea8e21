//! The listener: HTTP/1.1 with limits that axum's own `serve` does not have, and a drain that breaks no answer.

use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_rustls::server::TlsStream;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt as _;

use crate::tls::Shown;

/// Headers must be complete in this time, or the connection ends: slow headers must not hold connections.
pub const HEADER_TIME: Duration = Duration::from_secs(10);
/// Headers of one request.
pub const HEADERS: usize = 64;
/// Request line and headers together.
pub const HEAD_BYTES: usize = 24 * 1024;
/// Connections at once; more wait in the backlog of the kernel.
pub const CONNECTIONS: usize = 1024;
/// Open requests may end in this time after the stop.
pub const DRAIN: Duration = Duration::from_millis(4500);

/// Serves until `stopping`, then lets open requests end.
pub async fn serve(listener: TcpListener, app: Router, stopping: CancellationToken) {
    serve_as(None, listener, app, stopping).await;
}

/// The same, with TLS where there is a certificate to show.
pub(crate) async fn serve_as(
    shown: Option<Shown>,
    listener: TcpListener,
    app: Router,
    stopping: CancellationToken,
) {
    let shown = shown.map(Arc::new);
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIME)
        .max_headers(HEADERS)
        .max_buf_size(HEAD_BYTES);
    let connections = TaskTracker::new();
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    loop {
        let Ok(place) = places.clone().acquire_owned().await else {
            break;
        };
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = stopping.cancelled() => break,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                pause().await;
                continue;
            }
        };
        let (http, app, stopping) = (http.clone(), app.clone(), stopping.clone());
        let shown = shown.clone();
        connections.spawn(async move {
            // Small answers must not wait for the peer's acknowledgement; a socket that refuses is about to fail anyway.
            stream.set_nodelay(true).unwrap_or_default();
            match shown {
                None => connection(&http, stream, peer, app, stopping).await,
                Some(shown) => {
                    if let Some(stream) = encrypted(&shown, stream, &stopping).await {
                        connection(&http, stream, peer, app, stopping).await;
                    }
                }
            }
            drop(place);
        });
    }
    drop(listener);
    connections.close();
    if tokio::time::timeout(DRAIN, connections.wait())
        .await
        .is_err()
    {
        tracing::warn!("some requests did not end in time and were cut");
    }
}

/// Out of file descriptors: accepting again at once would only turn in a circle.
#[expect(
    clippy::disallowed_methods,
    reason = "waits for the machine, not for a point in time"
)]
async fn pause() {
    tokio::time::sleep(Duration::from_millis(50)).await;
}

/// The connection with TLS; nothing when the peer does not manage that in time, which is no event worth a line.
async fn encrypted(
    shown: &Shown,
    stream: TcpStream,
    stopping: &CancellationToken,
) -> Option<TlsStream<TcpStream>> {
    let accepted = async { shown.acceptor().await.accept(stream).await };
    let accepted = tokio::time::timeout(HEADER_TIME, accepted);
    stopping.run_until_cancelled(accepted).await?.ok()?.ok()
}

/// Serves one connection; at the stop it ends after the request that is open.
async fn connection(
    http: &http1::Builder,
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    peer: SocketAddr,
    app: Router,
    stopping: CancellationToken,
) {
    let service = hyper::service::service_fn(move |request: hyper::Request<Incoming>| {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(ConnectInfo(peer));
        app.clone().oneshot(request)
    });
    // A handler may change the protocol (WebSocket): such a connection ends with the process, no drain waits for it.
    let connection = http.serve_connection(TokioIo::new(stream), service);
    let mut connection = pin!(connection.with_upgrades());
    // A client that hangs up is no event worth a line.
    tokio::select! {
        ended = connection.as_mut() => ended.unwrap_or_default(),
        () = stopping.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await.unwrap_or_default();
        }
    }
}
