//! Several engines: equal calls have equal keys, and what one lacks it pulls from another, checked by its hash.

use crate::support::{Answer, Engine};
use dcp::model::Zone;
use serde_json::json;
use std::io::{Read, Write};
use std::net::TcpListener;

const SCRIPT: &str = "
#' @cache pure
twice <- function(x) 2 * x
model <- function(x, y) as.list(coef(lm(y ~ x)))
";

async fn publish(engine: &Engine) {
    assert_eq!(engine.publish("c", SCRIPT).await.status, 200);
}

fn key(answer: &Answer, which: &str) -> String {
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json()["call"][which].as_str().unwrap().to_owned()
}

/// A peer that answers every request with the same text.
fn answering(text: &'static str, zone: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut head = [0; 4096];
            let read = stream.read(&mut head).unwrap();
            assert!(head[..read].starts_with(b"GET /api/calc/results/"));
            let length = text.len();
            write!(
                stream,
                "HTTP/1.1 200 OK\r\ncontent-length: {length}\r\ndcp-result-zone: {zone}\r\ndcp-result-draft: false\r\nconnection: close\r\n\r\n{text}"
            )
            .unwrap();
        }
    });
    url
}

#[tokio::test]
async fn the_same_call_on_two_engines_has_the_same_keys_and_a_missing_result_is_pulled() {
    let first = Engine::start().await;
    // The first of the peers does not answer: the next is asked.
    let peers = format!("http://127.0.0.1:9,{}", first.base());
    let second = Engine::start_peer_of(Zone::NonGxp, &peers, &first.token()).await;
    publish(&first).await;
    publish(&second).await;
    let body = json!({ "x": [1, 2, 3, 4.5], "y": [2.1, 3.9, 6.2, 9.1] }).to_string();
    let (one, other) = (
        first.call("c/model", body.clone()).await,
        second.call("c/model", body).await,
    );
    for which in ["result_key", "computation_key"] {
        assert_eq!(key(&one, which), key(&other, which), "{which}");
    }

    let lacking = key(
        &first.call("c/twice", r#"{"x":[1.5,2.5]}"#).await,
        "result_key",
    );
    assert_eq!(second.get(&format!("/results/{lacking}")).await.status, 404);
    let argument = json!({ "x": { "$result": lacking, "path": "/1" } }).to_string();
    assert_eq!(second.call("c/twice", argument).await.value(), json!(10));
    // It is kept here now, and says in its lineage what was made of it.
    assert_eq!(
        second.get(&format!("/results/{lacking}")).await.text,
        "[3,5]"
    );
    let nowhere = json!({ "x": { "$result": "0".repeat(64) } }).to_string();
    assert_eq!(
        second.call("c/twice", nowhere).await.problem(),
        "unknown-result"
    );
}

#[tokio::test]
async fn content_that_is_not_what_its_key_stands_for_is_refused_and_told() {
    let engine = Engine::start_peer_of(Zone::NonGxp, &answering("[666]", "nongxp"), "x").await;
    publish(&engine).await;
    let wanted = "1".repeat(64);
    let argument = json!({ "x": { "$result": wanted } }).to_string();
    let refused = engine.call("c/twice", argument).await;
    assert_eq!(
        (refused.status, refused.problem().as_str()),
        (502, "altered-result"),
        "{}",
        refused.text
    );
    let told = refused.json()["detail"].to_string();
    assert!(
        told.contains(&wanted) && told.contains("127.0.0.1"),
        "{told}"
    );
    assert_eq!(engine.get(&format!("/results/{wanted}")).await.status, 404);
}

#[tokio::test]
async fn an_engine_of_the_other_zone_is_no_peer() {
    let free = Engine::start().await;
    publish(&free).await;
    let result = key(&free.call("c/twice", r#"{"x":4}"#).await, "result_key");
    let controlled = Engine::start_peer_of(Zone::Gxp, free.base(), &free.token()).await;
    let published = controlled.publish("c", SCRIPT).await.json();
    let version = published["version"].as_str().unwrap();
    let argument = json!({ "x": { "$result": result } }).to_string();
    let draft = controlled.request("POST", &format!("/draft/c@{version}/twice"));
    let refused = controlled.send(draft.body(argument)).await;
    assert_eq!(
        (refused.status, refused.problem().as_str()),
        (404, "unknown-result"),
        "{}",
        refused.text
    );
}
