//! `POST /batch`: several GETs in one request, one feeding the next.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::refusal::Refusal;

/// One request of a batch.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Part {
    method: String,
    #[serde(default)]
    resource: Option<String>,
    #[serde(default)]
    request_template: Option<Template>,
    #[serde(default)]
    parameters: Vec<String>,
    #[serde(default)]
    parent_ids: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Template {
    resource: String,
}

/// Answers a batch; `get` answers one absolute address.
pub fn answer(body: &[u8], get: impl Fn(&str) -> (u16, Value)) -> Result<Value, Refusal> {
    let parts: BTreeMap<String, Part> = serde_json::from_slice(body)
        .map_err(|error| Refusal::bad_request(format!("The batch is not valid: {error}")))?;
    let mut answers: Map<String, Value> = Map::new();
    while answers.len() < parts.len() {
        let ready = parts.iter().find(|(id, part)| {
            !answers.contains_key(*id)
                && part
                    .parent_ids
                    .iter()
                    .all(|parent| answers.contains_key(parent))
        });
        let Some((id, part)) = ready else {
            return Err(Refusal::bad_request(
                "The batch refers to parents that do not exist or to each other.",
            ));
        };
        let failed = part.parent_ids.iter().any(|parent| {
            answers[parent]["Status"]
                .as_u64()
                .is_none_or(|status| status >= 400)
        });
        let answer = if failed {
            wrap((424, json!({ "Errors": ["A parent request failed."] })))
        } else {
            run(part, &Value::Object(answers.clone()), &get)
        };
        answers.insert(id.clone(), answer);
    }
    Ok(Value::Object(answers))
}

fn wrap((status, content): (u16, Value)) -> Value {
    json!({ "Status": status, "Headers": { "Content-Type": "application/json; charset=utf-8" }, "Content": content })
}

fn run(part: &Part, answers: &Value, get: &impl Fn(&str) -> (u16, Value)) -> Value {
    if !part.method.eq_ignore_ascii_case("GET") {
        return wrap((
            405,
            json!({ "Errors": ["The simulator serves reads only."] }),
        ));
    }
    let values: Vec<Vec<String>> = part
        .parameters
        .iter()
        .map(|path| select(answers, path))
        .collect();
    let fill = |template: &str, row: usize| {
        values
            .iter()
            .enumerate()
            .fold(template.to_owned(), |text, (place, found)| {
                let value = found
                    .get(row)
                    .or_else(|| found.first())
                    .map_or("", String::as_str);
                text.replace(&format!("{{{place}}}"), value)
            })
    };
    if values.iter().any(Vec::is_empty) {
        return wrap((400, json!({ "Errors": ["A parameter matched nothing."] })));
    }
    if let Some(template) = &part.request_template {
        let rows = values.iter().map(Vec::len).max().unwrap_or(1);
        let items: Vec<Value> = (0..rows)
            .map(|row| get(&fill(&template.resource, row)))
            .map(wrap)
            .collect();
        return wrap((207, json!({ "Total": items.len(), "Items": items })));
    }
    match &part.resource {
        Some(resource) => wrap(get(&fill(resource, 0))),
        None => wrap((400, json!({ "Errors": ["The request has no resource."] }))),
    }
}

/// A `JSONPath` of names, `[n]` and `[*]`: `$.1.Content.Items[*].WebId`.
fn select(root: &Value, path: &str) -> Vec<String> {
    let mut found = vec![root];
    for step in path
        .trim_start_matches('$')
        .replace('[', ".[")
        .split('.')
        .filter(|step| !step.is_empty())
    {
        found = found
            .into_iter()
            .flat_map(|value| descend(value, step))
            .collect();
    }
    found
        .into_iter()
        .map(|value| {
            value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned)
        })
        .collect()
}

fn descend<'a>(value: &'a Value, step: &str) -> Vec<&'a Value> {
    match step
        .strip_prefix('[')
        .and_then(|inner| inner.strip_suffix(']'))
    {
        Some("*") => value
            .as_array()
            .map(|items| items.iter().collect())
            .unwrap_or_default(),
        Some(inner) => match inner.parse::<usize>() {
            Ok(index) => value.get(index).into_iter().collect(),
            Err(_) => value
                .get(inner.trim_matches(['\'', '"']))
                .into_iter()
                .collect(),
        },
        None => value.get(step).into_iter().collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_fans_out_over_its_parents_items() {
        let body = json!({
            "1": { "Method": "GET", "Resource": "http://pi/elements" },
            "2": { "Method": "GET", "RequestTemplate": { "Resource": "http://pi/streams/{0}/value" }, "Parameters": ["$.1.Content.Items[*].WebId"], "ParentIds": ["1"] },
        });
        let get = |address: &str| match address {
            "http://pi/elements" => (
                200,
                json!({ "Items": [{ "WebId": "a" }, { "WebId": "b" }] }),
            ),
            other => (200, json!(other)),
        };
        let answers = answer(body.to_string().as_bytes(), get).unwrap();
        assert_eq!(answers["2"]["Content"]["Total"], 2);
        assert_eq!(
            answers["2"]["Content"]["Items"][1]["Content"],
            "http://pi/streams/b/value"
        );
    }

    #[test]
    fn a_child_of_a_failed_parent_fails_and_writes_are_refused() {
        let body = json!({
            "1": { "Method": "GET", "Resource": "x" },
            "2": { "Method": "GET", "Resource": "y", "ParentIds": ["1"] },
            "3": { "Method": "POST", "Resource": "z", "Content": "{'Value':1}" },
        });
        let answers = answer(body.to_string().as_bytes(), |_| (404, json!({}))).unwrap();
        assert_eq!(
            (
                answers["2"]["Status"].as_u64(),
                answers["3"]["Status"].as_u64()
            ),
            (Some(424), Some(405))
        );
    }
}
