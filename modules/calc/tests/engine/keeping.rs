//! How long results are kept, what is said of those that are not, and how they come back.

use crate::bus::Asker;
use crate::support::{Answer, Engine};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

const SCRIPT: &str = "
#' @cache pure
twice <- function(x) 2 * x
#' @cache pure
stamp <- function(x) as.numeric(Sys.time()) + x
picture <- function(x) { plot(x); 3 * x }
";
/// Nothing that is not retained outlives a start of the engine.
const AT_ONCE: [(&str, &str); 2] = [("keep_hours", "0"), ("session_hours", "1000")];

async fn engine(settings: &[(&str, &str)]) -> Engine {
    let engine = Engine::start_with(settings).await;
    assert_eq!(engine.publish("c", SCRIPT).await.status, 200);
    engine
}

fn key_of(answer: &Answer) -> String {
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json()["call"]["result_key"]
        .as_str()
        .unwrap()
        .to_owned()
}

async fn retain(engine: &Engine, key: &str, reason: &str) -> Answer {
    let request = engine.request_by(
        ("u-2", "Ada Approver"),
        "POST",
        &format!("/results/{key}/retain"),
    );
    engine
        .send(request.json(&json!({ "reason": reason })))
        .await
}

/// Waits until an engine that has started has removed a result.
async fn gone(engine: &Engine, key: &str) -> Answer {
    let since = Instant::now();
    loop {
        let answer = engine.get(&format!("/results/{key}")).await;
        if answer.status == 410 {
            return answer;
        }
        assert!(
            since.elapsed() < Duration::from_secs(30),
            "it is still kept: {}",
            answer.status
        );
    }
}

async fn again(engine: &Engine, key: &str) -> Answer {
    let request = engine.request("POST", &format!("/results/{key}/recomputation"));
    engine.send(request).await
}

#[tokio::test]
async fn a_result_that_was_removed_says_so_and_is_calculated_again_with_the_same_key() {
    let mut engine = engine(&AT_ONCE).await;
    let key = key_of(&engine.call("c/twice", r#"{"x":20.25}"#).await);
    let long = json!({ "x": vec![0.5; 4000] }).to_string();
    let long = key_of(&engine.call("c/twice", long).await);
    engine.restart().await;
    let gone = gone(&engine, &key).await;
    assert_eq!(gone.problem(), "pruned-result");
    assert!(gone.text.contains("/recomputation"), "{}", gone.text);
    let argument = json!({ "x": { "$result": key } }).to_string();
    let refused = engine.call("c/twice", argument.clone()).await;
    assert_eq!(
        (refused.status, refused.problem().as_str()),
        (410, "pruned-result")
    );

    let told = again(&engine, &key).await.json();
    assert_eq!(
        (
            &told["same"],
            &told["same_computation"],
            &told["result_key"]
        ),
        (&json!(true), &json!(true), &json!(key)),
        "{told}"
    );
    assert_eq!(engine.get(&format!("/results/{key}")).await.text, "40.5");
    assert_eq!(engine.call("c/twice", argument).await.value(), json!(81));
    // Arguments that are too long for the record are kept beside it.
    let told = again(&engine, &long).await.json();
    assert_eq!(
        (
            &told["same"],
            &told["same_computation"],
            &told["result_key"]
        ),
        (&json!(true), &json!(true), &json!(long)),
        "{told}"
    );
    assert_eq!(again(&engine, "0000").await.status, 404);
}

/// The key of an argument that is kept beside the results.
fn argument_key(json: &str) -> String {
    hex::encode(blake3::derive_key("dcp-calc-argument/2", json.as_bytes()))
}

#[tokio::test]
async fn long_arguments_are_kept_with_their_call_and_are_no_results() {
    let mut engine = engine(&[("keep_hours", "0"), ("record_days", "0")]).await;
    let column = |number: f64| json!(vec![number; 4000]).to_string();
    let mut calls = Vec::new();
    for number in [0.25, 0.75] {
        let body = format!("{{\"x\":{}}}", column(number));
        let key = key_of(&engine.call("c/twice", body).await);
        let argument = argument_key(&column(number));
        // The facts of a result wait until its record is written.
        let settled = engine.get(&format!("/results/{key}/facts")).await;
        assert_eq!(settled.status, 200, "{}", settled.text);
        let kept = engine.get(&format!("/results/{argument}/facts")).await;
        assert_eq!(kept.json()["class"], "ephemeral", "{}", kept.text);
        calls.push((key, argument));
    }
    let [(key, argument), (retained, retained_argument)] = &calls[..] else {
        panic!("two calls were made")
    };
    let shown = engine.get(&format!("/results/{argument}")).await;
    assert_eq!(shown.status, 404, "{}", shown.text);
    let named = json!({ "x": { "$result": argument } }).to_string();
    assert_eq!(engine.call("c/twice", named).await.status, 422);

    assert_eq!(retain(&engine, retained, "batch 4711").await.status, 200);
    engine.restart().await;
    let since = Instant::now();
    let facts = |key: &str| format!("/results/{key}/facts");
    while engine.get(&facts(argument)).await.status != 404 {
        assert!(
            since.elapsed() < Duration::from_secs(30),
            "it is still kept"
        );
    }
    assert_eq!(again(&engine, key).await.status, 404);
    let kept = engine.get(&facts(retained_argument)).await.json();
    assert_eq!(kept["class"], "retained", "{kept}");
    let told = again(&engine, retained).await.json();
    assert_eq!(told["same"], true, "{told}");
}

#[tokio::test]
async fn a_recomputation_that_gives_another_value_is_a_deviation() {
    let mut engine = engine(&AT_ONCE).await;
    let key = key_of(&engine.call("c/stamp", r#"{"x":1}"#).await);
    engine.restart().await;
    let mut asker = Asker::beside(&engine).await;
    let told = again(&engine, &key).await.json();
    assert_eq!(
        (&told["same"], &told["same_computation"]),
        (&json!(false), &json!(true)),
        "{told}"
    );
    let deviation = asker.deviation().await;
    assert_eq!(
        (json!(deviation.before_key), json!(deviation.call_id)),
        (json!(key), told["call_id"].clone())
    );
    assert_eq!(json!(deviation.before_call_id), told["before_call_id"]);
}

#[tokio::test]
async fn what_is_retained_stays_with_what_it_was_made_of_and_says_who_wanted_that() {
    let mut engine = engine(&AT_ONCE).await;
    let first = key_of(&engine.call("c/twice", r#"{"x":1.5}"#).await);
    let made = engine
        .call(
            "c/picture",
            json!({ "x": { "$result": first } }).to_string(),
        )
        .await;
    let plot = made.json()["artifacts"][0]["key"].clone();
    let key = key_of(&made);
    let other = key_of(&engine.call("c/twice", r#"{"x":8}"#).await);
    assert_eq!(retain(&engine, &key, "  ").await.status, 422);
    let kept = retain(&engine, &key, "batch 4711").await.json();
    assert_eq!(
        (&kept["class"], &kept["ends_at"]),
        (&json!("retained"), &Value::Null)
    );
    assert_eq!(
        (&kept["retained"][0]["reason"], &kept["retained"][0]["by"]),
        (
            &json!("batch 4711"),
            &json!({ "id": "u-2", "name": "Ada Approver" })
        )
    );
    engine.restart().await;
    gone(&engine, &other).await;
    assert_eq!(engine.get(&format!("/results/{key}")).await.text, "9");
    assert_eq!(engine.get(&format!("/results/{first}")).await.text, "3");
    let plot = engine
        .get(&format!("/artifacts/{}", plot.as_str().unwrap()))
        .await;
    assert_eq!(plot.status, 200);
    let facts = engine.get(&format!("/results/{first}/facts")).await.json();
    assert!(
        facts["retained"][0]["reason"]
            .as_str()
            .unwrap()
            .contains(&key),
        "{facts}"
    );
    assert_eq!(retain(&engine, &other, "too late").await.status, 410);
    assert_eq!(retain(&engine, "0000", "no such").await.status, 404);
}

#[tokio::test]
async fn a_class_tells_the_end_of_a_result_and_only_rises() {
    let mut engine = engine(&AT_ONCE).await;
    let session = engine.call("c/twice?keep=session", r#"{"x":2.5}"#).await;
    let session = key_of(&session);
    let facts = format!("/results/{session}/facts");
    let told = engine.get(&facts).await.json();
    assert_eq!(told["class"], "session");
    assert!(
        told["ends_at"].as_str() > told["used_at"].as_str(),
        "{told}"
    );
    // A hit without a wish does not take it back, and one with a wish raises it.
    engine.call("c/twice", r#"{"x":2.5}"#).await;
    let raised = key_of(&engine.call("c/twice", r#"{"x":3.5}"#).await);
    let hit = engine.call("c/twice?keep=session", r#"{"x":3.5}"#).await;
    assert_eq!(hit.json()["call"]["cached"], true);
    let ephemeral = key_of(&engine.call("c/twice", r#"{"x":4.5}"#).await);
    engine.restart().await;
    gone(&engine, &ephemeral).await;
    for key in [&session, &raised] {
        let told = engine.get(&format!("/results/{key}/facts")).await.json();
        assert_eq!(told["class"], "session", "{told}");
    }
    let refused = engine.call("c/twice?keep=retained", r#"{"x":1}"#).await;
    assert_eq!(refused.status, 422, "{}", refused.text);
}

#[tokio::test]
async fn results_that_take_too_much_room_go_those_unused_longest_first() {
    let mut engine = engine(&[("keep_mb", "1")]).await;
    let mut keys = Vec::new();
    // Each some 400 kB, so that the two used last fit.
    for x in 1..=4 {
        let body = json!({ "x": vec![f64::from(x) + 0.123_456_789; 40_000] });
        keys.push(key_of(&engine.call("c/twice", body.to_string()).await));
        let settled = format!("/results/{}/facts", keys[keys.len() - 1]);
        assert_eq!(engine.get(&settled).await.status, 200);
    }
    engine.restart().await;
    for key in &keys[..2] {
        assert!(gone(&engine, key).await.text.contains("too much room"));
    }
    let mut kept = Vec::new();
    for key in &keys {
        kept.push(engine.get(&format!("/results/{key}")).await.status);
    }
    assert_eq!(kept, [410, 410, 200, 200]);
}
