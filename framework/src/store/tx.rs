//! A transaction: the only way to write and the only way to publish.

use super::engine::{Part, Session};
use super::{Rows, Store, StoreError, Value};
use crate::bus::{Destination, Envelope, trace};
use crate::clock::Timestamp;
use crate::events::{Event, Kind, wire_name};
use crate::model::Zone;
use crate::params;

/// An open transaction. Dropped without [`commit`](Self::commit) it leaves no trace.
#[derive(Debug)]
pub struct Tx<'s> {
    store: &'s Store,
    session: Session,
    published: bool,
    health: Health,
    /// Parts that are open: a part whose work was dropped in the middle stays among them for ever.
    parts: u32,
    deadlocked: bool,
    brought_from: Option<Zone>,
}

/// What can still become of a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Health {
    Good,
    /// A call failed: what it belongs to has to be undone.
    Failed,
    /// A call was dropped, ran out of time or lost its connection: nothing more can be said to the database.
    Lost,
}

impl<'s> Tx<'s> {
    pub(super) fn new(store: &'s Store, session: Session) -> Self {
        Self {
            store,
            session,
            published: false,
            health: Health::Good,
            parts: 0,
            deadlocked: false,
            brought_from: None,
        }
    }

    /// The zone whose message this transaction reacts to, if a bridge has brought it from another one.
    pub fn brought_from(&self) -> Option<Zone> {
        self.brought_from
    }

    pub(crate) fn reacts_to(&mut self, envelope: &Envelope) {
        self.brought_from = envelope.zone;
    }

    /// Calls a procedure with its parameters in the order of its header. After an error the transaction, or the part of it that
    /// the call belongs to, is over.
    pub async fn call(&mut self, procedure: &str, values: Vec<Value>) -> Result<Rows, StoreError> {
        // SQL Server has undone everything after an error; SQLite is held to the same.
        if self.health != Health::Good {
            return Err(StoreError::Failed);
        }
        let mut span = self.store.calling(procedure);
        // Who drops this in the middle leaves a connection that nobody can use any more.
        self.health = Health::Lost;
        let rows = span.run(self.session.call(procedure, values)).await;
        self.health = match &rows {
            Ok(_) => Health::Good,
            Err(error) if error.is_transient() || matches!(error, StoreError::Decode(_)) => {
                Health::Lost
            }
            Err(_) => Health::Failed,
        };
        if let Err(error) = &rows {
            span.fail(error.kind());
            self.deadlocked = matches!(error, StoreError::Deadlock);
        }
        rows
    }

    /// Runs `work` as a part of the transaction: when it fails, what it did is undone, and the transaction goes on without it.
    /// Parts may hold parts. After a loss of the connection, a deadlock or, on SQL Server, a refusal by a trigger, the whole
    /// transaction is over.
    pub async fn part<T, E, F>(&mut self, work: F) -> Result<T, E>
    where
        E: From<StoreError>,
        F: AsyncFnOnce(&mut Self) -> Result<T, E>,
    {
        if self.health != Health::Good {
            return Err(StoreError::Failed.into());
        }
        let (depth, published) = (self.parts + 1, self.published);
        self.mark(Part::Begin(depth)).await?;
        self.parts = depth;
        let done = work(self).await;
        let failed = match self.health {
            // A part inside whose work was dropped cannot be told from this one.
            Health::Good if self.parts != depth => Some(StoreError::Failed),
            Health::Failed if done.is_ok() => Some(StoreError::Failed),
            _ => None,
        };
        if done.is_ok() && failed.is_none() {
            self.mark(Part::Keep(depth)).await?;
            self.parts = depth - 1;
            return done;
        }
        // Where it cannot be undone alone, the database has undone everything; the first error is the one that tells why.
        if self.health != Health::Lost && self.mark(Part::Undo(depth)).await.is_ok() {
            self.parts = depth - 1;
            self.published = published;
        }
        match failed {
            Some(error) => Err(error.into()),
            None => done,
        }
    }

    async fn mark(&mut self, part: Part) -> Result<(), StoreError> {
        self.health = Health::Lost;
        self.session.mark(part).await?;
        self.health = Health::Good;
        Ok(())
    }

    /// Whether the database has undone it to end a deadlock.
    pub(super) fn was_deadlocked(&self) -> bool {
        self.deadlocked
    }

    /// Stores an event to be sent to every subscriber once this transaction has committed.
    pub async fn publish<E: Event>(&mut self, event: &E) -> Result<(), StoreError> {
        if E::KIND != Kind::Event {
            return Err(StoreError::Decode(format!(
                "{} is a task: it is enqueued, not published",
                E::NAME
            )));
        }
        self.send(Destination::Topic, None, event).await
    }

    /// Stores a task for the queue of `site`, sent once this transaction has committed.
    pub async fn enqueue<T: Event>(&mut self, site: &str, task: &T) -> Result<(), StoreError> {
        if T::KIND != Kind::Task {
            return Err(StoreError::Decode(format!(
                "{} is an event: it is published, not enqueued",
                T::NAME
            )));
        }
        let queue = crate::bus::task_queue::<T>(Some(site));
        self.send(Destination::Queue(queue), Some(site), task).await
    }

    async fn send<E: Event>(
        &mut self,
        to: Destination,
        site: Option<&str>,
        event: &E,
    ) -> Result<(), StoreError> {
        let mut span = trace::creating(&wire_name::<E>(), &to);
        let envelope = Envelope::of(self.store, site, event, span.context())?;
        if span.is_recorded() {
            span.set("messaging.message.id", envelope.id.to_string());
        }
        span.run(self.send_envelope(&to, &envelope)).await
    }

    /// Stores a message that another zone has sent, as it is; it goes on in the trace of who brings it.
    pub(crate) async fn forward(&mut self, envelope: &Envelope) -> Result<(), StoreError> {
        let to = Destination::Topic;
        let mut span = trace::creating(&envelope.name, &to);
        span.set("messaging.message.id", envelope.id.to_string());
        let envelope = Envelope {
            traceparent: Some(span.context().traceparent()),
            ..envelope.clone()
        };
        span.run(self.send_envelope(&to, &envelope)).await
    }

    async fn send_envelope(
        &mut self,
        to: &Destination,
        envelope: &Envelope,
    ) -> Result<(), StoreError> {
        let text = serde_json::to_string(envelope)
            .map_err(|error| StoreError::Decode(error.to_string()))?;
        if text.len() > crate::limits::MESSAGE_BYTES {
            return Err(StoreError::TooLong(
                format!("{} of {} bytes", envelope.name, text.len()).into(),
            ));
        }
        let key = envelope.key.as_str();
        if key.len() > crate::limits::KEY_BYTES {
            return Err(StoreError::TooLong(
                format!("the key of {} with {} bytes", envelope.name, key.len()).into(),
            ));
        }
        let row = params![
            envelope.id,
            to.to_string(),
            &envelope.name,
            key,
            text,
            self.now()
        ];
        self.call("dcp_outbox_add", row).await?;
        self.published = true;
        Ok(())
    }

    /// Makes everything of this transaction lasting, then wakes the courier.
    pub async fn commit(self) -> Result<(), StoreError> {
        if self.health != Health::Good || self.parts > 0 {
            return Err(StoreError::Failed);
        }
        self.session.commit().await?;
        if self.published {
            self.store.inner.published.notify_one();
        }
        Ok(())
    }

    /// The present instant by the store's clock.
    pub fn now(&self) -> Timestamp {
        self.store.inner.clock.now()
    }

    /// The store this transaction belongs to.
    pub fn store(&self) -> &'s Store {
        self.store
    }
}
