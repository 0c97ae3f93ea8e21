//! P5: the network between modules and broker may do anything: reset, slow down, fall silent, forget a connection, or lose its cable.

use std::time::Duration;

use anyhow::Context as _;
use rand::RngExt;
use rand::rngs::StdRng;

use super::Run;
use crate::check::{PATIENCE, Verdict, judge, settle};
use crate::link::Link;
use crate::load::{Load, Plan};
use crate::proxy::{Blow, Proxy, Weather};

const FAULTS: u64 = 300;
/// The share of faults for which the cable is pulled, where there is one.
const PULLED: f64 = 0.3;
/// Longer than a publisher waits for its confirms.
const LONG: Duration = Duration::from_millis(5_500);

pub(crate) async fn keep(run: Run) -> anyhow::Result<Verdict> {
    let broker = run.broker.as_ref().context("this is about RabbitMQ")?;
    let (before, rest) = broker
        .address
        .split_once("127.0.0.1:")
        .context("an address")?;
    let (port, host) = rest.split_once('/').context("a virtual host")?;
    let server = ([127, 0, 0, 1], port.parse()?).into();
    let link = Link::lay();
    let proxy = match &link {
        Some(link) => Proxy::start_at(link.listen()?, server)?,
        None => Proxy::start(server)?,
    };
    let mut stage = run.stage_on(&format!("{before}{}/{host}", proxy.address))?;
    stage.add_writer(1)?;
    stage.add_subscriber("chaos-a", 1)?;
    stage.add_subscriber("chaos-b", 1)?;
    stage.open().await?;
    let plan = Plan {
        clients: 2,
        subjects: 100,
        enough: run.scaled(20_000),
        pace: Duration::from_millis(4),
    };
    let load = Load::start(&stage.writers(), plan);
    let (faults, mut chance) = (run.scaled(FAULTS), run.chance());
    let mut pulled = 0;
    for _ in 0..faults {
        match &link {
            Some(link) if chance.random_bool(PULLED) => {
                pulled += 1;
                pull(link, &mut chance).await?;
            }
            _ => fail(&proxy, &mut chance).await,
        }
        tokio::time::sleep(Duration::from_millis(chance.random_range(20..200))).await;
    }
    let ledger = load.end().await;
    let settled = settle(&stage, PATIENCE).await?;
    let mut verdict = judge(&stage, &ledger, &[]).await?;
    verdict.expect(
        ledger.refused() == 0,
        format!("{} writes refused", ledger.refused()),
    );
    if link.is_none() {
        verdict.note("no cable was pulled: a network namespace needs the rights to make one");
    }
    verdict.note(format!(
        "{faults} faults, {pulled} of them a pulled cable, settled in {} ms",
        settled.as_millis()
    ));
    Ok(verdict)
}

/// One fault of any kind.
async fn fail(proxy: &Proxy, chance: &mut StdRng) {
    let short = Duration::from_millis(chance.random_range(20..400));
    match chance.random_range(0..100) {
        0..40 => proxy.strike(Blow::Reset),
        40..45 => proxy.strike(Blow::Forget),
        45..70 => during(proxy, Weather::Slow, short).await,
        70..98 => during(proxy, Weather::Silent, short).await,
        _ => during(proxy, Weather::Silent, LONG).await,
    }
}

/// Pulls the cable for a while: what is sent meanwhile is lost, and who connects finds nobody.
async fn pull(link: &Link, chance: &mut StdRng) -> anyhow::Result<()> {
    let short = Duration::from_millis(chance.random_range(20..400));
    link.set(false)?;
    tokio::time::sleep(if chance.random_bool(0.05) {
        LONG
    } else {
        short
    })
    .await;
    link.set(true)
}

async fn during(proxy: &Proxy, weather: Weather, time: Duration) {
    proxy.set(weather);
    tokio::time::sleep(time).await;
    proxy.set(Weather::Fine);
}
