//! Points: the list of the data server, the query language of `/points/search`, and a point's own attributes.

use serde_json::{Value, json};

use crate::context::Context;
use crate::plant::{Object, Point};
use crate::query::fits;
use crate::refusal::Refusal;

/// Points of the data server that fit `nameFilter`.
pub fn list(context: &Context<'_>) -> Vec<Object> {
    choose(context, |point| {
        fits(context.request.query.get("nameFilter"), &point.name)
    })
}

/// Points that satisfy a query such as `name:SIN* OR tag:=CD* pointtype:=Float32`.
pub fn search(context: &Context<'_>, query: &str) -> Result<Vec<Object>, Refusal> {
    let mut alternatives = Vec::new();
    for alternative in query.split(" OR ") {
        let words = words(alternative).into_iter();
        let words = words.filter(|word| word != "AND");
        alternatives.push(
            words
                .map(|word| condition(&word))
                .collect::<Result<Vec<_>, _>>()?,
        );
    }
    Ok(choose(context, |point| {
        alternatives
            .iter()
            .any(|conditions| conditions.iter().all(|condition| condition.holds(point)))
    }))
}

/// The words of a query; a backslash takes the special meaning from what follows it, quotes from what they enclose.
fn words(text: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quote = None;
    let mut signs = text.chars();
    while let Some(sign) = signs.next() {
        let Some(word) = words.last_mut() else { break };
        match sign {
            '\\' => word.extend(signs.next()),
            _ if quote == Some(sign) => quote = None,
            '\'' | '"' if quote.is_none() => quote = Some(sign),
            _ if sign.is_whitespace() && quote.is_none() => words.push(String::new()),
            _ => word.push(sign),
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

fn choose(context: &Context<'_>, keep: impl Fn(&Point) -> bool) -> Vec<Object> {
    let points = &context.plant.points;
    let mut found: Vec<usize> = (0..points.len())
        .filter(|place| keep(&points[*place]))
        .collect();
    found.sort_by(|a, b| points[*a].name.cmp(&points[*b].name));
    found.into_iter().map(Object::Point).collect()
}

struct Condition {
    key: String,
    value: String,
    equal: bool,
}

fn condition(word: &str) -> Result<Condition, Refusal> {
    let (key, value) = word.split_once(':').unwrap_or(("name", word));
    let key = key.to_ascii_lowercase();
    if ![
        "name",
        "tag",
        "descriptor",
        "description",
        "pointtype",
        "engunits",
        "pointsource",
        "pointclass",
        "ptclassname",
    ]
    .contains(&key.as_str())
    {
        return Err(Refusal::bad_request(format!(
            "The query filter '{key}' is not supported."
        )));
    }
    let (equal, value) = match value.strip_prefix("<>") {
        Some(rest) => (false, rest),
        None => (true, value.trim_start_matches('=')),
    };
    Ok(Condition {
        key,
        value: value.to_owned(),
        equal,
    })
}

impl Condition {
    fn holds(&self, point: &Point) -> bool {
        let actual = match self.key.as_str() {
            "name" | "tag" => point.name.as_str(),
            "descriptor" | "description" => &point.descriptor,
            "pointtype" => point.point_type,
            "engunits" => point.units,
            "pointsource" => "SIM",
            _ => "classic",
        };
        fits(Some(&self.value), actual) == self.equal
    }
}

/// `/points/{webId}/attributes`: the configuration of a point.
pub fn attributes(
    context: &Context<'_>,
    object: Object,
    name: Option<&str>,
) -> Result<Value, Refusal> {
    let Object::Point(place) = object else {
        return Err(Refusal::bad_request("The WebID does not name a point."));
    };
    let point = &context.plant.points[place];
    let all = [
        ("tag", json!(point.name)),
        ("pointid", json!(point.id)),
        ("descriptor", json!(point.descriptor)),
        ("engunits", json!(point.units)),
        ("pointtype", json!(point.point_type)),
        ("pointsource", json!("SIM")),
        ("span", json!(point.scale.1 - point.scale.0)),
        ("zero", json!(point.scale.0)),
        (
            "typicalvalue",
            json!(f64::midpoint(point.scale.0, point.scale.1)),
        ),
        ("step", json!(u8::from(point.step))),
        ("excdev", json!(0.0)),
        ("compressing", json!(0)),
    ];
    let wanted = context.request.query.all("name");
    let filter = context.request.query.get("nameFilter");
    let link = |name: &str| json!({ "Self": context.link(&format!("points/{}/attributes/{name}", context.web_id(object))) });
    let mut items = all
        .into_iter()
        .filter(|(key, _)| {
            wanted.is_empty() || wanted.iter().any(|wanted| wanted.eq_ignore_ascii_case(key))
        })
        .filter(|(key, _)| fits(filter, key))
        .map(|(key, value)| {
            (
                key,
                json!({ "Name": key, "Value": value, "Links": link(key) }),
            )
        });
    match name {
        None => {
            Ok(json!({ "Links": {}, "Items": items.map(|(_, item)| item).collect::<Vec<_>>() }))
        }
        Some(name) => items
            .find(|(key, _)| *key == name)
            .map(|(_, item)| item)
            .ok_or_else(|| Refusal::unknown("The point attribute", name)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_keep_what_is_escaped_or_quoted() {
        assert_eq!(
            words(r"name:A\ B\-C AND descriptor:'two words'  x"),
            ["name:A B-C", "AND", "descriptor:two words", "x"]
        );
    }
}
