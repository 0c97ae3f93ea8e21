//! P9: a stop is clean: told to stop under 500 requests a second, a process answers what it has begun and ends with 0 in 5 seconds.

use std::time::Duration;

use rand::RngExt;

use super::Run;
use crate::check::{PATIENCE, Verdict, judge, settle};
use crate::load::{Load, Plan};

const STOPS: u64 = 50;
const LIMIT: Duration = Duration::from_secs(5);

pub(crate) async fn keep(run: Run) -> anyhow::Result<Verdict> {
    let mut stage = run.stage()?;
    stage.add_writer(1)?;
    stage.add_subscriber("chaos-a", 1)?;
    stage.open().await?;
    let plan = Plan {
        clients: 10,
        subjects: 100,
        enough: 100,
        pace: Duration::from_millis(20),
    };
    let load = Load::start(&stage.writers(), plan);
    let (stops, mut chance) = (run.scaled(STOPS), run.chance());
    let mut slowest = Duration::ZERO;
    let mut unclean = 0;
    for _ in 0..stops {
        tokio::time::sleep(Duration::from_millis(chance.random_range(50..300))).await;
        let (status, took) = stage.stop(0).await?;
        slowest = slowest.max(took);
        unclean += u32::from(status.code() != Some(0));
        stage.start(0)?;
        stage.ready(0).await?;
    }
    let ledger = load.end().await;
    settle(&stage, PATIENCE).await?;
    let mut verdict = judge(&stage, &ledger, &[]).await?;
    verdict.expect(unclean == 0, format!("{unclean} stops did not end with 0"));
    verdict.expect(
        slowest < LIMIT,
        format!("a stop took {} ms", slowest.as_millis()),
    );
    // Nobody was killed: what is committed must have been answered.
    let silent = verdict.recovered;
    verdict.expect(
        silent == 0,
        format!("{silent} changes were committed and not answered"),
    );
    verdict.note(format!(
        "{stops} stops, the slowest took {} ms",
        slowest.as_millis()
    ));
    Ok(verdict)
}
