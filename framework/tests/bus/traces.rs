//! One trace from a request to the last reaction, as a collector sees it.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use dcp::bus::{Reaction, Subscriptions};
use dcp::clock::SystemClock;
use dcp::events::{Event, Key};
use dcp::http::{Host, serve};
use dcp::identity::{Verifier, generate_keys};
use dcp::model::Manifest;
use dcp::store::{Store, Tx};
use dcp::telemetry::{Resource, TraceContext, record_to};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::setup::{Courier, Happened, Running, effect, event, eventually, publish};

on_each_bus! {
    a_request_its_messages_and_their_reactions_are_one_tree
}

/// What no trace may hold.
const CANARY: &str = "canary-4711";

/// What follows from `Happened`.
#[derive(Debug, Serialize, Deserialize)]
struct Followed {
    id: Uuid,
}

impl Event for Followed {
    const NAME: &'static str = "test.thing.followed";
    const VERSION: u16 = 1;

    fn key(&self) -> Key {
        self.id.into()
    }
}

/// The steps that the collector of this process has got.
type Steps = Arc<Mutex<Vec<Value>>>;

/// The one collector of this process: it outlives the runtimes of the tests.
fn collector() -> &'static Steps {
    static STEPS: OnceLock<Steps> = OnceLock::new();
    STEPS.get_or_init(|| {
        let steps = Steps::default();
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let app = Router::new()
            .route("/v1/traces", post(take))
            .with_state(steps.clone());
        let resource = Resource {
            service: "tests".into(),
            ..Resource::default()
        };
        let recording = record_to(&address, resource).unwrap();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Runtime::new().unwrap();
            runtime.block_on(async {
                let listener = TcpListener::from_std(listener).unwrap();
                tokio::join!(axum::serve(listener, app).into_future(), recording)
            })
        });
        steps
    })
}

async fn take(State(steps): State<Steps>, body: Bytes) {
    let text = std::str::from_utf8(&body).unwrap();
    assert!(!text.contains(CANARY), "{text}");
    let request: Value = serde_json::from_str(text).unwrap();
    let spans = request["resourceSpans"][0]["scopeSpans"][0]["spans"].clone();
    let Value::Array(spans) = spans else {
        panic!("no list: {spans}");
    };
    steps.lock().unwrap().extend(spans);
}

/// The steps of one trace, by their id.
fn steps_of(trace: &str) -> HashMap<String, Value> {
    let steps = collector().lock().unwrap();
    let mine = steps.iter().filter(|step| step["traceId"] == trace);
    mine.map(|step| (step["spanId"].as_str().unwrap().to_owned(), step.clone()))
        .collect()
}

fn attribute(step: &Value, key: &str) -> Option<String> {
    let attributes = step["attributes"].as_array()?;
    let found = attributes.iter().find(|one| one["key"] == key)?;
    let value = &found["value"];
    Some(
        value["stringValue"]
            .as_str()
            .or(value["intValue"].as_str())?
            .to_owned(),
    )
}

/// The names of a step and of everything it came from, up to the caller's own step.
fn way(steps: &HashMap<String, Value>, step: &Value) -> Vec<String> {
    let parent = |step: &Value| steps.get(step["parentSpanId"].as_str()?).cloned();
    std::iter::successors(Some(step.clone()), parent)
        .map(|step| step["name"].as_str().unwrap().to_owned())
        .collect()
}

/// A module that stores and publishes when it is asked to, served as every module is.
async fn serve_module(store: Store, stop: CancellationToken) -> String {
    let (_, public) = generate_keys().unwrap();
    let manifest = Manifest::parse(
        "name = \"asked\"\nversion = \"1.0.0\"\ntitle = { en = \"A\", de = \"A\" }\ndescription = { en = \"A\", de = \"A\" }\nzone = \"gxp\"\nport = 7790\n",
    )
    .unwrap();
    let host = Arc::new(Host::new(
        &manifest,
        Verifier::from_pem(&public).unwrap(),
        Arc::new(SystemClock),
        stop.clone(),
    ));
    let handler = async |State(store): State<Store>, _body: Bytes| {
        let happened = Happened {
            how: CANARY.into(),
            ..event()
        };
        publish(&store, &happened).await;
        StatusCode::ACCEPTED
    };
    let api = Router::new()
        .route("/api/asked/things/{id}", post(handler))
        .with_state(store);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(serve(listener, host.wrap(api, Router::new()), stop));
    address
}

async fn follow(tx: &mut Tx<'_>, event: &Happened) -> Result<(), Reaction> {
    tx.publish(&Followed { id: event.id }).await?;
    effect(tx, event).await
}

async fn a_request_its_messages_and_their_reactions_are_one_tree(courier: &Courier) {
    collector();
    let (asked_bus, other_bus) = (courier.connect().await, courier.connect().await);
    let (asked, other) = (courier.store("asked").await, courier.store("other").await);
    let has_failed = AtomicBool::new(false);
    let reactions = Subscriptions::default().on(async move |tx: &mut Tx<'_>, event: &Happened| {
        if has_failed.swap(true, Ordering::SeqCst) {
            follow(tx, event).await
        } else {
            Err(Reaction::later(format!("not yet {CANARY}")))
        }
    });
    let ends = Subscriptions::default().on(async |tx: &mut Tx<'_>, followed: &Followed| {
        tx.call("effect_add", dcp::params![followed.id]).await?;
        Ok(())
    });
    let asked_runs = Running::start(&asked, &asked_bus, ends).await;
    let other_runs = Running::start(&other, &other_bus, reactions).await;
    let stop = CancellationToken::new();
    let address = serve_module(asked.clone(), stop.clone()).await;

    let caller = "00-5c1e0b8bd2a94d6c9e7a3f1d2b4c6e8f-00f067aa0ba902b7-01";
    let trace = Uuid::now_v7().simple().to_string();
    let caller = caller.replace("5c1e0b8bd2a94d6c9e7a3f1d2b4c6e8f", &trace);
    let client = reqwest::Client::new();
    let answer = client
        .post(format!("{address}/api/asked/things/1?q={CANARY}"))
        .header("traceparent", &caller)
        .header("cookie", CANARY)
        .body(CANARY)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), StatusCode::ACCEPTED);
    assert_eq!(answer.headers()["x-request-id"], trace.as_str());

    let last = format!(
        "process q.{}.test.thing.followed.v1",
        courier.module("asked")
    );
    let named = |name: &str| {
        let steps = steps_of(&trace);
        steps.into_values().find(|step| step["name"] == name)
    };
    eventually("the last reaction is told", async || named(&last).is_some()).await;
    let steps = steps_of(&trace);
    let reacted = format!(
        "process q.{}.test.thing.happened.v1",
        courier.module("other")
    );
    assert_eq!(
        way(&steps, &named(&last).unwrap()),
        [
            last.as_str(),
            "create test.thing.followed.v1",
            &reacted,
            "create test.thing.happened.v1",
            "POST /api/asked/things/{id}",
        ]
    );
    are_joined(&steps, &TraceContext::read(&caller).unwrap());
    are_described(&steps, &reacted, courier);
    stop.cancel();
    asked_runs.stop().await;
    other_runs.stop().await;
}

/// Nothing hangs in the air: every step comes from another one, and the first from the caller's.
fn are_joined(steps: &HashMap<String, Value>, caller: &TraceContext) {
    let caller = caller.traceparent();
    for step in steps.values() {
        let parent = step["parentSpanId"].as_str().unwrap();
        let is_first = caller.contains(&format!("-{parent}-"));
        assert_eq!(
            is_first,
            step["name"] == "POST /api/asked/things/{id}",
            "{step}"
        );
        assert!(is_first || steps.contains_key(parent), "{step}");
    }
}

fn are_described(steps: &HashMap<String, Value>, reacted: &str, courier: &Courier) {
    let mut attempts: Vec<_> = steps
        .values()
        .filter(|step| step["name"] == reacted)
        .collect();
    attempts.sort_by_key(|step| attribute(step, "dcp.message.attempt"));
    let told: Vec<_> = attempts
        .iter()
        .map(|step| {
            (
                attribute(step, "dcp.message.attempt"),
                attribute(step, "error.type"),
            )
        })
        .collect();
    let number = |text: &str| Some(text.to_owned());
    assert_eq!(told, [(number("1"), number("later")), (number("2"), None)]);
    let created = steps
        .values()
        .find(|step| step["name"] == "create test.thing.happened.v1");
    let id = attribute(created.unwrap(), "messaging.message.id");
    assert!(
        attempts
            .iter()
            .all(|step| attribute(step, "messaging.message.id") == id),
        "{id:?}"
    );
    let sent = steps
        .values()
        .find(|step| step["name"] == "send test.thing.happened.v1");
    assert_eq!(attribute(sent.unwrap(), "messaging.message.id"), id);
    assert_eq!(
        attribute(sent.unwrap(), "messaging.system").as_deref(),
        Some(courier.system())
    );
    let stored = steps
        .values()
        .find(|step| step["name"] == "effect_add")
        .unwrap();
    assert_eq!(
        attribute(stored, "db.system.name").as_deref(),
        Some("sqlite")
    );
}
