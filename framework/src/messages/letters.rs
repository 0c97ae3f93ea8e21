//! Looking at dead letters.

use axum::extract::State;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::Messages;
use crate::bus::{
    DeadLetter, DeadLetterDecision, DeadLetterGroup, Envelope, Filter, dead_letter_decisions,
    dead_letter_groups, dead_letters,
};
use crate::clock::Timestamp;
use crate::http::{Json, Problem, Query};
use crate::limits::{DECISIONS, LETTERS_PAGE};

/// Which dead letters: those for which everything that is given fits.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Wanted {
    /// The queue in which they came.
    queue: Option<String>,
    /// Their type on the wire; empty for what was no message.
    #[serde(rename = "type")]
    name: Option<String>,
    /// Their reason, to the letter.
    reason: Option<String>,
    /// The one with this id; then with its body.
    id: Option<Uuid>,
    /// Those that came here before.
    before: Option<Timestamp>,
    /// At most so many, the oldest first.
    limit: Option<usize>,
    /// Site of the request; dead letters are those of all sites.
    #[serde(rename = "site")]
    _site: Option<String>,
}

/// A message that no reaction could take.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Letter {
    queue: String,
    id: Uuid,
    /// Its type on the wire; empty, if it was no message.
    #[serde(rename = "type")]
    name: String,
    /// The module that sent it.
    source: String,
    key: String,
    /// Whether what follows it under its key waits for the decision.
    ordered: bool,
    /// The cause with its causes.
    reason: String,
    /// How often a reaction had failed.
    attempts: u32,
    /// When it came here.
    at: Timestamp,
    /// When it was stored by its sender.
    sent_at: Option<Timestamp>,
    /// The trace that caused it.
    trace_id: Option<String>,
    /// What it says, when one is asked for by its id; a text, if it was no message.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    body: Option<Box<RawValue>>,
}

impl Letter {
    fn of(letter: DeadLetter, with_body: bool) -> Self {
        let envelope: Option<Envelope> = serde_json::from_str(&letter.envelope).ok();
        let sent_at = envelope.as_ref().map(|envelope| envelope.time);
        let traceparent = envelope.as_ref().and_then(|one| one.traceparent.as_deref());
        let trace_id = traceparent.and_then(|text| text.split('-').nth(1).map(str::to_owned));
        let body = || match envelope {
            Some(envelope) => Some(envelope.data),
            None => serde_json::value::to_raw_value(&letter.envelope).ok(),
        };
        Self {
            body: if with_body { body() } else { None },
            queue: letter.subscriber,
            id: letter.message_id,
            name: letter.name,
            source: letter.source,
            key: letter.message_key,
            ordered: letter.ordered,
            reason: letter.reason,
            attempts: letter.attempts,
            at: letter.at,
            sent_at,
            trace_id,
        }
    }
}

/// Dead letters of one type, in one queue, for one reason.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Group {
    queue: String,
    /// Their type on the wire; empty for what was no message.
    #[serde(rename = "type")]
    name: String,
    reason: String,
    count: u64,
    /// Whether others wait for the decision.
    ordered: bool,
    /// When the first came.
    oldest: Timestamp,
    /// When the last came.
    newest: Timestamp,
}

impl From<DeadLetterGroup> for Group {
    fn from(group: DeadLetterGroup) -> Self {
        Self {
            queue: group.subscriber,
            name: group.name,
            reason: group.reason,
            count: group.count,
            ordered: group.ordered,
            oldest: group.oldest,
            newest: group.newest,
        }
    }
}

/// What somebody decided about a dead letter.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct DecisionRecord {
    queue: String,
    id: Uuid,
    #[serde(rename = "type")]
    name: String,
    /// `replayed` or `discarded`.
    decision: String,
    by: String,
    why: String,
    at: Timestamp,
}

impl From<DeadLetterDecision> for DecisionRecord {
    fn from(decision: DeadLetterDecision) -> Self {
        Self {
            queue: decision.subscriber,
            id: decision.message_id,
            name: decision.name,
            decision: decision.decision,
            by: decision.decided_by,
            why: decision.why,
            at: decision.at,
        }
    }
}

/// Dead letters of this module, the oldest first.
#[utoipa::path(get, path = "/dead-letters", operation_id = "list_dead_letters", tag = "messages", params(Wanted),
    responses((status = 200, body = Vec<Letter>), (status = 422, body = Problem)))]
pub(super) async fn list(
    State(messages): State<Messages>,
    Query(wanted): Query<Wanted>,
) -> Result<Json<Vec<Letter>>, Problem> {
    let filter = Filter {
        subscriber: wanted.queue,
        name: wanted.name,
        message_id: wanted.id,
        reason: wanted.reason,
        before: wanted.before,
    };
    let count = wanted.limit.unwrap_or(LETTERS_PAGE).clamp(1, LETTERS_PAGE);
    let found = dead_letters(&messages.store, &filter, count).await?;
    let with_body = filter.message_id.is_some();
    let letters = found.into_iter().map(|one| Letter::of(one, with_body));
    Ok(Json(letters.collect()))
}

/// The dead letters of this module by queue, type and reason, the newest first.
#[utoipa::path(get, path = "/dead-letters/groups", tag = "messages", responses((status = 200, body = Vec<Group>)))]
pub(super) async fn groups(State(messages): State<Messages>) -> Result<Json<Vec<Group>>, Problem> {
    let found = dead_letter_groups(&messages.store).await?;
    Ok(Json(found.into_iter().map(Group::from).collect()))
}

/// The latest decisions about dead letters of this module, the newest first.
#[utoipa::path(get, path = "/dead-letters/decisions", tag = "messages", responses((status = 200, body = Vec<DecisionRecord>)))]
pub(super) async fn decisions(
    State(messages): State<Messages>,
) -> Result<Json<Vec<DecisionRecord>>, Problem> {
    let found = dead_letter_decisions(&messages.store, DECISIONS).await?;
    Ok(Json(found.into_iter().map(DecisionRecord::from).collect()))
}
