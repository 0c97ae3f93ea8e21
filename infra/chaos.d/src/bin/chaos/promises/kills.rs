//! P1 and P24: a committed change takes effect exactly once in every subscriber, and has its record, whoever dies when.

use std::time::Duration;

use rand::RngExt;
use rand::rngs::StdRng;

use super::Run;
use crate::check::{PATIENCE, Verdict, judge, settle};
use crate::load::{Load, Plan};
use crate::stage::Stage;

const KILLS: u64 = 300;
const CHANGES: u64 = 50_000;
const CLIENTS: usize = 4;
/// Milliseconds between two kills.
const PAUSE: std::ops::Range<u64> = 10..140;

pub(crate) async fn keep(run: Run) -> anyhow::Result<Verdict> {
    let mut stage = run.stage()?;
    stage.add_writer(2)?;
    stage.add_subscriber("chaos-a", 1)?;
    stage.add_subscriber("chaos-b", 2)?;
    stage.open().await?;
    let plan = Plan {
        clients: CLIENTS,
        subjects: 1_000,
        enough: run.scaled(CHANGES),
        pace: Duration::ZERO,
    };
    let load = Load::start(&stage.writers(), plan);
    let kills = run.scaled(KILLS);
    kill(&mut stage, &mut run.chance(), kills).await?;
    let ledger = load.end().await;
    let settled = settle(&stage, PATIENCE).await?;
    let mut verdict = judge(&stage, &ledger, &[]).await?;
    verdict.note(format!(
        "{kills} kills, settled in {} ms",
        settled.as_millis()
    ));
    Ok(verdict)
}

/// Kills processes by chance and starts each again at once.
pub(crate) async fn kill(stage: &mut Stage, chance: &mut StdRng, kills: u64) -> anyhow::Result<()> {
    for _ in 0..kills {
        tokio::time::sleep(Duration::from_millis(chance.random_range(PAUSE))).await;
        let victim = chance.random_range(0..stage.members.len());
        stage.kill(victim)?;
        stage.start(victim)?;
    }
    Ok(())
}
