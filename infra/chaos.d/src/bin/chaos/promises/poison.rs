//! P7: poison harms nobody. Of the messages in a queue one in a hundred can never take effect: undecodable, of an unknown type,
//! with a reaction that panics, or with one that always fails. All of them are parked, and every good one takes effect.
//!
//! Those whose reaction panics or fails carry nine failures already: the tenth parks them, and the pauses between ten take hours.

use std::collections::HashSet;

use anyhow::Context as _;
use dcp::bus::{Destination, Envelope, Outgoing, event_queue};
use dcp::events::{Event, wire_name};
use dcp::limits::MAX_ATTEMPTS;
use dcp_chaos::{Changed, FAILS, NEVER, PANICS, now};
use serde_json::value::to_raw_value;
use std::time::Duration;
use uuid::Uuid;

use super::Run;
use crate::check::{PATIENCE, Verdict, judge, settle};
use crate::load::{Load, Plan};
use crate::stage::Stage;

const POISON: u64 = 1_000;
/// Messages that come together.
const BATCH: usize = 50;
const VICTIM: &str = "chaos-a";

pub(crate) async fn keep(run: Run) -> anyhow::Result<Verdict> {
    let mut stage = run.stage()?;
    stage.add_writer(1)?;
    stage.add_subscriber(VICTIM, 1)?;
    stage.open().await?;
    let poison = run.scaled(POISON);
    let plan = Plan {
        clients: 4,
        subjects: 100,
        enough: 99 * poison / 10,
        pace: Duration::ZERO,
    };
    let load = Load::start(&stage.writers(), plan);
    let bad: Vec<Envelope> = (0..poison).map(envelope).collect();
    pour(&stage, &bad).await?;
    let ledger = load.end().await;
    settle(&stage, PATIENCE).await?;
    let mut verdict = judge(&stage, &ledger, &[]).await?;
    let parked = stage
        .database(VICTIM)
        .ids("dcp_dead_letter", "message_id")
        .await?;
    let meant: HashSet<Uuid> = bad.iter().map(|envelope| envelope.id).collect();
    let found: HashSet<Uuid> = parked.iter().copied().collect();
    verdict.lost += meant.difference(&found).count();
    verdict.unexpected += found.difference(&meant).count();
    verdict.duplicated += parked.len() - found.len();
    verdict.note(format!("{} of {poison} parked", found.len()));
    Ok(verdict)
}

async fn pour(stage: &Stage, bad: &[Envelope]) -> anyhow::Result<()> {
    let bus = stage.connect().await?;
    let queue = event_queue(VICTIM, &wire_name::<Changed>());
    for batch in bad.chunks(BATCH) {
        let messages: Vec<Outgoing> = batch
            .iter()
            .map(|envelope| Outgoing {
                to: Destination::Queue(queue.clone()),
                envelope: envelope.clone(),
            })
            .collect();
        for outcome in bus.publish(&messages).await {
            outcome.context("poison must reach its queue")?;
        }
    }
    bus.close().await;
    Ok(())
}

/// One of the five kinds, in turn.
pub(super) fn envelope(number: u64) -> Envelope {
    let note = match number % 5 {
        0 => PANICS,
        1 => FAILS,
        _ => NEVER,
    };
    let change = Changed {
        id: Uuid::now_v7(),
        subject: "poison".to_owned(),
        number,
        note: note.to_owned(),
    };
    let (name, data) = match number % 5 {
        2 => (wire_name::<Changed>(), to_raw_value(&["no change"])),
        3 => ("chaos.thing.unheard.v7".to_owned(), to_raw_value(&number)),
        _ => (wire_name::<Changed>(), to_raw_value(&change)),
    };
    Envelope {
        id: Uuid::now_v7(),
        source: "chaos".to_owned(),
        name,
        kind: Changed::KIND,
        key: change.key(),
        zone: None,
        site: None,
        time: now(),
        traceparent: None,
        deadline: None,
        attempts: MAX_ATTEMPTS - 1,
        follows: None,
        seq: 0,
        data: data.unwrap_or_default(),
    }
}
