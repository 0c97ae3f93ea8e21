//! What a script tells of its functions, and how calls are held against it before R is asked.

use crate::support::{Answer, Engine};
use serde_json::{Value, json};

const SCRIPT: &str = r#"
# Doses of a batch.

#' Dose per volume.
#'
#' Divides; nothing else.
#' @param mass [numeric(1..100000), >=0, no missing, unit mg] Masses.
#' @param volume [numeric(1), >0, unit L] Volume.
#' @param method How.
#' @param note [character(1)] A note.
#' @return [list(dose = numeric)] Doses.
#' @examples dose(c(1, 2), 2)
#' @cache pure
#' @export
dose <- function(mass, volume = 1, method = c("plain", "log"), note = NULL, ...) {
  method <- match.arg(method)
  x <- mass / volume
  list(dose = if (method == "log") log(x) else x)
}

#' @export
optional <- function(x, y) if (missing(y)) x else x + y

#' Not for others.
helper <- function(x) x
"#;

fn faults(answer: &Answer) -> Vec<(String, String)> {
    assert_eq!(
        (answer.status, answer.problem().as_str()),
        (422, "invalid-arguments"),
        "{}",
        answer.text
    );
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let errors = answer.json()["errors"].as_array().unwrap().clone();
    errors
        .iter()
        .map(|one| (text(&one["pointer"]), text(&one["detail"])))
        .collect()
}

#[tokio::test]
async fn roxygen_and_defaults_become_schemas_that_calls_are_held_against() {
    let engine = Engine::start().await;
    let published = engine.publish("d", SCRIPT).await.json();
    let names: Vec<_> = published["functions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["name"])
        .collect();
    assert_eq!(names, [&json!("dose"), &json!("optional")]);
    let dose = &published["functions"][0];
    assert_eq!(published["title"], "Doses of a batch.");
    assert_eq!(
        (&dose["title"], &dose["description"], &dose["cache"]),
        (
            &json!("Dose per volume."),
            &json!("Divides; nothing else."),
            &json!("pure")
        )
    );
    let properties = &dose["schema"]["properties"];
    assert_eq!(properties["mass"]["maxItems"], 100_000);
    assert_eq!(properties["method"]["enum"], json!(["plain", "log"]));
    assert_eq!(properties["note"]["type"], json!(["string", "null"]));
    assert_eq!(
        dose["returns"]["properties"]["dose"]["type"],
        json!(["number", "string", "array"])
    );
    assert_eq!(dose["examples"], json!(["dose(c(1, 2), 2)"]));

    assert_eq!(
        engine
            .call("d/dose", r#"{"mass":[1,4],"volume":2}"#)
            .await
            .value(),
        json!({ "dose": [0.5, 2] })
    );
    assert_eq!(
        engine.call("d/optional", r#"{"x":1}"#).await.value(),
        json!(1)
    );
    let answer = engine
        .call(
            "d/dose",
            r#"{"mass":[1,-4,null],"volume":0,"method":"root","note":7}"#,
        )
        .await;
    let pair = |pointer: &str, detail: &str| (pointer.to_owned(), detail.to_owned());
    assert_eq!(
        faults(&answer),
        [
            pair("/mass/1", "must be at least 0"),
            pair("/mass/2", "must not be missing"),
            pair("/volume", "must be more than 0"),
            pair("/method", "must be one of plain, log"),
            pair("/note", "must be a text")
        ]
    );
    let referred = engine.call("d/optional", r#"{"x":"a"}"#).await.json();
    let key = referred["call"]["result_key"].as_str().unwrap();
    let answer = engine
        .call("d/dose", json!({ "mass": { "$result": key } }).to_string())
        .await;
    assert_eq!(faults(&answer), [pair("/mass", "must be a number")]);
}

#[tokio::test]
async fn a_source_that_r_cannot_take_is_refused_with_its_line() {
    let engine = Engine::start().await;
    for (source, line) in [
        ("f <- function(x) x\ng <- function(", 3),
        ("f <- 1\n\nstop('no')", 3),
        ("\nf <- function(x) x )", 2),
    ] {
        let refused = engine.publish("broken", source).await;
        assert_eq!(
            (refused.status, refused.problem().as_str()),
            (422, "r-error"),
            "{}",
            refused.text
        );
        assert_eq!(
            refused.json()["line"],
            json!(line),
            "{source}: {}",
            refused.text
        );
    }
    let unclear = engine
        .publish(
            "broken",
            "#' @param x [numeric, positive] Values.\nf <- function(x) x",
        )
        .await;
    assert!(
        faults(&unclear)[0].1.contains("positive"),
        "{}",
        unclear.text
    );
}

#[tokio::test]
async fn a_version_is_an_openapi_document() {
    let engine = Engine::start().await;
    let published = engine.publish("d", SCRIPT).await.json();
    let version = published["version"].as_str().unwrap();
    let document = engine
        .get(&format!("/scripts/d/versions/{version}/openapi.json"))
        .await
        .json();
    assert_eq!(document["openapi"], "3.1.0");
    let call = &document["paths"][format!("/api/calc/r/d@{version}/dose")]["post"];
    let request = &call["requestBody"]["content"]["application/json"]["schema"];
    let schema = json!({ "allOf": [request], "components": document["components"] });
    let validator = jsonschema::draft202012::new(&schema).unwrap();
    assert!(validator.is_valid(&json!({ "mass": [1, 2], "volume": 2 })));
    assert!(validator.is_valid(&json!({ "mass": { "$result": "ab", "path": "/x" } })));
    assert!(!validator.is_valid(&json!({ "mass": [-1] })));
    assert!(!validator.is_valid(&json!({ "volume": 1 })));
}

#[tokio::test]
async fn the_name_of_a_module_is_its_own() {
    let engine = Engine::start_validated().await;
    let asker = crate::bus::Asker::beside(&engine).await;
    asker.publish_steps().await;
    let refused = engine.publish("steps", "f <- function(x) x").await;
    assert_eq!(refused.status, 409, "{}", refused.text);
    let shown = engine.get("/scripts/steps").await.json();
    assert_eq!(
        (&shown["brought_by"], &shown["versions"][0]["state"]),
        (&json!("asker"), &json!("effective"))
    );
    let path = format!(
        "/scripts/steps/versions/{}/state",
        shown["effective"].as_str().unwrap()
    );
    let step = engine
        .request("POST", &path)
        .json(&json!({ "state": "retired", "reason": "old" }));
    assert_eq!(engine.send(step).await.status, 409);
}
