//! Messages as steps of traces, in the words of OpenTelemetry's conventions for messaging.

use super::{Bus, BusError, Destination, Envelope, Outgoing};
use crate::telemetry::{Span, SpanKind, TraceContext};

/// The step that stores a message in the outbox; everything that follows from the message belongs to it.
pub(crate) fn creating(name: &str, to: &Destination) -> Span {
    let parent = TraceContext::current();
    let mut span = Span::begin(SpanKind::Producer, parent, || format!("create {name}"));
    if span.is_recorded() {
        span.set("messaging.system", "dcp.outbox");
        span.set("messaging.operation.type", "create");
        span.set("messaging.operation.name", "create");
        span.set("messaging.destination.name", place(to, name).to_owned());
    }
    span
}

/// Sends messages; for each that belongs to a recorded trace this is a step of that trace.
pub(super) async fn publish(bus: &dyn Bus, messages: &[Outgoing]) -> Vec<Result<(), BusError>> {
    let mut spans: Vec<(usize, Span)> = messages
        .iter()
        .enumerate()
        .filter_map(|(at, message)| Some((at, sending(message, bus.system())?)))
        .collect();
    let outcomes = bus.publish(messages).await;
    for (at, span) in &mut spans {
        if let Some(Err(error)) = outcomes.get(*at) {
            span.fail(error.kind());
        }
    }
    outcomes
}

fn sending(message: &Outgoing, system: &'static str) -> Option<Span> {
    let Outgoing { to, envelope } = message;
    envelope.traceparent.as_ref()?;
    let span = of(
        envelope,
        SpanKind::Client,
        system,
        "send",
        place(to, &envelope.name),
    );
    span.is_recorded().then_some(span)
}

/// The step in which a subscriber works on a message, once for each attempt.
pub(super) fn processing(
    envelope: &Envelope,
    queue: &str,
    attempts: u32,
    system: &'static str,
) -> Span {
    let mut span = of(envelope, SpanKind::Consumer, system, "process", queue);
    if span.is_recorded() {
        span.set("dcp.message.type", envelope.name.clone());
        span.set("dcp.message.attempt", attempts.saturating_add(1));
    }
    span
}

/// A step of the trace of a message.
fn of(
    envelope: &Envelope,
    kind: SpanKind,
    system: &'static str,
    operation: &'static str,
    destination: &str,
) -> Span {
    let parent = envelope.traceparent.as_deref().and_then(TraceContext::read);
    let mut span = Span::begin(kind, parent, || format!("{operation} {destination}"));
    if span.is_recorded() {
        span.set("messaging.system", system);
        span.set("messaging.operation.type", operation);
        span.set("messaging.operation.name", operation);
        span.set("messaging.destination.name", destination.to_owned());
        span.set("messaging.message.id", envelope.id.to_string());
    }
    span
}

fn place<'a>(to: &'a Destination, name: &'a str) -> &'a str {
    match to {
        Destination::Topic => name,
        Destination::Queue(queue) => queue,
    }
}
