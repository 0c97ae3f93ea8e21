//! Sites and activity, through the real program.

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

use dcp::events::Actor;
use dcp::events::administration::{User, UserChanged};
use dcp::events::mvda::{Model, ModelCalculated};
use dcp::identity::Kind;
use futures_util::StreamExt as _;
use module_process::{Module, stable};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

async fn start() -> Module {
    Module::start(
        "framework",
        env!("CARGO_BIN_EXE_framework"),
        "",
        &[("DCP__MODULE__DEMO", "true")],
    )
    .await
}

fn by() -> Actor {
    Actor {
        id: "u-ana".into(),
        name: "Ana Keller".into(),
    }
}

fn calculated(site: &str, number: u32) -> ModelCalculated {
    let model = Model {
        id: format!("m{number}"),
        name: "Dryer".into(),
        version: number,
        kind: "evolution".into(),
    };
    let link = format!("/app/{site}/mvda/models/m{number}");
    let (site, unit) = (site.to_owned(), "Dryer 1".to_owned());
    ModelCalculated {
        model,
        site,
        unit,
        by: by(),
        at: jiff::Timestamp::UNIX_EPOCH,
        batches: 24,
        abnormal: 1,
        link,
    }
}

fn changed() -> UserChanged {
    let user = User {
        id: "u-eve".into(),
        login: "eve".into(),
        name: "Eve Novak".into(),
        email: String::new(),
        active: true,
    };
    UserChanged {
        user,
        grants: module_process::grants(&[]),
        by: by(),
        at: jiff::Timestamp::UNIX_EPOCH,
    }
}

fn ids(page: &Value) -> Vec<&str> {
    page["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["subject"]["id"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn everyone_sees_their_own_sites_only() {
    let framework = start().await;
    let analyst = framework.token("u-ana", &[("basel", &["mvda.read"])]);
    let (_, sites) = framework.get("/api/framework/sites", &analyst).await;
    insta::assert_json_snapshot!("sites", sites);
    let (_, sources) = framework
        .get("/api/framework/data-sources?site=basel", &analyst)
        .await;
    insta::assert_json_snapshot!("data_sources", sources);
    let (status, problem) = framework
        .get("/api/framework/data-sources?site=dublin", &analyst)
        .await;
    assert_eq!(status, 403);
    insta::assert_json_snapshot!("other_site", stable(problem));
    assert_eq!(
        framework
            .get("/api/framework/activity?site=dublin", &analyst)
            .await
            .0,
        403
    );
    assert_eq!(
        framework
            .get("/api/framework/activity/stream?site=dublin", &analyst)
            .await
            .0,
        403
    );
    let everywhere = framework.token("u-op", &[("*", &["node.read"])]);
    assert_eq!(
        framework
            .get("/api/framework/sites", &everywhere)
            .await
            .1
            .as_array()
            .unwrap()
            .len(),
        4
    );
    let nobody = framework.token("u-new", &[]);
    assert_eq!(
        framework.get("/api/framework/sites", &nobody).await.1,
        json!([])
    );
}

#[tokio::test]
async fn modules_learn_where_the_credentials_of_a_source_stand() {
    let framework = start().await;
    let module = framework.sign("service:mvda", Kind::Service, &[], "");
    let (_, sources) = framework
        .get("/api/framework/data-sources?site=basel", &module)
        .await;
    assert_eq!(sources[0]["credentials"], "pi/dryers");
}

#[tokio::test]
async fn activity_is_shown_where_it_belongs_and_to_whom() {
    let framework = start().await;
    framework.publish(&calculated("basel", 1)).await;
    framework.publish(&calculated("dublin", 2)).await;
    framework.publish(&changed()).await;
    let analyst = framework.token("u-ana", &[("basel", &["mvda.read"])]);
    let (_, page) = framework
        .get("/api/framework/activity?site=basel", &analyst)
        .await;
    insta::assert_json_snapshot!("activity", page);
    let admin = framework.token("u-admin", &[("*", &["administration.read"])]);
    let (_, page) = framework
        .get("/api/framework/activity?site=basel", &admin)
        .await;
    assert_eq!(ids(&page), ["u-eve", "m1"]);
    let (_, page) = framework
        .get("/api/framework/activity?site=dublin", &admin)
        .await;
    assert_eq!(ids(&page), ["u-eve", "m2"]);
}

#[tokio::test]
async fn pages_follow_each_other_without_gap_or_repetition() {
    let framework = start().await;
    for number in 1..=5 {
        framework.publish(&calculated("basel", number)).await;
    }
    let analyst = framework.token("u-ana", &[("basel", &["mvda.read"])]);
    let (mut seen, mut path) = (
        Vec::new(),
        "/api/framework/activity?site=basel&limit=2".to_owned(),
    );
    loop {
        let (status, page) = framework.get(&path, &analyst).await;
        assert_eq!(status, 200);
        seen.extend(ids(&page).into_iter().map(str::to_owned));
        let Some(next) = page["next"].as_str() else {
            break;
        };
        path = format!("/api/framework/activity?site=basel&limit=2&before={next}");
    }
    assert_eq!(seen, ["m5", "m4", "m3", "m2", "m1"]);
    for wrong in ["limit=0", "limit=201", "limit=x", "before=x"] {
        let (status, _) = framework
            .get(
                &format!("/api/framework/activity?site=basel&{wrong}"),
                &analyst,
            )
            .await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{wrong}");
    }
    assert_eq!(
        framework.get("/api/framework/activity", &analyst).await.0,
        400,
        "a site must be named"
    );
}

#[tokio::test]
async fn activity_arrives_live_and_a_stream_does_not_hold_up_the_stop() {
    let mut framework = start().await;
    let analyst = framework.token("u-ana", &[("basel", &["mvda.read"])]);
    let stream = framework
        .request(
            Method::GET,
            "/api/framework/activity/stream?site=basel",
            &analyst,
        )
        .send()
        .await
        .unwrap();
    assert_eq!(stream.headers()["content-type"], "text/event-stream");
    framework.publish(&calculated("dublin", 1)).await;
    framework.publish(&calculated("basel", 2)).await;
    let mut chunks = stream.bytes_stream();
    let mut text = String::new();
    let whole = async {
        while !text.contains("\n\n") {
            text.push_str(std::str::from_utf8(&chunks.next().await.unwrap().unwrap()).unwrap());
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(20), whole)
        .await
        .expect("the event arrives");
    let data = text
        .lines()
        .find_map(|line| line.strip_prefix("data: "))
        .unwrap();
    let item: Value = serde_json::from_str(data).unwrap();
    assert!(text.contains("event: activity"), "{text}");
    assert_eq!(
        (item["subject"]["id"].as_str(), item["site"].as_str()),
        (Some("m2"), Some("basel"))
    );
    let since = std::time::Instant::now();
    assert_eq!(framework.stop(), Some(0));
    assert!(
        since.elapsed() < std::time::Duration::from_secs(5),
        "{:?}",
        since.elapsed()
    );
}

#[tokio::test]
async fn the_api_is_as_described_and_refuses_strangers() {
    let framework = start().await;
    framework.refuses_strangers().await;
    insta::assert_json_snapshot!("openapi", framework.openapi().await);
}
