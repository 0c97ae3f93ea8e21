//! Searches of elements and event frames by the values of their attributes.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::bodies::Answer;
use crate::context::Context;
use crate::frames::Filter;
use crate::plant::{Object, Owner};
use crate::refusal::Refusal;
use crate::search::{Root, attribute_compares, below};
use crate::webid::Marker;

/// The body of a search by the value of an attribute.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ByAttribute {
    #[serde(default)]
    search_root: Option<String>,
    #[serde(default)]
    element_template: Option<String>,
    #[serde(default)]
    value_queries: Vec<ValueQuery>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ValueQuery {
    attribute_name: String,
    attribute_value: Value,
    #[serde(default)]
    search_operator: Option<String>,
}

/// `POST /{controller}/searchbyattribute`: the search's own address says what is sought.
pub fn search(context: &Context<'_>, controller: &str, body: &[u8]) -> Result<Answer, Refusal> {
    let found = found_by_attribute(context, controller, body)?;
    let page = context.page(&found, |object| context.render(object))?;
    let id = URL_SAFE_NO_PAD.encode(body);
    let none = context.request.query.flag("noResults", false)?;
    Ok(Answer {
        location: Some(context.link(&format!("{controller}/searchbyattribute/{id}"))),
        ..Answer::new(201, if none { json!({}) } else { page })
    })
}

/// `GET /{controller}/searchbyattribute/{searchId}`.
pub fn again(context: &Context<'_>, controller: &str) -> Result<Value, Refusal> {
    let id = context.request.segments.get(2).map_or("", String::as_str);
    let body = URL_SAFE_NO_PAD
        .decode(id)
        .map_err(|_| Refusal::bad_request(format!("The search '{id}' is not valid.")))?;
    let found = found_by_attribute(context, controller, &body)?;
    context.page(&found, |object| context.render(object))
}

fn found_by_attribute(
    context: &Context<'_>,
    controller: &str,
    body: &[u8],
) -> Result<Vec<Object>, Refusal> {
    let search: ByAttribute = serde_json::from_slice(body)
        .map_err(|error| Refusal::bad_request(format!("The search is not valid: {error}")))?;
    let mut filters = Vec::new();
    for query in &search.value_queries {
        filters.push(Filter {
            key: format!("|{}", query.attribute_name.to_lowercase()),
            operator: operator(query.search_operator.as_deref())?,
            value: query
                .attribute_value
                .as_str()
                .map_or_else(|| query.attribute_value.to_string(), str::to_owned),
        });
    }
    let root = search_root(context, search.search_root.as_deref())?;
    let plant = context.plant;
    let templated = |template| {
        let wanted = search.element_template.as_deref();
        wanted.is_none_or(|name| name.is_empty() || plant.derives(template, name))
    };
    let owners: Vec<(Object, Owner)> = if controller == "elements" {
        let all = below(context, root, true).into_iter();
        all.filter(|place| templated(plant.elements[*place].template))
            .map(|place| (Object::Element(place), Owner::Element(place)))
            .collect()
    } else {
        let frames = plant.frames.iter().enumerate();
        frames
            .filter(|(_, frame)| match root {
                Root::Database(place) => frame.database == place,
                Root::Element(place) => frame.element == place,
            })
            .filter(|(_, frame)| templated(Some(frame.template)))
            .map(|(place, _)| (Object::Frame(place), Owner::Frame(place)))
            .collect()
    };
    let mut found = Vec::new();
    for (object, owner) in owners {
        let mut kept = true;
        for filter in &filters {
            kept = kept && attribute_compares(context, owner, &filter.key[1..], filter)?;
        }
        if kept {
            found.push(object);
        }
    }
    Ok(found)
}

/// The database or element a search begins at, by its path or `WebID`; the first database without one.
fn search_root(context: &Context<'_>, text: Option<&str>) -> Result<Root, Refusal> {
    let Some(text) = text.filter(|text| !text.is_empty()) else {
        return Ok(Root::Database(0));
    };
    let plant = context.plant;
    let by_path = plant.at_path(&[Marker::Database, Marker::Element], text);
    match by_path.or_else(|| plant.find(text)) {
        Some(Object::Database(place)) => Ok(Root::Database(place)),
        Some(Object::Element(place)) => Ok(Root::Element(place)),
        _ => Err(Refusal::bad_request(format!(
            "The search root '{text}' was not found."
        ))),
    }
}

fn operator(name: Option<&str>) -> Result<&'static str, Refusal> {
    Ok(
        match name.unwrap_or("Equal").to_ascii_lowercase().as_str() {
            "equal" | "=" | "" => "=",
            "notequal" | "<>" => "<>",
            "lessthan" | "<" => "<",
            "lessthanorequal" | "<=" => "<=",
            "greaterthan" | ">" => ">",
            "greaterthanorequal" | ">=" => ">=",
            other => {
                return Err(Refusal::bad_request(format!(
                    "'{other}' is not a search operator."
                )));
            }
        },
    )
}
