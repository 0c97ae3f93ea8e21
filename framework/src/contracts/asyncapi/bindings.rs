//! How messages stand on AMQP: CloudEvents attributes in properties and headers, exchanges and queues.

use serde_json::{Value, json};

/// Version of the AMQP bindings of `AsyncAPI`.
const BINDING: &str = "0.3.0";

/// What every message carries beside its body.
pub(super) fn envelope() -> Value {
    let text = |description: &str| json!({ "type": "string", "description": description });
    let time = |description: &str| json!({ "type": "string", "format": "date-time", "description": description });
    json!({
        "headers": {
            "type": "object",
            "description": "CloudEvents attributes. Where AMQP has a property it is used instead of a header: message_id is the id, app_id the source (the module that sent it), type the type with its version.",
            "required": ["ce-subject", "ce-time", "dcp-kind", "dcp-attempts"],
            "properties": {
                "ce-subject": text("What the message is about: messages of one subject keep their order."),
                "ce-time": time("When it was stored in the sender's outbox."),
                "dcp-kind": { "type": "string", "enum": ["event", "task"], "description": "Whether it tells or asks." },
                "dcp-zone": text("The zone it comes from, when a bridge has brought it from there."),
                "dcp-site": text("The site whose queue a task is for."),
                "dcp-deadline": time("After this a task is worthless."),
                "dcp-attempts": { "type": "integer", "minimum": 0, "description": "How often a reaction to it has failed." },
                "dcp-seq": { "type": "integer", "description": "Its place in the sender's outbox." },
                "dcp-follows": text("The id of the message of the same type and key that was sent before it and may still be on its way."),
                "traceparent": text("The trace that caused it (W3C)."),
            },
        },
    })
}

/// Routing keys of an event on the exchange of its owner.
pub(super) fn event_channel(wire_name: &str) -> Value {
    let exchange = format!("evt.{}", wire_name.split('.').next().unwrap_or_default());
    json!({
        "is": "routingKey",
        "exchange": { "name": exchange, "type": "topic", "durable": true, "autoDelete": false },
        "bindingVersion": BINDING,
    })
}

/// The queue of a task.
pub(super) fn task_channel(queue: &str) -> Value {
    json!({
        "is": "queue",
        "queue": { "name": queue, "durable": true, "exclusive": false, "autoDelete": false },
        "bindingVersion": BINDING,
    })
}

/// The type property of a message.
pub(super) fn message(wire_name: &str) -> Value {
    json!({ "messageType": wire_name, "bindingVersion": BINDING })
}

/// Sent durably and only where a queue takes it; acknowledged after the reaction's transaction.
pub(super) fn operation(action: &str) -> Value {
    match action {
        "send" => json!({ "deliveryMode": 2, "mandatory": true, "bindingVersion": BINDING }),
        _ => json!({ "ack": true, "bindingVersion": BINDING }),
    }
}
