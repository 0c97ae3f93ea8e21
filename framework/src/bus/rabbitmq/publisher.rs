//! Publishing: pipelined, mandatory, confirmed.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use futures_util::future::join_all;
use lapin::options::{BasicPublishOptions, ConfirmSelectOptions};
use lapin::{BasicProperties, Channel, Confirmation, PublisherConfirm};
use tokio::sync::Mutex;
use tokio::time::timeout;

use super::broker::Broker;
use super::link::Link;
use super::plan::{Plan, TASK, directly_to, exchange_of, routing_key};
use super::topology::{declare, is_refused};
use super::wire::{properties, short};
use crate::bus::{BusError, Destination, Envelope, Outgoing};
use crate::events::Kind;
use crate::limits::PUBLISH_DEADLINE;

/// The publishing side of one process.
#[derive(Debug)]
pub(super) struct Publisher {
    link: Link,
    channel: Mutex<Option<Open>>,
    opened: AtomicU64,
    /// This user may declare nothing: a deployment has.
    deployed: Arc<AtomicBool>,
}

#[derive(Debug)]
struct Open {
    channel: Channel,
    /// Which channel of this process it is.
    number: u64,
    /// Exchanges that are known to be there: publishing to one that is not ends the channel.
    exchanges: HashSet<String>,
}

impl Publisher {
    pub(super) fn new(broker: Arc<Broker>, deployed: Arc<AtomicBool>) -> Self {
        Self {
            link: Link::new(broker, "dcp publishing"),
            channel: Mutex::default(),
            opened: AtomicU64::default(),
            deployed,
        }
    }

    /// Sends messages in their order; another batch may be sent while the confirms of this one are waited for.
    pub(super) async fn publish(&self, messages: &[Outgoing]) -> Vec<Result<(), BusError>> {
        let mut slot = self.channel.lock().await;
        let sending = timeout(PUBLISH_DEADLINE, self.send_all(&mut slot, messages)).await;
        let confirms = match sending {
            Ok(Ok(confirms)) => confirms,
            Ok(Err(error)) => {
                if is_refused(&error) {
                    self.deployed.store(true, Ordering::Relaxed);
                }
                return self.none(&mut slot, messages, &error).await;
            }
            Err(elapsed) => {
                let error = BusError::unavailable(elapsed);
                return self.none(&mut slot, messages, &error).await;
            }
        };
        // A channel that is let go meanwhile lives until its confirms have come.
        let open = slot
            .as_ref()
            .map(|open| (open.channel.clone(), open.number));
        let (channel, number) = open.unzip();
        drop(slot);
        let waiting = join_all(confirms.into_iter().zip(messages).map(
            |(confirm, message)| async move {
                outcome(timeout(PUBLISH_DEADLINE, confirm?).await, message)
            },
        ));
        let outcomes = waiting.await;
        drop(channel);
        if outcomes
            .iter()
            .any(|outcome| matches!(outcome, Err(BusError::Unavailable(_))))
        {
            self.give_up_on(number).await;
        }
        outcomes
    }

    /// Gives up the channel that a message was sent over, unless somebody else has done so.
    async fn give_up_on(&self, number: Option<u64>) {
        let mut slot = self.channel.lock().await;
        if slot.as_ref().map(|open| open.number) == number {
            self.give_up(&mut slot).await;
        }
    }

    /// A broker that does not answer may never say that the connection has ended: the next attempt dials.
    async fn give_up(&self, slot: &mut Option<Open>) {
        *slot = None;
        self.link.abandon().await;
    }

    /// The channel failed: every message has to be sent again.
    async fn none(
        &self,
        slot: &mut Option<Open>,
        messages: &[Outgoing],
        error: &BusError,
    ) -> Vec<Result<(), BusError>> {
        self.give_up(slot).await;
        let cause =
            std::error::Error::source(error).map_or_else(|| error.to_string(), ToString::to_string);
        messages
            .iter()
            .map(|_| Err(BusError::unavailable(cause.clone())))
            .collect()
    }

    /// Sends one message with ready properties and waits until it is stored.
    pub(super) async fn send(
        &self,
        exchange: &str,
        key: &str,
        body: &[u8],
        properties: BasicProperties,
    ) -> Result<(), BusError> {
        let mut slot = self.channel.lock().await;
        let send = async {
            let open = self.open(&mut slot).await?;
            let confirm = basic_publish(&open.channel, exchange, key, body, properties).await?;
            confirmed(&confirm.await?, key)
        };
        let outcome = timeout(PUBLISH_DEADLINE, send)
            .await
            .map_err(BusError::unavailable)
            .and_then(|sent| sent);
        if matches!(outcome, Err(BusError::Unavailable(_))) {
            self.give_up(&mut slot).await;
        }
        outcome
    }

    /// Goes over to a new connection when the credentials have changed. The old channel, and with it the old connection, ends
    /// with the last confirm that is waited for.
    pub(super) async fn renew(&self) -> Result<(), BusError> {
        if !self.link.renew().await? {
            return Ok(());
        }
        *self.channel.lock().await = None;
        Ok(())
    }

    pub(super) async fn close(&self) {
        *self.channel.lock().await = None;
        self.link.close().await;
    }

    async fn open<'s>(&self, slot: &'s mut Option<Open>) -> Result<&'s mut Open, BusError> {
        let usable = slot.take().filter(|open| open.channel.status().connected());
        let open = if let Some(open) = usable {
            open
        } else {
            let channel = self.link.channel().await?;
            channel
                .confirm_select(ConfirmSelectOptions::default())
                .await?;
            Open {
                channel,
                number: self.opened.fetch_add(1, Ordering::Relaxed),
                exchanges: HashSet::new(),
            }
        };
        Ok(slot.insert(open))
    }

    async fn send_all(
        &self,
        slot: &mut Option<Open>,
        messages: &[Outgoing],
    ) -> Result<Vec<Result<PublisherConfirm, BusError>>, BusError> {
        let open = self.open(slot).await?;
        let mut confirms = Vec::with_capacity(messages.len());
        for Outgoing { to, envelope } in messages {
            let (exchange, key) = address(to, envelope);
            if !open.exchanges.contains(&exchange) {
                if !self.deployed.load(Ordering::Relaxed) {
                    declare(&open.channel, &Plan::publisher(&exchange)).await?;
                }
                open.exchanges.insert(exchange.clone());
            }
            let body = envelope.data.get().as_bytes();
            confirms.push(
                basic_publish(&open.channel, &exchange, &key, body, properties(envelope)?).await,
            );
        }
        Ok(confirms)
    }
}

/// Exchange and routing key.
fn address(to: &Destination, envelope: &Envelope) -> (String, String) {
    match (to, envelope.kind) {
        (Destination::Topic, _) => (exchange_of(&envelope.name), routing_key(envelope)),
        (Destination::Queue(queue), Kind::Task) => (TASK.to_owned(), queue.clone()),
        (Destination::Queue(queue), Kind::Event) => {
            (exchange_of(&envelope.name), directly_to(queue))
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one place that publishes to RabbitMQ: mandatory and confirmed"
)]
async fn basic_publish(
    channel: &Channel,
    exchange: &str,
    key: &str,
    body: &[u8],
    properties: BasicProperties,
) -> Result<PublisherConfirm, BusError> {
    let options = BasicPublishOptions {
        mandatory: true,
        ..BasicPublishOptions::default()
    };
    Ok(channel
        .basic_publish(short(exchange)?, short(key)?, options, body, properties)
        .await?)
}

fn outcome(
    waited: Result<lapin::Result<Confirmation>, tokio::time::error::Elapsed>,
    message: &Outgoing,
) -> Result<(), BusError> {
    confirmed(
        &waited.map_err(BusError::unavailable)??,
        &message.to.to_string(),
    )
}

/// An acknowledgement alone is not enough: what no queue takes is acknowledged and returned.
fn confirmed(confirmation: &Confirmation, to: &str) -> Result<(), BusError> {
    match confirmation {
        Confirmation::Ack(None) => Ok(()),
        Confirmation::Ack(Some(_)) | Confirmation::Nack(Some(_)) => {
            Err(BusError::Unroutable(to.to_owned()))
        }
        Confirmation::Nack(None) => Err(BusError::Refused),
        Confirmation::NotRequested => Err(BusError::unavailable("the channel does not confirm")),
    }
}
