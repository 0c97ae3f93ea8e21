//! Everything a script can do to its R: the engine outlives it, says what happened, and serves the next call.

use crate::support::Engine;
use futures_util::future::join_all;
use serde_json::json;
use std::time::{Duration, Instant};

const SCRIPT: &str = r#"
f <- function(x) x + 1
loop <- function() while (TRUE) {}
asleep <- function(seconds) { Sys.sleep(seconds); seconds }
deaf <- function() repeat tryCatch(while (TRUE) {}, interrupt = function(i) NULL)
leave <- function() quit(status = 3)
native <- function(n) { m <- matrix(runif(n * n), n); sum(solve(m)) }
memory <- function(n) sum(numeric(n))
many <- function() { l <- list(); for (i in 1:1e7) l[[i]] <- numeric(1e4); 1 }
recurse <- function(n) recurse(n + 1)
stops <- function() stop("stopped")
"#;

async fn engine(settings: &[(&str, &str)]) -> Engine {
    let engine = Engine::start_with(settings).await;
    assert_eq!(engine.publish("k", SCRIPT).await.status, 200);
    engine
}

async fn still_serves(engine: &Engine) {
    assert_eq!(engine.call("k/f", r#"{"x":1}"#).await.value(), json!(2));
}

#[tokio::test]
async fn whatever_a_script_does_the_next_call_is_served() {
    let engine = engine(&[("call_seconds", "3"), ("memory_mb", "300")]).await;
    for (call, body, status, problem, word) in [
        ("k/loop", "", 504, "timed-out", "interrupted"),
        (
            "k/asleep",
            r#"{"seconds":60}"#,
            504,
            "timed-out",
            "interrupted",
        ),
        ("k/deaf", "", 504, "timed-out", "ended"),
        ("k/native", r#"{"n":2500}"#, 504, "timed-out", "3000 ms"),
        ("k/leave", "", 502, "worker-crashed", "quit(status = 3)"),
        ("k/memory", r#"{"n":1000000000}"#, 422, "r-error", "memory"),
        ("k/many", "", 422, "r-error", "memory"),
        ("k/recurse", r#"{"n":1}"#, 422, "r-error", "nested"),
        ("k/stops", "", 422, "r-error", "stopped"),
    ] {
        let answer = engine.call(call, body).await;
        assert_eq!(
            (answer.status, answer.problem().as_str()),
            (status, problem),
            "{call}: {}",
            answer.text
        );
        assert!(answer.text.contains(word), "{call} says {}", answer.text);
        still_serves(&engine).await;
    }
}

#[tokio::test]
async fn clients_that_hang_up_cost_no_worker() {
    let engine = engine(&[]).await;
    for _ in 0..1000 {
        let call = engine
            .request("POST", "/r/k/asleep")
            .body(r#"{"seconds":0.002}"#);
        drop(tokio::time::timeout(Duration::from_millis(1), call.send()).await);
    }
    still_serves(&engine).await;
    assert_eq!(
        engine.get("/engines").await.json()[0]["workers"]["restarts"],
        json!(0)
    );
}

#[tokio::test]
async fn many_callers_get_their_own_answers() {
    let engine = engine(&[]).await;
    let calls = (0..200).map(|x| {
        let engine = &engine;
        async move { engine.call("k/f", format!("{{\"x\":{x}}}")).await.value() == json!(x + 1) }
    });
    assert!(join_all(calls).await.into_iter().all(|right| right));
}

#[tokio::test]
async fn a_full_queue_refuses_at_once_and_says_when_to_come_back() {
    let engine = engine(&[
        ("queue", "2"),
        ("workers_at_most", "1"),
        ("call_seconds", "20"),
    ])
    .await;
    let calls = (0..8).map(|_| {
        let call = engine
            .request("POST", "/r/k/asleep")
            .body(r#"{"seconds":0.5}"#);
        async {
            let answer = call.send().await.unwrap();
            (
                answer.status().as_u16(),
                answer.headers().contains_key("retry-after"),
            )
        }
    });
    let answers = join_all(calls).await;
    assert_eq!(
        answers
            .iter()
            .filter(|answer| **answer == (200, false))
            .count(),
        3,
        "{answers:?}"
    );
    assert_eq!(
        answers
            .iter()
            .filter(|answer| **answer == (429, true))
            .count(),
        5,
        "{answers:?}"
    );
    still_serves(&engine).await;
}

#[tokio::test]
async fn a_running_call_is_cancelled_by_its_id() {
    let engine = engine(&[]).await;
    let id = "0190b0c4-1111-7000-8000-000000000001";
    let since = Instant::now();
    let function = format!("k/asleep?call={id}");
    let calling = engine.call(&function, r#"{"seconds":20}"#);
    let cancelling = async {
        while engine
            .send(engine.request("DELETE", &format!("/calls/{id}")))
            .await
            .status
            != 202
        {
            assert!(
                since.elapsed() < Duration::from_secs(10),
                "the call never ran"
            );
        }
    };
    let (answer, ()) = tokio::join!(calling, cancelling);
    assert_eq!(
        (answer.status, answer.problem().as_str()),
        (409, "cancelled"),
        "{}",
        answer.text
    );
    assert!(since.elapsed() < Duration::from_secs(10));
    still_serves(&engine).await;
}
