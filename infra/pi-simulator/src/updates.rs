//! Updates of streams by marker: a registration and how many of its events the caller has had.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use serde_json::{Value, json};
use uuid::Uuid;

use crate::bodies::Answer;
use crate::context::Context;
use crate::plant::Object;
use crate::refusal::Refusal;
use crate::stream::Stream;
use crate::time::Micros;

/// Registrations kept at a time; the oldest is forgotten first, as a server forgets its cache.
const MAX_REGISTRATIONS: usize = 10_000;

/// Who registered for what.
#[derive(Debug, Default)]
pub struct Updates {
    registrations: Mutex<HashMap<String, Registration>>,
}

#[derive(Debug, Clone, Copy)]
struct Registration {
    object: Object,
    since: Micros,
}

impl Updates {
    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, Registration>> {
        self.registrations
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Forgets every registration: their markers are gone.
    pub fn forget(&self) {
        self.lock().clear();
    }

    /// The registration of an object, and whether it is new.
    fn register(&self, object: Object, now: Micros) -> (String, Registration, bool) {
        let mut registrations = self.lock();
        let known = registrations
            .iter()
            .find(|(_, registration)| registration.object == object);
        if let Some((id, registration)) = known {
            return (id.clone(), *registration, false);
        }
        if registrations.len() >= MAX_REGISTRATIONS {
            let oldest = registrations.iter().min_by_key(|entry| entry.1.since);
            let oldest = oldest.map(|(id, _)| id.clone());
            oldest.map(|id| registrations.remove(&id));
        }
        let registration = Registration { object, since: now };
        let id = Uuid::new_v4().simple().to_string();
        registrations.insert(id.clone(), registration);
        (id, registration, true)
    }

    fn find(&self, id: &str) -> Option<Registration> {
        self.lock().get(id).copied()
    }
}

/// `POST /streams/{webId}/updates`.
pub fn register(context: &Context<'_>, web_id: &str) -> Result<Answer, Refusal> {
    let item = register_one(context, web_id)?;
    let place = format!("streams/updates/{}", text(&item, "LatestMarker"));
    Ok(Answer {
        location: Some(context.link(&place)),
        ..Answer::new(200, item)
    })
}

/// `POST /streamsets/updates?webId=..`.
pub fn register_all(context: &Context<'_>) -> Result<Answer, Refusal> {
    let ids = context.request.query.all("webId");
    if ids.is_empty() {
        return Err(Refusal::bad_request("The parameter webId is required."));
    }
    let items: Result<Vec<Value>, Refusal> =
        ids.iter().map(|id| register_one(context, id)).collect();
    let items = items?;
    Ok(Answer {
        location: Some(context.link(&all_markers(&items))),
        ..Answer::new(200, json!({ "Links": {}, "Items": items }))
    })
}

fn register_one(context: &Context<'_>, web_id: &str) -> Result<Value, Refusal> {
    let object = context.object(web_id)?;
    let stream = Stream::of(context, object)?;
    stream.view(context)?;
    let (id, registration, new) = context.simulator.updates.register(object, context.now);
    let count = stream.arrivals(registration.since, context.now)?.len();
    let mut item = source(context, &stream);
    item["LatestMarker"] = json!(format!("{id}_{count}"));
    item["Status"] = json!(if new {
        "Succeeded"
    } else {
        "AlreadyRegistered"
    });
    Ok(item)
}

fn source(context: &Context<'_>, stream: &Stream<'_>) -> Value {
    json!({
        "Source": context.web_id(stream.object),
        "SourceName": stream.name,
        "SourcePath": context.plant.path(stream.object),
        "Exception": null,
    })
}

/// `GET /streams/updates/{marker}`.
pub fn retrieve(context: &Context<'_>, marker: &str) -> Result<Value, Refusal> {
    let invalid = || Refusal::new(409, format!("The marker '{marker}' is not valid."));
    let (id, count) = marker.split_once('_').ok_or_else(invalid)?;
    let had: usize = count.parse().map_err(|_| invalid())?;
    Uuid::parse_str(id).map_err(|_| invalid())?;
    let registration = context.simulator.updates.find(id).ok_or_else(|| {
        Refusal::new(
            404,
            format!("The cache of the marker '{marker}' was not found."),
        )
    })?;
    let stream = Stream::of(context, registration.object)?;
    let arrivals = stream.arrivals(registration.since, context.now)?;
    if had > arrivals.len() {
        return Err(invalid());
    }
    let events: Result<Vec<Value>, Refusal> = arrivals[had..]
        .iter()
        .map(|arrival| {
            let mut event = stream.timed(context, &arrival.sample)?;
            event["Action"] = json!(arrival.action);
            event["PreviousEventAction"] = json!("PreviousEventArchived");
            Ok(event)
        })
        .collect();
    let mut item = source(context, &stream);
    item["RequestedMarker"] = json!(marker);
    item["LatestMarker"] = json!(format!("{id}_{}", arrivals.len()));
    item["Status"] = json!("Succeeded");
    item["Events"] = json!(events?);
    Ok(item)
}

/// `GET /streamsets/updates?marker=..`: a marker that is gone is told in its own item.
pub fn retrieve_all(context: &Context<'_>) -> Result<Value, Refusal> {
    let markers = context.request.query.all("marker");
    if markers.is_empty() {
        return Err(Refusal::bad_request("The parameter marker is required."));
    }
    if let [marker] = markers.as_slice() {
        // Of a single one the status is that of the answer.
        return Ok(json!({ "Links": {}, "Items": [retrieve(context, marker)?] }));
    }
    let items: Vec<Value> = markers
        .iter()
        .map(|marker| {
            retrieve(context, marker).unwrap_or_else(|refusal| {
                json!({ "RequestedMarker": marker, "Status": "Failed", "Events": [], "Exception": refusal.body() })
            })
        })
        .collect();
    Ok(json!({ "Links": {}, "Items": items }))
}

/// Where the next updates are, for the header `Location`.
pub fn next(context: &Context<'_>, body: &Value) -> Option<String> {
    match body["Items"].as_array() {
        Some(items) => Some(context.link(&all_markers(items))),
        None => Some(context.link(&format!(
            "streams/updates/{}",
            body["LatestMarker"].as_str()?
        ))),
    }
}

fn all_markers(items: &[Value]) -> String {
    let markers = items.iter().map(|item| text(item, "LatestMarker"));
    let query: Vec<String> = markers.map(|marker| format!("marker={marker}")).collect();
    format!("streamsets/updates?{}", query.join("&"))
}

fn text<'a>(item: &'a Value, key: &str) -> &'a str {
    item[key].as_str().unwrap_or_default()
}
