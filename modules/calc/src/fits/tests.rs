use super::*;
use crate::declaration::declared;
use serde_json::Value;

const VALUES: &[&str] = &[
    "null",
    "true",
    "1",
    "2.5",
    "-1",
    "0",
    "1e300",
    "3.0",
    "\"a\"",
    "\"Inf\"",
    "\"NaN\"",
    "[]",
    "[1]",
    "[1,2]",
    "[1,null]",
    "[null]",
    "[ 1 , 2 ]",
    "[1,[2]]",
    "[1,\"NaN\"]",
    "[1,\"x\"]",
    "[2.5,-1]",
    "[true,null]",
    "[true,1]",
    "[\"a\",\"b\"]",
    "[\"a\",null]",
    "{}",
    "{\"$frame\":{\"a\":[1]}}",
    "[[1,2],[3,4]]",
    "[[1,\"Inf\"],[null,4]]",
    "[[1],[true]]",
    "[[1],2]",
    "[{}]",
    "\"b\"",
    "\"\"",
    "\"2026-01-31\"",
    "\"2026-02-30\"",
    "[\"2026-01-31\",null]",
    "[\"2026-01-31\",\"31.1.2026\"]",
    "\"2026-01-31T08:00:00Z\"",
    "\"2026-01-31T08:00:00.25+01:00\"",
    "\"2026-01-31T08:00:00\"",
    "\"2026-02-29T08:00:00Z\"",
    "[\"2026-01-31T24:00:00Z\"]",
];

const SHAPES: &[&str] = &[
    "any",
    "numeric",
    "numeric(1)",
    "numeric(2)",
    "numeric(1..2)",
    "numeric(0)",
    "numeric(2..)",
    "numeric, >=0",
    "numeric, >0, <=2",
    "numeric, no missing",
    "numeric, null",
    "integer",
    "integer(1), <3",
    "logical",
    "logical(1), null",
    "character",
    "character(1), one of a|b",
    "character, one of a|b",
    "character(1), one of a|b, null",
    "character(2..)",
    "Date",
    "Date(1)",
    "Date(1..2), null",
    "Date, no missing",
    "POSIXct",
    "POSIXct(1), null",
    "factor",
    "factor, one of a|b",
    "factor(1), no missing",
    "data.frame",
    "data.frame, null",
    "matrix",
    "matrix, null",
    "list",
];

#[test]
fn the_quick_check_says_the_same_as_a_validator_with_the_schema() {
    for text in SHAPES {
        let shape = declared(&format!("[{text}]")).unwrap().0.unwrap();
        let schema = Value::Object(shape.schema());
        let validator = jsonschema::draft202012::options()
            .should_validate_formats(true)
            .build(&schema)
            .unwrap();
        for value in VALUES {
            let mut bad = Vec::new();
            check(&shape, "/x", value.as_bytes(), &mut bad);
            let valid = validator.is_valid(&serde_json::from_str(value).unwrap());
            assert_eq!(
                bad.is_empty(),
                valid,
                "{value} for [{text}], {schema}: {bad:?}"
            );
        }
    }
}

#[test]
fn a_fault_names_its_place_and_what_is_wanted() {
    let shape = declared("[numeric(1..3), >=0, no missing]")
        .unwrap()
        .0
        .unwrap();
    let mut bad = Vec::new();
    check(&shape, "/a~1b", b"[1,-1,null,\"x\"]", &mut bad);
    let told: Vec<(&str, &str)> = bad
        .iter()
        .map(|one| (one.pointer.as_str(), one.detail.as_str()))
        .collect();
    assert_eq!(
        told,
        [
            ("/a~1b/1", "must be at least 0"),
            ("/a~1b/2", "must not be missing"),
            ("/a~1b/3", "must be a number"),
            ("/a~1b", "must hold 1 to 3 values, holds 4")
        ]
    );
}

#[test]
fn what_is_no_declaration_is_text_and_what_is_half_of_one_is_refused() {
    assert!(declared("[see here] text").is_none());
    assert!(declared("Numbers").is_none());
    assert_eq!(declared("[numeric] Numbers").unwrap().1, "Numbers");
    for wrong in [
        "[data.frame(a = b)]",
        "[data.frame(a = Date), wide]",
        "[numeric, >=x]",
        "[numeric(a)]",
        "[numeric, positive]",
    ] {
        assert!(declared(wrong).unwrap().0.is_err(), "{wrong}");
    }
}
