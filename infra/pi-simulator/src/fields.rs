//! `selectedFields`: keeps the named parts of an answer.

use serde_json::{Map, Value};

/// Keeps the paths of `Items.Name;Items.Links.Next;Links`; arrays are transparent, case does not matter.
pub fn select(value: Value, fields: Option<&str>) -> Value {
    let Some(fields) = fields else { return value };
    let paths: Vec<Vec<&str>> = fields
        .split(';')
        .map(str::trim)
        .filter(|path| !path.is_empty())
        .map(|path| path.split('.').collect())
        .collect();
    if paths.is_empty() {
        return value;
    }
    keep(value, &paths.iter().map(Vec::as_slice).collect::<Vec<_>>())
}

fn keep(value: Value, paths: &[&[&str]]) -> Value {
    match value {
        Value::Array(items) => items.into_iter().map(|item| keep(item, paths)).collect(),
        Value::Object(members) => Value::Object(
            members
                .into_iter()
                .filter_map(|(name, member)| member_of(name, member, paths))
                .collect::<Map<_, _>>(),
        ),
        other => other,
    }
}

fn member_of(name: String, member: Value, paths: &[&[&str]]) -> Option<(String, Value)> {
    let inner: Vec<&[&str]> = paths
        .iter()
        .filter_map(|path| {
            path.split_first()
                .filter(|(first, _)| first.eq_ignore_ascii_case(&name))
                .map(|(_, rest)| rest)
        })
        .collect();
    if inner.is_empty() {
        return None;
    }
    let whole = inner.iter().any(|rest| rest.is_empty());
    Some((name, if whole { member } else { keep(member, &inner) }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn named_parts_stay_and_arrays_are_transparent() {
        let answer = json!({"Links": {"Next": "n", "First": "f"}, "Items": [{"Name": "a", "Value": 1}, {"Name": "b", "Value": 2}]});
        assert_eq!(
            select(answer.clone(), Some("items.name;Links.Next")),
            json!({"Links": {"Next": "n"}, "Items": [{"Name": "a"}, {"Name": "b"}]})
        );
        assert_eq!(select(answer.clone(), None), answer);
    }
}
