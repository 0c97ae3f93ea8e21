//! What a node and its modules work with, as operators see it.

use serde_json::{Value, json};

use crate::platform::{OPERATOR, Peer, Platform};

#[tokio::test]
async fn who_sees_the_modules_sees_what_they_work_with_and_no_secret() {
    let platform = Platform::start().await;
    let ask = |cookie: &'static str| {
        let request = platform.http.get(platform.url("/api/node/settings"));
        request.header("cookie", cookie)
    };
    let nobody = platform.http.get(platform.url("/api/node/settings"));
    assert_eq!(nobody.send().await.unwrap().status(), 401);
    let outside = platform.http.get(platform.outside("/api/node/settings"));
    assert_eq!(
        outside
            .header("cookie", OPERATOR)
            .send()
            .await
            .unwrap()
            .status(),
        404
    );
    let text = ask(OPERATOR).send().await.unwrap().text().await.unwrap();
    let all: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(all[0]["node"], "gxp-node");
    let setting = |key: &str| {
        let settings = all[0]["settings"].as_array().unwrap();
        settings
            .iter()
            .find(|one| one["key"] == key)
            .unwrap()
            .clone()
    };
    let file = platform.home().join("node.toml").display().to_string();
    assert_eq!(
        setting("node.zone"),
        json!({"key": "node.zone", "value": "gxp", "source": {"from": "file", "file": file, "line": 3}})
    );
    assert_eq!(setting("log.level")["source"], json!({"from": "default"}));
    assert_eq!(setting("module.1.name")["value"], "probe");
    let modules = all[0]["modules"].as_array().unwrap();
    assert_eq!(modules.len(), 3);
    assert!(
        modules.iter().all(|module| module["problem"].is_null()),
        "{text}"
    );
    assert!(
        !text.contains("edge-key") && !text.contains("PRIVATE KEY"),
        "{text}"
    );
}

#[tokio::test]
async fn settings_that_a_module_does_not_know_are_named_with_file_and_line() {
    let wrong = "settings = { slots = 2 }\n";
    let platform = Platform::begin(|text| text + wrong);
    let ask = || {
        let request = platform.http.get(platform.url("/api/node/settings"));
        request.header("cookie", OPERATOR).send()
    };
    platform
        .until("told", async |_: &Platform| {
            ask().await.is_ok_and(|answer| answer.status() == 200)
        })
        .await;
    let all: Value = ask().await.unwrap().json().await.unwrap();
    let module = &all[0]["modules"][2];
    let file = platform.home().join("node.toml");
    let line = std::fs::read_to_string(&file).unwrap().lines().count();
    assert_eq!(
        module["problem"],
        format!(
            "setting module.slots: is not a known setting (in {}, line {line})",
            file.display()
        )
    );
    platform
        .until("refused", async |platform: &Platform| {
            let log = platform.home().join("log/gxp-node/hidden-1.log");
            let log = std::fs::read_to_string(log).unwrap_or_default();
            log.contains("setting module.slots: is not a known setting (in ")
        })
        .await;
}

#[tokio::test]
async fn a_node_that_does_not_tell_its_settings_stands_there_with_the_reason() {
    // It has keys of its own, so it does not take the word of the other for who asks.
    let mut peer = Peer::start();
    let platform = Platform::start_beside(&peer).await;
    let told = async || -> Value {
        let request = platform.http.get(platform.url("/api/node/settings"));
        let answer = request.header("cookie", OPERATOR).send().await.unwrap();
        let all: Value = answer.json().await.unwrap();
        assert_eq!(all[0]["problem"], Value::Null, "{all}");
        assert_eq!(all.as_array().unwrap().len(), 2, "{all}");
        all[1].clone()
    };
    let answers = async |platform: &Platform| {
        let portal = platform.json("/portal.json").await;
        let mut modules = portal["modules"].as_array().unwrap().iter();
        modules.any(|module| module["name"] == "far" && module["state"] == "ready")
    };
    platform.until("the peer", answers).await;
    let refused = told().await;
    assert_eq!(
        (&refused["node"], &refused["modules"], &refused["zone"]),
        (&json!("far-node"), &json!([]), &Value::Null)
    );
    let problem = refused["problem"].as_str().unwrap();
    assert!(
        problem.starts_with("the node far-node answers "),
        "{problem}"
    );
    peer.kill();
    assert_eq!(
        told().await["problem"],
        "the node far-node cannot be reached"
    );
}
