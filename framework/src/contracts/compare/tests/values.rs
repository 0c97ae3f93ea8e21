//! What a field may hold: values, bounds, formats, words.

use serde_json::{Value, json};

use super::{compare, hold_for_field};

#[test]
fn a_list_of_values_neither_grows_nor_shrinks() {
    let documented = json!({"oneOf": [{"type": "string", "const": "a", "description": "A."}, {"type": "string", "const": "b"}]});
    hold_for_field(&[
        (
            json!({"enum": ["a"]}),
            json!({"enum": ["a", "b"]}),
            "f: the value \"b\" was added",
            "f: the value \"b\" is gone",
        ),
        (
            json!({"type": "string", "enum": ["a", "b"]}),
            documented.clone(),
            "",
            "",
        ),
        (
            json!({"type": "string"}),
            documented,
            "f: the value could be any",
            "f: the value was one of a list",
        ),
        (json!({"const": "a"}), json!({"enum": ["a"]}), "", ""),
    ]);
}

#[test]
fn bounds_and_formats_neither_tighten_nor_loosen() {
    let bound = |keyword: &str, value: Value| json!({"type": "number", keyword: value});
    for keyword in [
        "minimum",
        "exclusiveMinimum",
        "minLength",
        "minItems",
        "minProperties",
    ] {
        let (narrow, wide) = (
            format!("f: {keyword} was 1 and is 2: the new code"),
            format!("f: {keyword} was 2 and is 1: code that knows"),
        );
        hold_for_field(&[(
            bound(keyword, json!(1)),
            bound(keyword, json!(2)),
            &narrow,
            &wide,
        )]);
    }
    for keyword in [
        "maximum",
        "exclusiveMaximum",
        "maxLength",
        "maxItems",
        "maxProperties",
    ] {
        let (wide, narrow) = (
            format!("f: {keyword} was 1 and is 2: code that knows"),
            format!("f: {keyword} was 2 and is 1: the new code"),
        );
        hold_for_field(&[(
            bound(keyword, json!(1)),
            bound(keyword, json!(2)),
            &wide,
            &narrow,
        )]);
    }
    let text = json!({"type": "string"});
    hold_for_field(&[
        (
            text.clone(),
            json!({"type": "string", "format": "date-time"}),
            "f: format was not set and is \"date-time\": the new code",
            "f: format was \"date-time\" and is not set: code that knows",
        ),
        (
            text.clone(),
            json!({"type": "string", "maxLength": 5}),
            "f: maxLength was not set and is 5: the new code",
            "f: maxLength was 5 and is not set: code that knows",
        ),
        (
            text,
            json!({"type": "string", "pattern": "^a"}),
            "f: pattern was not set",
            "f: pattern was \"^a\"",
        ),
        (
            json!({"type": "integer", "format": "uint32"}),
            json!({"type": "integer", "format": "uint64"}),
            "f: format was \"uint32\" and is \"uint64\": neither",
            "f: format was \"uint64\" and is \"uint32\": neither",
        ),
    ]);
}

#[test]
fn words_may_change_and_a_default_may_not() {
    let said = |words: &str| json!({"type": "string", "description": words, "title": words, "examples": [words]});
    let otherwise = |value: u8| json!({"type": "integer", "default": value});
    hold_for_field(&[
        (said("one"), said("two"), "", ""),
        (
            otherwise(1),
            otherwise(2),
            "f: default was 1 and is 2",
            "f: default was 2 and is 1",
        ),
    ]);
    let chosen = |value: &str| json!({"enum": ["a", "b"], "default": value});
    hold_for_field(&[(
        chosen("a"),
        chosen("b"),
        "f: default was \"a\" and is \"b\"",
        "f: default was \"b\" and is \"a\"",
    )]);
    let comparison = compare(&said("one"), &said("two"));
    assert!(
        !comparison.same,
        "what was kept is no longer what the code says"
    );
}

#[test]
fn a_keyword_that_the_comparison_does_not_know_may_not_change() {
    let strange = |value: u8| json!({"type": "string", "strange": value});
    hold_for_field(&[(
        strange(1),
        strange(2),
        "f: strange was 1 and is 2: neither",
        "f: strange was 2 and is 1: neither",
    )]);
}
