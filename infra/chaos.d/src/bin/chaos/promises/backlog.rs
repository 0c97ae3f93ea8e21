//! P8: nothing grows without bound: 100,000 events for a consumer that is stopped, and a broker that takes nothing for a while; then all are drained.

use std::time::{Duration, Instant};

use super::Run;
use crate::broker::Broker;
use crate::check::{PATIENCE, Verdict, judge, settle};
use crate::load::{Load, Plan};

const CHANGES: u64 = 100_000;
/// When the broker runs short of memory, and for how long.
const BEFORE_ALARM: Duration = Duration::from_secs(2);
const ALARM: Duration = Duration::from_secs(5);
/// The most memory a module may hold, in MiB.
const MEMORY: u64 = 96;

pub(crate) async fn keep(run: Run) -> anyhow::Result<Verdict> {
    let mut stage = run.stage()?;
    stage.add_writer(1)?;
    stage.add_subscriber("chaos-a", 1)?;
    stage.open().await?;
    stage.kill(1)?;
    let changes = run.scaled(CHANGES);
    let plan = Plan {
        clients: 8,
        subjects: 1_000,
        enough: changes,
        pace: Duration::ZERO,
    };
    let load = Load::start(&stage.writers(), plan);
    let alarmed = match &run.broker {
        Some(broker) => Some(under_alarm(broker, &load).await?),
        None => None,
    };
    let ledger = load.end().await;
    let began = Instant::now();
    stage.start(1)?;
    stage.ready(1).await?;
    settle(&stage, PATIENCE).await?;
    let drained = began.elapsed();
    let mut verdict = judge(&stage, &ledger, &[]).await?;
    for (number, who) in [(0, "the writer"), (1, "the subscriber")] {
        let mebibytes = stage.peak_memory(number)? / 1024;
        verdict.expect(mebibytes < MEMORY, format!("{who} held {mebibytes} MiB"));
        verdict.note(format!("{who} held {mebibytes} MiB"));
    }
    if let Some(writes) = alarmed {
        verdict.expect(writes > 0, "writes stopped while the broker took nothing");
        verdict.note(format!("{writes} writes while the broker took nothing"));
    }
    verdict.note(format!(
        "{changes} waited, drained in {} ms",
        drained.as_millis()
    ));
    Ok(verdict)
}

/// How many changes are written while the broker is short of memory and lets nobody publish.
async fn under_alarm(broker: &Broker, load: &Load) -> anyhow::Result<u64> {
    tokio::time::sleep(BEFORE_ALARM).await;
    tokio::task::block_in_place(|| broker.alarm(true))?;
    let before = load.ledger.count();
    tokio::time::sleep(ALARM).await;
    let writes = load.ledger.count() - before;
    tokio::task::block_in_place(|| broker.alarm(false))?;
    Ok(writes)
}
