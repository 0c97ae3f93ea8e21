//! The listeners of the edge: HTTP/1.1 with limits, one connection a task, a drain that breaks no answer.

use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::task::TaskTracker;

use super::{Edge, Side};

/// Headers must be complete in this time: slow ones must not hold connections.
const HEADER_TIME: Duration = Duration::from_secs(10);
/// Headers of one request.
const HEADERS: usize = 64;
/// Request line and headers together: 8 KiB and 16 KiB.
const HEAD_BYTES: usize = 24 * 1024;
/// Connections at once: a site of some hundred people with several tabs each, and tools.
const CONNECTIONS: usize = 4096;
/// Open requests may end in this time after the stop began.
const DRAIN: Duration = Duration::from_secs(4);

/// Opens the listener of the setting `edge.<what>`; the error names the port and what to do.
pub(crate) async fn bind(address: SocketAddr, what: &str) -> Result<TcpListener, String> {
    TcpListener::bind(address).await.map_err(|error| match error.kind() {
        std::io::ErrorKind::AddrInUse => format!(
            "port {port} for the {what} listener is taken by another program; end that program (`ss -ltnp 'sport = :{port}'` names it) or give edge.{what} another port, in the settings of this node or in the variable DCP__EDGE__{upper}",
            port = address.port(),
            upper = what.to_uppercase()
        ),
        _ => format!("the {what} listener cannot open {address}: {error}"),
    })
}

/// Serves one listener until the node stops, then lets open requests end.
pub(crate) async fn serve(listener: TcpListener, edge: Arc<Edge>, side: Side) {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIME)
        .max_headers(HEADERS)
        .max_buf_size(HEAD_BYTES);
    let connections = TaskTracker::new();
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    loop {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else {
            break;
        };
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = edge.stopping.cancelled() => break,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                // Out of file descriptors: accepting at once again would only turn in a circle.
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        // A socket that refuses is about to fail anyway.
        stream.set_nodelay(true).unwrap_or_default();
        let serving = connection(http.clone(), stream, peer, Arc::clone(&edge), side);
        connections.spawn(async move {
            serving.await;
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

async fn connection(
    http: http1::Builder,
    stream: TcpStream,
    peer: SocketAddr,
    edge: Arc<Edge>,
    side: Side,
) {
    let stopping = edge.stopping.clone();
    let service = service_fn(move |request| {
        let edge = Arc::clone(&edge);
        async move { Ok::<_, std::convert::Infallible>(edge.serve(side, peer, request).await) }
    });
    let mut connection = pin!(
        http.serve_connection(TokioIo::new(stream), service)
            .with_upgrades()
    );
    // A client that hangs up is no event worth a line.
    tokio::select! {
        ended = connection.as_mut() => ended.unwrap_or_default(),
        () = stopping.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await.unwrap_or_default();
        }
    }
}
