//! Parked messages: they are in the subscriber's database and wait for their predecessor, for the end of a pause, or for what
//! stands before them under their key. The bus has forgotten them.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use serde::Deserialize;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::dead_letters::bury;
use super::decide::{Brake, Decision, KeyState, judge};
use super::inbox::Inbox;
use super::reactor::Reactor;
use super::{Envelope, pause};
use crate::clock::{Clock, Timestamp};
use crate::crash::point;
use crate::limits::{MAX_ATTEMPTS, ORDER_WAIT, PARKED_BATCH, PARKED_POLL, PREDECESSOR_LOOK};
use crate::params;
use crate::store::{Store, StoreError, Tx};

const LEASE: &str = "parked";

/// Lets a message wait that came before its turn.
pub(super) async fn wait(
    inbox: &Inbox,
    envelope: &Envelope,
    is_first: bool,
) -> Result<(), StoreError> {
    let mut tx = inbox.store.begin().await?;
    let next_at = is_first.then(|| later(tx.now(), PREDECESSOR_LOOK));
    add(&mut tx, inbox, envelope, None, envelope.attempts, next_at).await?;
    tx.commit().await?;
    inbox.measures.parked();
    point("parked.waits");
    inbox.store.wake_parked();
    Ok(())
}

/// Lets a message of an ordered subscription wait that failed: what follows it waits behind it.
pub(super) async fn failed(
    inbox: &Inbox,
    envelope: &Envelope,
    reason: &str,
    attempts: u32,
    after: Duration,
) -> Result<(), StoreError> {
    let mut tx = inbox.store.begin().await?;
    // Another process may have been faster.
    if !is_recorded(&mut tx, inbox, envelope).await? {
        let next_at = Some(later(tx.now(), after));
        add(&mut tx, inbox, envelope, Some(reason), attempts, next_at).await?;
    }
    tx.commit().await?;
    inbox.measures.parked();
    point("parked.failed");
    inbox.store.wake_parked();
    Ok(())
}

/// Lets a message try that an operator wants to be tried again.
pub(super) async fn again(
    tx: &mut Tx<'_>,
    inbox: &Inbox,
    envelope: &Envelope,
) -> Result<(), StoreError> {
    let next_at = Some(tx.now());
    add(tx, inbox, envelope, None, 0, next_at).await
}

/// Forgets a message that has had its effect; the next one of its key may try.
pub(super) async fn forget(
    tx: &mut Tx<'_>,
    subscriber: &str,
    id: Uuid,
    key: &str,
) -> Result<(), StoreError> {
    tx.call("dcp_parked_remove", params![subscriber, id])
        .await?;
    go_on(tx, subscriber, key).await
}

/// Lets the first message of a key try.
pub(super) async fn go_on(tx: &mut Tx<'_>, subscriber: &str, key: &str) -> Result<(), StoreError> {
    let now = tx.now();
    tx.call("dcp_parked_go_on", params![subscriber, key, now])
        .await?;
    Ok(())
}

/// Lets a message try whose predecessor has had its effect.
pub(super) async fn wake(tx: &mut Tx<'_>, subscriber: &str, id: Uuid) -> Result<(), StoreError> {
    let now = tx.now();
    let set = params![subscriber, id, None::<&str>, 0_u32, now];
    tx.call("dcp_parked_set", set).await?;
    tx.store().wake_parked();
    Ok(())
}

/// Parks a message; with `next_at` it is the first of its key.
async fn add(
    tx: &mut Tx<'_>,
    inbox: &Inbox,
    envelope: &Envelope,
    reason: Option<&str>,
    attempts: u32,
    next_at: Option<Timestamp>,
) -> Result<(), StoreError> {
    let key = inbox.key_of(envelope);
    if next_at.is_some() {
        tx.call("dcp_parked_hold", params![&inbox.subscriber, &key])
            .await?;
    }
    let text =
        serde_json::to_string(envelope).map_err(|error| StoreError::Decode(error.to_string()))?;
    let now = tx.now();
    let row = params![
        &inbox.subscriber,
        envelope.id,
        &key,
        envelope.seq,
        envelope.follows,
        text,
        reason,
        attempts,
        next_at,
        now
    ];
    tx.call("dcp_parked_add", row).await?;
    Ok(())
}

async fn is_recorded(
    tx: &mut Tx<'_>,
    inbox: &Inbox,
    envelope: &Envelope,
) -> Result<bool, StoreError> {
    let asked = params![&inbox.subscriber, envelope.id];
    Ok(tx.call("dcp_inbox_has", asked).await?.one::<i64>()? > 0)
}

fn later(now: Timestamp, after: Duration) -> Timestamp {
    now.checked_add(after).unwrap_or(Timestamp::MAX)
}

/// Tries what is parked when its time has come.
pub(super) struct Runner {
    pub(super) store: Store,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) stop: CancellationToken,
    pub(super) reactors: Vec<Rc<Reactor>>,
}

#[derive(Debug, Deserialize)]
struct Row {
    subscriber: String,
    message_id: Uuid,
    message_key: String,
    awaits: Option<Uuid>,
    envelope: String,
    attempts: u32,
    at: Timestamp,
}

impl Runner {
    pub(super) async fn run(self) {
        let mut brake = Brake::default();
        while !self.stop.is_cancelled() {
            let pause = match self.round().await {
                Ok(pause) => {
                    brake.ran();
                    pause
                }
                Err(error) => {
                    let pause = brake.failed();
                    tracing::warn!(%error, failures = brake.failures(), "parked messages wait");
                    pause
                }
            };
            tokio::select! {
                () = self.store.parked() => {}
                () = self.clock.sleep(pause) => {}
                () = self.stop.cancelled() => {}
            }
        }
    }

    /// Tries what is due; says when to look again.
    async fn round(&self) -> Result<Duration, StoreError> {
        while !self.stop.is_cancelled() {
            let next_at: Option<Timestamp> =
                self.store.read("dcp_parked_next", params![]).await?.one()?;
            let now = self.clock.now();
            match next_at {
                None => return Ok(PARKED_POLL),
                Some(next) if next > now => return Ok(pause::until(now, next).min(PARKED_POLL)),
                Some(_) => {}
            }
            let Some(lease) = self.store.try_lease(LEASE).await? else {
                return Ok(PREDECESSOR_LOOK);
            };
            let tried = self.due(now).await;
            lease.release().await;
            if !tried? {
                return Ok(pause::in_outage(1));
            }
        }
        Ok(Duration::ZERO)
    }

    /// Tries the first messages of several keys beside each other; false says that something they need is away.
    async fn due(&self, now: Timestamp) -> Result<bool, StoreError> {
        let rows: Vec<Row> = self
            .store
            .read("dcp_parked_due", params![now, PARKED_BATCH])
            .await?
            .all()?;
        let tried = join_all(rows.iter().map(|row| self.attempt(row, now))).await;
        tried.into_iter().try_fold(true, |all, one| Ok(all && one?))
    }

    async fn attempt(&self, row: &Row, now: Timestamp) -> Result<bool, StoreError> {
        let envelope: Envelope = serde_json::from_str(&row.envelope)
            .map_err(|error| StoreError::Decode(error.to_string()))?;
        let Some(reactor) = self
            .reactors
            .iter()
            .find(|one| one.inbox.subscriber == row.subscriber)
        else {
            let reason = "the module does not react to it any more";
            return self
                .give_up(row, &envelope, false, reason, row.attempts)
                .await;
        };
        let inbox = Inbox {
            of_parked: true,
            ..reactor.inbox.clone()
        };
        if !self.has_come(&inbox, row, now).await? {
            let next_at = later(now, PREDECESSOR_LOOK);
            self.postpone(row, None, row.attempts, next_at).await?;
            return Ok(true);
        }
        let ordered = inbox.ordered;
        let envelope = Arc::new(envelope);
        let (outcome, reason) = reactor.react(inbox, &envelope, row.attempts).await;
        match judge(outcome, row.attempts) {
            Decision::Done => Ok(true),
            Decision::Hold => Ok(false),
            Decision::Again { attempts, after } => {
                tracing::warn!(message.id = %row.message_id, queue = row.subscriber, attempts, reason, "a parked message is tried again later");
                reactor.inbox.measures.retried();
                let next_at = later(self.clock.now(), after);
                self.postpone(row, Some(&reason), attempts, next_at).await?;
                Ok(true)
            }
            Decision::Dead { attempts } => {
                reactor.inbox.measures.dead();
                let attempts = attempts.min(MAX_ATTEMPTS);
                self.give_up(row, &envelope, ordered, &reason, attempts)
                    .await
            }
        }
    }

    /// Whether the predecessor has arrived. After a time without it the message goes on: it may have been sent before this
    /// subscription began.
    async fn has_come(&self, inbox: &Inbox, row: &Row, now: Timestamp) -> Result<bool, StoreError> {
        let Some(awaits) = row.awaits else {
            return Ok(true);
        };
        let asked = params![&row.subscriber, &row.message_key, row.message_id, awaits];
        let state: KeyState = inbox.store.read("dcp_key_state", asked).await?.one()?;
        if state.ready {
            return Ok(true);
        }
        let waited = pause::until(row.at, now) >= ORDER_WAIT;
        if waited {
            tracing::warn!(message.id = %row.message_id, predecessor = %awaits, queue = row.subscriber,
                "a message goes on without its predecessor, which never came");
        }
        Ok(waited)
    }

    async fn postpone(
        &self,
        row: &Row,
        reason: Option<&str>,
        attempts: u32,
        next_at: Timestamp,
    ) -> Result<(), StoreError> {
        let set = params![&row.subscriber, row.message_id, reason, attempts, next_at];
        self.store.write("dcp_parked_set", set).await?;
        Ok(())
    }

    async fn give_up(
        &self,
        row: &Row,
        envelope: &Envelope,
        ordered: bool,
        reason: &str,
        attempts: u32,
    ) -> Result<bool, StoreError> {
        let mut tx = self.store.begin().await?;
        tx.call(
            "dcp_parked_remove",
            params![&row.subscriber, row.message_id],
        )
        .await?;
        bury(
            &mut tx,
            &row.subscriber,
            envelope,
            ordered,
            reason,
            attempts,
        )
        .await?;
        tx.commit().await?;
        Ok(true)
    }
}
