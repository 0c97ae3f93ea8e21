//! Dead letters: messages that no reaction could take, kept with the reason until somebody decides.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::inbox::Inbox;
use super::measure::Measures;
use super::{Envelope, parked};
use crate::clock::Timestamp;
use crate::params;
use crate::store::{Store, StoreError, Tx};

/// A dead letter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeadLetter {
    /// The queue in which it came.
    pub subscriber: String,
    /// Its id.
    pub message_id: Uuid,
    /// Its type on the wire; empty, if it was no message.
    pub name: String,
    /// The module that sent it; empty, if it was no message.
    pub source: String,
    /// What it is about.
    pub message_key: String,
    /// Whether what follows it under its key waits for the decision.
    pub ordered: bool,
    /// The message as it came; anything, if it was no message.
    pub envelope: String,
    /// Why it is here: the cause with its causes.
    pub reason: String,
    /// How often a reaction had failed.
    pub attempts: u32,
    /// When it came here.
    pub at: Timestamp,
}

/// Which dead letters: those for which everything that is given fits.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// The queue in which they came.
    pub subscriber: Option<String>,
    /// Their type on the wire.
    pub name: Option<String>,
    /// The one with this id.
    pub message_id: Option<Uuid>,
    /// Their reason, to the letter.
    pub reason: Option<String>,
    /// Those that came here before.
    pub before: Option<Timestamp>,
}

/// Dead letters of one type, in one queue, for one reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeadLetterGroup {
    /// The queue in which they came.
    pub subscriber: String,
    /// Their type on the wire; empty for what was no message.
    pub name: String,
    /// Why they are here.
    pub reason: String,
    /// How many.
    pub count: u64,
    /// Whether others wait for the decision.
    pub ordered: bool,
    /// When the first came.
    pub oldest: Timestamp,
    /// When the last came.
    pub newest: Timestamp,
}

/// What somebody decided about a dead letter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeadLetterDecision {
    /// The queue in which it came.
    pub subscriber: String,
    /// Its id.
    pub message_id: Uuid,
    /// Its type on the wire.
    pub name: String,
    /// `replayed` or `discarded`.
    pub decision: String,
    /// Who.
    pub decided_by: String,
    /// Why.
    pub why: String,
    /// When.
    pub at: Timestamp,
}

/// The oldest dead letters of a module for which `filter` fits.
pub async fn dead_letters(
    store: &Store,
    filter: &Filter,
    count: usize,
) -> Result<Vec<DeadLetter>, StoreError> {
    let asked = params![
        filter.subscriber.as_deref(),
        filter.name.as_deref(),
        filter.message_id,
        filter.reason.as_deref(),
        filter.before,
        count
    ];
    store.read("dcp_dead_letters", asked).await?.all()
}

/// The dead letters of a module by queue, type and reason, the newest first.
pub async fn dead_letter_groups(store: &Store) -> Result<Vec<DeadLetterGroup>, StoreError> {
    store.read("dcp_dead_letter_groups", params![]).await?.all()
}

/// The latest decisions about dead letters of a module.
pub async fn dead_letter_decisions(
    store: &Store,
    count: usize,
) -> Result<Vec<DeadLetterDecision>, StoreError> {
    store
        .read("dcp_dead_letter_decisions", params![count])
        .await?
        .all()
}

/// Lets the reaction try a dead letter once more, with the same id and before everything of its key; who and why is recorded.
/// False says that somebody else has decided before.
pub async fn replay(
    store: &Store,
    letter: &DeadLetter,
    by: &str,
    why: &str,
) -> Result<bool, StoreError> {
    let envelope: Envelope = serde_json::from_str(&letter.envelope).map_err(|error| {
        StoreError::Decode(format!(
            "it is no message and cannot be tried again; discard it: {error}"
        ))
    })?;
    let mut tx = store.begin().await?;
    if !decide(&mut tx, letter, "replayed", by, why).await? {
        return Ok(false);
    }
    let inbox = Inbox {
        store: store.clone(),
        subscriber: letter.subscriber.clone(),
        ordered: letter.ordered,
        of_parked: false,
        measures: Measures::of(&letter.subscriber),
    };
    let first_attempt = Envelope {
        attempts: 0,
        ..envelope
    };
    parked::again(&mut tx, &inbox, &first_attempt).await?;
    tx.commit().await?;
    store.wake_parked();
    Ok(true)
}

/// Gives a dead letter up: it never takes effect, and what waits behind it goes on; who and why is recorded. False says that
/// somebody else has decided before.
pub async fn discard(
    store: &Store,
    letter: &DeadLetter,
    by: &str,
    why: &str,
) -> Result<bool, StoreError> {
    let mut tx = store.begin().await?;
    if !decide(&mut tx, letter, "discarded", by, why).await? {
        return Ok(false);
    }
    // Its copies are recognised, and who follows it need not wait for it.
    let now = tx.now();
    let row = params![&letter.subscriber, letter.message_id, now];
    tx.call("dcp_inbox_add", row).await?;
    if letter.ordered {
        parked::go_on(&mut tx, &letter.subscriber, &letter.message_key).await?;
    }
    tx.commit().await?;
    store.wake_parked();
    Ok(true)
}

async fn decide(
    tx: &mut Tx<'_>,
    letter: &DeadLetter,
    decision: &str,
    by: &str,
    why: &str,
) -> Result<bool, StoreError> {
    let which = params![&letter.subscriber, letter.message_id];
    if tx.call("dcp_dead_letter_remove", which).await?.affected() == 0 {
        return Ok(false);
    }
    let now = tx.now();
    let row = params![
        &letter.subscriber,
        letter.message_id,
        &letter.name,
        decision,
        by,
        why,
        now
    ];
    tx.call("dcp_dead_letter_decide", row).await?;
    tracing::info!(message.id = %letter.message_id, queue = letter.subscriber, by, why, "a dead letter is {decision}");
    Ok(true)
}

/// Makes a message a dead letter.
pub(super) async fn bury(
    tx: &mut Tx<'_>,
    subscriber: &str,
    envelope: &Envelope,
    ordered: bool,
    reason: &str,
    attempts: u32,
) -> Result<(), StoreError> {
    let text =
        serde_json::to_string(envelope).map_err(|error| StoreError::Decode(error.to_string()))?;
    let now = tx.now();
    let row = params![
        subscriber,
        envelope.id,
        &envelope.name,
        &envelope.source,
        envelope.key.as_str(),
        ordered,
        text,
        reason,
        attempts,
        now
    ];
    tx.call("dcp_dead_letter_add", row).await?;
    if ordered {
        // What waited for it waits for the decision now.
        let key = params![subscriber, envelope.key.as_str()];
        tx.call("dcp_parked_hold", key).await?;
    }
    tracing::error!(message.id = %envelope.id, queue = subscriber, reason, "a message is a dead letter");
    Ok(())
}

/// Keeps what was no message, under an id made of its bytes.
pub(super) async fn bury_undecodable(
    tx: &mut Tx<'_>,
    subscriber: &str,
    undecodable: &super::Undecodable,
) -> Result<(), StoreError> {
    let id = Uuid::new_v5(&Uuid::NAMESPACE_OID, undecodable.text.as_bytes());
    let now = tx.now();
    let row = params![
        subscriber,
        id,
        "",
        "",
        "",
        false,
        &undecodable.text,
        &undecodable.reason,
        0_u32,
        now
    ];
    tx.call("dcp_dead_letter_add", row).await?;
    tracing::error!(message.id = %id, queue = subscriber, reason = undecodable.reason, "what came is no message and a dead letter");
    Ok(())
}
