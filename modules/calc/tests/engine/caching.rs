//! Answers from the store, calls that go on by themselves, where results come from, and plots.

use crate::support::{Answer, Engine};
use futures_util::future::join_all;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

const SCRIPT: &str = r#"
#' @cache pure
stamp <- function(x) { Sys.sleep(0.2); as.numeric(Sys.time()) + x }
#' @cache pure
warns <- function(x) { warning("careful"); x }
#' @cache seeded
random <- function() runif(2)
twice <- function(x) 2 * x
steps <- function(n) { for (i in 1:n) { progress(i / n, paste("step", i)); Sys.sleep(0.05) }; n }
fails <- function() stop("no good")
picture <- function(x) { plot(x, main = "One"); hist(x); length(x) }
"#;

async fn engine() -> Engine {
    let engine = Engine::start().await;
    assert_eq!(engine.publish("c", SCRIPT).await.status, 200);
    engine
}

fn cache_status(answer: &Answer) -> String {
    let header = answer.headers.get("cache-status");
    header
        .map(|text| text.to_str().unwrap().to_owned())
        .unwrap_or_default()
}

async fn with(engine: &Engine, header: (&str, &str), function: &str, body: &str) -> Answer {
    let request = engine.request("POST", &format!("/r/{function}"));
    engine
        .send(request.header(header.0, header.1).body(body.to_owned()))
        .await
}

/// Waits until a call has come to its end.
async fn done(engine: &Engine, location: &str) -> Value {
    let path = location.strip_prefix("/api/calc").unwrap();
    let until = Instant::now() + Duration::from_secs(30);
    loop {
        let call = engine.get(path).await;
        assert_eq!(call.status, 200, "{}", call.text);
        let call = call.json();
        if !["queued", "running"].contains(&call["state"].as_str().unwrap()) {
            return call;
        }
        assert!(Instant::now() < until, "the call never ended: {call}");
    }
}

#[tokio::test]
async fn equal_calls_at_the_same_time_are_calculated_once_and_say_so() {
    let engine = engine().await;
    let answers = join_all((0..6).map(|_| engine.call("c/stamp", r#"{"x":1}"#))).await;
    let values: Vec<Value> = answers.iter().map(Answer::value).collect();
    assert!(values.iter().all(|value| *value == values[0]), "{values:?}");
    let statuses: Vec<String> = answers.iter().map(cache_status).collect();
    let with = |word: &str| {
        statuses
            .iter()
            .filter(|status| status.contains(word))
            .count()
    };
    assert_eq!(
        (with("; fwd=miss; stored; key="), with("; hit; key=")),
        (1, 5),
        "{statuses:?}"
    );
    let hit = answers
        .iter()
        .find(|answer| cache_status(answer).contains("hit"))
        .unwrap()
        .json();
    for key in ["cached_from", "computed_at", "computed_by"] {
        assert!(hit["call"][key].is_string(), "{key}: {hit}");
    }
    engine.call("c/warns", r#"{"x":1}"#).await;
    let warned = engine.call("c/warns", r#"{"x":1}"#).await.json();
    assert_eq!(
        (&warned["warnings"], &warned["call"]["cached"]),
        (&json!(["careful"]), &json!(true))
    );
    assert_eq!(
        cache_status(&engine.call("c/twice", r#"{"x":1}"#).await),
        "calc; fwd=bypass"
    );
    let first = engine.call("c/random", "").await;
    assert_eq!(first.value(), engine.call("c/random", "").await.value());
}

#[tokio::test]
async fn a_forced_computation_that_gives_another_value_is_a_deviation() {
    let engine = engine().await;
    let mut asker = crate::bus::Asker::beside(&engine).await;
    let no_cache = ("cache-control", "no-cache");
    engine.call("c/warns", r#"{"x":1}"#).await;
    let again = with(&engine, no_cache, "c/warns", r#"{"x":1}"#).await;
    assert!(
        cache_status(&again).contains("fwd=request"),
        "{:?}",
        again.headers
    );
    assert_eq!(again.json()["call"]["deviates_from"], Value::Null);
    let first = engine.call("c/stamp", r#"{"x":1}"#).await.json();
    let again = with(&engine, no_cache, "c/stamp", r#"{"x":1}"#)
        .await
        .json();
    assert_eq!(again["call"]["deviates_from"], first["call"]["result_key"]);
    let told = asker.deviation().await;
    assert_eq!(
        (json!(told.before_key), json!(told.call_id)),
        (
            first["call"]["result_key"].clone(),
            again["call"]["id"].clone()
        )
    );
    // What gave two values is calculated each time from now on.
    let third = engine.call("c/stamp", r#"{"x":1}"#).await;
    assert!(
        cache_status(&third).contains("fwd=miss"),
        "{:?}",
        third.headers
    );
}

#[tokio::test]
async fn a_call_goes_on_by_itself_and_its_address_tells_how_far_it_is() {
    let engine = engine().await;
    let asked = with(
        &engine,
        ("prefer", "respond-async"),
        "c/steps",
        r#"{"n":20}"#,
    )
    .await;
    assert_eq!(
        (asked.status, &asked.headers["preference-applied"]),
        (202, &"respond-async".parse().unwrap())
    );
    let location = asked.headers["location"].to_str().unwrap().to_owned();
    let path = location.strip_prefix("/api/calc").unwrap();
    let until = Instant::now() + Duration::from_secs(20);
    let mut progress = Value::Null;
    while progress.is_null() {
        let call = engine.get(path).await.json();
        assert!(
            call["state"] != "succeeded" && Instant::now() < until,
            "no progress was seen: {call}"
        );
        progress = call["progress"].clone();
    }
    assert!(
        progress["text"].as_str().unwrap().starts_with("step"),
        "{progress}"
    );
    let running = engine.get("/calls?state=running&mine=true").await.json();
    assert_eq!(running[0]["id"], asked.json()["id"]);
    let call = done(&engine, &location).await;
    assert_eq!(
        (&call["state"], &call["envelope"]["value"]),
        (&json!("succeeded"), &json!(20))
    );
    assert_eq!(
        call["asked_by"],
        json!({ "id": "u-1", "name": "Sam Scientist" })
    );

    let failing = with(&engine, ("prefer", "respond-async"), "c/fails", "").await;
    let call = done(&engine, failing.headers["location"].to_str().unwrap()).await;
    assert_eq!(
        (
            &call["state"],
            &call["failure"]["kind"],
            &call["failure"]["detail"]
        ),
        (&json!("failed"), &json!("r-error"), &json!("no good"))
    );
    let wrong = with(
        &engine,
        ("prefer", "respond-async"),
        "c/twice",
        r#"{"y":1}"#,
    )
    .await;
    let call = done(&engine, wrong.headers["location"].to_str().unwrap()).await;
    assert_eq!(call["failure"]["kind"], "invalid-arguments");
    assert_eq!(engine.get("/calls/nothing").await.status, 404);
}

#[tokio::test]
async fn lineage_leads_from_a_result_to_what_it_was_made_of_and_what_was_made_of_it() {
    let mut engine = engine().await;
    let first = engine.call("c/twice", r#"{"x":21.5}"#).await.json();
    let key = first["call"]["result_key"].as_str().unwrap().to_owned();
    let second = engine
        .call("c/twice", json!({ "x": { "$result": key } }).to_string())
        .await
        .json();
    let made = second["call"]["result_key"].as_str().unwrap().to_owned();
    // A stop writes what is still in the queue.
    engine.restart().await;
    let of_first = engine.get(&format!("/results/{key}/lineage")).await.json();
    assert_eq!(of_first["made_by"][0]["id"], first["call"]["id"]);
    assert_eq!(of_first["used_by"][0]["id"], second["call"]["id"]);
    assert_eq!(of_first["inputs"], json!([]));
    assert_eq!(
        engine.get(&format!("/results/{made}/lineage")).await.json()["inputs"],
        json!([key])
    );
    let call = engine
        .get(&format!(
            "/calls/{}",
            second["call"]["id"].as_str().unwrap()
        ))
        .await
        .json();
    assert_eq!(
        (&call["inputs"], &call["envelope"]["value"]),
        (&json!([key]), &json!(86))
    );
    let listed = engine.get("/calls?state=done&limit=2").await.json();
    let ids: Vec<_> = listed
        .as_array()
        .unwrap()
        .iter()
        .map(|call| &call["id"])
        .collect();
    assert_eq!(ids, [&second["call"]["id"], &first["call"]["id"]]);
    assert_eq!(engine.get("/results/0000/lineage").await.status, 404);
}

#[tokio::test]
async fn what_is_plotted_is_kept_as_svg_beside_the_value() {
    let engine = engine().await;
    let answer = engine.call("c/picture", r#"{"x":[1,2,2,3]}"#).await.json();
    assert_eq!(answer["value"], json!(4));
    let artifacts = answer["artifacts"].as_array().unwrap();
    assert_eq!(artifacts.len(), 2, "{answer}");
    assert_eq!(
        (&artifacts[0]["name"], &artifacts[0]["media_type"]),
        (&json!("plot-1"), &json!("image/svg+xml"))
    );
    let key = artifacts[0]["key"].as_str().unwrap();
    let plot = engine.get(&format!("/artifacts/{key}")).await;
    assert_eq!(
        (plot.status, plot.headers["content-type"].to_str().unwrap()),
        (200, "image/svg+xml")
    );
    assert!(
        plot.text.contains("<svg") && plot.text.contains("One"),
        "{:.300}",
        plot.text
    );
    assert_eq!(
        engine.get(&format!("/results/{key}")).await.problem(),
        "unknown-result"
    );
    let again = engine.call("c/picture", r#"{"x":[1,2,2,3]}"#).await.json();
    assert_eq!(
        again["artifacts"], answer["artifacts"],
        "the same plot is the same bytes"
    );
    assert_eq!(
        engine.call("c/twice", r#"{"x":1}"#).await.json()["artifacts"],
        json!([])
    );
}
