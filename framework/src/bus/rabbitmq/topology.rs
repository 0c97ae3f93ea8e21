//! Brings a plan to the broker, or finds out what of it is missing.

use lapin::options::{ExchangeDeclareOptions, QueueBindOptions, QueueDeclareOptions};
use lapin::protocol::{AMQPErrorKind, AMQPSoftError};
use lapin::types::{AMQPValue, FieldTable};
use lapin::{Channel, ErrorKind, ExchangeKind};
use serde_json::Value;

use super::link::Link;
use super::plan::Plan;
use super::wire::short;
use crate::bus::BusError;

/// Declares what is planned; what is there stays.
pub(super) async fn declare(channel: &Channel, plan: &Plan) -> Result<(), BusError> {
    for (name, exchange) in &plan.exchanges {
        let mut arguments = FieldTable::default();
        if let Some(alternate) = exchange.alternate {
            let alternate = AMQPValue::LongString(alternate.into());
            arguments.insert("alternate-exchange".into(), alternate);
        }
        let kind = match exchange.kind {
            "topic" => ExchangeKind::Topic,
            "direct" => ExchangeKind::Direct,
            _ => ExchangeKind::Fanout,
        };
        channel
            .exchange_declare(short(name)?, kind, durable(), arguments)
            .await?;
    }
    for (name, arguments) in &plan.queues {
        let mut table = FieldTable::default();
        for (name, value) in arguments {
            table.insert((*name).into(), amqp(value));
        }
        channel
            .queue_declare(short(name)?, QueueDeclareOptions::durable(), table)
            .await?;
    }
    for (exchange, queue, key) in &plan.bindings {
        let (options, none) = (QueueBindOptions::default(), FieldTable::default());
        channel
            .queue_bind(short(queue)?, short(exchange)?, short(key)?, options, none)
            .await?;
    }
    Ok(())
}

/// The exchanges and queues of the plan that are not there. Asking needs no permission.
pub(super) async fn missing(link: &Link, plan: &Plan) -> Result<Vec<String>, BusError> {
    let mut missing = Vec::new();
    for name in plan.exchanges.keys() {
        if !has_exchange(link, name).await? {
            missing.push(format!("exchange {name}"));
        }
    }
    for name in plan.queues.keys() {
        let channel = link.channel().await?;
        let passive = QueueDeclareOptions::durable().passive();
        let asked = channel.queue_declare(short(name)?, passive, FieldTable::default());
        if !found(&channel, asked.await.map(drop)).await? {
            missing.push(format!("queue {name}"));
        }
    }
    Ok(missing)
}

/// Whether an exchange is there.
pub(super) async fn has_exchange(link: &Link, name: &str) -> Result<bool, BusError> {
    let channel = link.channel().await?;
    let passive = ExchangeDeclareOptions {
        passive: true,
        ..durable()
    };
    let (kind, none) = (ExchangeKind::Fanout, FieldTable::default());
    let asked = channel.exchange_declare(short(name)?, kind, passive, none);
    found(&channel, asked.await).await
}

/// On a channel of its own, which a thing that is not there closes.
async fn found(channel: &Channel, asked: Result<(), lapin::Error>) -> Result<bool, BusError> {
    match asked {
        Ok(()) => {
            channel.close(200, "bye".into()).await?;
            Ok(true)
        }
        Err(error) if is(&error, &AMQPSoftError::NOTFOUND) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// Whether the broker does not allow it to this user.
pub(super) fn is_refused(error: &BusError) -> bool {
    let BusError::Unavailable(cause) = error else {
        return false;
    };
    cause
        .downcast_ref::<lapin::Error>()
        .is_some_and(|error| is(error, &AMQPSoftError::ACCESSREFUSED))
}

fn is(error: &lapin::Error, kind: &AMQPSoftError) -> bool {
    matches!(error.kind(), ErrorKind::ProtocolError(error)
        if matches!(error.kind(), AMQPErrorKind::Soft(soft) if soft == kind))
}

fn amqp(value: &Value) -> AMQPValue {
    match value {
        Value::Bool(truth) => AMQPValue::Boolean(*truth),
        Value::Number(number) => AMQPValue::LongLongInt(number.as_i64().unwrap_or(i64::MAX)),
        other => AMQPValue::LongString(other.as_str().unwrap_or_default().into()),
    }
}

pub(super) fn durable() -> ExchangeDeclareOptions {
    ExchangeDeclareOptions {
        durable: true,
        ..ExchangeDeclareOptions::default()
    }
}
