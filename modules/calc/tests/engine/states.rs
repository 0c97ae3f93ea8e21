//! From draft to retired, in the validated zone.

use crate::support::{Answer, Engine};
use serde_json::{Value, json};

const AUTHOR: (&str, &str) = ("u-1", "Sam Scientist");
const APPROVER: (&str, &str) = ("u-2", "Ann Approver");

struct Published<'a> {
    engine: &'a Engine,
    name: &'a str,
    version: String,
}

impl<'a> Published<'a> {
    async fn publish(engine: &'a Engine, name: &'a str, source: &str) -> Self {
        let published = engine.publish(name, source).await;
        assert_eq!(published.status, 200, "{}", published.text);
        let version = published.json()["version"].as_str().unwrap().to_owned();
        Self {
            engine,
            name,
            version,
        }
    }

    fn path(&self) -> String {
        format!("/scripts/{}/versions/{}", self.name, self.version)
    }

    async fn step(&self, by: (&str, &str), state: &str, reason: Option<&str>) -> Answer {
        let path = self.path() + "/state";
        let request = self.engine.request_by(by, "POST", &path);
        let body = json!({ "state": state, "reason": reason });
        self.engine.send(request.json(&body)).await
    }

    /// Its examples run beside the publication.
    async fn with_examples(&self) -> Value {
        let until = std::time::Instant::now() + std::time::Duration::from_mins(1);
        loop {
            let shown = self.engine.get(&self.path()).await.json();
            if shown["examples"].is_array() {
                return shown;
            }
            assert!(
                std::time::Instant::now() < until,
                "the examples never ran: {shown}"
            );
        }
    }

    async fn make_effective(&self) {
        self.with_examples().await;
        for (by, state) in [
            (AUTHOR, "review"),
            (APPROVER, "approved"),
            (APPROVER, "effective"),
        ] {
            let step = self.step(by, state, None).await;
            assert_eq!(step.status, 200, "{state}: {}", step.text);
        }
    }

    async fn call(&self, address: &str) -> Answer {
        let path = format!("/{address}/{}@{}/f", self.name, self.version);
        let request = self.engine.request("POST", &path);
        self.engine.send(request.body(r#"{"x":1}"#)).await
    }
}

#[tokio::test]
async fn who_may_not_take_a_step_is_told_so_whatever_state_the_version_is_in() {
    let engine = Engine::start_validated().await;
    let version = Published::publish(&engine, "p", "f <- function(x) x + 1").await;
    let path = version.path() + "/state";
    for state in ["review", "draft", "approved", "effective", "retired"] {
        let request = engine.request_with("calc.read", "POST", &path);
        let answer = engine.send(request.json(&json!({ "state": state }))).await;
        let told = (answer.status, answer.problem());
        assert_eq!(
            told,
            (403, "not-allowed".into()),
            "{state}: {}",
            answer.text
        );
    }
    // Who may is told what stands against it.
    assert_eq!(version.step(APPROVER, "effective", None).await.status, 409);
}

#[tokio::test]
async fn what_a_person_publishes_is_a_draft_until_somebody_else_approves_it() {
    let engine = Engine::start_validated().await;
    let version = Published::publish(&engine, "v", "f <- function(x) x + 1").await;
    assert_eq!(
        engine.call("v/f", r#"{"x":1}"#).await.problem(),
        "not-effective"
    );
    assert_eq!(version.call("r").await.problem(), "not-effective");
    let tried = version.call("draft").await;
    assert_eq!(
        (tried.value(), &tried.json()["call"]["draft"]),
        (json!(2), &json!(true))
    );

    assert_eq!(version.step(APPROVER, "approved", None).await.status, 409);
    assert_eq!(version.step(AUTHOR, "review", None).await.status, 200);
    let own = version.step(AUTHOR, "approved", None).await;
    assert_eq!(
        (own.status, own.problem().as_str()),
        (403, "not-allowed"),
        "{}",
        own.text
    );
    let why = version.step(APPROVER, "draft", None).await;
    assert_eq!(
        (why.status, &why.json()["errors"][0]["pointer"]),
        (422, &json!("/reason"))
    );
    assert_eq!(
        version
            .step(APPROVER, "draft", Some("no unit"))
            .await
            .status,
        200
    );
    version.make_effective().await;

    assert_eq!(engine.call("v/f", r#"{"x":1}"#).await.value(), json!(2));
    assert_eq!(version.call("draft").await.problem(), "no-draft");
    let history = engine.get(&version.path()).await.json()["history"].clone();
    let told: Vec<_> = history
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (&one["state"], &one["by"]["name"], &one["reason"]))
        .collect();
    let (sam, ann, none) = (
        &json!("Sam Scientist"),
        &json!("Ann Approver"),
        &Value::Null,
    );
    let (draft, review) = (&json!("draft"), &json!("review"));
    assert_eq!(
        told,
        [
            (draft, sam, none),
            (review, sam, none),
            (draft, ann, &json!("no unit")),
            (review, sam, none),
            (&json!("approved"), ann, none),
            (&json!("effective"), ann, none)
        ]
    );
}

#[tokio::test]
async fn a_new_effective_version_leaves_the_earlier_callable_until_it_is_retired() {
    let engine = Engine::start_validated().await;
    let old = Published::publish(&engine, "v", "f <- function(x) x + 1").await;
    old.make_effective().await;
    let new = Published::publish(&engine, "v", "f <- function(x) x + 2").await;
    assert_eq!(engine.call("v/f", r#"{"x":1}"#).await.value(), json!(2));
    new.make_effective().await;
    assert_eq!(engine.call("v/f", r#"{"x":1}"#).await.value(), json!(3));
    assert_eq!(old.call("r").await.value(), json!(2));
    let unsaid = old.step(APPROVER, "retired", Some("  ")).await;
    assert_eq!(unsaid.status, 422, "{}", unsaid.text);
    assert_eq!(
        old.step(APPROVER, "retired", Some("wrong sign"))
            .await
            .json()["state"],
        "retired"
    );
    assert_eq!(old.call("r").await.problem(), "not-effective");
    assert_eq!(old.step(APPROVER, "effective", None).await.status, 409);
    let shown = engine.get("/scripts").await.json()[0].clone();
    assert_eq!(
        (&shown["effective"], &shown["versions"]),
        (&json!(new.version), &json!(2))
    );
}

#[tokio::test]
async fn examples_run_twice_and_what_contradicts_the_declaration_is_not_approved() {
    let engine = Engine::start_validated().await;
    let source = "
#' @cache pure
#' @examples f(1)
f <- function(x) .now() + x
.now <- function() as.numeric(Sys.time())
#' @examples
#' y <- 1:3
#' g(y)
#' @examples g('a')
g <- function(x) mean(x + 0)
";
    let version = Published::publish(&engine, "v", source).await;
    let shown = version.with_examples().await;
    let gave = |place: usize| shown["examples"][place].clone();
    assert_eq!(
        (&gave(0)["function"], &gave(0)["same"]),
        (&json!("f"), &json!(false))
    );
    assert_eq!(
        (&gave(1)["value"], &gave(1)["same"]),
        (&json!(2), &json!(true))
    );
    assert!(
        gave(2)["failure"].as_str().unwrap().contains("non-numeric"),
        "{shown}"
    );
    let key = gave(1)["result_key"].as_str().unwrap().to_owned();
    assert_eq!(engine.get(&format!("/results/{key}")).await.text, "2");
    let verified = engine.request("POST", &format!("{}/verification", version.path()));
    let verified = engine.send(verified).await.json();
    let same: Vec<_> = verified["examples"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["same"])
        .collect();
    assert_eq!(
        same,
        [&json!(false), &json!(true), &json!(true)],
        "{verified}"
    );
    let summary = engine.get("/scripts/v").await.json()["versions"][0]["examples"].clone();
    assert_eq!(
        summary,
        json!({ "of": 3, "run": 3, "same": 1, "failed": 1 })
    );

    version.step(AUTHOR, "review", None).await;
    let refused = version.step(APPROVER, "approved", None).await;
    assert_eq!(
        (refused.status, refused.problem().as_str()),
        (409, "not-approvable")
    );
    let doubts = refused.json()["doubts"].to_string();
    for word in [
        "uses Sys.time",
        "two values in two runs",
        "example of g failed",
    ] {
        assert!(doubts.contains(word), "{word} is missing: {doubts}");
    }
}

#[tokio::test]
async fn what_differs_between_two_versions_is_told_by_line_function_and_example() {
    let engine = Engine::start().await;
    let old = Published::publish(
        &engine,
        "v",
        "#' @examples f(1)\nf <- function(x) x + 1\ngone <- function() 1",
    )
    .await;
    old.with_examples().await;
    let new = Published::publish(
        &engine,
        "v",
        "#' @examples f(1)\nf <- function(x, y = 2) x + y\nmore <- function() 1",
    )
    .await;
    new.with_examples().await;
    let changes = engine.get(&format!("{}/changes", new.path())).await.json();
    assert_eq!(changes["since"], json!(old.version));
    let kinds: Vec<&str> = changes["files"][0]["lines"]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| line["kind"].as_str().unwrap())
        .collect();
    assert_eq!(kinds, ["same", "removed", "removed", "added", "added"]);
    assert_eq!(
        changes["functions"],
        json!([
            { "name": "f", "change": "signature", "before": "f(x)", "after": "f(x, y = 2)" },
            { "name": "gone", "change": "removed", "before": "gone()", "after": null },
            { "name": "more", "change": "added", "before": null, "after": "more()" }])
    );
    let result = &changes["results"][0];
    assert_eq!(
        (&result["before"]["value"], &result["after"]["value"]),
        (&json!(2), &json!(3))
    );
    let same = engine
        .get(&format!("{}/changes?since={}", new.path(), new.version))
        .await
        .json();
    assert_eq!(
        (&same["functions"], &same["results"]),
        (&json!([]), &json!([]))
    );
}

#[tokio::test]
async fn a_draft_does_not_feed_a_version_in_force() {
    let engine = Engine::start_validated().await;
    let version = Published::publish(&engine, "v", "f <- function(x) x + 1").await;
    let other = Published::publish(&engine, "w", "f <- function(x) x * 3").await;
    other.make_effective().await;
    let tried = version.call("draft").await.json();
    let key = tried["call"]["result_key"].as_str().unwrap();
    let fed = engine
        .call("w/f", json!({ "x": { "$result": key } }).to_string())
        .await;
    assert_eq!(
        (fed.status, fed.problem().as_str()),
        (422, "invalid-arguments"),
        "{}",
        fed.text
    );
    // The same value from a version in force is no draft's any more.
    assert_eq!(
        engine
            .call("w/f", r#"{"x":0.6666666666666666}"#)
            .await
            .value(),
        json!(2)
    );
    let fed = engine
        .call("w/f", json!({ "x": { "$result": key } }).to_string())
        .await;
    assert_eq!(fed.value(), json!(6));
}
