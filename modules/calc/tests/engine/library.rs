//! The machine's R: packages that the operator lists, and what an engine says of its installation.

use crate::support::{Answer, Engine};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

async fn with_stats() -> Engine {
    let engine = Engine::start_with(&[("packages", "stats, no.such.package")]).await;
    let since = Instant::now();
    while engine.get("/scripts/pkg:stats").await.status != 200 {
        assert!(since.elapsed() < Duration::from_mins(1), "stats never came");
    }
    engine
}

async fn call(engine: &Engine, function: &str, arguments: Value) -> Answer {
    engine
        .call(&format!("pkg/{function}"), arguments.to_string())
        .await
}

#[tokio::test]
async fn functions_of_a_listed_package_are_called_recorded_and_keyed_like_any_other() {
    let engine = with_stats().await;
    let x = json!([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    let quantile = call(
        &engine,
        "stats/quantile",
        json!({ "x": x, "probs": [0.5], "names": false }),
    )
    .await;
    assert_eq!(quantile.value(), json!(5.5));
    let called = &quantile.json()["call"];
    assert_eq!(called["script"], json!("pkg:stats"));
    // Unmodified functions: formulas as texts, data frames, tests, models.
    let test = call(
        &engine,
        "stats/t.test",
        json!({ "x": [1, 2, 3, 4], "mu": 1 }),
    )
    .await;
    assert_eq!(
        (test.status, test.problem().as_str()),
        (200, ""),
        "{}",
        test.text
    );
    let median = call(&engine, "stats/sd", json!({ "x": x })).await.json();
    assert_eq!(median["value"], json!(3.027_650_354_097_491_7));
    let again = engine
        .call("pkg:stats/sd", json!({ "x": x }).to_string())
        .await
        .json();
    assert_eq!(
        again["call"]["computation_key"],
        median["call"]["computation_key"]
    );
    // The version names the package's own, so that another one gives other keys.
    let script = engine.get("/scripts/pkg:stats").await.json();
    let version = script["effective"].as_str().unwrap().to_owned();
    let source = engine
        .get(&format!("/scripts/pkg:stats/versions/{version}/source"))
        .await
        .text;
    let r = engine.get("/engines").await.json()[0]["environment"]["r"].clone();
    let first = format!("# The R package stats {}, ", r.as_str().unwrap());
    assert!(source.starts_with(&first), "{}", &source[..80]);
    let id = called["id"].as_str().unwrap();
    let record = engine.get(&format!("/calls/{id}")).await.json();
    assert_eq!(
        (&record["script"], &record["version"]),
        (&json!("pkg:stats"), &json!(version))
    );
    // Schemas come from the formals.
    let functions = script["functions"].as_array().unwrap();
    assert!(functions.len() > 400, "{}", functions.len());
    let cor = functions.iter().find(|one| one["name"] == "cor").unwrap();
    assert_eq!(cor["schema"]["required"], json!(["x"]));
    let wrong = call(&engine, "stats/sd", json!({ "y": 1 })).await;
    assert_eq!(
        (wrong.status, wrong.problem().as_str()),
        (422, "invalid-arguments")
    );
}

#[tokio::test]
async fn what_is_not_listed_is_not_callable() {
    let engine = with_stats().await;
    for function in ["utils/head", "no.such.package/f", "stats/no_such_function"] {
        let answer = call(&engine, function, json!({})).await;
        assert_eq!(answer.status, 404, "{function}: {}", answer.text);
    }
    let answer = engine.publish("pkg:mine", "f <- function() 1").await;
    assert_eq!(answer.status, 422, "{}", answer.text);
    let without = engine.beside_with(&[("packages", "")]).await;
    let answer = call(&without, "stats/sd", json!({ "x": [1, 2] })).await;
    assert_eq!(
        (answer.status, answer.problem().as_str()),
        (404, "unknown-script")
    );
    assert_eq!(without.get("/scripts").await.json(), json!([]));
}

#[tokio::test]
async fn an_installation_is_told_with_hashes_packages_limits_and_known_answers() {
    let engine = Engine::start_with(&[("memory_mb", "700")]).await;
    let installation = engine.get("/installation").await.json();
    for what in ["engine", "worker", "libr", "blas"] {
        let files = installation["files"].as_array().unwrap();
        let file = files.iter().find(|file| file["what"] == what);
        let file = file.unwrap_or_else(|| panic!("{what}: {installation}"));
        assert_eq!(file["sha256"].as_str().unwrap().len(), 64, "{what}");
    }
    assert_eq!(
        installation["packages"]["stats"],
        installation["environment"]["r"]
    );
    assert_eq!(installation["limits"]["memory_mb"], json!(700));
    assert_eq!(
        installation["environment"]["confinement"]["files"],
        json!("own")
    );
    let answers = installation["known_answers"].as_array().unwrap();
    assert!(answers.len() > 10, "{answers:?}");
    for answer in answers {
        assert_eq!(answer["same"], json!(true), "{answer}");
    }
}

#[tokio::test]
async fn an_engine_whose_environment_nobody_has_registered_answers_drafts_only() {
    // Unless the operator says otherwise, so it is on the controlled node and nowhere else.
    let engine = Engine::start_validated_with(&[]).await;
    let published = engine.publish("e", "f <- function(x) x + 1").await.json();
    let draft = format!("/draft/e@{}/f", published["version"].as_str().unwrap());
    let in_draft = || engine.send(engine.request("POST", &draft).body(r#"{"x":1}"#));
    assert_eq!(in_draft().await.value(), json!(2));
    let is_required = async |engine: &Engine| {
        let told = engine.get("/environments").await.json();
        told["is_required"].clone()
    };
    assert_eq!(is_required(&engine).await, json!(true));
    let waived = Engine::start_validated().await;
    assert_eq!(is_required(&waived).await, json!(false));
    assert_eq!(is_required(&Engine::start().await).await, json!(false));
    // Also a version that needs no approval waits.
    let free = Engine::start_with(&[("registered_only", "true")]).await;
    free.publish("e", "f <- function(x) x + 1").await;
    let refused = free.call("e/f", r#"{"x":1}"#).await;
    assert_eq!(
        (refused.status, refused.problem().as_str()),
        (409, "unregistered-environment"),
        "{}",
        refused.text
    );
    let register = |body: Value| free.send(free.request("POST", "/environments").json(&body));
    assert_eq!(register(json!({ "reason": " " })).await.status, 422);
    let registered = register(json!({ "reason": "verified" })).await.json();
    assert_eq!(registered["is_registered"], json!(true));
    let one = &registered["registered"][0];
    assert_eq!(
        (&one["by"]["name"], &one["reason"], &one["fingerprint"]),
        (
            &json!("Sam Scientist"),
            &json!("verified"),
            &registered["fingerprint"]
        )
    );
    assert_eq!(free.call("e/f", r#"{"x":1}"#).await.value(), json!(2));
    // One on the same store with another library is not registered.
    let packages = tempfile::tempdir().unwrap();
    let package = packages.path().join("extra");
    std::fs::create_dir_all(package.join("Meta")).unwrap();
    let about = r#"saveRDS(list(DESCRIPTION = c(Package = "extra", Version = "1.0", Built = "4.2.2"), Built = list(R = "4.2.2")), commandArgs(TRUE))"#;
    let written = tokio::process::Command::new("Rscript")
        .args(["-e", about])
        .arg(package.join("Meta/package.rds"))
        .status()
        .await
        .unwrap();
    assert!(written.success());
    let other = free
        .beside_with(&[("r_libs", &packages.path().display().to_string())])
        .await;
    let environments = other.get("/environments").await.json();
    assert_eq!(environments["facts"]["packages"]["extra"], json!("1.0"));
    assert_eq!(environments["is_registered"], json!(false));
    assert_eq!(other.call("e/f", r#"{"x":1}"#).await.status, 409);
}
