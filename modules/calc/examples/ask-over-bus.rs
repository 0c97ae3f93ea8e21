//! Calls a function over the bus, one call after the other, as a module does, and prints the median in milliseconds from the request to
//! the outcome. For infra/bench calc: `DCP_BENCH_FOLDER` holds the bus of a running engine, `DCP_BENCH_SECONDS` says how long.

use anyhow::{Context as _, bail};
use dcp::bus::{Delivery, Subscriptions, connect};
use dcp::calc::request;
use dcp::clock::{Ids, SystemClock};
use dcp::events::Actor;
use dcp::events::calc::{Call, CallFinished, Outcome};
use dcp::model::Zone;
use dcp::store::{Files, Store, Tx, include_dir::Dir};
use serde_json::{Map, json};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// A module without tables of its own.
const NO_SQL: Files = {
    static NOTHING: Dir<'static> = Dir::new("", &[]);
    Files {
        owner: "bench",
        sqlite: &NOTHING,
        mssql: &NOTHING,
    }
};
/// How long an outcome may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// Calls before the clock runs.
const WARMING: usize = 20;

#[expect(
    clippy::disallowed_methods,
    reason = "infra/bench says by variables what it measures"
)]
fn said(name: &str) -> anyhow::Result<String> {
    std::env::var(name).with_context(|| format!("{name} is missing"))
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let folder = said("DCP_BENCH_FOLDER")?;
    let seconds = Duration::from_secs(said("DCP_BENCH_SECONDS")?.parse()?);
    let clock = Arc::new(SystemClock);
    let place = format!("sqlite:{folder}/bench.db");
    let store = Store::open("bench", &place, NO_SQL, clock.clone(), Ids::random()).await?;
    let bus = connect(
        &format!("local:{folder}/bus.db"),
        Zone::NonGxp,
        clock.clone(),
    )
    .await?;
    let (tell, mut heard) = mpsc::channel(16);
    let subscriptions = Subscriptions::default()
        .on(async move |_: &mut Tx<'_>, event: &CallFinished| Ok(tell.send(event.clone()).await?));
    let stop = CancellationToken::new();
    let delivery = Delivery::start(store.clone(), bus, subscriptions, clock, stop.clone())?;
    let mut took = Vec::new();
    let mut begun = Instant::now();
    for round in 0.. {
        if round == WARMING {
            begun = Instant::now();
            took.clear();
        } else if round > WARMING && begun.elapsed() > seconds {
            break;
        }
        let since = Instant::now();
        ask(
            &store,
            &mut heard,
            &format!("bench-{}-{round}", std::process::id()),
        )
        .await?;
        took.push(since.elapsed());
    }
    took.sort();
    let median = took.get(took.len() / 2).context("no call was made")?;
    println!("{}", median.as_secs_f64() * 1000.0);
    stop.cancel();
    drop(delivery);
    Ok(())
}

async fn ask(
    store: &Store,
    heard: &mut mpsc::Receiver<CallFinished>,
    id: &str,
) -> anyhow::Result<()> {
    let call = Call {
        call_id: id.to_owned(),
        script: "bench".into(),
        function: "f1".into(),
        args: Map::from_iter([("x".to_owned(), json!(41))]),
        requested_by: Actor {
            id: "bench".into(),
            name: "Bench".into(),
        },
        site: "basel".into(),
        reply_to: "bench".into(),
        deadline: None,
    };
    store.tx(async |tx| request(tx, &call).await).await?;
    let told = async {
        loop {
            match heard.recv().await {
                Some(event) if event.call_id == id => return Ok(event.outcome),
                Some(_) => {}
                None => bail!("the bus is gone"),
            }
        }
    };
    match tokio::time::timeout(PATIENCE, told).await?? {
        Outcome::Ok(_) => Ok(()),
        Outcome::Error(failed) => bail!("the call gave no value: {failed:?}"),
    }
}
