//! P8: nothing grows without bound: 100,000 events for a consumer that is stopped, then it drains them.

use std::time::{Duration, Instant};

use super::Run;
use crate::check::{PATIENCE, Verdict, judge, settle};
use crate::load::{Load, Plan};

const CHANGES: u64 = 100_000;
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
    let ledger = Load::start(&stage.writers(), plan).end().await;
    let began = Instant::now();
    stage.start(1)?;
    stage.ready(1).await?;
    settle(&stage, PATIENCE).await?;
    let drained = began.elapsed();
    let mut verdict = judge(&stage, &ledger, &[])?;
    for (number, who) in [(0, "the writer"), (1, "the subscriber")] {
        let mebibytes = stage.peak_memory(number)? / 1024;
        verdict.expect(mebibytes < MEMORY, format!("{who} held {mebibytes} MiB"));
        verdict.note(format!("{who} held {mebibytes} MiB"));
    }
    verdict.note(format!(
        "{changes} waited, drained in {} ms",
        drained.as_millis()
    ));
    Ok(verdict)
}
