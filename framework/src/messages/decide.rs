//! Deciding about dead letters: each is tried again, or given up; who and why is recorded.

use std::time::Duration;

use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::Messages;
use crate::bus::{DeadLetter, Filter, dead_letters, discard, replay};
use crate::clock::Timestamp;
use crate::http::{Caller, Json, Problem};
use crate::limits::{DECIDE_BATCH, DECIDE_TIME, REPLAY_RATE};
use crate::params;
use crate::store::StoreError;

/// Fastest replay: more is no pace any more.
const FASTEST: u32 = 1000;
/// Length of a reason in characters: one that says something, and no novel.
const WHY: std::ops::RangeInclusive<usize> = 3..=1000;

/// Which dead letters, what for, and how fast.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Order {
    /// Those of this queue.
    queue: Option<String>,
    /// Those of this type on the wire.
    #[serde(rename = "type")]
    name: Option<String>,
    /// Those with this reason, to the letter.
    reason: Option<String>,
    /// The one with this id.
    id: Option<Uuid>,
    /// Those that came here before; what the first answer says, for the requests after it.
    before: Option<Timestamp>,
    /// Why: 3 to 1000 characters. Counting alone needs no reason.
    #[serde(default)]
    why: String,
    /// Messages in a second that are tried again.
    rate: Option<u32>,
    /// Only counts.
    #[serde(default)]
    dry_run: bool,
}

/// What became of an order. As long as `remaining` is above 0 and `done` too, the same order with `before` goes on.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Decided {
    /// Dead letters that fitted at the beginning.
    matched: u64,
    /// Those that this request has decided.
    done: u64,
    /// Those that cannot be tried again because they are no messages; discard them.
    refused: u64,
    /// Those that fit still.
    remaining: u64,
    /// Only what came here before this time is meant, so that what fails again is not tried for ever.
    before: Timestamp,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Choice {
    Replay { pause: Duration },
    Discard,
}

/// Lets reactions try dead letters again, paced, a batch per request.
#[utoipa::path(post, path = "/dead-letters/replay", tag = "messages", request_body = Order,
    responses((status = 200, body = Decided), (status = 422, body = Problem)))]
pub(super) async fn replay_letters(
    State(messages): State<Messages>,
    caller: Caller,
    Json(order): Json<Order>,
) -> Result<Json<Decided>, Problem> {
    let rate = order.rate.unwrap_or(REPLAY_RATE);
    if !(1..=FASTEST).contains(&rate) {
        let problem = Problem::unprocessable("The pace is not possible.");
        return Err(problem.part("/rate", format!("1 to {FASTEST} messages a second.")));
    }
    let pause = Duration::from_secs(1) / rate;
    messages
        .decide(&caller, order, Choice::Replay { pause })
        .await
}

/// Gives dead letters up, a batch per request: they never take effect, and what waits behind them goes on.
#[utoipa::path(post, path = "/dead-letters/discard", tag = "messages", request_body = Order,
    responses((status = 200, body = Decided), (status = 422, body = Problem)))]
pub(super) async fn discard_letters(
    State(messages): State<Messages>,
    caller: Caller,
    Json(order): Json<Order>,
) -> Result<Json<Decided>, Problem> {
    messages.decide(&caller, order, Choice::Discard).await
}

impl Messages {
    async fn decide(
        &self,
        caller: &Caller,
        order: Order,
        choice: Choice,
    ) -> Result<Json<Decided>, Problem> {
        let why = order.why.trim();
        if !order.dry_run && !WHY.contains(&why.chars().count()) {
            let (shortest, longest) = (WHY.start(), WHY.end());
            let problem = Problem::unprocessable("A decision needs a reason.");
            return Err(problem.part("/why", format!("{shortest} to {longest} characters.")));
        }
        let now = self.store.clock().now();
        let before = order.before.map_or(now, |given| given.min(now));
        let filter = Filter {
            subscriber: order.queue,
            name: order.name,
            message_id: order.id,
            reason: order.reason,
            before: Some(before),
        };
        let matched = self.count(&filter).await?;
        let (done, refused) = if order.dry_run {
            (0, 0)
        } else {
            self.batch(&filter, choice, caller.login(), why).await?
        };
        Ok(Json(Decided {
            matched,
            done,
            refused,
            remaining: self.count(&filter).await?,
            before,
        }))
    }

    /// Decides the oldest ones until the batch or the time of a request is used up.
    async fn batch(
        &self,
        filter: &Filter,
        choice: Choice,
        by: &str,
        why: &str,
    ) -> Result<(u64, u64), StoreError> {
        let (mut done, mut refused) = (0, 0);
        let begun = std::time::Instant::now();
        for letter in dead_letters(&self.store, filter, DECIDE_BATCH).await? {
            if begun.elapsed() > DECIDE_TIME {
                break;
            }
            match self.one(&letter, choice, by, why).await {
                Ok(decided) => done += u64::from(decided),
                Err(StoreError::Decode(_)) => refused += 1,
                Err(error) => return Err(error),
            }
        }
        Ok((done, refused))
    }

    async fn one(
        &self,
        letter: &DeadLetter,
        choice: Choice,
        by: &str,
        why: &str,
    ) -> Result<bool, StoreError> {
        match choice {
            Choice::Discard => discard(&self.store, letter, by, why).await,
            Choice::Replay { pause } => {
                let decided = replay(&self.store, letter, by, why).await?;
                self.store.clock().sleep(pause).await;
                Ok(decided)
            }
        }
    }

    async fn count(&self, filter: &Filter) -> Result<u64, StoreError> {
        let asked = params![
            filter.subscriber.as_deref(),
            filter.name.as_deref(),
            filter.message_id,
            filter.reason.as_deref(),
            filter.before
        ];
        let counted = self.store.read("dcp_dead_letter_count", asked).await?;
        counted.one()
    }
}
