//! What a module reacts to: its events, its tasks and the functions that take them.

use std::fmt;
use std::sync::Arc;

use futures_util::future::LocalBoxFuture;

use super::inbox::Inbox;
use super::watched::BrakeLight;
use super::{Envelope, Reaction, Topology, event_queue, task_queue_named};
use crate::events::{Event, wire_name};
use crate::model::Queues;
use crate::store::Tx;

pub(super) type Run =
    dyn Fn(Inbox, Arc<Envelope>) -> LocalBoxFuture<'static, Result<(), Reaction>> + Send + Sync;

/// One queue and what is done with its messages.
#[derive(Clone)]
pub(crate) struct Subscription {
    /// The queue, with the module's name still to be set for events.
    pub(crate) source: Source,
    /// Whether it takes what a bridge has brought from the free zone.
    pub(crate) free: bool,
    /// How many messages are worked on at the same time.
    pub(crate) slots: usize,
    pub(crate) run: Arc<Run>,
    /// Shows whether its consumers wait for what reactions need.
    pub(crate) brake: BrakeLight,
}

/// Where the messages of a subscription come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Source {
    /// Published events.
    Event {
        /// Wire name.
        name: String,
        /// Whether those of one key take effect in the order in which they were committed.
        ordered: bool,
    },
    /// Tasks of a site.
    Task {
        /// Wire name.
        name: String,
        /// The site.
        site: String,
    },
}

impl Source {
    pub(crate) fn wire_name(&self) -> &str {
        match self {
            Self::Event { name, .. } | Self::Task { name, .. } => name,
        }
    }

    pub(crate) fn is_ordered(&self) -> bool {
        matches!(self, Self::Event { ordered: true, .. })
    }

    /// The queue, given who subscribes; an ordered subscription has its lanes under this name.
    pub(crate) fn queue(&self, module: &str) -> String {
        match self {
            Self::Event { name, .. } => event_queue(module, name),
            Self::Task { name, site } => task_queue_named(name, Some(site)),
        }
    }

    pub(crate) fn declare(&self, topology: Topology, module: &str) -> Topology {
        match self {
            Self::Event {
                name,
                ordered: true,
            } => topology.ordered_event(module, name),
            Self::Event { name, .. } => topology.event(module, name),
            Self::Task { name, site } => topology.task(name, Some(site)),
        }
    }
}

impl Subscription {
    /// One whose messages are worked on one after the other.
    pub(super) fn quick(source: Source, run: Arc<Run>) -> Self {
        Self {
            source,
            free: false,
            slots: 1,
            run,
            brake: BrakeLight::default(),
        }
    }
}

impl fmt::Debug for Subscription {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Subscription")
            .field("source", &self.source)
            .field("slots", &self.slots)
            .finish_non_exhaustive()
    }
}

/// Everything a module reacts to. One reaction per event: the queue is named after module and event, as the manifest is.
#[derive(Debug, Clone, Default)]
pub struct Subscriptions {
    pub(crate) all: Vec<Subscription>,
}

impl Subscriptions {
    /// Reacts to every event `E` with `handler`, inside the transaction that records the message.
    #[must_use]
    pub fn on<E, F>(self, handler: F) -> Self
    where
        E: Event + 'static,
        F: AsyncFn(&mut Tx<'_>, &E) -> Result<(), Reaction> + Send + Sync + 'static,
    {
        let source = Source::Event {
            name: wire_name::<E>(),
            ordered: false,
        };
        self.reaction(source, handler)
    }

    /// The same with the module's state as first argument.
    #[must_use]
    pub fn on_with<E, S, F>(self, state: S, handler: F) -> Self
    where
        E: Event + 'static,
        S: Send + Sync + 'static,
        F: AsyncFn(&S, &mut Tx<'_>, &E) -> Result<(), Reaction> + Send + Sync + 'static,
    {
        self.on(async move |tx: &mut Tx<'_>, event: &E| handler(&state, tx, event).await)
    }

    /// Takes the tasks `T` of one site with a quick `handler` inside the transaction that records the task.
    #[must_use]
    pub fn task<T, F>(self, site: &str, handler: F) -> Self
    where
        T: Event + 'static,
        F: AsyncFn(&mut Tx<'_>, &T) -> Result<(), Reaction> + Send + Sync + 'static,
    {
        let source = Source::Task {
            name: wire_name::<T>(),
            site: site.to_owned(),
        };
        self.reaction(source, handler)
    }

    /// Takes the tasks `T` of one site, `slots` at a time: `work` may last long and be repeated after a crash, outside
    /// any transaction; `finish` writes its outcome once, in the transaction that records the task.
    #[must_use]
    pub fn work<T, O, W, F>(self, site: &str, slots: usize, work: W, finish: F) -> Self
    where
        T: Event + 'static,
        O: 'static,
        W: AsyncFn(&T) -> Result<O, Reaction> + Send + Sync + 'static,
        F: AsyncFn(&mut Tx<'_>, &T, O) -> Result<(), Reaction> + Send + Sync + 'static,
    {
        let both = Arc::new((work, finish));
        let run = move |inbox: Inbox,
                        envelope: Arc<Envelope>|
              -> LocalBoxFuture<'static, Result<(), Reaction>> {
            let both = both.clone();
            Box::pin(async move { long(&both.0, &both.1, &inbox, &envelope).await })
        };
        let source = Source::Task {
            name: wire_name::<T>(),
            site: site.to_owned(),
        };
        self.add(Subscription {
            source,
            free: false,
            slots,
            run: Arc::new(run),
            brake: BrakeLight::default(),
        })
    }

    /// Takes the order of keys, and what the free zone may send, from the manifest, which is the specification of the queues.
    #[must_use]
    pub fn specified_by(mut self, queues: &Queues) -> Self {
        for one in &mut self.all {
            if let Source::Event { name, ordered } = &mut one.source
                && let Some(queue) = queues.events.get(name)
            {
                (*ordered, one.free) = (queue.ordered, queue.free);
            }
        }
        self
    }

    /// The wire names of the events and tasks it reacts to.
    pub fn wire_names(&self) -> impl Iterator<Item = &str> {
        self.all.iter().map(|one| one.source.wire_name())
    }

    fn reaction<E, F>(self, source: Source, handler: F) -> Self
    where
        E: Event + 'static,
        F: AsyncFn(&mut Tx<'_>, &E) -> Result<(), Reaction> + Send + Sync + 'static,
    {
        let handler = Arc::new(handler);
        let run = move |inbox: Inbox,
                        envelope: Arc<Envelope>|
              -> LocalBoxFuture<'static, Result<(), Reaction>> {
            let handler = handler.clone();
            Box::pin(async move { short(&*handler, &inbox, &envelope).await })
        };
        self.add(Subscription::quick(source, Arc::new(run)))
    }

    pub(super) fn add(mut self, subscription: Subscription) -> Self {
        self.all.push(subscription);
        self
    }
}

async fn short<E, F>(handler: &F, inbox: &Inbox, envelope: &Envelope) -> Result<(), Reaction>
where
    E: Event,
    F: AsyncFn(&mut Tx<'_>, &E) -> Result<(), Reaction>,
{
    let event: E = envelope.decode().map_err(Reaction::never)?;
    inbox
        .take(envelope, async |tx| handler(tx, &event).await)
        .await
}

async fn long<T, O, W, F>(
    work: &W,
    finish: &F,
    inbox: &Inbox,
    envelope: &Envelope,
) -> Result<(), Reaction>
where
    T: Event,
    W: AsyncFn(&T) -> Result<O, Reaction>,
    F: AsyncFn(&mut Tx<'_>, &T, O) -> Result<(), Reaction>,
{
    let task: T = envelope.decode().map_err(Reaction::never)?;
    if inbox.has(envelope).await? {
        return Ok(());
    }
    let outcome = work(&task).await?;
    inbox
        .take(envelope, async |tx| finish(tx, &task, outcome).await)
        .await
}
