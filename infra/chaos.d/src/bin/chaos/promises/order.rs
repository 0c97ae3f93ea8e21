//! P6: events of one key take effect in their order, whoever of four consumers dies.

use std::time::Duration;

use rand::RngExt;

use super::Run;
use crate::check::{PATIENCE, Verdict, judge, settle};
use crate::load::{Load, Plan};

const KILLS: u64 = 60;
const CHANGES: u64 = 100_000;
const SUBJECTS: usize = 1_000;
const CONSUMERS: usize = 4;
const ORDERED: &str = "chaos-ordered";

pub(crate) async fn keep(run: Run) -> anyhow::Result<Verdict> {
    let mut stage = run.stage()?;
    stage.add_writer(1)?;
    stage.add_ordered(ORDERED, CONSUMERS)?;
    stage.open().await?;
    let plan = Plan {
        clients: 8,
        subjects: SUBJECTS,
        enough: run.scaled(CHANGES),
        pace: Duration::ZERO,
    };
    let load = Load::start(&stage.writers(), plan);
    let (kills, mut chance) = (run.scaled(KILLS), run.chance());
    for _ in 0..kills {
        tokio::time::sleep(Duration::from_millis(chance.random_range(100..500))).await;
        // The writer is number 0: this is about who consumes.
        let victim = chance.random_range(1..=CONSUMERS);
        stage.kill(victim)?;
        stage.start(victim)?;
    }
    let ledger = load.end().await;
    let settled = settle(&stage, PATIENCE).await?;
    let mut verdict = judge(&stage, &ledger, &[ORDERED]).await?;
    verdict.note(format!(
        "{kills} kills, settled in {} ms",
        settled.as_millis()
    ));
    Ok(verdict)
}
