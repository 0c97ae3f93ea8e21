//! The judge: reads the databases and compares them with what clients were told. Asks no module.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::time::Duration;

use dcp_chaos::{WRITER, until};
use uuid::Uuid;

use crate::database::{Database, Row};
use crate::load::Ledger;
use crate::stage::Stage;

/// What was found.
#[derive(Debug, Default)]
pub(crate) struct Verdict {
    /// Changes that clients asked for.
    pub(crate) attempted: usize,
    /// Changes that clients were told of.
    pub(crate) acknowledged: usize,
    /// Acknowledged changes that are not stored, and stored changes without effect in a subscriber.
    pub(crate) lost: usize,
    /// Effects beyond the first.
    pub(crate) duplicated: usize,
    /// Effects of a subject in another order than its changes, in ordered subscriptions.
    pub(crate) inverted: usize,
    /// Changes nobody asked for, effects without change, records without either or missing, and whatever else should not be.
    pub(crate) unexpected: usize,
    /// Changes that took effect although no client heard of them: their process died in between.
    pub(crate) recovered: usize,
    /// Figures to be read by people.
    pub(crate) notes: Vec<String>,
}

impl Verdict {
    /// Whether everything is as promised.
    pub(crate) fn holds(&self) -> bool {
        self.lost + self.duplicated + self.inverted + self.unexpected == 0
    }

    /// Adds what another run found.
    pub(crate) fn add(&mut self, other: &Self) {
        self.attempted += other.attempted;
        self.acknowledged += other.acknowledged;
        self.lost += other.lost;
        self.duplicated += other.duplicated;
        self.inverted += other.inverted;
        self.unexpected += other.unexpected;
        self.recovered += other.recovered;
        self.notes.extend(other.notes.iter().cloned());
    }

    /// Adds a figure.
    pub(crate) fn note(&mut self, text: impl Into<String>) {
        self.notes.push(text.into());
    }

    /// Counts something that must be so.
    pub(crate) fn expect(&mut self, holds: bool, what: impl Into<String>) {
        if !holds {
            self.unexpected += 1;
            self.note(format!("BROKEN: {}", what.into()));
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "lost {} duplicated {} inverted {} unexpected {} attempted {} acknowledged {} recovered {}",
            self.lost,
            self.duplicated,
            self.inverted,
            self.unexpected,
            self.attempted,
            self.acknowledged,
            self.recovered
        )
    }
}

/// How long a platform that is whole may take to bring everything to its end.
pub(crate) const PATIENCE: Duration = Duration::from_mins(2);

/// Waits until nothing is under way: outboxes and queues are empty. The verdict then says what is missing.
pub(crate) async fn settle(stage: &Stage, patience: Duration) -> anyhow::Result<Duration> {
    let began = std::time::Instant::now();
    let bus = stage.connect().await?;
    let topology = stage.topology()?;
    let declared = async || Ok(bus.declare(&topology).await.is_ok());
    until("the queues are there", patience, declared).await?;
    let mut quiet = 0;
    let settled = until("outboxes and queues are empty", patience, async || {
        let writer = stage.database(WRITER);
        // What is sent and kept until subscribers have told that they have it is at its end.
        let mut waiting = writer.count("dcp_outbox WHERE sent_at IS NULL").await?;
        let changes = writer.count("change").await?;
        for module in stage.subscribers() {
            let database = stage.database(&module);
            // A bus may have lost what it took: then the effect is still to come.
            waiting += changes.saturating_sub(database.count("effect").await?);
            waiting += database.count("dcp_parked").await?;
        }
        for queue in topology.queues() {
            // A broker that cannot be asked is not settled.
            waiting += bus.depth(queue).await.unwrap_or(1);
        }
        // A process may hold a message between queue and database: only a quiet while shows that none does.
        quiet = if waiting == 0 { quiet + 1 } else { 0 };
        tokio::time::sleep(Duration::from_millis(50)).await;
        Ok(quiet > 10)
    })
    .await;
    bus.close().await;
    if let Err(error) = settled {
        eprintln!("{error:#}");
    }
    Ok(began.elapsed())
}

/// Compares the databases with what clients were told.
pub(crate) async fn judge(
    stage: &Stage,
    ledger: &Ledger,
    ordered: &[&str],
) -> anyhow::Result<Verdict> {
    let (attempted, acknowledged) = (ledger.attempted(), ledger.acknowledged());
    let changes = stage.database(WRITER).rows("change").await?;
    let stored: HashSet<Uuid> = changes.iter().map(|row| row.id).collect();
    let mut verdict = Verdict {
        attempted: attempted.len(),
        acknowledged: acknowledged.len(),
        lost: acknowledged.difference(&stored).count(),
        duplicated: changes.len() - stored.len(),
        unexpected: stored.difference(&attempted).count(),
        recovered: stored.difference(&acknowledged).count(),
        ..Verdict::default()
    };
    verdict.expect(
        ledger.broken() == 0,
        format!("{} answers broken", ledger.broken()),
    );
    verdict.unexpected += unrecorded(&stage.database(WRITER), &changes).await?;
    for module in stage.subscribers() {
        let database = stage.database(&module);
        let effects = database.rows("effect").await?;
        let taken: HashSet<Uuid> = effects.iter().map(|row| row.id).collect();
        verdict.lost += stored.difference(&taken).count();
        verdict.unexpected += taken.difference(&stored).count();
        verdict.duplicated += effects.len() - taken.len();
        verdict.unexpected += unrecorded(&database, &effects).await?;
        if ordered.contains(&module.as_str()) {
            verdict.inverted += inversions(&effects);
        }
    }
    Ok(verdict)
}

/// Entries of the trail without their row, and rows without their entry.
async fn unrecorded(database: &Database, rows: &[Row]) -> anyhow::Result<usize> {
    let mut count: HashMap<Uuid, i64> = HashMap::new();
    for row in rows {
        *count.entry(row.id).or_default() += 1;
    }
    for id in database.ids("record", "id").await? {
        *count.entry(id).or_default() -= 1;
    }
    Ok(count.values().filter(|count| **count != 0).count())
}

/// Effects that came after a later one of the same subject.
fn inversions(effects: &[Row]) -> usize {
    let mut last: HashMap<&str, i64> = HashMap::new();
    let mut inverted = 0;
    for row in effects {
        let last = last.entry(&row.subject).or_insert(-1);
        inverted += usize::from(row.number < *last);
        *last = row.number.max(*last);
    }
    inverted
}
