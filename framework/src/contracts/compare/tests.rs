//! Every rule of the comparison, in both directions.

use serde_json::{Value, json};

use super::compare;

mod values;

/// A message with one field `f`.
fn message(field: &Value, is_required: bool) -> Value {
    let required = if is_required { json!(["f"]) } else { json!([]) };
    json!({"type": "object", "properties": {"f": field}, "required": required})
}

fn breaches(kept: &Value, made: &Value) -> Vec<String> {
    let found = compare(kept, made).breaches;
    found.iter().map(ToString::to_string).collect()
}

/// Says for each pair what breaks from left to right, and what from right to left; an empty text means nothing.
fn hold(pairs: &[(Value, Value, &str, &str)]) {
    for (left, right, forwards, backwards) in pairs {
        for (kept, made, expected) in [(left, right, forwards), (right, left, backwards)] {
            let found = breaches(kept, made);
            if expected.is_empty() {
                assert!(found.is_empty(), "{kept} -> {made}: {found:?}");
            } else {
                assert_eq!(found.len(), 1, "{kept} -> {made}: {found:?}");
                assert!(
                    found[0].starts_with(expected),
                    "{kept} -> {made}: {found:?} does not begin with {expected}"
                );
            }
            assert!(breaches(kept, kept).is_empty(), "{kept} keeps itself");
        }
    }
}

/// The same for the schema of one field.
fn hold_for_field(pairs: &[(Value, Value, &str, &str)]) {
    let wrapped: Vec<_> = pairs
        .iter()
        .map(|(left, right, forwards, backwards)| {
            (
                message(left, true),
                message(right, true),
                *forwards,
                *backwards,
            )
        })
        .collect();
    hold(&wrapped);
}

#[test]
fn an_optional_field_may_come_and_no_field_may_go() {
    let (text, none) = (json!({"type": "string"}), json!({"type": "object"}));
    hold(&[
        (
            none.clone(),
            message(&text, false),
            "",
            "f: the field is gone",
        ),
        (
            none,
            message(&text, true),
            "f: a new field is required",
            "f: the field is gone",
        ),
        (
            message(&text, false),
            message(&text, true),
            "f: the field became required",
            "f: the field can be left out now",
        ),
    ]);
}

#[test]
fn who_refuses_unknown_fields_cannot_be_sent_new_ones() {
    let closed = json!({"type": "object", "additionalProperties": false});
    let mut grown = message(&json!({"type": "string"}), false);
    grown["additionalProperties"] = json!(false);
    hold(&[
        (
            closed.clone(),
            json!({"type": "object"}),
            "(message): unknown fields were refused",
            "(message): unknown fields are refused now",
        ),
        (
            closed,
            grown,
            "f: a field was added where unknown fields are refused",
            "f: the field is gone",
        ),
    ]);
}

#[test]
fn the_values_of_a_map_keep_their_type() {
    let map = |of: Value| json!({"type": "object", "additionalProperties": of});
    hold_for_field(&[
        (
            map(json!({"type": "string"})),
            map(json!({"type": "integer"})),
            "f.*: the type was string and is integer",
            "f.*: the type was integer and is string",
        ),
        (
            map(json!({"type": "string"})),
            map(json!(true)),
            "f.*: the type was string and is anything",
            "f.*: the type was anything and is string",
        ),
        (map(json!(true)), map(json!({})), "", ""),
        (map(json!(true)), json!({"type": "object"}), "", ""),
    ]);
    let named = json!({"type": "object", "additionalProperties": {"type": "string"}, "properties": {"f": {"type": "integer"}}});
    assert_eq!(
        breaches(&map(json!({"type": "string"})), &named).len(),
        1,
        "a named field is one of the map for old code"
    );
}

#[test]
fn a_type_stays_what_it_is() {
    hold_for_field(&[
        (
            json!({"type": "string"}),
            json!({"type": "integer"}),
            "f: the type was string and is integer",
            "f: the type was integer and is string",
        ),
        (
            json!({"type": "integer"}),
            json!({"type": "number"}),
            "f: the type was integer and is number",
            "f: the type was number and is integer",
        ),
        (
            json!({"type": "string"}),
            json!({"type": ["string", "integer"]}),
            "f: the type was string and is integer or string",
            "f: the type was integer or string",
        ),
        (
            json!({"type": "string"}),
            json!(true),
            "f: the type was string and is anything",
            "f: the type was anything and is string",
        ),
        (
            json!({"type": "string"}),
            json!({"type": "array", "items": {"type": "string"}}),
            "f: the type was string and is array",
            "f: the type was array and is string",
        ),
    ]);
}

#[test]
fn null_neither_comes_nor_goes_however_it_is_written() {
    let root = |field: Value| {
        let mut root = message(&field, true);
        root["$defs"] = json!({"Actor": {"type": "object"}});
        root
    };
    let actor = || json!({"$ref": "#/$defs/Actor"});
    hold(&[
        (
            root(json!({"type": "string"})),
            root(json!({"type": ["string", "null"]})),
            "f: null was not possible and is now",
            "f: null was possible and is not",
        ),
        (
            root(actor()),
            root(json!({"anyOf": [actor(), {"type": "null"}]})),
            "f: null was not possible",
            "f: null was possible",
        ),
        (
            root(json!({"enum": ["a"]})),
            root(json!({"enum": ["a", null]})),
            "f: null was not possible",
            "f: null was possible",
        ),
        (
            root(json!({"type": ["object", "null"]})),
            root(json!({"anyOf": [actor(), {"type": "null"}]})),
            "",
            "",
        ),
    ]);
}

#[test]
fn variants_are_told_apart_by_what_names_them() {
    let variant = |name: &str, of: Value| json!({"type": "object", "properties": {name: of}, "required": [name], "additionalProperties": false});
    let (text, number) = (json!({"type": "string"}), json!({"type": "number"}));
    let either = |more: &[Value]| {
        let mut all = vec![variant("ok", text.clone()), variant("error", text.clone())];
        all.extend_from_slice(more);
        json!({"oneOf": all})
    };
    let turned = json!({"oneOf": [variant("error", text.clone()), variant("ok", text.clone())]});
    let changed = json!({"oneOf": [variant("ok", text.clone()), variant("error", number.clone())]});
    let tagged = |kinds: &[&str]| json!({"oneOf": kinds.iter().map(|kind| json!({"type": "object", "properties": {"kind": {"const": kind}}, "required": ["kind", "x"]})).collect::<Vec<_>>()});
    hold_for_field(&[
        (either(&[]), turned, "", ""),
        (
            either(&[]),
            either(&[variant("late", text.clone())]),
            "f: the variant late was added",
            "f: the variant late is gone",
        ),
        (
            either(&[]),
            changed,
            "f.error: the type was string and is number",
            "f.error: the type was number and is string",
        ),
        (
            either(&[]),
            text.clone(),
            "f: the type was one of several shapes and is string",
            "f: the type was string and is one of several shapes",
        ),
        (
            tagged(&["a", "b"]),
            tagged(&["a", "b", "c"]),
            "f: the variant kind \"c\" was added",
            "f: the variant kind \"c\" is gone",
        ),
    ]);
}

#[test]
fn elements_of_lists_are_compared_and_named() {
    let list = |of: &str| json!({"type": "array", "items": {"type": of}});
    hold_for_field(&[
        (
            list("string"),
            list("integer"),
            "f[]: the type was string and is integer",
            "f[]: the type was integer and is string",
        ),
        (
            list("string"),
            json!({"type": "array"}),
            "f[]: the type was string and is anything",
            "f[]: the type was anything and is string",
        ),
    ]);
}

#[test]
fn a_shape_that_contains_itself_is_compared_to_its_end() {
    let tree = |leaf: &str| {
        json!({"$ref": "#/$defs/Node", "$defs": {"Node": {"type": "object", "properties": {
            "value": {"type": leaf}, "children": {"type": "array", "items": {"$ref": "#/$defs/Node"}}}}}})
    };
    assert!(breaches(&tree("string"), &tree("string")).is_empty());
    let found = breaches(&tree("string"), &tree("number"));
    assert!(found[0].starts_with("value: the type"), "{found:?}");
    let chain = |value: &str| {
        json!({"$ref": "#/$defs/Node", "$defs": {"Node": {"type": "object", "properties": {
            "value": {"type": value}, "next": {"anyOf": [{"$ref": "#/$defs/Node"}, {"type": "null"}]}}}}})
    };
    assert!(breaches(&chain("string"), &chain("string")).is_empty());
    let found = breaches(&chain("string"), &chain("number"));
    assert!(found[0].starts_with("value: the type"), "{found:?}");
}

#[test]
fn a_change_behind_a_reference_is_found_where_it_shows() {
    let message = |of: &str| {
        json!({"type": "object", "properties": {"by": {"$ref": "#/$defs/Actor", "description": "Who."}},
            "$defs": {"Actor": {"type": "object", "properties": {"id": {"type": of}}}}})
    };
    let found = breaches(&message("string"), &message("integer"));
    assert!(found[0].starts_with("by.id: the type"), "{found:?}");
    let renamed = json!({"type": "object", "properties": {"by": {"$ref": "#/$defs/Person"}},
        "$defs": {"Person": {"type": "object", "properties": {"id": {"type": "string"}}}}});
    assert!(
        breaches(&message("string"), &renamed).is_empty(),
        "the name of a definition is not on the wire"
    );
}
