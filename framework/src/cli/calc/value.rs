//! The value of a function as people read it: a table where it is one.

use serde_json::{Map, Value};

use crate::table::{plain, table};

/// A value as a table, as lines, or as JSON where it has no such form.
pub(super) fn words(value: &Value) -> String {
    let told = match value {
        Value::Object(fields) => columns(fields).or_else(|| facts(fields)),
        Value::Array(items) => rows(items).or_else(|| lines(items)),
        _ => Some(plain(value) + "\n"),
    };
    told.unwrap_or_else(|| format!("{value:#}\n"))
}

fn is_single(value: &Value) -> bool {
    !value.is_object() && !value.is_array()
}

/// Texts of values.
fn cells<'a>(values: impl Iterator<Item = &'a Value>) -> Vec<String> {
    values.map(plain).collect()
}

/// A data frame: columns of one length.
fn columns(fields: &Map<String, Value>) -> Option<String> {
    let columns: Vec<&Vec<Value>> = fields
        .values()
        .map(Value::as_array)
        .collect::<Option<_>>()?;
    let length = columns.first()?.len();
    let fits = |column: &&Vec<Value>| column.len() == length && column.iter().all(is_single);
    if length == 0 || !columns.iter().all(fits) {
        return None;
    }
    let row = |at: usize| cells(columns.iter().filter_map(|column| column.get(at)));
    let rows: Vec<Vec<String>> = (0..length).map(row).collect();
    let head: Vec<&str> = fields.keys().map(String::as_str).collect();
    Some(table(&head, 0..0, &rows))
}

/// Named single values, one a line.
fn facts(fields: &Map<String, Value>) -> Option<String> {
    if fields.is_empty() || !fields.values().all(is_single) {
        return None;
    }
    let rows: Vec<Vec<String>> = fields
        .iter()
        .map(|(name, value)| vec![name.clone(), plain(value)])
        .collect();
    Some(table(&["NAME", "VALUE"], 0..0, &rows))
}

/// A matrix, row by row.
fn rows(items: &[Value]) -> Option<String> {
    let rows: Vec<&Vec<Value>> = items.iter().map(Value::as_array).collect::<Option<_>>()?;
    let width = rows.first()?.len();
    if width == 0
        || !rows
            .iter()
            .all(|row| row.len() == width && row.iter().all(is_single))
    {
        return None;
    }
    let head: Vec<String> = (1..=width).map(|column| format!("[{column}]")).collect();
    let head: Vec<&str> = head.iter().map(String::as_str).collect();
    let rows: Vec<Vec<String>> = rows.into_iter().map(|row| cells(row.iter())).collect();
    Some(table(&head, 0..width, &rows))
}

/// A vector, one value a line.
fn lines(items: &[Value]) -> Option<String> {
    let fits = !items.is_empty() && items.iter().all(is_single);
    fits.then(|| items.iter().map(|item| plain(item) + "\n").collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_value_is_told_in_the_form_it_has() {
        for (value, expected) in [
            (json!(0.1), "0.1\n"),
            (json!(null), "-\n"),
            (json!([1.5, null, "NaN"]), "1.5\n-\nNaN\n"),
            (json!({"a": 1, "b": "x"}), "NAME  VALUE\na     1\nb     x\n"),
            (
                json!({"a": [1, 20], "b": ["x", "y"]}),
                "a   b\n1   x\n20  y\n",
            ),
            (json!([[1, 20], [300, 4]]), "[1]  [2]\n  1   20\n300    4\n"),
            (
                json!({"a": [1], "b": 2}),
                "{\n  \"a\": [\n    1\n  ],\n  \"b\": 2\n}\n",
            ),
            (json!([]), "[]\n"),
            (json!({}), "{}\n"),
        ] {
            assert_eq!(words(&value), expected, "{value}");
        }
    }
}
