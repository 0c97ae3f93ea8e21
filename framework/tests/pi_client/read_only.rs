//! Nothing that is sent to a PI server could change what it holds: seen by somebody who stands between.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::header::{ACCEPT_ENCODING, CONTENT_TYPE};
use axum::http::{Method, StatusCode};
use axum::response::Response;
use dcp::pi::{BatchFilter, FrameSearch, LiveNews, PiClient, PiCredentials, PiSource, Retrieval};
use futures_util::StreamExt;
use jiff::Timestamp;
use pi_simulator::{Running, Settings};
use serde_json::Value;

use crate::hours;

/// Method, path and body of what was asked.
type Asked = Arc<Mutex<Vec<(Method, String, Bytes)>>>;

#[derive(Clone)]
struct Between {
    asked: Asked,
    server: String,
    http: reqwest::Client,
}

/// Hands every request on but the one for a channel, which is a GET: without it there are updates to ask for.
async fn forward(State(between): State<Between>, request: Request) -> Response {
    let (mut parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, 1 << 20).await.unwrap();
    let asked = (
        parts.method.clone(),
        parts.uri.path().to_owned(),
        body.clone(),
    );
    between.asked.lock().unwrap().push(asked);
    if parts.uri.path().ends_with("/channel") {
        let refused = Response::builder().status(StatusCode::NOT_IMPLEMENTED);
        return refused.body(Body::empty()).unwrap();
    }
    parts.headers.remove(ACCEPT_ENCODING);
    let url = format!("{}{}", between.server, parts.uri.path_and_query().unwrap());
    let request = between.http.request(parts.method, url);
    let answer = request.headers(parts.headers).body(body).send().await;
    let answer = answer.unwrap();
    let mut response = Response::builder().status(answer.status());
    if let Some(kind) = answer.headers().get(CONTENT_TYPE) {
        response = response.header(CONTENT_TYPE, kind);
    }
    response
        .body(Body::from(answer.bytes().await.unwrap()))
        .unwrap()
}

/// Everything that a client can ask.
async fn ask_everything(client: &PiClient) {
    client.identity().await.unwrap();
    client.units_of_measure().await.unwrap();
    client.search_points("SIN*", None).await.unwrap();
    client.points_named(&["SINUSOID", "NONE"]).await.unwrap();
    client.template_line("Autoclave").await.unwrap();
    let found = client.discover(Some("Autoclave")).await.unwrap();
    let unit = &found.units[0].element.web_id;
    let batches = client.batches(unit, &BatchFilter::default()).await.unwrap();
    let first = [batches[0].web_id.as_str()];
    client
        .search_batches(&FrameSearch::default())
        .await
        .unwrap();
    client.phases_of_each(&first).await.unwrap();
    client.batch_metadata(&first).await.unwrap();
    client.annotations(first[0]).await.unwrap();
    let point = client.point("DEMO.SECONDS").await.unwrap().web_id;
    let (tags, now) = ([point.as_str()], Timestamp::now());
    let start = now - hours(1);
    client.values(&tags).await.unwrap();
    client.recorded(&tags, start, now).await.unwrap();
    client
        .interpolated(&tags, start, now, 60_000_000)
        .await
        .unwrap();
    client.plot(&tags, start, now, 100).await.unwrap();
    client
        .summary(&point, start, now, &["Count"])
        .await
        .unwrap();
    client.interpolated_at(&tags, &[start]).await.unwrap();
    client
        .recorded_at(&tags, &[start], Retrieval::AtOrBefore)
        .await
        .unwrap();
    client.unreadable(&tags).await.unwrap();
    let mut live = Box::pin(client.live(&tags));
    let mut updates = 0;
    while updates < 3 {
        if let LiveNews::Values(_) = live.next().await.unwrap().unwrap() {
            updates += 1;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_asked_nothing_is_sent_that_could_change_the_server() {
    let simulator = Running::start(Settings::default()).await.unwrap();
    let address = simulator.url();
    let between = Between {
        asked: Asked::default(),
        server: address.trim_end_matches("/piwebapi").to_owned(),
        http: reqwest::Client::builder().no_proxy().build().unwrap(),
    };
    let asked = between.asked.clone();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/piwebapi", listener.local_addr().unwrap());
    let routes = axum::Router::new().fallback(forward).with_state(between);
    let serving = tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
    let source = PiSource {
        id: "nylon".to_owned(),
        url,
        asset_server: "PIAF".to_owned(),
        database: "Visp".to_owned(),
        data_server: "PIMAM".to_owned(),
        ..PiSource::default()
    };
    let client = PiClient::connect(&source, &PiCredentials::Anonymous).unwrap();
    tokio::time::timeout(Duration::from_mins(2), ask_everything(&client))
        .await
        .unwrap();
    serving.abort();
    let asked = asked.lock().unwrap();
    let mut posted = Vec::new();
    for (method, path, body) in asked.iter().filter(|one| one.0 != Method::GET) {
        assert_eq!(method, Method::POST, "{path}");
        posted.push(path.as_str());
        if path == "/piwebapi/batch" {
            let parts: Value = serde_json::from_slice(body).unwrap();
            let parts = parts.as_object().unwrap();
            assert!(parts.values().all(|part| part["Method"] == "GET"));
            assert!(parts.values().all(|part| part.get("Content").is_none()));
        }
    }
    posted.sort_unstable();
    posted.dedup();
    // What a server remembers of who wants to hear of changes is none of its data.
    assert_eq!(posted, ["/piwebapi/batch", "/piwebapi/streamsets/updates"]);
}
