//! `bus.relay`: 100,000 outbox rows through the relay until the outbox is empty, in messages a second.
//!
//! Ours reads rows, sends them and deletes what the broker has confirmed. The peer publishes the same messages from
//! memory, pipelined and confirmed, and writes nothing.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use dcp::bus::{Delivery, Envelope, Subscriptions};
use dcp::clock::SystemClock;
use dcp::store::{Catalog, FRAMEWORK, Store, time_text};
use dcp_chaos::now;
use rusqlite::{Connection, named_params};
use tokio_util::sync::CancellationToken;

use crate::messages::{Bench, connect, envelope, event};
use crate::transactions::open;
use dcp_chaos::figure::{Figure, Stopwatch};

const MESSAGES: usize = 100_000;
const PATIENCE: Duration = Duration::from_mins(2);

/// Rates of both.
pub(crate) async fn measure(rabbitmq: &str, rounds: usize) -> anyhow::Result<Figure> {
    let mut figure = Figure::rate("bus.relay", "1/s");
    let bench = Bench::open(rabbitmq).await?;
    let messages: Vec<Envelope> = (0..MESSAGES).map(|_| envelope(&event())).collect();
    for _ in 0..rounds.min(3) {
        let folder = tempfile::tempdir()?;
        let file = folder.path().join("relay.db");
        let store = open(&file).await?;
        fill(&file, &messages)?;
        let ours = relayed(rabbitmq, &bench, store).await?;
        bench.clear().await?;
        let ready: Vec<_> = messages
            .iter()
            .map(|envelope| (envelope.data.get().as_bytes(), bench.properties()))
            .collect();
        let watch = Stopwatch::start();
        bench
            .peer
            .send_all(&bench.exchange, &bench.key, ready.into_iter())
            .await?;
        figure.add(ours, watch.stop(MESSAGES).rate());
        bench.clear().await?;
    }
    bench.close().await;
    Ok(figure)
}

fn fill(file: &Path, messages: &[Envelope]) -> anyhow::Result<()> {
    let mut connection = Connection::open(file)?;
    let catalog = Catalog::read(&[FRAMEWORK])?;
    let add = catalog.get("dcp_outbox_add")?.statements.first();
    let add = add.context("dcp_outbox_add has a statement")?;
    let all = connection.transaction()?;
    for envelope in messages {
        let (id, text) = (envelope.id.to_string(), serde_json::to_string(envelope)?);
        let now = time_text(now());
        let row = named_params! { ":id": id, ":destination": "topic", ":name": envelope.name, ":message_key": envelope.key.as_str(), ":envelope": text, ":now": now };
        all.prepare_cached(add)?.execute(row)?;
    }
    Ok(all.commit()?)
}

async fn relayed(rabbitmq: &str, bench: &Bench, store: Store) -> anyhow::Result<f64> {
    let bus = connect(rabbitmq).await?;
    let stop = CancellationToken::new();
    let watch = Stopwatch::start();
    let nothing = Subscriptions::default();
    let clock = Arc::new(SystemClock);
    let mut delivery = Delivery::start(store, bus, nothing, clock, stop.clone())?;
    // Seldom, because the answer costs the broker time that both sides should have.
    let mut looks = tokio::time::interval(Duration::from_millis(20));
    while bench.peer.look(&bench.queue).await?.0 < u32::try_from(MESSAGES)? {
        looks.tick().await;
    }
    delivery.settle(PATIENCE).await?;
    let rate = watch.stop(MESSAGES).rate();
    stop.cancel();
    delivery.stopped().await;
    Ok(rate)
}
