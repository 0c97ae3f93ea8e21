//! An envelope as an AMQP message: CloudEvents attributes in properties and headers, the event itself as JSON body.

use lapin::BasicProperties;
use lapin::message::Delivery;
use lapin::types::{AMQPValue, FieldTable, ShortString};
use serde::de::DeserializeOwned;

use crate::bus::{BusError, Envelope, Undecodable};
use crate::events::Kind;

const KEY: &str = "ce-subject";
const TIME: &str = "ce-time";
const ZONE: &str = "dcp-zone";
const SITE: &str = "dcp-site";
const KIND: &str = "dcp-kind";
const DEADLINE: &str = "dcp-deadline";
const ATTEMPTS: &str = "dcp-attempts";
const TRACE: &str = "traceparent";
const SEQ: &str = "dcp-seq";
const FOLLOWS: &str = "dcp-follows";
const PROBE: &str = "dcp-probe";
/// Counted by quorum queues.
const DELIVERIES: &str = "x-delivery-count";

/// A name of at most 255 bytes, as AMQP has them.
pub(super) fn short(text: &str) -> Result<ShortString, BusError> {
    ShortString::try_new(text).map_err(|_| BusError::Unroutable(text.to_owned()))
}

/// The properties of a message.
pub(super) fn properties(envelope: &Envelope) -> Result<BasicProperties, BusError> {
    let mut headers = FieldTable::default();
    let mut header = |name: &'static str, text: String| {
        headers.insert(name.into(), AMQPValue::LongString(text.into()));
    };
    header(KEY, envelope.key.to_string());
    header(TIME, envelope.time.to_string());
    header(
        KIND,
        if envelope.kind == Kind::Task {
            "task"
        } else {
            "event"
        }
        .to_owned(),
    );
    envelope
        .zone
        .iter()
        .for_each(|zone| header(ZONE, zone.to_string()));
    envelope
        .site
        .iter()
        .for_each(|site| header(SITE, site.clone()));
    envelope
        .deadline
        .iter()
        .for_each(|deadline| header(DEADLINE, deadline.to_string()));
    envelope
        .traceparent
        .iter()
        .for_each(|trace| header(TRACE, trace.clone()));
    envelope
        .follows
        .iter()
        .for_each(|id| header(FOLLOWS, id.to_string()));
    headers.insert(SEQ.into(), AMQPValue::LongLongInt(envelope.seq));
    headers.insert(ATTEMPTS.into(), AMQPValue::LongUInt(envelope.attempts));
    Ok(BasicProperties::default()
        .with_message_id(short(&envelope.id.to_string())?)
        .with_app_id(short(&envelope.source)?)
        .with_type(short(&envelope.name)?)
        .with_content_type("application/json".into())
        .with_delivery_mode(2)
        .with_headers(headers))
}

/// The properties of a message that only shows that everything before it has arrived.
pub(super) fn probe(id: &str) -> Result<BasicProperties, BusError> {
    let mut headers = FieldTable::default();
    headers.insert(PROBE.into(), AMQPValue::Boolean(true));
    Ok(BasicProperties::default()
        .with_message_id(short(id)?)
        .with_headers(headers))
}

/// The id of a probe, if it is one.
pub(super) fn as_probe(delivery: &Delivery) -> Option<String> {
    header(delivery, PROBE)?;
    Some(delivery.properties.message_id().as_ref()?.to_string())
}

/// How often the message was handed out, this time included.
pub(super) fn deliveries(delivery: &Delivery) -> u32 {
    let before = header(delivery, DELIVERIES).and_then(number).unwrap_or(0);
    u32::try_from(before).unwrap_or(u32::MAX).saturating_add(1)
}

/// The envelope of what came.
pub(super) fn decode(delivery: &Delivery) -> Result<Envelope, Undecodable> {
    envelope(delivery).map_err(|reason| Undecodable {
        text: String::from_utf8_lossy(&delivery.data).into_owned(),
        reason,
    })
}

fn envelope(delivery: &Delivery) -> Result<Envelope, String> {
    let properties = &delivery.properties;
    let property = |name: &str, value: &Option<ShortString>| {
        value
            .as_ref()
            .map(ToString::to_string)
            .ok_or_else(|| format!("the property {name} is missing"))
    };
    let attempts = header(delivery, ATTEMPTS).and_then(number).unwrap_or(0);
    Ok(Envelope {
        id: parse(
            "message_id",
            property("message_id", properties.message_id())?,
        )?,
        source: property("app_id", properties.app_id())?,
        name: property("type", properties.kind())?,
        kind: parse(
            KIND,
            text(delivery, KIND).unwrap_or_else(|| "event".to_owned()),
        )?,
        key: text(delivery, KEY).unwrap_or_default().into(),
        zone: text(delivery, ZONE)
            .map(|zone| parse(ZONE, zone))
            .transpose()?,
        site: text(delivery, SITE),
        time: parse(TIME, text(delivery, TIME).unwrap_or_default())?,
        traceparent: text(delivery, TRACE),
        deadline: text(delivery, DEADLINE)
            .map(|deadline| parse(DEADLINE, deadline))
            .transpose()?,
        attempts: u32::try_from(attempts).map_err(|_| format!("{ATTEMPTS} is no count"))?,
        seq: header(delivery, SEQ).and_then(number).unwrap_or(0),
        follows: text(delivery, FOLLOWS)
            .map(|id| parse(FOLLOWS, id))
            .transpose()?,
        data: serde_json::from_slice(&delivery.data)
            .map_err(|error| format!("the body is not JSON: {error}"))?,
    })
}

fn parse<T: DeserializeOwned>(name: &str, text: String) -> Result<T, String> {
    serde_json::from_value(text.into()).map_err(|error| format!("{name}: {error}"))
}

fn header<'d>(delivery: &'d Delivery, name: &str) -> Option<&'d AMQPValue> {
    delivery.properties.headers().as_ref()?.inner().get(name)
}

fn text(delivery: &Delivery, name: &str) -> Option<String> {
    match header(delivery, name)? {
        AMQPValue::LongString(text) => Some(String::from_utf8_lossy(text.as_bytes()).into_owned()),
        AMQPValue::ShortString(text) => Some(text.to_string()),
        _ => None,
    }
}

fn number(value: &AMQPValue) -> Option<i64> {
    match value {
        AMQPValue::LongLongInt(number) => Some(*number),
        AMQPValue::LongInt(number) => Some((*number).into()),
        AMQPValue::LongUInt(number) => Some((*number).into()),
        AMQPValue::ShortInt(number) => Some((*number).into()),
        AMQPValue::ShortUInt(number) => Some((*number).into()),
        AMQPValue::ShortShortInt(number) => Some((*number).into()),
        AMQPValue::ShortShortUInt(number) => Some((*number).into()),
        _ => None,
    }
}
