//! What R itself gives, the engine gives: plain functions of R and its packages, every kind of double; and no call in another's way.

use crate::support::Engine;
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use tokio::process::Command;

/// Functions as they stand in R's library, and functions of a scientist that use them.
const LIBRARY: &str = r"
two_sample <- t.test
straight <- function(n) { d <- data.frame(x = seq_len(n), y = sqrt(seq_len(n))); unname(coef(summary(lm(y ~ x, data = d)))) }
welch <- function(n) { t <- t.test(log(seq_len(n)), sqrt(seq_len(n))); c(t$statistic[[1]], t$parameter[[1]], t$p.value, t$conf.int) }
series <- function(n) { a <- arima(lh, order = c(n, 0, 0)); c(unname(coef(a)), a$sigma2, a$loglik) }
smooth <- function(n) predict(loess(dist ~ speed, cars, span = 0.75), data.frame(speed = seq_len(n) + 4))
components <- function(n) { p <- prcomp(USArrests[seq_len(n), ], scale. = TRUE); c(p$sdev, abs(p$rotation)) }
survives <- function(n) {
  d <- survival::lung[seq_len(n), ]
  fit <- survival::coxph(survival::Surv(time, status) ~ age + sex, data = d)
  c(unname(coef(fit)), fit$loglik, survival::survfit(survival::Surv(time, status) ~ 1, data = d)$surv[1:5])
}
";

/// What the same source gives in Rscript: each double with digits enough for its bits.
async fn in_r_alone(call: &str) -> Vec<f64> {
    let code =
        format!("{LIBRARY}\ncat(sprintf('%.17g', as.vector(t(as.matrix({call})))), sep = '\\n')");
    let told = Command::new("Rscript")
        .args(["--vanilla", "-e", &code])
        .env("LC_ALL", "C.UTF-8")
        .env("TZ", "UTC")
        .env("OPENBLAS_NUM_THREADS", "1")
        .env("OMP_NUM_THREADS", "1")
        .env(
            "R_DEFAULT_PACKAGES",
            "datasets,grDevices,graphics,stats,utils",
        )
        .output()
        .await
        .unwrap();
    assert!(
        told.status.success(),
        "{}",
        String::from_utf8_lossy(&told.stderr)
    );
    let text = String::from_utf8(told.stdout).unwrap();
    text.lines()
        .map(|line| line.trim().parse().unwrap())
        .collect()
}

fn numbers(value: &Value) -> Vec<f64> {
    match value {
        Value::Array(items) => items.iter().flat_map(numbers).collect(),
        Value::Object(members) => members.values().flat_map(numbers).collect(),
        other => vec![
            other
                .as_f64()
                .unwrap_or_else(|| panic!("{other} is no number")),
        ],
    }
}

#[tokio::test]
async fn functions_of_r_and_its_packages_give_what_they_give_in_r_alone() {
    let engine = Engine::start().await;
    let source = LIBRARY
        .replace("(lh,", "(datasets::lh,")
        .replace(" cars,", " datasets::cars,")
        .replace("(USArrests", "(datasets::USArrests");
    let published = engine.publish("l", &source).await;
    assert_eq!(published.status, 200, "{}", published.text);
    for (function, n) in [
        ("straight", 50),
        ("welch", 30),
        ("series", 3),
        ("smooth", 20),
        ("components", 50),
        ("survives", 200),
    ] {
        let value = engine
            .call(&format!("l/{function}"), format!("{{\"n\":{n}}}"))
            .await
            .value();
        let alone = in_r_alone(&format!("{function}({n})")).await;
        assert!(alone.len() > 3, "{function}");
        let bits = |numbers: Vec<f64>| numbers.into_iter().map(f64::to_bits).collect::<Vec<_>>();
        assert_eq!(bits(numbers(&value)), bits(alone), "{function}: {value}");
    }
    let told = engine
        .call("l/two_sample", r#"{"x":[1,2,3,4],"mu":2}"#)
        .await
        .value();
    assert_eq!(
        (&told["method"], &told["parameter"]),
        (&json!("One Sample t-test"), &json!({ "df": 3 })),
        "{told}"
    );
}

#[tokio::test]
async fn what_is_no_number_comes_back_as_it_was_among_a_hundred_thousand() {
    let engine = Engine::start().await;
    assert_eq!(engine.publish("e", "echo <- function(x) x\nmissing_of <- function(x) c(sum(is.na(x) & !is.nan(x)), sum(is.nan(x)), sum(is.infinite(x)))").await.status, 200);
    let kinds = [
        json!(null),
        json!("NaN"),
        json!("Inf"),
        json!("-Inf"),
        json!(-0.0),
        json!(5e-324),
        json!(2.225_073_858_507_201e-308),
    ];
    let sent: Vec<Value> = (0..100_000_u32)
        .map(|at| {
            if at % 3 == 0 {
                json!(f64::from(at).sqrt())
            } else {
                kinds[at as usize % kinds.len()].clone()
            }
        })
        .collect();
    let body = json!({ "x": sent }).to_string();
    let back = engine.call("e/echo?bare=1", body.clone()).await;
    let back: Vec<Value> = serde_json::from_str(&back.text).unwrap();
    let same = |sent: &Value, got: &Value| match (sent.as_f64(), got.as_f64()) {
        (Some(sent), Some(got)) => sent.to_bits() == got.to_bits(),
        _ => sent == got,
    };
    let changed = sent.iter().zip(&back).find(|(sent, got)| !same(sent, got));
    assert_eq!((back.len(), changed), (100_000, None));
    let count = |kind: &str| {
        sent.iter()
            .filter(|one| one.as_str().is_some_and(|word| word.contains(kind)))
            .count()
    };
    let missing = sent.iter().filter(|one| one.is_null()).count();
    assert_eq!(
        engine.call("e/missing_of", body).await.value(),
        json!([missing, count("NaN"), count("Inf")])
    );
}

#[tokio::test]
async fn long_calls_keep_no_short_call_waiting() {
    let engine = Engine::start_with(&[("workers_at_most", "3")]).await;
    assert_eq!(
        engine
            .publish(
                "k",
                "f <- function(x) x + 1\nasleep <- function() Sys.sleep(300)"
            )
            .await
            .status,
        200
    );
    let mut ids = Vec::new();
    for _ in 0..6 {
        let request = engine
            .request("POST", "/r/k/asleep")
            .header("prefer", "respond-async");
        let asked = engine.send(request.body("")).await;
        assert_eq!(asked.status, 202, "{}", asked.text);
        ids.push(asked.json()["id"].as_str().unwrap().to_owned());
    }
    let until = Instant::now() + Duration::from_secs(30);
    let running = async || {
        let calls = engine.get("/calls?state=running").await.json();
        let states = calls.as_array().unwrap().iter();
        states.filter(|call| call["state"] == "running").count()
    };
    while running().await < 2 {
        assert!(Instant::now() < until, "the long calls never ran");
    }
    for x in 0..20 {
        assert_eq!(
            engine.call("k/f", format!("{{\"x\":{x}}}")).await.value(),
            json!(x + 1)
        );
    }
    assert_eq!(running().await, 2, "a worker is kept for short calls");
    for id in ids {
        engine
            .send(engine.request("DELETE", &format!("/calls/{id}")))
            .await;
    }
}

#[tokio::test]
async fn a_source_that_quits_crashes_or_grows_when_it_is_loaded_is_refused() {
    let engine = Engine::start_with(&[("memory_mb", "300")]).await;
    for (source, word) in [
        ("f <- function() 1\nquit(status = 3)", "quit(status = 3)"),
        ("x <- numeric(1e9)\nf <- function() 1", "memory"),
        ("f <- function() 1\nsystem('true', intern = TRUE)", "system"),
        ("f <- function() 1\nstop('not today')", "not today"),
    ] {
        let refused = engine.publish("h", source).await;
        assert!(
            [422, 502].contains(&refused.status),
            "{source}: {} {}",
            refused.status,
            refused.text
        );
        assert!(refused.text.contains(word), "{source}: {}", refused.text);
        assert_eq!(engine.get("/scripts/h").await.status, 404, "{source}");
    }
    assert_eq!(engine.publish("h", "f <- function(x) x").await.status, 200);
    assert_eq!(engine.call("h/f", r#"{"x":1}"#).await.value(), json!(1));
}
