//! `bus.with_poison`: good messages a second that take effect while one in a hundred of the queue never can.
//!
//! Ours drains a queue in which every hundredth message is undecodable or refused by its reaction for good, which parks it with
//! its reason. The peer is the framework too, on the same queue with good messages alone.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use dcp::bus::{Delivery, Reaction, Subscriptions};
use dcp::clock::SystemClock;
use dcp::params;
use dcp::store::Tx;
use dcp_chaos::figure::{Figure, Stopwatch};
use dcp_chaos::{Changed, NEVER, until};
use tokio_util::sync::CancellationToken;

use crate::messages::{Bench, connect, event};
use crate::transactions::open;

const MESSAGES: usize = 10_000;
/// One message in so many is poison.
const SHARE: usize = 100;
const PATIENCE: Duration = Duration::from_mins(2);

/// Rates of both.
pub(crate) async fn measure(rabbitmq: &str, rounds: usize) -> anyhow::Result<Figure> {
    let mut figure = Figure::rate("bus.with_poison", "1/s");
    let bench = Bench::open(rabbitmq).await?;
    for round in 0..=rounds {
        let ours = drained(rabbitmq, &bench, true).await?;
        let peer = drained(rabbitmq, &bench, false).await?;
        if round > 0 {
            figure.add(ours, peer);
        }
    }
    bench.close().await;
    Ok(figure)
}

async fn drained(rabbitmq: &str, bench: &Bench, poisoned: bool) -> anyhow::Result<f64> {
    let mut bodies = Vec::new();
    for place in 0..MESSAGES {
        bodies.push(serde_json::to_vec(&event())?);
        if poisoned && place % SHARE == 0 {
            bodies.push(poison(place / SHARE)?);
        }
    }
    let messages = bodies
        .iter()
        .map(|body| (body.as_slice(), bench.properties()));
    let (exchange, key) = (&bench.exchange, &bench.key);
    bench.peer.send_all(exchange, key, messages).await?;
    let folder = tempfile::tempdir()?;
    let store = open(&folder.path().join("poison.db")).await?;
    let (bus, stop) = (connect(rabbitmq).await?, CancellationToken::new());
    let effects = Arc::new(AtomicUsize::new(0));
    let watch = Stopwatch::start();
    let reactions = counting(effects.clone());
    let mut delivery = Delivery::start(store, bus, reactions, Arc::new(SystemClock), stop.clone())?;
    until("all good messages took effect", PATIENCE, async || {
        Ok(effects.load(Ordering::Relaxed) >= MESSAGES)
    })
    .await?;
    let rate = watch.stop(MESSAGES).rate();
    delivery.settle(PATIENCE).await?;
    stop.cancel();
    delivery.stopped().await;
    bench.clear().await?;
    Ok(rate)
}

/// One of two kinds, in turn.
fn poison(number: usize) -> anyhow::Result<Vec<u8>> {
    if number.is_multiple_of(2) {
        return Ok(serde_json::to_vec(&["no change"])?);
    }
    let refused = Changed {
        note: NEVER.to_owned(),
        ..event()
    };
    Ok(serde_json::to_vec(&refused)?)
}

fn counting(effects: Arc<AtomicUsize>) -> Subscriptions {
    Subscriptions::default().on(async move |tx: &mut Tx<'_>, event: &Changed| {
        if event.note == NEVER {
            return Err(Reaction::never("poison"));
        }
        let row = params![event.id, &event.subject, event.number];
        tx.call("effect_add", row).await?;
        effects.fetch_add(1, Ordering::Relaxed);
        Ok(())
    })
}
