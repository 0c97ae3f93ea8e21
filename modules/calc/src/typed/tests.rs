use super::*;
use crate::functions::{from_text, publish};
use crate::keys::Computation;

/// A function of one argument that is declared so.
fn function(declared: &str) -> Function {
    let doc = format!("@param x {declared} Values.");
    let described = json!([{ "name": "f", "doc": doc,
        "args": [{ "name": "x", "required": true, "default": null, "type": "any" }] }]);
    publish(serde_json::from_value(described).unwrap())
        .unwrap()
        .remove(0)
}

/// What goes on of a value, or its faults.
fn given(declared: &str, json: &str) -> Result<String, Vec<(String, String)>> {
    let mut values = vec![("x".to_owned(), Bytes::copy_from_slice(json.as_bytes()))];
    let mut bad = Vec::new();
    settle(&function(declared), &mut values, &mut bad);
    if bad.is_empty() {
        return Ok(String::from_utf8(values.remove(0).1.to_vec()).unwrap());
    }
    let pair = |one: BadArgument| (one.pointer, one.detail);
    Err(bad.into_iter().map(pair).collect())
}

#[test]
fn a_declared_value_has_one_form_however_it_was_written() {
    let day = r#"{"$date":["2026-01-31"]}"#;
    for json in [
        r#""2026-01-31""#,
        r#"["2026-01-31"]"#,
        day,
        r#"{"$date": "2026-01-31"}"#,
    ] {
        assert_eq!(given("[Date]", json).unwrap(), day, "{json}");
    }
    let instants = r#"{"$instant":["2026-01-31T07:00:00Z",null]}"#;
    for json in [
        r#"["2026-01-31T08:00:00+01:00", null]"#,
        r#"["2026-01-31T07:00:00.000Z",null]"#,
        r#"{"$instant":["2026-01-31T07:00:00Z",null]}"#,
    ] {
        assert_eq!(given("[POSIXct]", json).unwrap(), instants, "{json}");
    }
    for (declared, json, written) in [
        (
            "[factor]",
            r#"["b","a",null]"#,
            r#"{"$factor":["b","a",null],"levels":["a","b"]}"#,
        ),
        (
            "[factor, one of low|high]",
            r#""high""#,
            r#"{"$factor":["high"],"levels":["low","high"]}"#,
        ),
        (
            "[factor]",
            r#"{"$factor":["b"],"levels":["b","a"]}"#,
            r#"{"$factor":["b"],"levels":["b","a"]}"#,
        ),
        ("[Date, null]", "null", "null"),
        ("[Date]", "[]", r#"{"$date":[]}"#),
        // Who declares texts gets texts, and who declares nothing what was marked.
        (
            "[character]",
            r#"{"$instant":"2026-01-31T08:00:00+01:00"}"#,
            r#""2026-01-31T07:00:00Z""#,
        ),
        (
            "[character]",
            r#"{"$factor":["b"],"levels":["a","b"]}"#,
            r#"["b"]"#,
        ),
        ("[any]", r#"{"$date":"2026-01-31"}"#, day),
    ] {
        assert_eq!(
            given(declared, json).unwrap(),
            written,
            "{json} for {declared}"
        );
    }
}

#[test]
fn everything_else_keeps_every_byte() {
    for (declared, json) in [
        ("[numeric]", "[1, 2.50]"),
        ("[character]", r#""2026-01-31""#),
        ("[any]", r#""2026-01-31T08:00:00+01:00""#),
        ("[list]", r#"{ "a" : {"$date": "2026-01-31"}}"#),
        (
            "[data.frame]",
            r#"{"$frame": {"day": {"$date": ["2026-01-31"]}}}"#,
        ),
        ("[numeric]", r#"{"$date":"2026-01-31"}"#),
    ] {
        let given = given(declared, json);
        if declared == "[numeric]" && json.starts_with('{') {
            let told = given.unwrap_err();
            assert_eq!(told, [("/x".into(), "must be a number".into())]);
        } else {
            assert_eq!(given.unwrap(), json);
        }
    }
}

#[test]
fn what_does_not_fit_is_said_at_its_place() {
    for (declared, json, at, why) in [
        (
            "[Date]",
            r#"["2026-01-31","2026-02-30"]"#,
            "/x/1",
            "is no day of the calendar: 2026-02 has 28 days",
        ),
        (
            "[Date]",
            r#"{"$date":["2026-02-30"]}"#,
            "/x/$date/0",
            "is no day of the calendar: 2026-02 has 28 days",
        ),
        ("[Date]", "3", "/x", "must be a date such as 2026-01-31"),
        (
            "[Date]",
            "null",
            "/x",
            "must be a date such as 2026-01-31, not null",
        ),
        (
            "[Date, no missing]",
            "[null]",
            "/x/0",
            "must not be missing",
        ),
        (
            "[Date(2)]",
            r#"["2026-01-31"]"#,
            "/x",
            "must hold 2 values, holds 1",
        ),
        (
            "[Date]",
            r#"{"$instant":"2026-01-31T08:00:00Z"}"#,
            "/x",
            "must be a date such as 2026-01-31",
        ),
        (
            "[POSIXct]",
            r#""2026-01-31T08:00:00""#,
            "/x",
            "has no offset from UTC: end it with Z for UTC, or with the offset of the place, such as +01:00",
        ),
        (
            "[factor, one of a|b]",
            r#""c""#,
            "/x",
            "must be one of a, b",
        ),
        (
            "[factor]",
            r#"{"$factor":["c"],"levels":["a","b"]}"#,
            "/x/$factor/0",
            "must be one of a, b",
        ),
        (
            "[factor]",
            r#"{"$factor":["a"],"levels":["a","a"]}"#,
            "/x",
            "has a level twice",
        ),
        (
            "[any]",
            r#"{"$date":"2026-02-30"}"#,
            "/x/$date",
            "is no day of the calendar: 2026-02 has 28 days",
        ),
        (
            "[any]",
            r#"{"$date":[],"$instant":[]}"#,
            "/x",
            "has two marks: give $date, $instant or $factor",
        ),
    ] {
        let told = given(declared, json).unwrap_err();
        assert_eq!(
            told,
            [(at.to_owned(), why.to_owned())],
            "{json} for {declared}"
        );
    }
}

#[test]
fn equal_instants_have_one_key_which_never_changes() {
    let key = |declared: &str, json: &str| {
        let text = given(declared, json).unwrap();
        let mut computation = Computation::of("v1", "f", "{}");
        computation.argument("x", text.as_bytes());
        computation.finish().key
    };
    let utc = key("[POSIXct]", r#""2026-01-31T07:00:00Z""#);
    assert_eq!(
        utc,
        key("[POSIXct]", r#"[ "2026-01-31T08:00:00.000+01:00" ]"#)
    );
    assert_ne!(utc, key("[POSIXct]", r#""2026-01-31T08:00:00Z""#));
    assert_ne!(utc, key("[character]", r#""2026-01-31T07:00:00Z""#));
    assert_eq!(
        utc,
        "ec37def3f8a99f739b9ff0351d9ef60b3744988ef4371241478ffff6c0530c72"
    );
}

#[test]
fn a_function_that_was_published_before_arguments_were_checked_takes_marked_ones() {
    let old = r#"[{"name":"f","args":[{"name":"x","required":true,"default":null,"type":"any"}],"doc":""}]"#;
    let function = from_text(old).unwrap().remove(0);
    let mut values = vec![(
        "x".to_owned(),
        Bytes::from_static(br#"{"$date":"2026-01-31"}"#),
    )];
    settle(&function, &mut values, &mut Vec::new());
    assert_eq!(values[0].1, r#"{"$date":["2026-01-31"]}"#);
}

#[test]
fn the_declared_columns_of_a_frame_are_what_they_are_declared_to_be() {
    let declared = "[data.frame(day = Date, lot = factor, dose = numeric), null]";
    let given = |json: &str| given(declared, json);
    assert_eq!(
        given(r#"{"$frame":{"day":["2026-01-31",null],"lot":["b","a"],"dose":[1, 2.50],"more":["x", "y"]},"status":{"n":1}}"#).unwrap(),
        r#"{"$frame":{"day":{"$date":["2026-01-31",null]},"lot":{"$factor":["b","a"],"levels":["a","b"]},"dose":[1, 2.50],"more":["x", "y"]},"status":{"n":1}}"#
    );
    assert_eq!(given("null").unwrap(), "null");
    let told = given(r#"{"$frame":{"day":["2026-01-31","31.1."],"dose":["x", 1]}}"#).unwrap_err();
    let pair = |at: &str, why: &str| (at.to_owned(), why.to_owned());
    assert_eq!(
        told,
        [
            pair("/x/$frame", "has no column lot"),
            pair("/x/$frame/day/1", "must be a date such as 2026-01-31"),
            pair("/x/$frame/dose/0", "must be a number"),
        ]
    );
    let schema = &function(declared).args[0].schema;
    assert_eq!(
        schema["properties"]["$frame"]["required"],
        json!(["day", "lot", "dose"])
    );
    assert_eq!(
        schema["properties"]["$frame"]["properties"]["day"]["format"],
        "date"
    );
}
