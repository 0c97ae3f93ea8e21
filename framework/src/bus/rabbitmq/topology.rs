//! Exchanges and queues on the broker. Everything that holds a message is a quorum queue.

use std::time::Duration;

use lapin::options::{ExchangeDeclareOptions, QueueBindOptions, QueueDeclareOptions};
use lapin::types::{AMQPValue, FieldTable};
use lapin::{Channel, ExchangeKind};

use super::wire::short;
use crate::bus::{BusError, Topology};
use crate::limits::{RETRY_PAUSES, UNROUTED_KEPT};

const UNROUTED: &str = "unrouted";

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
    format!("retry.{}s", pause.as_secs())
}

/// Declares what every module needs and what `topology` says.
pub(super) async fn declare(channel: &Channel, topology: &Topology) -> Result<(), BusError> {
    unrouted(channel).await?;
    for pause in RETRY_PAUSES {
        retry(channel, pause).await?;
    }
    for queue in &topology.queues {
        quorum(channel, queue, &[]).await?;
    }
    for (name, queue) in &topology.bindings {
        let exchange = exchange_of(name);
        events(channel, &exchange).await?;
        let options = QueueBindOptions::default();
        channel
            .queue_bind(
                short(queue)?,
                short(&exchange)?,
                short(name)?,
                options,
                FieldTable::default(),
            )
            .await?;
    }
    Ok(())
}

/// The exchange of one publisher; what nobody collects goes where an operator can see it.
pub(super) async fn events(channel: &Channel, exchange: &str) -> Result<(), BusError> {
    let arguments = table(&[("alternate-exchange", AMQPValue::LongString(UNROUTED.into()))]);
    Ok(channel
        .exchange_declare(short(exchange)?, ExchangeKind::Topic, durable(), arguments)
        .await?)
}

pub(super) async fn unrouted(channel: &Channel) -> Result<(), BusError> {
    channel
        .exchange_declare(
            UNROUTED.into(),
            ExchangeKind::Fanout,
            durable(),
            FieldTable::default(),
        )
        .await?;
    quorum(
        channel,
        UNROUTED,
        &[("x-max-length", AMQPValue::LongLongInt(UNROUTED_KEPT))],
    )
    .await?;
    bind(channel, UNROUTED).await
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
    channel
        .exchange_declare(
            short(&name)?,
            ExchangeKind::Fanout,
            durable(),
            FieldTable::default(),
        )
        .await?;
    quorum(channel, &name, &arguments).await?;
    bind(channel, &name).await
}

async fn bind(channel: &Channel, name: &str) -> Result<(), BusError> {
    let options = QueueBindOptions::default();
    Ok(channel
        .queue_bind(
            short(name)?,
            short(name)?,
            "".into(),
            options,
            FieldTable::default(),
        )
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
        assert_eq!(retry_exchange(Duration::from_millis(750)), "retry.1s");
        assert_eq!(retry_exchange(Duration::from_millis(1250)), "retry.1s");
        assert_eq!(retry_exchange(Duration::from_millis(3750)), "retry.5s");
        assert_eq!(retry_exchange(Duration::from_mins(90)), "retry.3600s");
    }
}
