//! The shapes of OTLP/JSON (opentelemetry-proto 1.x, `POST /v1/traces`): ids as hexadecimal digits, 64-bit numbers as texts.

use serde::Serialize;

use super::Resource;
use super::span::{Attribute, Record};

/// The body of a request.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Request<'a> {
    resource_spans: [ResourceSpans<'a>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ResourceSpans<'a> {
    resource: Described<'a>,
    scope_spans: [ScopeSpans<'a>; 1],
}

#[derive(Serialize)]
struct Described<'a> {
    attributes: &'a [KeyValue<'a>],
}

#[derive(Serialize)]
struct ScopeSpans<'a> {
    scope: Scope,
    spans: Vec<Span<'a>>,
}

#[derive(Serialize)]
struct Scope {
    name: &'static str,
    version: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Span<'a> {
    #[serde(rename = "traceId")]
    trace: String,
    #[serde(rename = "spanId")]
    id: String,
    #[serde(rename = "parentSpanId", skip_serializing_if = "Option::is_none")]
    parent: Option<String>,
    name: &'a str,
    kind: u8,
    start_time_unix_nano: String,
    end_time_unix_nano: String,
    attributes: Vec<KeyValue<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<Status>,
}

#[derive(Serialize)]
struct Status {
    code: u8,
}

/// `STATUS_CODE_ERROR`.
const FAILED: Status = Status { code: 2 };

#[derive(Serialize)]
struct KeyValue<'a> {
    key: &'a str,
    value: Value<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
enum Value<'a> {
    StringValue(&'a str),
    IntValue(String),
}

/// The JSON of a request with these steps.
pub(super) fn body(resource: &Resource, records: &[Record]) -> serde_json::Result<Vec<u8>> {
    let attributes = resource.attributes();
    let attributes: Vec<KeyValue<'_>> = attributes
        .iter()
        .map(|(key, text)| KeyValue {
            key,
            value: Value::StringValue(text),
        })
        .collect();
    let (name, version) = (env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"));
    serde_json::to_vec(&Request {
        resource_spans: [ResourceSpans {
            resource: Described {
                attributes: &attributes,
            },
            scope_spans: [ScopeSpans {
                scope: Scope { name, version },
                spans: records.iter().map(span).collect(),
            }],
        }],
    })
}

fn span(record: &Record) -> Span<'_> {
    let attributes = record.attributes.iter();
    Span {
        trace: record.context.trace_id(),
        id: format!("{:016x}", record.context.span),
        parent: record.parent.map(|parent| format!("{parent:016x}")),
        name: &record.name,
        kind: record.kind as u8,
        start_time_unix_nano: record.begun.to_string(),
        end_time_unix_nano: record.ended.to_string(),
        attributes: attributes
            .map(|(key, value)| KeyValue {
                key,
                value: of(value),
            })
            .collect(),
        status: record.failed.then_some(FAILED),
    }
}

fn of(attribute: &Attribute) -> Value<'_> {
    match attribute {
        Attribute::Text(text) => Value::StringValue(text),
        Attribute::Number(number) => Value::IntValue(number.to_string()),
    }
}
