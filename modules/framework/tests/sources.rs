//! Whether the sources of process data answer, through the real program and a PI Web API.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

#[allow(
    dead_code,
    clippy::allow_attributes,
    reason = "each module uses a part of it"
)]
#[path = "../../../framework/tests/support/module_process.rs"]
mod module_process;

use module_process::Module;
use pi_simulator::{Running, Settings};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

const SECRETS: &str = "[\"pi/dryers\"]\nuser = \"dcp\"\npassword = \"secret\"\n";

async fn start(url: &str, secrets: &str) -> Module {
    let settings = [("DCP__MODULE__DEMO", "true"), ("DCP__MODULE__PI_URL", url)];
    Module::start(
        "framework",
        env!("CARGO_BIN_EXE_framework"),
        secrets,
        &settings,
    )
    .await
}

async fn simulator(password: &str) -> Running {
    let credentials = Some(("dcp".to_owned(), password.to_owned()));
    Running::start(Settings {
        credentials,
        ..Settings::default()
    })
    .await
    .unwrap()
}

fn analyst(module: &Module) -> String {
    module.token("u-ana", &[("basel", &["mvda.read"])])
}

async fn check(module: &Module, token: &str) -> Value {
    let path = "/api/framework/data-sources/dryers/check?site=basel";
    let (status, answer) = module.send(Method::POST, path, token, &json!({})).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    answer["health"].clone()
}

#[tokio::test]
async fn a_source_is_asked_who_it_is_and_which_time_it_has() {
    let simulator = simulator("secret").await;
    let framework = start(&simulator.url(), SECRETS).await;
    let token = analyst(&framework);
    let health = check(&framework, &token).await;
    assert_eq!(health["condition"], "good", "{health}");
    assert_eq!(health["identity"]["product"], "PI Web API simulator");
    assert_eq!(health["identity"]["data_servers"][0]["name"], "PIMAM");
    assert!(health["identity"]["latency_ms"].as_f64().unwrap() > 0.0);
    let clock = health["identity"]["clock_difference_ms"].as_f64().unwrap();
    assert!(clock.abs() < 5000.0, "the same machine: {clock} ms");
    let path = "/api/framework/data-sources/health?site=basel";
    let (_, listed) = framework.get(path, &token).await;
    assert_eq!(listed[0]["health"]["condition"], "good");
    assert!(
        listed[0].get("credentials").is_none(),
        "for modules only: {listed}"
    );
}

#[tokio::test]
async fn a_source_that_fails_is_named_and_one_that_returns_keeps_its_last_error() {
    let simulator = simulator("secret").await;
    let framework = start(&simulator.url(), SECRETS).await;
    let token = analyst(&framework);
    check(&framework, &token).await;
    let http = &framework.http;
    let fault = json!({ "kind": "status", "status": 403, "path": "/piwebapi/system" });
    let added = http.post(simulator.faults_url()).json(&fault).send().await;
    added.unwrap().error_for_status().unwrap();
    let health = check(&framework, &token).await;
    assert_eq!(health["condition"], "failed", "{health}");
    let title = "The platform's account may not read this data";
    assert_eq!(health["last_error"]["title"], title);
    assert_eq!(health["identity"]["product"], "PI Web API simulator");
    http.delete(simulator.faults_url()).send().await.unwrap();
    let health = check(&framework, &token).await;
    assert_eq!(health["condition"], "good");
    assert_eq!(health["last_error"]["title"], title);
    let checks = health["checks"].as_array().unwrap();
    assert!(checks.iter().any(|check| check["latency_ms"].is_null()));
}

#[tokio::test]
async fn wrong_credentials_are_told_from_a_server_that_is_away() {
    let simulator = simulator("another").await;
    let framework = start(&simulator.url(), SECRETS).await;
    let health = check(&framework, &analyst(&framework)).await;
    assert_eq!(
        health["last_error"]["title"],
        "The PI server does not accept the platform's credentials"
    );
    let framework = start("http://127.0.0.1:1/piwebapi", SECRETS).await;
    let health = check(&framework, &analyst(&framework)).await;
    assert_eq!(
        health["last_error"]["title"],
        "The PI server does not answer"
    );
    assert_eq!(health["identity"], Value::Null);
    let framework = start(&simulator.url(), "").await;
    let health = check(&framework, &analyst(&framework)).await;
    assert_eq!(
        health["last_error"]["title"],
        "The data source is not set up correctly"
    );
}

#[tokio::test]
async fn only_those_of_a_site_see_its_sources() {
    let framework = start("http://127.0.0.1:1/piwebapi", SECRETS).await;
    let stranger = framework.token("u-eve", &[("dublin", &["mvda.read"])]);
    let path = "/api/framework/data-sources/health?site=basel";
    assert_eq!(framework.get(path, &stranger).await.0, 403);
    assert_eq!(
        framework
            .get("/api/framework/data-sources/health", &stranger)
            .await
            .1,
        json!([])
    );
    let path = "/api/framework/data-sources/dryers/check";
    let body = json!({});
    let asked = framework.send(Method::POST, path, &stranger, &body);
    assert_eq!(asked.await.0, 404);
}

#[tokio::test]
async fn a_source_shows_its_tree_and_the_tags_and_batches_of_an_element() {
    let simulator = simulator("secret").await;
    let framework = start(&simulator.url(), SECRETS).await;
    let token = analyst(&framework);
    let below = async |parent: Option<&str>| {
        let parent = parent.map(|parent| format!("&parent={parent}"));
        let path = format!(
            "/api/framework/data-sources/dryers/elements?site=basel{}",
            parent.unwrap_or_default()
        );
        framework.get(&path, &token).await.1
    };
    let mut element = json!({ "has_children": true });
    while element["name"] != "Dryer 1" {
        let found = below(element["web_id"].as_str()).await;
        let list = found.as_array().unwrap();
        let next = list.iter().find(|one| one["name"] == "Dryer 1");
        let next = next.or_else(|| list.iter().find(|one| one["has_children"] == true));
        element = next.unwrap().clone();
    }
    let of = |what: &str| {
        let id = element["web_id"].as_str().unwrap();
        format!("/api/framework/data-sources/dryers/elements/{id}/{what}?site=basel")
    };
    let (_, tags) = framework.get(&of("tags"), &token).await;
    let tags = tags.as_array().unwrap();
    assert!(tags.iter().any(|tag| tag["name"] == "DryerTemp"));
    let (_, batches) = framework.get(&of("batches"), &token).await;
    assert_eq!(batches["items"].as_array().unwrap().len(), 71);
    assert_eq!(batches["truncated"], false);
    let unknown = "/api/framework/data-sources/other/elements?site=basel";
    assert_eq!(framework.get(unknown, &token).await.0, 404);
}
