//! P12: what is restored is what was there. All databases are copied at one moment under load and put back later, the bus is empty
//! then. What the copies hold takes effect exactly once, and nothing else does.

use std::collections::HashSet;
use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;
use dcp_chaos::WRITER;
use rand::RngExt;
use rustix::process::{Pid, Signal, kill_process};
use uuid::Uuid;

use super::Run;
use super::points::hasten;
use crate::check::{PATIENCE, Verdict, judge, settle};
use crate::load::{Ledger, Load, Plan};
use crate::stage::Stage;

const RESTORES: u64 = 3;

pub(crate) async fn keep(run: Run) -> anyhow::Result<Verdict> {
    let mut stage = run.stage()?;
    stage.add_writer(1)?;
    stage.add_subscriber("chaos-a", 1)?;
    stage.add_ordered("chaos-ordered", 1)?;
    stage.open().await?;
    let mut chance = run.chance();
    let mut verdict = Verdict::default();
    for number in 0..RESTORES {
        let plan = Plan {
            clients: 4,
            subjects: 100,
            enough: 500,
            pace: Duration::ZERO,
        };
        let load = Load::start(&stage.writers(), plan);
        tokio::time::sleep(Duration::from_millis(chance.random_range(200..1_000))).await;
        let copies = run.folder.join(format!("copies-{number}"));
        let kept = copy_at_one_moment(&stage, &copies).await?;
        tokio::time::sleep(Duration::from_millis(chance.random_range(100..500))).await;
        load.end().await;
        restore(&run, &mut stage, &copies).await?;
        settle(&stage, PATIENCE).await?;
        let found = changes(&stage).await?;
        let difference = kept.symmetric_difference(&found).count();
        verdict.expect(
            difference == 0,
            format!("{difference} changes differ from the copy"),
        );
        // What counts is the copy: all of it is acknowledged, and nothing else was asked for.
        verdict.add(&judge(&stage, &Ledger::of(&kept), &["chaos-ordered"]).await?);
        verdict.note(format!("{} changes restored", kept.len()));
    }
    Ok(verdict)
}

/// Copies every database while all processes stand still; the changes in it.
async fn copy_at_one_moment(stage: &Stage, copies: &Path) -> anyhow::Result<HashSet<Uuid>> {
    std::fs::create_dir_all(copies)?;
    signal(stage, Signal::STOP)?;
    let done = copy(&stage.folder.join("state"), copies);
    let found = changes(stage).await;
    signal(stage, Signal::CONT)?;
    done.and(found)
}

fn signal(stage: &Stage, signal: Signal) -> anyhow::Result<()> {
    for number in 0..stage.members.len() {
        let pid = stage.pid(number).context("it runs")?;
        kill_process(
            Pid::from_raw(i32::try_from(pid)?).context("a process id")?,
            signal,
        )?;
    }
    Ok(())
}

/// Files that are databases with their logs.
fn copy(from: &Path, to: &Path) -> anyhow::Result<()> {
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if [".db", ".db-wal"].iter().any(|end| name.ends_with(end)) {
            std::fs::copy(entry.path(), to.join(&name))?;
        }
    }
    Ok(())
}

async fn restore(run: &Run, stage: &mut Stage, from: &Path) -> anyhow::Result<()> {
    for number in 0..stage.members.len() {
        stage.end(number)?;
    }
    let databases = stage.folder.join("state");
    std::fs::remove_dir_all(&databases)?;
    std::fs::create_dir_all(&databases)?;
    copy(from, &databases)?;
    run.forget_messages(stage).await?;
    hasten(stage)?;
    for number in 0..stage.members.len() {
        stage.start(number)?;
        stage.ready(number).await?;
    }
    Ok(())
}

async fn changes(stage: &Stage) -> anyhow::Result<HashSet<Uuid>> {
    let ids = stage.database(WRITER).ids("change", "id").await?;
    Ok(ids.into_iter().collect())
}
