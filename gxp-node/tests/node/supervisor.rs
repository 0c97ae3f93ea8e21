//! Supervision: restart, balancing, drain, ports.

use std::collections::HashSet;
use std::net::{Ipv4Addr, TcpListener};

use serde_json::json;

use crate::platform::{Platform, config, is_alive, signal_process, start_node};

fn pid(module: &serde_json::Value) -> u64 {
    module["instances"][0]["pid"].as_u64().unwrap()
}

#[tokio::test]
async fn a_module_that_dies_is_started_again_and_the_others_go_on() {
    let platform = Platform::start().await;
    let (before, other) = (
        pid(&platform.module("probe").await),
        pid(&platform.module("hidden").await),
    );
    signal_process(u32::try_from(before).unwrap(), "-KILL");
    platform
        .until("restarted", async |platform: &Platform| {
            let probe = platform.module("probe").await;
            probe["state"] == "ready"
                && probe["instances"][0]["restarts"] == 1
                && pid(&probe) != before
        })
        .await;
    assert_eq!(pid(&platform.module("hidden").await), other);
    assert_eq!(platform.get("/api/probe/show").await.unwrap().status(), 200);
}

#[tokio::test]
async fn a_module_is_ready_soon_after_its_start() {
    let platform = Platform::start().await;
    let millis = platform.module("probe").await["instances"][0]["ready_after_ms"]
        .as_u64()
        .unwrap();
    // The machine of the tests is busy; the figure itself is printed by infra/up.
    assert!(millis < 3000, "{millis} ms");
}

#[tokio::test]
async fn requests_are_spread_over_the_instances_and_survive_the_death_of_one() {
    let platform = Platform::start().await;
    let (status, _) = platform
        .control("POST /modules/probe/scale?instances=3")
        .await;
    assert_eq!(status, 200);
    platform
        .until("three instances", async |platform: &Platform| {
            let probe = platform.module("probe").await;
            probe["instances"]
                .as_array()
                .unwrap()
                .iter()
                .filter(|instance| instance["state"] == "ready")
                .count()
                == 3
        })
        .await;
    let mut pids = HashSet::new();
    for _ in 0..12 {
        pids.insert(
            platform.json("/api/probe/show").await["pid"]
                .as_u64()
                .unwrap(),
        );
    }
    assert_eq!(pids.len(), 3);
    signal_process(
        u32::try_from(*pids.iter().next().unwrap()).unwrap(),
        "-KILL",
    );
    for _ in 0..50 {
        assert_eq!(platform.get("/api/probe/show").await.unwrap().status(), 200);
    }
    let (status, answer) = platform
        .control("POST /modules/probe/scale?instances=0")
        .await;
    assert_eq!(status, 422, "{answer}");
}

#[tokio::test]
async fn a_stopped_module_says_so_and_starts_again() {
    let platform = Platform::start().await;
    assert_eq!(
        platform.control("POST /modules/probe/stop").await,
        (200, json!({ "state": "stopped" }))
    );
    let answer = platform.get("/api/probe/show").await.unwrap();
    assert_eq!(answer.status(), 503);
    assert!(answer.headers().contains_key("retry-after"));
    let problem: serde_json::Value = answer.json().await.unwrap();
    assert_eq!(
        (&problem["type"], &problem["module"]),
        (
            &json!("urn:dcp:problem:module-unavailable"),
            &json!("probe")
        )
    );
    assert_eq!(
        platform.get("/api/hidden/nothing").await.unwrap().status(),
        404,
        "the others go on"
    );
    assert_eq!(
        platform.control("POST /modules/probe/start").await,
        (200, json!({ "state": "ready" }))
    );
    assert_eq!(platform.get("/api/probe/show").await.unwrap().status(), 200);
    let (status, answer) = platform.control("POST /modules/unknown/stop").await;
    assert!(
        status == 422 && answer["problem"].as_str().unwrap().contains("probe"),
        "{answer}"
    );
}

#[tokio::test]
async fn a_restart_breaks_no_answer() {
    let platform = Platform::start().await;
    let before = pid(&platform.module("probe").await);
    let load = async {
        let mut answers = Vec::new();
        for _ in 0..150 {
            answers.push(
                platform
                    .get("/api/probe/wait?millis=5")
                    .await
                    .unwrap()
                    .status()
                    .as_u16(),
            );
        }
        answers
    };
    let (answers, (status, _)) =
        tokio::join!(load, platform.control("POST /modules/probe/restart"));
    assert_eq!(status, 200);
    assert!(answers.iter().all(|status| *status == 200), "{answers:?}");
    assert_ne!(pid(&platform.module("probe").await), before);
}

#[tokio::test]
async fn a_stopping_node_finishes_what_it_began_and_leaves_nothing_behind() {
    let mut platform = Platform::start().await;
    let modules = [
        pid(&platform.module("probe").await),
        pid(&platform.module("hidden").await),
    ];
    let mut endless = platform.get("/api/probe/stream").await.unwrap();
    assert!(endless.chunk().await.unwrap().is_some());
    let asked = platform
        .http
        .get(platform.url("/api/probe/wait?millis=800"))
        .send();
    let stop = async {
        platform
            .until("a request that waits", async |platform: &Platform| {
                platform.json("/api/probe/waiting").await == 1
            })
            .await;
        platform.signal("-TERM");
    };
    let (answer, ()) = tokio::join!(asked, stop);
    assert_eq!(answer.unwrap().status(), 200);
    let status = tokio::task::spawn_blocking(move || (platform.node.wait().unwrap(), platform))
        .await
        .unwrap();
    assert!(status.0.success());
    assert!(!modules.into_iter().any(is_alive));
}

#[tokio::test]
async fn nothing_outlives_a_killed_node() {
    let platform = Platform::start().await;
    let modules = [
        pid(&platform.module("probe").await),
        pid(&platform.module("login").await),
    ];
    platform.signal("-KILL");
    platform
        .until("all gone", async |_: &Platform| {
            !modules.into_iter().any(is_alive)
        })
        .await;
}

#[tokio::test]
async fn a_taken_port_is_named_and_no_module_starts() {
    let platform = Platform::start().await;
    let other = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let taken = other.local_addr().unwrap().port();
    let folder = tempfile::tempdir().unwrap();
    let text = config(platform.home(), platform.internal).replace(
        &format!("127.0.0.1:{}\"", platform.internal),
        &format!("127.0.0.1:{taken}\""),
    );
    std::fs::write(folder.path().join("node.toml"), text).unwrap();
    let status = start_node(folder.path()).wait().unwrap();
    assert_eq!(status.code(), Some(1));
    let log = std::fs::read_to_string(folder.path().join("node.log")).unwrap();
    assert!(
        log.contains(&format!("port {taken}"))
            && log.contains("edge.internal")
            && !log.contains("DCP_PORT"),
        "{log}"
    );
}
