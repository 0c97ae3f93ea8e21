use crate::support::Engine;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

const SCRIPT: &str = r#"
endless <- function() {
  emit("slope", c(1.5, NA))
  emit("table", data.frame(a = 1:2, b = c("x", "y")))
  emit("slope", c(2.5, 1 / 3))
  while (TRUE) {}
}
short <- function(n = 3) {
  for (i in seq_len(n)) emit(paste0("step-", i), i)
  "done"
}
wide <- function() emit("all", seq_len(1e5))
code <- function() emit("model", list(1, list(fit = y ~ x)))
stops <- function() { emit("first", 1); stop("after that") }
"#;

async fn engine() -> Engine {
    let engine = Engine::start().await;
    assert_eq!(engine.publish("p", SCRIPT).await.status, 200);
    engine
}

async fn begin(engine: &Engine, function: &str) -> String {
    let request = engine
        .request("POST", &format!("/r/p/{function}"))
        .header("prefer", "respond-async")
        .header("content-type", "application/json")
        .body("{}");
    let asked = engine.send(request).await;
    assert_eq!(asked.status, 202, "{}", asked.text);
    format!("/calls/{}", asked.json()["id"].as_str().unwrap())
}

/// The call, once it is as wanted.
async fn until(engine: &Engine, path: &str, wanted: impl Fn(&Value) -> bool) -> Value {
    let end = Instant::now() + Duration::from_secs(20);
    loop {
        let call = engine.get(path).await.json();
        if wanted(&call) {
            return call;
        }
        assert!(Instant::now() < end, "it stays as it is: {call}");
    }
}

fn told() -> Value {
    json!([
        { "name": "table", "value": { "a": [1, 2], "b": ["x", "y"] } },
        { "name": "slope", "value": [2.5, 1.0 / 3.0] },
    ])
}

#[tokio::test]
async fn what_a_call_has_already_is_told_while_it_runs_and_stays_when_it_is_cancelled() {
    let mut engine = engine().await;
    let path = begin(&engine, "endless").await;
    let running = until(&engine, &path, |call| call["partial"] == told()).await;
    assert_eq!(running["state"], "running");
    let key = running["computation_key"].as_str().unwrap().to_owned();
    assert_eq!(running["result_key"], Value::Null);

    let listed = engine.get("/calls?state=running").await.json();
    assert_eq!(listed[0]["computation_key"], key);
    assert_eq!(
        engine.send(engine.request("DELETE", &path)).await.status,
        202
    );
    let ended = until(&engine, &path, |call| call["state"] == "cancelled").await;
    assert_eq!(ended["partial"], told());
    engine.restart().await;
    let kept = engine.get(&path).await.json();
    assert_eq!(
        (&kept["state"], &kept["partial"]),
        (&json!("cancelled"), &told())
    );
}

#[tokio::test]
async fn a_call_that_fails_keeps_what_it_told_and_one_that_succeeds_its_value() {
    let engine = engine().await;
    let failing = begin(&engine, "stops").await;
    let failed = until(&engine, &failing, |call| call["state"] == "failed").await;
    assert_eq!(failed["partial"], json!([{ "name": "first", "value": 1 }]));
    let path = begin(&engine, "short").await;
    let done = until(&engine, &path, |call| call["state"] == "succeeded").await;
    assert_eq!(
        (&done["envelope"]["value"], &done["partial"]),
        (&json!("done"), &json!([]))
    );
    assert_eq!(
        done["computation_key"],
        done["envelope"]["call"]["computation_key"]
    );
}

#[tokio::test]
async fn of_many_partial_results_the_latest_are_kept() {
    let engine = engine().await;
    let source =
        r#"many <- function() { for (i in 1:40) emit(paste0("n-", i), i); stop("enough") }"#;
    assert_eq!(engine.publish("p", source).await.status, 200);
    let path = begin(&engine, "many").await;
    let failed = until(&engine, &path, |call| call["state"] == "failed").await;
    let names: Vec<_> = failed["partial"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["name"].clone())
        .collect();
    let expected: Vec<Value> = (9..=40)
        .map(|number| json!(format!("n-{number}")))
        .collect();
    assert_eq!(names, expected);
}

#[tokio::test]
async fn a_value_that_cannot_be_told_stops_the_function_with_the_reason() {
    let engine = engine().await;
    let wide = engine.call("p/wide", "{}").await.text;
    assert!(wide.contains("a partial result may have 256"), "{wide}");
    let code = engine.call("p/code", "{}").await.json()["detail"].to_string();
    assert!(
        code.contains("emit(\\\"model\\\")") && code.contains("/1/fit"),
        "{code}"
    );
}
