use crate::support::{Answer, Engine};
use serde_json::json;

#[tokio::test]
async fn a_script_is_described_by_its_own_source() {
    let engine = Engine::start().await;
    let source = "
#' Mean of the good values.
#' @param x Numbers.
average <- function(x, na.rm = TRUE, digits = 3L) round(mean(x, na.rm = na.rm), digits)
.private <- function() 1
constant <- 7
";
    let published = engine.publish("demo", source).await;
    assert_eq!(published.status, 200, "{}", published.text);
    let functions = published.json()["functions"].clone();
    assert_eq!(functions.as_array().unwrap().len(), 1);
    assert_eq!(
        functions[0]["doc"],
        "Mean of the good values.\n@param x Numbers."
    );
    assert_eq!(
        functions[0]["args"],
        json!([
        { "name": "x", "required": true, "default": null, "type": "any", "description": "Numbers.",
          "schema": { "description": "Numbers." } },
        { "name": "na.rm", "required": false, "default": "TRUE", "type": "logical", "description": "",
          "schema": { "type": ["boolean", "array"], "items": { "type": ["boolean", "null"] }, "default": true } },
        { "name": "digits", "required": false, "default": "3L", "type": "integer", "description": "",
          "schema": { "type": ["integer", "array"], "items": { "type": ["integer", "null"] }, "default": 3 } }])
    );
    assert_eq!(
        engine.call("demo/.private", "").await.problem(),
        "unknown-function"
    );
    let shown = engine.get("/scripts/demo").await.json();
    let version = shown["effective"].as_str().unwrap();
    assert_eq!(
        shown["versions"][0]["published_by"],
        json!({ "id": "u-1", "name": "Sam Scientist" })
    );
    let kept = engine
        .get(&format!("/scripts/demo/versions/{version}/source"))
        .await;
    assert_eq!(kept.text, source);
    assert_eq!(
        engine
            .get("/scripts")
            .await
            .json()
            .as_array()
            .unwrap()
            .len(),
        1
    );
}

#[tokio::test]
async fn versions_live_side_by_side_and_a_broken_source_changes_nothing() {
    let engine = Engine::start().await;
    let old = engine.publish("v", "f <- function(x) x + 1").await.json()["version"]
        .as_str()
        .unwrap()
        .to_owned();
    let new = engine.publish("v", "f <- function(x) x + 2").await.json()["version"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_ne!(old, new);
    for broken in ["f <- function(", "stop('no')"] {
        let refused = engine.publish("v", broken).await;
        assert_eq!(
            (refused.status, refused.problem().as_str()),
            (422, "r-error"),
            "{}",
            refused.text
        );
    }
    assert_eq!(engine.call("v/f", r#"{"x":1}"#).await.value(), json!(3));
    assert_eq!(
        engine
            .call(&format!("v@{old}/f"), r#"{"x":1}"#)
            .await
            .value(),
        json!(2)
    );
    assert_eq!(
        engine
            .call(&format!("v@{}/f", &old[..8]), r#"{"x":1}"#)
            .await
            .value(),
        json!(2)
    );
    assert_eq!(
        engine
            .call(&format!("v@{}/f", &old[..4]), r#"{"x":1}"#)
            .await
            .problem(),
        "unknown-script"
    );
    let shown = engine.get("/scripts/v").await.json()["versions"].clone();
    let states: Vec<_> = shown
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (&one["version"], &one["state"]))
        .collect();
    assert_eq!(
        states,
        [
            (&json!(old), &json!("superseded")),
            (&json!(new), &json!("effective"))
        ]
    );
    assert_eq!(engine.publish("Bad name", "1").await.status, 422);
}

#[tokio::test]
async fn a_call_cannot_change_what_the_next_one_sees() {
    let engine = Engine::start().await;
    engine.publish("s", "n <- 0\ncount <- function() { n <<- n + 1; n }\nplant <- function() { spy <<- 1; spy }").await;
    for function in ["s/count", "s/plant"] {
        let refused = engine.call(function, "").await;
        assert_eq!(refused.problem(), "r-error", "{}", refused.text);
        assert!(refused.text.contains("lock"), "{}", refused.text);
    }
}

#[tokio::test]
async fn the_example_gives_the_capability_of_a_process() {
    let engine = Engine::start().await;
    let source = include_str!("../../examples/capability.R");
    assert_eq!(engine.publish("capability", source).await.status, 200);
    // Moving ranges all 1: sigma within = 1 / d2; limits at +-3 sigma of it give Cp = 1.
    let x: Vec<f64> = (0..20).map(|i| f64::from(i % 2)).collect();
    let sigma = std::f64::consts::PI.sqrt() / 2.0;
    let body = json!({ "x": x, "lsl": 0.5 - 3.0 * sigma, "usl": 0.5 + 3.0 * sigma });
    let value = engine
        .call("capability/cpk", body.to_string())
        .await
        .value();
    let index = |name: &str| value["indices"][name]["value"].as_f64().unwrap();
    assert!(
        (index("cp") - 1.0).abs() < 1e-12 && (index("cpk") - 1.0).abs() < 1e-12,
        "{value}"
    );
    let overall = (20.0 * 0.25 / 19.0_f64).sqrt();
    assert!((index("pp") - sigma / overall).abs() < 1e-12, "{value}");
    let refused = engine
        .call("capability/cpk", r#"{"x":[1,2],"lsl":0}"#)
        .await;
    assert_eq!(
        refused.json()["detail"],
        "at least 10 values are needed, there are 2"
    );
}

#[tokio::test]
async fn what_one_instance_publishes_another_on_the_same_store_calls() {
    let first = Engine::start().await;
    let second = first.beside().await;
    let old = first.publish("shared", "f <- function(x) x + 1").await;
    assert_eq!(second.call("shared/f", r#"{"x":1}"#).await.value(), 2);

    let new = second.publish("shared", "f <- function(x) x + 10").await;
    let version = |answer: &Answer| answer.json()["version"].as_str().unwrap().to_owned();
    let pinned = format!("shared@{}/f", version(&new));
    assert_eq!(first.call(&pinned, r#"{"x":1}"#).await.value(), 11);
    // Published again where the newer one was not published: the old source is the effective one now, for both.
    let again = first.publish("shared", "f <- function(x) x + 1").await;
    assert_eq!(version(&again), version(&old));
    let until = std::time::Instant::now() + std::time::Duration::from_secs(20);
    while second.call("shared/f", r#"{"x":1}"#).await.value() != 2 {
        assert!(
            std::time::Instant::now() < until,
            "the second instance never saw which version is effective"
        );
    }
}

#[tokio::test]
async fn a_source_that_is_no_text_or_too_long_says_where_and_what_to_do() {
    let engine = Engine::start().await;
    let publish = async |body: Vec<u8>| {
        let request = engine.request("PUT", "/scripts/bad");
        let request = request.header("content-type", "text/plain");
        engine.send(request.body(body)).await
    };
    let latin1 = b"# one\n# gr\xf6\xdfe\nf <- function() 1\n".to_vec();
    let refused = publish(latin1).await;
    assert_eq!(refused.status, 422, "{}", refused.text);
    assert_eq!(refused.json()["line"], json!(2));
    assert!(
        refused.text.contains("Save the file as UTF-8"),
        "{}",
        refused.text
    );
    for nothing in ["x <- 1", ".f <- function() 1"] {
        let refused = publish(nothing.into()).await;
        assert_eq!(
            (refused.status, refused.problem().as_str()),
            (422, "no-function")
        );
    }
    let refused = publish(b"\nlibrary(notInstalledHere)\n".to_vec()).await;
    let said = refused.json();
    assert_eq!(
        (&said["title"], &said["line"]),
        (&json!("R cannot load the source"), &json!(2))
    );
    assert!(
        refused.text.contains("its operator installs it"),
        "{}",
        refused.text
    );
    let refused = publish(b"# a comment\n".repeat(100_000)).await;
    assert_eq!(
        (refused.status, refused.problem().as_str()),
        (413, "too-large"),
        "{}",
        refused.text
    );
    assert!(refused.text.contains("1024 KiB"), "{}", refused.text);
    assert_eq!(engine.get("/scripts/bad").await.status, 404);
}
