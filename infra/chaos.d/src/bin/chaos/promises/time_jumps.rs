//! P33: time may jump, forwards and backwards, in one process and not in another.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rand::RngExt;

use super::Run;
use crate::check::{PATIENCE, Verdict, judge, settle};
use crate::load::{Load, Plan};

const JUMPS: u64 = 20;
/// The farthest jump, in seconds: more than every lease, and than most pauses.
const FARTHEST: i64 = 2 * 3600;
const LIBRARIES: [&str; 3] = [
    "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1",
    "/usr/lib/aarch64-linux-gnu/faketime/libfaketimeMT.so.1",
    "/usr/lib64/faketime/libfaketimeMT.so.1",
];

pub(crate) async fn keep(run: Run) -> anyhow::Result<Verdict> {
    let Some(library) = LIBRARIES.iter().find(|library| Path::new(library).exists()) else {
        let mut verdict = Verdict::default();
        verdict.note("SKIPPED: libfaketime is not installed");
        return Ok(verdict);
    };
    let mut stage = run.stage()?;
    stage.add_writer(1)?;
    stage.add_subscriber("chaos-a", 2)?;
    // Each module looks into the file of its own folder.
    let clocks: Vec<PathBuf> = ["chaos", "chaos-a"]
        .iter()
        .map(|module| run.folder.join(module).join("clock"))
        .collect();
    for clock in &clocks {
        std::fs::write(clock, "+0s\n")?;
    }
    for (name, value) in [
        ("LD_PRELOAD", *library),
        ("FAKETIME_TIMESTAMP_FILE", "clock"),
        ("FAKETIME_CACHE_DURATION", "1"),
        // The clock that measures waiting does not jump on real machines either.
        ("FAKETIME_DONT_FAKE_MONOTONIC", "1"),
    ] {
        stage.environment.push((name.to_owned(), value.to_owned()));
    }
    stage.open().await?;
    let plan = Plan {
        clients: 2,
        subjects: 100,
        enough: 1_000,
        pace: Duration::from_millis(5),
    };
    let load = Load::start(&stage.writers(), plan);
    let (jumps, mut chance) = (run.scaled(JUMPS), run.chance());
    for _ in 0..jumps {
        let clock = &clocks[chance.random_range(0..clocks.len())];
        std::fs::write(
            clock,
            format!("{:+}s\n", chance.random_range(-FARTHEST..FARTHEST)),
        )?;
        tokio::time::sleep(Duration::from_millis(1_100)).await;
    }
    for clock in &clocks {
        std::fs::write(clock, "+0s\n")?;
    }
    let ledger = load.end().await;
    let settled = settle(&stage, PATIENCE).await?;
    let mut verdict = judge(&stage, &ledger, &[]).await?;
    verdict.note(format!(
        "{jumps} jumps, settled in {} ms",
        settled.as_millis()
    ));
    Ok(verdict)
}
