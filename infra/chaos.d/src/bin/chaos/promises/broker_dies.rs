//! P3: the broker may die and may lose its disk; writes go on.

use std::time::{Duration, Instant};

use anyhow::Context as _;
use rand::RngExt;

use super::Run;
use crate::check::{PATIENCE, Verdict, judge, settle};
use crate::load::{Load, Plan};

const KILLS: u64 = 10;

pub(crate) async fn keep(run: Run) -> anyhow::Result<Verdict> {
    let mut stage = run.stage()?;
    stage.add_writer(1)?;
    stage.add_subscriber("chaos-a", 1)?;
    stage.add_subscriber("chaos-b", 1)?;
    stage.open().await?;
    let broker = run.broker.as_ref().context("this is about RabbitMQ")?;
    let plan = Plan {
        clients: 1,
        subjects: 100,
        enough: 1_000,
        pace: Duration::ZERO,
    };
    let load = Load::start(&stage.writers(), plan);
    let (kills, mut chance) = (run.scaled(KILLS), run.chance());
    let mut during = u64::MAX;
    for kill in 0..kills {
        tokio::time::sleep(Duration::from_millis(chance.random_range(200..1500))).await;
        // One of them takes the disk with it.
        if kill == kills / 2 {
            broker.kill_and_wipe()?;
        } else {
            broker.kill()?;
        }
        let before = load.ledger.count();
        tokio::time::sleep(Duration::from_millis(500)).await;
        during = during.min(load.ledger.count() - before);
        tokio::task::block_in_place(|| broker.start_again())?;
    }
    let ledger = load.end().await;
    let began = Instant::now();
    settle(&stage, PATIENCE).await?;
    let mut verdict = judge(&stage, &ledger, &[]).await?;
    verdict.expect(during > 0, "writes stopped while the broker was away");
    verdict.note(format!(
        "{kills} kills, 1 wipe, at least {during} writes in each half second without broker, backlog 0 after {} ms",
        began.elapsed().as_millis()
    ));
    Ok(verdict)
}
