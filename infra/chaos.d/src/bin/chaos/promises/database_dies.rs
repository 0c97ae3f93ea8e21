//! P11: the database may die: while it is locked or its disk is full, writes are refused within seconds; none hangs, and all is well
//! within five seconds after.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use dcp_chaos::{WRITER, until};
use rusqlite::Connection;

use super::{Run, server_dies};
use crate::check::{PATIENCE, Verdict, judge, settle};
use crate::load::{Ledger, Load, Plan};

pub(super) const OUTAGES: u64 = 20;
/// Longer than a writer waits for its turn.
pub(super) const OUTAGE: Duration = Duration::from_millis(2_500);
/// An answer may take so long, whatever it says.
const ANSWER: Duration = Duration::from_secs(5);
const RECOVERY: Duration = Duration::from_secs(5);
const DISK: &str = "size=32m";

pub(crate) async fn keep(run: Run) -> anyhow::Result<Verdict> {
    if let Some(server) = run.server.clone() {
        return server_dies::keep(run, &server).await;
    }
    let mut stage = run.stage()?;
    // Its own small file system, which can be filled without harm to the machine.
    let disk = Disk::mount(&run.folder.join("state"));
    stage.add_writer(1)?;
    stage.add_subscriber("chaos-a", 1)?;
    stage.open().await?;
    let plan = Plan {
        clients: 4,
        subjects: 100,
        enough: 100,
        pace: Duration::from_millis(10),
    };
    let load = Load::start(&stage.writers(), plan);
    let outages = run.scaled(OUTAGES);
    let mut slowest = Duration::ZERO;
    let mut filled = 0;
    for number in 0..outages {
        let refused = load.ledger.refused();
        if let Some(disk) = disk.as_ref().filter(|_| number % 2 == 1) {
            filled += 1;
            let _full = disk.fill()?;
            tokio::time::sleep(OUTAGE).await;
        } else {
            let connection = Connection::open(stage.file(WRITER))?;
            connection.busy_timeout(Duration::from_secs(5))?;
            connection.execute_batch("BEGIN IMMEDIATE")?;
            tokio::time::sleep(OUTAGE).await;
        }
        let what = format!("outage {number}");
        slowest = slowest.max(recovery(&load, refused, &what).await?);
    }
    let ledger = load.end().await;
    settle(&stage, PATIENCE).await?;
    let mut verdict = judge(&stage, &ledger, &[]).await?;
    let answer = none_hung(&mut verdict, &ledger);
    if disk.is_none() {
        verdict.note("no disk was filled: a file system of its own needs the rights to mount one");
    }
    verdict.note(format!(
        "{outages} outages, {filled} of a full disk, {} refused, slowest answer {} ms, recovered in {} ms",
        ledger.refused(),
        answer.as_millis(),
        slowest.as_millis()
    ));
    Ok(verdict)
}

/// How long it takes after an outage, of which clients must have heard, until writes are taken again.
pub(super) async fn recovery(load: &Load, refused: u64, what: &str) -> anyhow::Result<Duration> {
    ensure!(load.ledger.refused() > refused, "nobody noticed {what}");
    let (began, count) = (Instant::now(), load.ledger.count());
    until("writes are taken again", RECOVERY, async || {
        Ok(load.ledger.count() > count)
    })
    .await?;
    Ok(began.elapsed())
}

/// The slowest answer, which may not have hung.
pub(super) fn none_hung(verdict: &mut Verdict, ledger: &Ledger) -> Duration {
    let answer = ledger.slowest();
    verdict.expect(
        answer < ANSWER,
        format!("an answer took {} ms", answer.as_millis()),
    );
    answer
}

/// A small file system in memory.
struct Disk {
    folder: std::path::PathBuf,
}

impl Disk {
    /// None when this user may not mount.
    fn mount(folder: &Path) -> Option<Self> {
        std::fs::create_dir_all(folder).ok()?;
        let mut mount = Command::new("mount");
        mount
            .args(["-t", "tmpfs", "-o", DISK, "dcp-chaos"])
            .arg(folder);
        let done = mount.status().is_ok_and(|status| status.success());
        done.then(|| Self {
            folder: folder.to_owned(),
        })
    }

    /// Takes all space until the answer is dropped.
    fn fill(&self) -> anyhow::Result<Full> {
        let file = self.folder.join("full");
        let rest = std::io::copy(&mut std::io::repeat(0), &mut std::fs::File::create(&file)?);
        let full = rest.err().context("the disk takes everything")?;
        ensure!(full.kind() == std::io::ErrorKind::StorageFull, "{full}");
        Ok(Full { file })
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // Its processes may still be ending: it goes when the last has gone.
        let mut unmount = Command::new("umount");
        unmount.arg("--lazy").arg(&self.folder);
        if !unmount.status().is_ok_and(|status| status.success()) {
            eprintln!("{} is still mounted", self.folder.display());
        }
    }
}

struct Full {
    file: std::path::PathBuf,
}

impl Drop for Full {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_file(&self.file) {
            eprintln!("{}: {error}", self.file.display());
        }
    }
}
