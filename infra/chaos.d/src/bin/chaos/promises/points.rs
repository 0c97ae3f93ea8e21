//! P2: there is no unlucky instruction. At every point that the framework names, a process dies when it passes it for the first
//! time, and another when it passes it for the second. The sweep fails if a point was never passed.

use std::collections::BTreeSet;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use dcp::bus::{Destination, Outgoing, event_queue};
use dcp::events::wire_name;
use dcp_chaos::{Changed, FAILS_ONCE, WRITER, now, until};
use uuid::Uuid;

use super::{Run, poison};
use crate::check::{PATIENCE, Verdict, judge, settle};
use crate::client::Client;
use crate::load::Ledger;
use crate::stage::Stage;

const UNORDERED: &str = "chaos-a";
const ORDERED: &str = "chaos-ordered";
/// How long a process may take to come by a point: what failed once is tried again after a second.
const COMES_BY: Duration = Duration::from_secs(15);
const ABORTED: i32 = 6;
/// Messages that are missed: more than are sent again at once.
const MISSED: u64 = 250;

pub(crate) async fn keep(run: Run) -> anyhow::Result<Verdict> {
    let points = points(&run.root.join("framework/src"))?;
    ensure!(!points.is_empty(), "the framework names no point");
    let mut stage = run.stage()?;
    stage.add_writer(1)?;
    stage.add_subscriber(UNORDERED, 1)?;
    stage.add_ordered(ORDERED, 1)?;
    stage.open().await?;
    let mut sweep = Sweep {
        stage,
        ledger: Ledger::default(),
        poison: Vec::new(),
        rounds: 0,
    };
    let mut missed = Vec::new();
    for point in &points {
        for passing in 1..=2 {
            if !sweep.dies_at(&run, point, passing).await? {
                missed.push(format!("{point}:{passing}"));
            }
        }
    }
    sweep.judge(points.len(), &missed).await
}

/// The names in the framework's source: a point that is added is swept without being listed here.
fn points(folder: &Path) -> anyhow::Result<BTreeSet<String>> {
    let mut found = BTreeSet::new();
    for entry in std::fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(points(&path)?);
        } else if path.extension().is_some_and(|end| end == "rs") {
            let text = std::fs::read_to_string(&path)?;
            let names = text.split(" point(\"").skip(1);
            found.extend(names.filter_map(|rest| Some(rest.split_once('"')?.0.to_owned())));
        }
    }
    Ok(found)
}

struct Sweep {
    stage: Stage,
    ledger: Ledger,
    /// What has to be parked.
    poison: Vec<Uuid>,
    rounds: u64,
}

impl Sweep {
    /// Works until some process dies at the point; whether one did. All run again after it.
    async fn dies_at(&mut self, run: &Run, point: &str, passing: u32) -> anyhow::Result<bool> {
        if point.starts_with("reconcile.") {
            self.lose(run).await?;
        }
        self.restart(Some(format!("{point}:{passing}")))?;
        let end = tokio::time::Instant::now() + COMES_BY;
        let mut died = false;
        while !died && tokio::time::Instant::now() < end {
            self.work().await?;
            died = self.has_aborted()?;
        }
        self.restart(None)?;
        for number in 0..self.stage.members.len() {
            self.stage.ready(number).await?;
        }
        Ok(died)
    }

    /// Starts every process anew, with the point at which it dies.
    fn restart(&mut self, point: Option<String>) -> anyhow::Result<()> {
        self.stage.environment = point
            .map(|point| ("DCP_CRASH_AT".to_owned(), point))
            .into_iter()
            .collect();
        for number in 0..self.stage.members.len() {
            self.stage.end(number)?;
            self.stage.start(number)?;
        }
        Ok(())
    }

    fn has_aborted(&mut self) -> anyhow::Result<bool> {
        for number in 0..self.stage.members.len() {
            if let Some(status) = self.stage.ended(number)? {
                ensure!(
                    status.signal() == Some(ABORTED),
                    "a process ended: {status}"
                );
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// A little of everything: good changes, one that fails once with others behind it, and poison.
    async fn work(&mut self) -> anyhow::Result<()> {
        self.rounds += 1;
        let mut client = Client::new(self.stage.writers());
        for number in 0..6 {
            let change = Changed {
                id: Uuid::now_v7(),
                subject: format!("subject-{}", self.rounds),
                number,
                note: if number == 1 {
                    FAILS_ONCE.to_owned()
                } else {
                    String::new()
                },
            };
            self.ledger.note_attempt(change.id);
            let outcome = client.change(&change).await;
            self.ledger.note(change.id, outcome, Duration::ZERO);
        }
        self.poison().await?;
        tokio::time::sleep(Duration::from_millis(100)).await;
        Ok(())
    }

    async fn poison(&mut self) -> anyhow::Result<()> {
        let bus = self.stage.connect().await?;
        let envelope = poison::envelope(2);
        self.poison.push(envelope.id);
        let to = Destination::Queue(event_queue(UNORDERED, &wire_name::<Changed>()));
        for outcome in bus.publish(&[Outgoing { to, envelope }]).await {
            outcome?;
        }
        bus.close().await;
        Ok(())
    }

    /// Lets the bus forget messages that it has taken, as a broker does that loses its disk, and lets the time pass after
    /// which they are missed.
    async fn lose(&mut self, run: &Run) -> anyhow::Result<()> {
        hasten(&self.stage)?;
        settle(&self.stage, PATIENCE).await?;
        for number in 1..self.stage.members.len() {
            self.stage.end(number)?;
        }
        self.work_alone().await?;
        let unsent = || -> anyhow::Result<bool> {
            let database = self.stage.file(WRITER);
            let sql = "SELECT COUNT(*) FROM dcp_outbox WHERE sent_at IS NULL";
            let count: i64 =
                rusqlite::Connection::open(database)?.query_row(sql, [], |row| row.get(0))?;
            Ok(count == 0)
        };
        until("everything is sent", PATIENCE, async || unsent()).await?;
        self.stage.end(0)?;
        run.forget_messages(&self.stage).await?;
        let database = rusqlite::Connection::open(self.stage.file(WRITER))?;
        let past = dcp::store::time_text(now());
        database.execute("UPDATE dcp_awaiting SET look_at = ?1", [past])?;
        Ok(())
    }

    async fn work_alone(&mut self) -> anyhow::Result<()> {
        let mut client = Client::new(self.stage.writers());
        for number in 0..MISSED {
            self.rounds += 1;
            let change = Changed {
                id: Uuid::now_v7(),
                subject: format!("subject-{}", self.rounds),
                number,
                note: String::new(),
            };
            self.ledger.note_attempt(change.id);
            let outcome = client.change(&change).await;
            self.ledger.note(change.id, outcome, Duration::ZERO);
        }
        Ok(())
    }

    async fn judge(self, points: usize, missed: &[String]) -> anyhow::Result<Verdict> {
        hasten(&self.stage)?;
        let settled = settle(&self.stage, PATIENCE).await?;
        let mut verdict = judge(&self.stage, &self.ledger, &[ORDERED]).await?;
        let database = self.stage.database(UNORDERED);
        let parked = database.ids("dcp_dead_letter", "message_id").await?;
        verdict.lost += self.poison.iter().filter(|id| !parked.contains(id)).count();
        verdict.expect(
            missed.is_empty(),
            format!("never passed: {}", missed.join(" ")),
        );
        verdict.note(format!(
            "{} deaths at {points} points, settled in {} ms",
            2 * points - missed.len(),
            settled.as_millis()
        ));
        Ok(verdict)
    }
}

/// Lets the time pass after which a message that is not recorded is missed: half a minute at first, then longer.
pub(super) fn hasten(stage: &Stage) -> anyhow::Result<()> {
    let database = rusqlite::Connection::open(stage.file(WRITER))?;
    database.busy_timeout(Duration::from_secs(5))?;
    let sql = "UPDATE dcp_awaiting SET look_at = ?1";
    database.execute(sql, [dcp::store::time_text(now())])?;
    Ok(())
}
