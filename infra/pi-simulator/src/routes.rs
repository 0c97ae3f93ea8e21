//! Which request is answered by what. Controllers are found in any case, as on the real server.

use serde_json::{Value, json};

use crate::context::Context;
use crate::faults::States;
use crate::frames;
use crate::plant::{MODES, Object, Owner};
use crate::points;
use crate::query::fits;
use crate::refusal::Refusal;
use crate::streams;
use crate::time::{self, Micros};
use crate::webid::Marker;

/// How the server calls itself.
pub const PRODUCT: &str = "PI Web API simulator";

/// Answers one GET.
pub fn answer(
    context: &Context<'_>,
    states: &States,
    user: &str,
    started: Micros,
) -> Result<Value, Refusal> {
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
        ["system", rest @ ..] => system(context, rest, user, started),
        ["streams", _, action] => streams::one(context, states, id, action),
        ["streamsets", action] => streams::ad_hoc(context, states, action),
        ["streamsets", _, action] => streams::of_owner(context, states, id, action),
        ["eventframes", "search"] => {
            let found = frames::search(context, request.query.get("query").unwrap_or(""))?;
            context.page(&found, |object| context.render(object))
        }
        ["points", "search"] => {
            let found = points::search(context, request.query.get("query").unwrap_or(""))?;
            context.page(&found, |object| context.render(object))
        }
        [
            controller @ ("points" | "attributes" | "elements" | "eventframes"),
            "multiple",
        ] => Ok(multiple(context, controller)),
        [controller] => at_path(context, controller),
        [controller, _] => Ok(context.render(expect(context, controller, id)?)),
        ["attributes", _, "value"] => streams::one(context, states, id, "value"),
        ["points", _, "attributes"] => {
            points::attributes(context, expect(context, "points", id)?, None)
        }
        ["points", _, "attributes", name] => {
            points::attributes(context, expect(context, "points", id)?, Some(name))
        }
        [controller, _, list] => children(context, expect(context, controller, id)?, list),
        _ => Err(no_route(context)),
    }
}

const LANDING: [(&str, &str); 5] = [
    ("Self", ""),
    ("AssetServers", "assetservers"),
    ("DataServers", "dataservers"),
    ("Search", "search"),
    ("System", "system"),
];

fn no_route(context: &Context<'_>) -> Refusal {
    Refusal::new(
        404,
        format!(
            "No HTTP resource was found that matches '{}'.",
            context.request.segments.join("/")
        ),
    )
}

fn system(
    context: &Context<'_>,
    rest: &[&str],
    user: &str,
    started: Micros,
) -> Result<Value, Refusal> {
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
            "UpTimeInMinutes": (context.now - started) / 60_000_000,
            "State": "Running",
            "CacheInstances": 1,
            "ServerTime": time::format(context.now),
        })),
        ["userinfo"] => Ok(json!({
            "IdentityType": if user.is_empty() { "Anonymous" } else { "Basic" },
            "Name": if user.is_empty() { "ANONYMOUS LOGON" } else { user },
            "IsAuthenticated": !user.is_empty(),
            "SID": "S-1-5-7",
            "ImpersonationLevel": "None",
        })),
        _ => Err(no_route(context)),
    }
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
        "enumerationsets" => &[Marker::EnumerationSet],
        _ => &[],
    }
}

/// The object of a controller's kind a `WebID` names.
fn expect(context: &Context<'_>, controller: &str, id: &str) -> Result<Object, Refusal> {
    if markers(controller).is_empty() {
        return Err(no_route(context));
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
        return Err(no_route(context));
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

fn children(context: &Context<'_>, object: Object, list: &str) -> Result<Value, Refusal> {
    let plant = context.plant;
    let found: Vec<Object> = match (object, list) {
        (Object::AssetServer, "assetdatabases") => vec![Object::Database],
        (Object::DataServer, "points") => points::list(context),
        (Object::DataServer, "enumerationsets") => vec![Object::EnumerationSet(0)],
        (Object::EnumerationSet(_), "enumerationvalues") => return Ok(enumeration_values()),
        (Object::Database, "elements") => elements(context, None)?,
        (Object::Element(place), "elements") => elements(context, Some(place))?,
        (Object::Element(place), "attributes") => attributes(context, Owner::Element(place)),
        (Object::Frame(place), "attributes") => attributes(context, Owner::Frame(place)),
        (Object::Database, "eventframes") => frames::list(context, None)?,
        (Object::Element(place), "eventframes") => frames::list(context, Some(place))?,
        (Object::Frame(place), "referencedelements") => {
            vec![Object::Element(plant.frames[place].element)]
        }
        (Object::Database, "elementtemplates") => {
            (0..plant.templates.len()).map(Object::Template).collect()
        }
        (Object::Template(place), "attributetemplates") => {
            (0..plant.templates[place].attributes.len())
                .map(|inner| Object::AttributeTemplate(place, inner))
                .collect()
        }
        (Object::Element(place), "paths") => {
            return Ok(json!({ "Items": [plant.elements[place].path] }));
        }
        (Object::Frame(_), "eventframes" | "annotations")
        | (Object::Attribute(_), "attributes")
        | (Object::Element(_), "referencedelements")
        | (
            Object::Database | Object::AssetServer,
            "enumerationsets" | "attributecategories" | "elementcategories" | "tables",
        ) => Vec::new(),
        _ => return Err(no_route(context)),
    };
    context.page(&found, |object| context.render(object))
}

fn elements(context: &Context<'_>, parent: Option<usize>) -> Result<Vec<Object>, Refusal> {
    let query = &context.request.query;
    let deep = query.flag("searchFullHierarchy", false)?;
    let plant = context.plant;
    let below = |mut place: usize| {
        loop {
            let above = plant.elements[place].parent;
            if above == parent {
                return true;
            }
            match above {
                Some(above) if deep => place = above,
                _ => return false,
            }
        }
    };
    let mut found: Vec<usize> = (0..plant.elements.len())
        .filter(|place| below(*place))
        .filter(|place| {
            let element = &plant.elements[*place];
            let template = element
                .template
                .map_or("", |template| plant.templates[template].name);
            fits(query.get("nameFilter"), &element.name)
                && fits(query.get("descriptionFilter"), element.description)
                && query
                    .get("templateName")
                    .is_none_or(|name| name.eq_ignore_ascii_case(template))
                && query.get("categoryName").is_none_or(|name| name == "*")
        })
        .collect();
    found.sort_by(|a, b| plant.elements[*a].name.cmp(&plant.elements[*b].name));
    if query
        .get("sortOrder")
        .is_some_and(|order| order.eq_ignore_ascii_case("Descending"))
    {
        found.reverse();
    }
    Ok(found.into_iter().map(Object::Element).collect())
}

fn attributes(context: &Context<'_>, owner: Owner) -> Vec<Object> {
    let query = &context.request.query;
    let mine = context
        .plant
        .attributes
        .iter()
        .enumerate()
        .filter(|(_, attribute)| attribute.owner == owner);
    let mut found: Vec<_> = mine
        .filter(|(_, attribute)| {
            fits(query.get("nameFilter"), attribute.shape.name)
                && query
                    .get("valueType")
                    .is_none_or(|kind| kind.eq_ignore_ascii_case(attribute.shape.value_type))
        })
        .collect();
    found.sort_by(|a, b| a.1.shape.name.cmp(b.1.shape.name));
    found
        .into_iter()
        .map(|(place, _)| Object::Attribute(place))
        .collect()
}

fn enumeration_values() -> Value {
    let values = MODES.1.iter().enumerate();
    json!({ "Items": values.map(|(value, name)| json!({ "Name": name, "Value": value, "Description": "" })).collect::<Vec<_>>() })
}
