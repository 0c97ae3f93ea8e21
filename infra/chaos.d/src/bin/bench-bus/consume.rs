//! `bus.consume`: messages a second from a full queue to one consumer, each acknowledged.
//!
//! Ours is `Bus::subscribe`, which hands out decoded envelopes and takes a verdict for each. The peer acknowledges each
//! delivery with the same prefetch and decodes nothing.

use anyhow::Context as _;
use dcp::bus::Verdict;

use crate::messages::{Bench, outgoing};
use crate::peer::Peer;
use dcp_chaos::figure::{Cost, Stopwatch};

const MESSAGES: usize = 10_000;
const PREFETCH: u16 = 500;

/// What it costs us and the peer.
pub(crate) async fn round(bench: &mut Bench) -> anyhow::Result<(Cost, Cost)> {
    fill(bench).await?;
    let watch = Stopwatch::start();
    let mut inbound = bench.bus.subscribe(&bench.queue, PREFETCH.into()).await?;
    for _ in 0..MESSAGES {
        let delivered = inbound.recv().await.context("the subscription ended")?;
        delivered
            .message
            .map_err(|undecodable| anyhow::anyhow!(undecodable.reason))?;
        // An error says that the subscription has gone, which the next message shows.
        drop(delivered.verdict.send(Verdict::Done));
    }
    let ours = watch.stop(MESSAGES);
    drop(inbound);
    bench.clear().await?;
    fill(bench).await?;
    let watch = Stopwatch::start();
    let mut consumer = bench.peer.consume(&bench.queue, PREFETCH).await?;
    Peer::take(&mut consumer, MESSAGES).await?;
    let peer = watch.stop(MESSAGES);
    bench.peer.cancel(&consumer).await?;
    bench.clear().await?;
    Ok((ours, peer))
}

async fn fill(bench: &Bench) -> anyhow::Result<()> {
    let body = outgoing().envelope.data;
    let messages = (0..MESSAGES).map(|_| (body.get().as_bytes(), bench.properties()));
    bench
        .peer
        .send_all(&bench.exchange, &bench.key, messages)
        .await
}
