//! Which request is answered by what. Controllers are found in any case, as on the real server.

use serde_json::{Value, json};

use crate::bodies::Answer;
use crate::by_value;
use crate::calculation;
use crate::context::{Context, Request};
use crate::lists;
use crate::operations::{self, Operation};
use crate::plant::Object;
use crate::points;
use crate::refusal::Refusal;
use crate::search;
use crate::streams;
use crate::time;
use crate::updates;
use crate::webid::Marker;

/// How the server calls itself.
pub const PRODUCT: &str = "PI Web API simulator";

/// The operation that a request asks for: 404 for an unknown path, 405 for a method it does not have.
pub fn operation(method: &str, request: &Request) -> Result<&'static Operation, Refusal> {
    let operation = operations::find(&request.segments).ok_or_else(|| no_route(request))?;
    if operation.allows(method) {
        Ok(operation)
    } else {
        Err(Refusal::new(
            405,
            format!(
                "The requested resource does not support the method {method}; {} has {}.",
                operation.template,
                operation.methods.join(", ")
            ),
        ))
    }
}

/// 501 for an operation of the published interface that the simulator does not serve.
pub fn not_served(method: &str, operation: &Operation) -> Refusal {
    Refusal::new(
        501,
        format!(
            "The simulator does not serve the operation {method} {}.",
            operation.template
        ),
    )
}

/// Answers a `POST` other than a batch: what reads, and nothing that writes.
pub fn post(context: &Context<'_>, operation: &Operation, body: &[u8]) -> Result<Answer, Refusal> {
    match operation.template {
        "/streams/{webId}/updates" => {
            let id = context.request.segments.get(1).map_or("", String::as_str);
            updates::register(context, id)
        }
        "/streamsets/updates" => updates::register_all(context),
        "/elements/searchbyattribute" => by_value::search(context, "elements", body),
        "/eventframes/searchbyattribute" => by_value::search(context, "eventframes", body),
        _ => Err(not_served("POST", operation)),
    }
}

/// The header `Location` of an answer to a `GET`.
pub fn location(context: &Context<'_>, body: &Value) -> Option<String> {
    let parts = context.request.segments.as_slice();
    let of_updates = parts.get(1)?.eq_ignore_ascii_case("updates");
    if of_updates {
        updates::next(context, body)
    } else {
        None
    }
}

/// The status of an answer to a `GET`: 207 where one of several objects has an exception.
pub fn status(context: &Context<'_>, body: &Value) -> u16 {
    let several = matches!(context.request.segments.as_slice(), [_, list] if list.eq_ignore_ascii_case("multiple"));
    let items = body["Items"].as_array().filter(|_| several);
    let failed = |items: &Vec<Value>| items.iter().any(|item| item.get("Exception").is_some());
    if items.is_some_and(failed) { 207 } else { 200 }
}

/// Answers one GET.
pub fn answer(context: &Context<'_>) -> Result<Value, Refusal> {
    let request = context.request;
    let lower: Vec<String> = request
        .segments
        .iter()
        .map(|segment| segment.to_ascii_lowercase())
        .collect();
    let parts: Vec<&str> = lower.iter().map(String::as_str).collect();
    let id = request.segments.get(1).map_or("", String::as_str);
    match parts.as_slice() {
        [] => Ok(
            json!({ "Links": context.links(&LANDING.map(|(name, path)| (name, path.to_owned()))) }),
        ),
        ["system", rest @ ..] => system(context, rest),
        ["streams", "updates", _] => {
            updates::retrieve(context, request.segments.get(2).map_or("", String::as_str))
        }
        ["streamsets", "updates"] => updates::retrieve_all(context),
        ["streamsets", "joined"] => streams::joined(context),
        ["streams", _, action] => streams::one(context, id, action),
        ["streamsets", action] => streams::set(context, &context.objects()?, action),
        ["streamsets", _, action] => {
            let historic = !matches!(*action, "value" | "end");
            streams::set(context, &streams::of_owner(context, id, historic)?, action)
        }
        [controller, "search"] => {
            let found = search::run(context, controller)?;
            context.page(&found, |object| context.render(object))
        }
        [
            controller @ ("elements" | "eventframes"),
            "searchbyattribute",
            _,
        ] => by_value::again(context, controller),
        ["calculation", kind] => calculation::answer(context, kind),
        [
            controller @ ("points" | "attributes" | "elements" | "eventframes"),
            "multiple",
        ] => Ok(multiple(context, controller)),
        [controller] => at_path(context, controller),
        [controller, _] => Ok(context.render(expect(context, controller, id)?)),
        ["attributes", _, "value"] => streams::one(context, id, "value"),
        ["points", _, "attributes"] => {
            points::attributes(context, expect(context, "points", id)?, None)
        }
        ["points", _, "attributes", name] => {
            points::attributes(context, expect(context, "points", id)?, Some(name))
        }
        ["eventframes", _, "annotations", number] => {
            lists::annotation(context, expect(context, "eventframes", id)?, number)
        }
        [controller, _, list] => lists::answer(context, expect(context, controller, id)?, list)?
            .ok_or_else(|| nothing(context)),
        _ => Err(nothing(context)),
    }
}

const LANDING: [(&str, &str); 5] = [
    ("Self", ""),
    ("AssetServers", "assetservers"),
    ("DataServers", "dataservers"),
    ("Search", "search"),
    ("System", "system"),
];

fn no_route(request: &Request) -> Refusal {
    Refusal::new(
        404,
        format!(
            "No HTTP resource was found that matches '{}'.",
            request.segments.join("/")
        ),
    )
}

/// 501 for a known operation, 404 for anything else.
pub fn nothing(context: &Context<'_>) -> Refusal {
    match operations::find(&context.request.segments) {
        Some(operation) => not_served("GET", operation),
        None => no_route(context.request),
    }
}

fn system(context: &Context<'_>, rest: &[&str]) -> Result<Value, Refusal> {
    let caller = context.caller;
    match rest {
        [] => Ok(json!({
            "ProductTitle": PRODUCT,
            "ProductVersion": env!("CARGO_PKG_VERSION"),
            "Links": context.links(&[("Self", "system".to_owned()), ("Status", "system/status".to_owned()), ("UserInfo", "system/userinfo".to_owned())]),
        })),
        ["versions"] => Ok(
            json!({ PRODUCT: { "FullVersion": env!("CARGO_PKG_VERSION"), "MajorMinorRevision": env!("CARGO_PKG_VERSION"), "Build": "0" } }),
        ),
        ["status"] => Ok(json!({
            "UpTimeInMinutes": context.simulator.up_for().as_secs() / 60,
            "State": "Running",
            "CacheInstances": 1,
            "ServerTime": time::format(context.now),
        })),
        ["cacheinstances"] => Ok(json!({ "Links": {}, "Items": [{
            "Id": "0",
            "LastRefreshTime": time::format(context.now),
            "WillRefreshAfter": time::format(context.now + 300_000_000),
            "ScheduledExpirationTime": time::format(context.now + 1_800_000_000),
            "User": if caller.name.is_empty() { "ANONYMOUS LOGON" } else { &caller.name },
        }] })),
        ["configuration"] => Ok(configuration(context)),
        ["configuration", key] => configuration(context)
            .as_object()
            .and_then(|all| all.iter().find(|(name, _)| name.eq_ignore_ascii_case(key)))
            .map(|(_, value)| value.clone())
            .ok_or_else(|| Refusal::unknown("The configuration item", key)),
        ["userinfo"] => Ok(json!({
            "IdentityType": caller.kind,
            "Name": if caller.name.is_empty() { "ANONYMOUS LOGON" } else { &caller.name },
            "IsAuthenticated": !caller.name.is_empty(),
            "SID": "S-1-5-7",
            "ImpersonationLevel": "None",
        })),
        _ => Err(nothing(context)),
    }
}

fn configuration(context: &Context<'_>) -> Value {
    json!({
        "DisableWrites": true,
        "MaxReturnedItemsPerCall": context.simulator.most,
        "WebIDType": "Full",
    })
}

fn markers(controller: &str) -> &'static [Marker] {
    match controller {
        "dataservers" => &[Marker::DataServer],
        "assetservers" => &[Marker::AssetServer],
        "assetdatabases" => &[Marker::Database],
        "elements" => &[Marker::Element],
        "attributes" => &[Marker::ElementAttribute, Marker::FrameAttribute],
        "eventframes" => &[Marker::EventFrame],
        "elementtemplates" => &[Marker::ElementTemplate],
        "attributetemplates" => &[Marker::AttributeTemplate],
        "points" => &[Marker::Point],
        "enumerationsets" => &[Marker::PointStates, Marker::EnumerationSet],
        "enumerationvalues" => &[Marker::PointState, Marker::EnumerationValue],
        "attributecategories" => &[Marker::AttributeCategory],
        "elementcategories" => &[Marker::ElementCategory],
        "tables" => &[Marker::Table],
        "unitclasses" => &[Marker::UnitClass],
        "units" => &[Marker::Unit],
        _ => &[],
    }
}

/// The object of a controller's kind a `WebID` names.
pub fn expect(context: &Context<'_>, controller: &str, id: &str) -> Result<Object, Refusal> {
    if markers(controller).is_empty() {
        return Err(nothing(context));
    }
    let object = context.object(id)?;
    if markers(controller).contains(&context.plant.identity(object).marker) {
        Ok(object)
    } else {
        Err(Refusal::bad_request(format!(
            "The WebID '{id}' is not valid for {controller}."
        )))
    }
}

/// `?path=`, `?name=`, or the list of servers.
fn at_path(context: &Context<'_>, controller: &str) -> Result<Value, Refusal> {
    let query = &context.request.query;
    let kinds = markers(controller);
    if kinds.is_empty() {
        return Err(nothing(context));
    }
    if let Some(path) = query.get("path") {
        let object = context
            .plant
            .at_path(kinds, path)
            .ok_or_else(|| Refusal::unknown("The path", path))?;
        return Ok(context.render(object));
    }
    let server = match controller {
        "dataservers" => Object::DataServer,
        "assetservers" => Object::AssetServer,
        _ => return Err(Refusal::bad_request("The parameter path is required.")),
    };
    match query.get("name") {
        None => context.page(&[server], |object| context.render(object)),
        Some(name) => {
            let rendered = context.render(server);
            let known = rendered["Name"]
                .as_str()
                .is_some_and(|known| known.eq_ignore_ascii_case(name));
            if known {
                Ok(rendered)
            } else {
                Err(Refusal::unknown("The server", name))
            }
        }
    }
}

fn multiple(context: &Context<'_>, controller: &str) -> Value {
    let query = &context.request.query;
    let mode = query
        .get("includeMode")
        .unwrap_or("All")
        .to_ascii_lowercase();
    let by_id = query
        .all("webId")
        .into_iter()
        .map(|id| ("WebId", id, expect(context, controller, id)));
    let by_path = query.all("path").into_iter().map(|path| {
        let found = context.plant.at_path(markers(controller), path);
        (
            "Path",
            path,
            found.ok_or_else(|| Refusal::unknown("The path", path)),
        )
    });
    let items = by_id.chain(by_path).filter_map(|(kind, identifier, found)| match found {
        Ok(object) if mode != "itemswithexception" => {
            Some(json!({ "Identifier": identifier, "IdentifierType": kind, "Object": context.render(object) }))
        }
        Err(refusal) if mode != "itemswithoutexception" => {
            Some(json!({ "Identifier": identifier, "IdentifierType": kind, "Exception": refusal.body() }))
        }
        _ => None,
    });
    json!({ "Links": {}, "Items": items.collect::<Vec<_>>() })
}
