//! Exchanges and queues on the broker. Everything that holds a message is a quorum queue.

use std::time::Duration;

use lapin::options::{ExchangeDeclareOptions, QueueBindOptions, QueueDeclareOptions};
use lapin::types::{AMQPValue, FieldTable};
use lapin::{Channel, ExchangeKind};

use super::wire::short;
use crate::bus::queue::{LANES, SLOTS, slot};
use crate::bus::topology::{Binding, Queue, Takes};
use crate::bus::{BusError, Envelope, Topology};
use crate::limits::{RETRY_PAUSES, UNROUTED_KEPT};

const UNROUTED: &str = "unrouted";

/// Tasks go through this exchange to the queue that is their routing key.
pub(super) const TASK: &str = "task";

/// The exchange of the module that owns an event: the first word of its name.
pub(super) fn exchange_of(wire_name: &str) -> String {
    format!("evt.{}", wire_name.split('.').next().unwrap_or_default())
}

/// The exchange in front of the retry queue whose pause comes nearest to `after`.
pub(super) fn retry_exchange(after: Duration) -> String {
    let nearest = RETRY_PAUSES
        .iter()
        .find(|pause| pause.mul_f64(1.3) >= after);
    retry_name(*nearest.unwrap_or(&RETRY_PAUSES[RETRY_PAUSES.len() - 1]))
}

fn retry_name(pause: Duration) -> String {
    format!("delay.{}s", pause.as_secs())
}

/// Declares what every module needs and what `topology` says.
pub(super) async fn declare(channel: &Channel, topology: &Topology) -> Result<(), BusError> {
    unrouted(channel).await?;
    exchange(channel, TASK, ExchangeKind::Direct, FieldTable::default()).await?;
    for pause in RETRY_PAUSES {
        retry(channel, pause).await?;
    }
    for Queue { name, takes } in &topology.queues {
        match takes {
            Takes::Events => quorum(channel, name, &[]).await?,
            Takes::Lane => {
                let single = AMQPValue::Boolean(true);
                quorum(channel, name, &[("x-single-active-consumer", single)]).await?;
            }
            Takes::Tasks => {
                quorum(channel, name, &[]).await?;
                bind(channel, name, TASK, name).await?;
            }
        }
    }
    for binding in &topology.bindings {
        collect(channel, binding).await?;
    }
    Ok(())
}

/// Lets a queue collect an event: all of it or the slots of a lane, and what its publisher sends to this queue alone.
async fn collect(channel: &Channel, binding: &Binding) -> Result<(), BusError> {
    let Binding { event, queue, lane } = binding;
    let from = exchange_of(event);
    events(channel, &from).await?;
    bind(channel, queue, &from, &directly_to(queue)).await?;
    let Some(lane) = lane else {
        return bind(channel, queue, &from, &format!("{event}.*")).await;
    };
    for slot in (*lane..SLOTS).step_by(LANES.into()) {
        bind(channel, queue, &from, &format!("{event}.{slot}")).await?;
    }
    Ok(())
}

/// The routing key of an event: its type and the slot of its key.
pub(super) fn routing_key(envelope: &Envelope) -> String {
    format!("{}.{}", envelope.name, slot(&envelope.key))
}

/// The routing key with which the publisher of an event reaches one subscriber.
pub(super) fn directly_to(queue: &str) -> String {
    format!("to.{queue}")
}

/// The exchange of one publisher; what nobody collects goes where an operator can see it.
pub(super) async fn events(channel: &Channel, exchange: &str) -> Result<(), BusError> {
    let arguments = table(&[("alternate-exchange", AMQPValue::LongString(UNROUTED.into()))]);
    self::exchange(channel, exchange, ExchangeKind::Topic, arguments).await
}

pub(super) async fn unrouted(channel: &Channel) -> Result<(), BusError> {
    exchange(
        channel,
        UNROUTED,
        ExchangeKind::Fanout,
        FieldTable::default(),
    )
    .await?;
    quorum(
        channel,
        UNROUTED,
        &[("x-max-length", AMQPValue::LongLongInt(UNROUTED_KEPT))],
    )
    .await?;
    bind(channel, UNROUTED, UNROUTED, "").await
}

/// A queue that nobody reads: after its pause a message goes back to the queue that is its routing key.
async fn retry(channel: &Channel, pause: Duration) -> Result<(), BusError> {
    let name = retry_name(pause);
    let milliseconds = i64::try_from(pause.as_millis()).unwrap_or(i64::MAX);
    let arguments = [
        ("x-message-ttl", AMQPValue::LongLongInt(milliseconds)),
        ("x-dead-letter-exchange", AMQPValue::LongString("".into())),
        (
            "x-dead-letter-strategy",
            AMQPValue::LongString("at-least-once".into()),
        ),
        ("x-overflow", AMQPValue::LongString("reject-publish".into())),
    ];
    // A topic exchange, so that the broker can hold each module to the names of its own queues.
    exchange(channel, &name, ExchangeKind::Topic, FieldTable::default()).await?;
    quorum(channel, &name, &arguments).await?;
    bind(channel, &name, &name, "#").await
}

async fn exchange(
    channel: &Channel,
    name: &str,
    kind: ExchangeKind,
    arguments: FieldTable,
) -> Result<(), BusError> {
    Ok(channel
        .exchange_declare(short(name)?, kind, durable(), arguments)
        .await?)
}

async fn bind(channel: &Channel, queue: &str, to: &str, key: &str) -> Result<(), BusError> {
    let (options, none) = (QueueBindOptions::default(), FieldTable::default());
    Ok(channel
        .queue_bind(short(queue)?, short(to)?, short(key)?, options, none)
        .await?)
}

async fn quorum(
    channel: &Channel,
    queue: &str,
    more: &[(&'static str, AMQPValue)],
) -> Result<(), BusError> {
    let mut arguments = table(more);
    arguments.insert(
        "x-queue-type".into(),
        AMQPValue::LongString("quorum".into()),
    );
    channel
        .queue_declare(short(queue)?, QueueDeclareOptions::durable(), arguments)
        .await?;
    Ok(())
}

fn table(entries: &[(&'static str, AMQPValue)]) -> FieldTable {
    let mut table = FieldTable::default();
    for (name, value) in entries {
        table.insert((*name).into(), value.clone());
    }
    table
}

pub(super) fn durable() -> ExchangeDeclareOptions {
    ExchangeDeclareOptions {
        durable: true,
        ..ExchangeDeclareOptions::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_retry_waits_in_the_queue_of_the_nearest_pause() {
        assert_eq!(retry_exchange(Duration::from_millis(750)), "delay.1s");
        assert_eq!(retry_exchange(Duration::from_millis(1250)), "delay.1s");
        assert_eq!(retry_exchange(Duration::from_millis(3750)), "delay.5s");
        assert_eq!(retry_exchange(Duration::from_mins(90)), "delay.3600s");
    }
}
