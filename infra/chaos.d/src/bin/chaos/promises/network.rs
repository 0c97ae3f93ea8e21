//! P5: the network between modules and broker may do anything: reset, slow down, fall silent, or forget a connection.

use std::time::Duration;

use anyhow::Context as _;
use rand::RngExt;
use rand::rngs::StdRng;

use super::Run;
use crate::check::{PATIENCE, Verdict, judge, settle};
use crate::load::{Load, Plan};
use crate::proxy::{Blow, Proxy, Weather};

const FAULTS: u64 = 300;

pub(crate) async fn keep(run: Run) -> anyhow::Result<Verdict> {
    let broker = run.broker.as_ref().context("this is about RabbitMQ")?;
    let (before, rest) = broker
        .address
        .split_once("127.0.0.1:")
        .context("an address")?;
    let (port, host) = rest.split_once('/').context("a virtual host")?;
    let proxy = Proxy::start(([127, 0, 0, 1], port.parse()?).into()).await?;
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
    for _ in 0..faults {
        fail(&proxy, &mut chance).await;
        tokio::time::sleep(Duration::from_millis(chance.random_range(20..200))).await;
    }
    let ledger = load.end().await;
    let settled = settle(&stage, PATIENCE).await?;
    let mut verdict = judge(&stage, &ledger, &[])?;
    verdict.expect(
        ledger.refused() == 0,
        format!("{} writes refused", ledger.refused()),
    );
    verdict.note(format!(
        "{faults} faults, settled in {} ms",
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
        // Longer than a publisher waits for its confirms.
        _ => during(proxy, Weather::Silent, Duration::from_millis(5_500)).await,
    }
}

async fn during(proxy: &Proxy, weather: Weather, time: Duration) {
    proxy.set(weather);
    tokio::time::sleep(time).await;
    proxy.set(Weather::Fine);
}
