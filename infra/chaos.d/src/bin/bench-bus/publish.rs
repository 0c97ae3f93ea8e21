//! `bus.publish`: messages a second from one process until all are confirmed.
//!
//! Ours is one call of `Bus::publish` for all messages, from envelopes. The peer pipelines `basic_publish` with ready
//! properties and a body, to the same exchange and queue, mandatory and confirmed.

use crate::messages::{Bench, outgoing};
use dcp_chaos::figure::{Cost, Stopwatch};

const MESSAGES: usize = 10_000;

/// What it costs us and the peer.
pub(crate) async fn round(bench: &mut Bench) -> anyhow::Result<(Cost, Cost)> {
    let messages: Vec<_> = (0..MESSAGES).map(|_| outgoing()).collect();
    let watch = Stopwatch::start();
    for outcome in bench.bus.publish(&messages).await {
        outcome?;
    }
    let ours = watch.stop(MESSAGES);
    bench.clear().await?;
    let ready: Vec<_> = messages
        .iter()
        .map(|message| (message.envelope.data.get().as_bytes(), bench.properties()))
        .collect();
    let watch = Stopwatch::start();
    bench
        .peer
        .send_all(&bench.exchange, &bench.key, ready.into_iter())
        .await?;
    let peer = watch.stop(MESSAGES);
    bench.clear().await?;
    Ok((ours, peer))
}
