//! One queue at work: takes messages, runs the reaction, gives the verdict.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use futures_util::stream::{FuturesUnordered, StreamExt};
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::dead_letters::{bury, bury_undecodable};
use super::decide::{Brake, Decision, judge, unfit};
use super::reactor::Reactor;
use super::receipts::Receipts;
use super::subscriptions::Source;
use super::{
    Bus, BusError, Delivered, Envelope, Inbound, Topology, Undecodable, Unread, Verdict, parked,
    pause,
};
use crate::clock::Clock;
use crate::crash::point;
use crate::limits::EVENT_PREFETCH;
use crate::store::StoreError;

pub(super) struct Consumer {
    pub(super) reactor: Rc<Reactor>,
    /// The queue, or one lane of an ordered subscription.
    pub(super) queue: String,
    pub(super) bus: Arc<dyn Bus>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) stop: CancellationToken,
    pub(super) receipts: Rc<Receipts>,
    pub(super) unread: Unread,
    pub(super) brake: RefCell<Brake>,
    /// Who holds it probes while the brake is on.
    pub(super) probing: tokio::sync::Mutex<()>,
    /// Messages that are being worked on, with the verdicts that copies of them wait for.
    pub(super) under_way: RefCell<HashMap<Uuid, Vec<oneshot::Sender<Verdict>>>>,
}

impl Consumer {
    /// Works until the order to stop; what is being worked on then is still finished.
    pub(super) async fn run(self, topology: Topology) {
        while let Some(inbound) = self.subscribe(&topology).await {
            self.serve(inbound).await;
            if self.stop.is_cancelled() {
                return;
            }
            tracing::warn!(
                queue = self.queue,
                "the bus ended a subscription; it begins again"
            );
        }
    }

    async fn serve(&self, mut inbound: Inbound) {
        let slots = self.reactor.subscription.slots;
        let mut working = FuturesUnordered::new();
        let mut taken = 0;
        loop {
            tokio::select! {
                delivered = inbound.recv(), if working.len() < slots => match delivered {
                    Some(mut delivered) => {
                        // What ended the process before comes first again; what was only held behind it did nothing.
                        if taken >= slots {
                            delivered.deliveries = 1;
                        }
                        taken += 1;
                        working.push(self.take(delivered));
                    }
                    None => break,
                },
                Some(()) = working.next() => {}
                () = self.stop.cancelled() => break,
            }
        }
        drop(inbound);
        while working.next().await.is_some() {}
    }

    /// A bus that is down delays the work and nothing else.
    async fn subscribe(&self, topology: &Topology) -> Option<Inbound> {
        let mut failures = 0;
        loop {
            match self.try_subscribe(topology).await {
                Ok(inbound) => {
                    self.unread.begun(&self.queue);
                    return Some(inbound);
                }
                Err(error) => {
                    failures += 1;
                    self.unread.failed(&self.queue, &error);
                    let cause: &dyn std::error::Error = &error;
                    tracing::warn!(
                        error = cause,
                        queue = self.queue,
                        failures,
                        "the bus cannot be reached"
                    );
                }
            }
            if self.pause(pause::in_outage(failures)).await {
                return None;
            }
        }
    }

    async fn try_subscribe(&self, topology: &Topology) -> Result<Inbound, BusError> {
        self.bus.declare(topology).await?;
        let prefetch = match self.reactor.subscription.source {
            Source::Event { .. } => EVENT_PREFETCH,
            Source::Task { .. } => self.reactor.subscription.slots,
        };
        self.bus.subscribe(&self.queue, prefetch).await
    }

    /// Waits; true says that the order to stop came.
    async fn pause(&self, pause: std::time::Duration) -> bool {
        tokio::select! {
            () = self.clock.sleep(pause) => false,
            () = self.stop.cancelled() => true,
        }
    }

    /// A copy of a message that is being worked on gets the same verdict: a broker that finds a piece of work too long
    /// brings it again.
    async fn take(&self, delivered: Delivered) {
        let Delivered {
            message,
            deliveries,
            verdict,
        } = delivered;
        let Ok(envelope) = &message else {
            let judged = self.hold(&message.map(Arc::new), deliveries).await;
            return tell(judged, vec![verdict]);
        };
        let id = envelope.id;
        if self.joins(id, verdict) {
            return;
        }
        let judged = self.hold(&message.map(Arc::new), deliveries).await;
        let waiting = self.under_way.borrow_mut().remove(&id);
        tell(judged, waiting.unwrap_or_default());
    }

    /// Lets a copy of a message that is being worked on wait for its verdict; false begins the work.
    fn joins(&self, id: Uuid, verdict: oneshot::Sender<Verdict>) -> bool {
        let mut under_way = self.under_way.borrow_mut();
        let is_copy = under_way.contains_key(&id);
        under_way.entry(id).or_default().push(verdict);
        is_copy
    }

    /// While something that reactions need is away the message is held and tried again here, so that an outage makes no dead
    /// letters. None says that the order to stop came first.
    async fn hold(
        &self,
        message: &Result<Arc<Envelope>, Undecodable>,
        deliveries: u32,
    ) -> Option<Verdict> {
        loop {
            let braked = self.brake.borrow().is_on();
            let _probe = if braked {
                Some(self.probing.lock().await)
            } else {
                None
            };
            let failed = match self.attempt(message, deliveries).await {
                Ok(Some(verdict)) => {
                    self.brake.borrow_mut().ran();
                    self.reactor.subscription.brake.show(false);
                    return Some(verdict);
                }
                Ok(None) => String::new(),
                Err(error) => error.to_string(),
            };
            let pause = self.brake.borrow_mut().failed();
            let failures = self.brake.borrow().failures();
            let on = self.brake.borrow().is_on();
            self.reactor.subscription.brake.show(on);
            tracing::warn!(
                cause = failed,
                queue = self.queue,
                failures,
                "reactions wait for what they need"
            );
            if self.pause(pause).await {
                return None;
            }
        }
    }

    /// None says that something the reaction needs is away.
    async fn attempt(
        &self,
        message: &Result<Arc<Envelope>, Undecodable>,
        deliveries: u32,
    ) -> Result<Option<Verdict>, StoreError> {
        let inbox = &self.reactor.inbox;
        let envelope = match message {
            Ok(envelope) => envelope,
            Err(undecodable) => {
                let mut tx = inbox.store.begin().await?;
                bury_undecodable(&mut tx, &inbox.subscriber, undecodable).await?;
                tx.commit().await?;
                inbox.measures.dead();
                return Ok(Some(Verdict::Done));
            }
        };
        if let Some(reason) = unfit(
            envelope,
            deliveries,
            self.reactor.subscription.free,
            self.clock.now(),
        ) {
            return self
                .dead(envelope, reason, envelope.attempts)
                .await
                .map(Some);
        }
        let reacted = self
            .reactor
            .react(inbox.clone(), envelope, envelope.attempts);
        let (outcome, reason) = reacted.await;
        match judge(outcome, envelope.attempts) {
            Decision::Done => Ok(Some(self.recorded(envelope))),
            Decision::Hold => {
                tracing::debug!(reason, queue = self.queue, "something is away");
                Ok(None)
            }
            Decision::Again { attempts, after } if inbox.ordered => {
                parked::failed(inbox, envelope, &reason, attempts, after).await?;
                Ok(Some(self.recorded(envelope)))
            }
            Decision::Again { attempts, after } => {
                tracing::warn!(message.id = %envelope.id, queue = self.queue, attempts, reason, "a reaction is tried again");
                inbox.measures.retried();
                let envelope = Envelope {
                    attempts,
                    ..(**envelope).clone()
                };
                Ok(Some(Verdict::Retry(Box::new(envelope), after)))
            }
            Decision::Dead { attempts } => self.dead(envelope, &reason, attempts).await.map(Some),
        }
    }

    async fn dead(
        &self,
        envelope: &Envelope,
        reason: &str,
        attempts: u32,
    ) -> Result<Verdict, StoreError> {
        let inbox = &self.reactor.inbox;
        let mut tx = inbox.store.begin().await?;
        bury(
            &mut tx,
            &inbox.subscriber,
            envelope,
            inbox.ordered,
            reason,
            attempts,
        )
        .await?;
        tx.commit().await?;
        inbox.measures.dead();
        point("consumer.dead");
        Ok(self.recorded(envelope))
    }

    /// The message is in the database, so the bus and its sender may forget it.
    fn recorded(&self, envelope: &Envelope) -> Verdict {
        if matches!(self.reactor.subscription.source, Source::Event { .. }) {
            self.receipts.add(
                &envelope.source,
                &self.reactor.inbox.subscriber,
                envelope.id,
            );
        }
        Verdict::Done
    }
}

/// The bus may have lost its connection: then the message comes again and is recognised.
fn tell(judged: Option<Verdict>, mut waiting: Vec<oneshot::Sender<Verdict>>) {
    match judged {
        None => {}
        Some(Verdict::Done) => {
            for verdict in waiting {
                drop(verdict.send(Verdict::Done));
            }
        }
        Some(retry) => {
            if let Some(latest) = waiting.pop() {
                drop(latest.send(retry));
            }
        }
    }
}
