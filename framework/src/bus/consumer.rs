//! One subscription at work: takes messages, runs the reaction, gives the verdict.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::stream::{FuturesUnordered, StreamExt};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::inbox::Inbox;
use super::subscriptions::{Source, Subscription};
use super::{
    Bus, BusError, Delivered, Envelope, Inbound, Reaction, Topology, Undecodable, Verdict, pause,
    trace,
};
use crate::clock::Clock;
use crate::limits::{EVENT_PREFETCH, MAX_ATTEMPTS, MAX_DELIVERIES};
use crate::params;
use crate::store::StoreError;

pub(super) struct Consumer {
    pub(super) inbox: Inbox,
    pub(super) bus: Arc<dyn Bus>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) stop: CancellationToken,
    pub(super) subscription: Subscription,
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
                queue = self.inbox.subscriber,
                "the bus ended a subscription; it begins again"
            );
        }
    }

    async fn serve(&self, mut inbound: Inbound) {
        let mut working = FuturesUnordered::new();
        loop {
            tokio::select! {
                delivered = inbound.recv(), if working.len() < self.subscription.slots => match delivered {
                    Some(delivered) => working.push(self.take(delivered)),
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
                Ok(inbound) => return Some(inbound),
                Err(error) => {
                    failures += 1;
                    let cause: &dyn std::error::Error = &error;
                    tracing::warn!(
                        error = cause,
                        queue = self.inbox.subscriber,
                        failures,
                        "the bus cannot be reached"
                    );
                }
            }
            if self.pause(failures).await {
                return None;
            }
        }
    }

    async fn try_subscribe(&self, topology: &Topology) -> Result<Inbound, BusError> {
        self.bus.declare(topology).await?;
        let prefetch = match self.subscription.source {
            Source::Event(_) => EVENT_PREFETCH,
            Source::Task(_) => self.subscription.slots,
        };
        self.bus.subscribe(&self.inbox.subscriber, prefetch).await
    }

    /// Waits out a failure; true says that the order to stop came.
    async fn pause(&self, failures: u32) -> bool {
        tokio::select! {
            () = self.clock.sleep(pause::in_outage(failures)) => false,
            () = self.stop.cancelled() => true,
        }
    }

    /// While the database is away the message is held and tried again here, so that an outage parks nothing.
    async fn take(&self, delivered: Delivered) {
        let Delivered {
            message,
            deliveries,
            verdict,
        } = delivered;
        let message = message.map(Arc::new);
        let mut failures = 0;
        loop {
            match self.judge(&message, deliveries).await {
                Ok(judged) => {
                    // The bus may have lost its connection: then the message comes again and is recognised.
                    drop(verdict.send(judged));
                    return;
                }
                Err(cause) => {
                    failures += 1;
                    tracing::warn!(%cause, queue = self.inbox.subscriber, failures, "the database is away; reactions wait");
                }
            }
            if self.pause(failures).await {
                return;
            }
        }
    }

    async fn judge(
        &self,
        message: &Result<Arc<Envelope>, Undecodable>,
        deliveries: u32,
    ) -> Result<Verdict, StoreError> {
        let envelope = match message {
            Ok(envelope) => envelope,
            Err(undecodable) => return self.park_undecodable(undecodable).await,
        };
        if envelope.is_expired(self.clock.now()) {
            return self.park(envelope, "its deadline had passed").await;
        }
        if deliveries > MAX_DELIVERIES {
            return self
                .park(envelope, "it was handed out too often without any verdict")
                .await;
        }
        match self.react(envelope).await {
            Ok(()) => Ok(Verdict::Done),
            Err(Reaction::Never(cause)) => self.park(envelope, &chain(&*cause)).await,
            Err(Reaction::Later(cause)) => match cause.downcast::<StoreError>() {
                Ok(error) if error.is_transient() => Err(*error),
                Ok(error) => self.again(envelope, &chain(&*error)).await,
                Err(cause) => self.again(envelope, &chain(&*cause)).await,
            },
        }
    }

    async fn react(&self, envelope: &Arc<Envelope>) -> Result<(), Reaction> {
        let reaction = (self.subscription.run)(self.inbox.clone(), envelope.clone());
        let traced = trace::within(envelope.traceparent.clone(), reaction);
        let caught = AssertUnwindSafe(traced).catch_unwind().await;
        caught.unwrap_or_else(|_| Err(Reaction::later("the reaction panicked")))
    }

    async fn again(&self, envelope: &Envelope, reason: &str) -> Result<Verdict, StoreError> {
        let attempts = envelope.attempts + 1;
        if attempts >= MAX_ATTEMPTS {
            return self.park(envelope, reason).await;
        }
        let after = pause::before_retry(attempts);
        tracing::warn!(message.id = %envelope.id, queue = self.inbox.subscriber, attempts, reason, "a reaction is tried again");
        Ok(Verdict::Retry(
            Box::new(Envelope {
                attempts,
                ..envelope.clone()
            }),
            after,
        ))
    }

    async fn park(&self, envelope: &Envelope, reason: &str) -> Result<Verdict, StoreError> {
        let text = serde_json::to_string(envelope).unwrap_or_default();
        self.park_row(envelope.id, &text, reason, envelope.attempts)
            .await
    }

    async fn park_undecodable(&self, undecodable: &Undecodable) -> Result<Verdict, StoreError> {
        let id = Uuid::new_v5(&Uuid::NAMESPACE_OID, undecodable.text.as_bytes());
        self.park_row(id, &undecodable.text, &undecodable.reason, 0)
            .await
    }

    async fn park_row(
        &self,
        id: Uuid,
        text: &str,
        reason: &str,
        attempts: u32,
    ) -> Result<Verdict, StoreError> {
        let row = params![
            &self.inbox.subscriber,
            id,
            text,
            reason,
            attempts,
            self.clock.now()
        ];
        self.inbox.store.write("dcp_dead_letter_add", row).await?;
        tracing::error!(message.id = %id, queue = self.inbox.subscriber, reason, "a message is parked among the dead letters");
        Ok(Verdict::Done)
    }
}

/// A cause with its causes, in one line.
fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        next = cause.source();
    }
    text
}
