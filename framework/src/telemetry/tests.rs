//! A collector that takes what it gets, one that hangs, and one that is away.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::routing::post;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::span::Record;
use super::*;

/// What a collector got.
type Got = Arc<Mutex<Vec<Value>>>;

fn record(name: &'static str) -> Record {
    Record {
        context: TraceContext::read("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
            .unwrap(),
        parent: Some(7),
        name: name.into(),
        kind: SpanKind::Consumer,
        begun: 1_700_000_000_000_000_001,
        ended: 1_700_000_000_000_000_002,
        attributes: vec![
            ("messaging.system", "rabbitmq".into()),
            ("dcp.message.attempt", Attribute::from(2)),
        ],
        failed: true,
    }
}

/// A tracer with its exporter, and what they count.
fn recording(collector: &str) -> (Tracer, Exporter, PrometheusHandle) {
    let counts = PrometheusBuilder::new().build_recorder();
    let handle = counts.handle();
    let resource = Resource {
        service: "mvda".into(),
        ..Resource::default()
    };
    let (tracer, exporter) = metrics::with_local_recorder(&counts, || {
        let (tracer, spans) = Tracer::new(1.0);
        (tracer, Exporter::new(collector, &resource, spans).unwrap())
    });
    (tracer, exporter, handle)
}

fn count(counts: &PrometheusHandle, outcome: &str) -> usize {
    let name = format!("dcp_spans_total{{outcome=\"{outcome}\"}} ");
    let text = counts.render();
    let line = text.lines().find_map(|line| line.strip_prefix(&name));
    line.map_or(0, |number| number.parse().unwrap())
}

fn collector(listener: TcpListener) -> Got {
    let got = Got::default();
    let take = async |State(got): State<Got>, body: Bytes| {
        got.lock()
            .unwrap()
            .push(serde_json::from_slice(&body).unwrap());
    };
    let app = Router::new()
        .route("/v1/traces", post(take))
        .with_state(got.clone());
    #[expect(clippy::disallowed_methods, reason = "ends with the test")]
    tokio::spawn(async move { axum::serve(listener, app).await });
    got
}

async fn listener() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    (listener, address)
}

#[tokio::test]
async fn a_collector_gets_what_was_recorded_in_its_own_words() {
    let (listener, address) = listener().await;
    let got = collector(listener);
    let (tracer, exporter, counts) = recording(&address);
    tracer.finish(record("process q.mvda"));
    drop(tracer);
    exporter.run(CancellationToken::new()).await;
    assert_eq!(count(&counts, "delivered"), 1);
    let resource = &got.lock().unwrap()[0]["resourceSpans"][0];
    let name = json!({ "key": "service.name", "value": { "stringValue": "mvda" } });
    assert!(
        resource["resource"]["attributes"]
            .as_array()
            .unwrap()
            .contains(&name)
    );
    assert_eq!(
        resource["scopeSpans"][0]["spans"],
        json!([{
            "traceId": "0af7651916cd43dd8448eb211c80319c",
            "spanId": "b7ad6b7169203331",
            "parentSpanId": "0000000000000007",
            "name": "process q.mvda",
            "kind": 5,
            "startTimeUnixNano": "1700000000000000001",
            "endTimeUnixNano": "1700000000000000002",
            "attributes": [
                { "key": "messaging.system", "value": { "stringValue": "rabbitmq" } },
                { "key": "dcp.message.attempt", "value": { "intValue": "2" } },
            ],
            "status": { "code": 2 },
        }])
    );
}

#[tokio::test]
async fn a_collector_that_hangs_holds_up_neither_work_nor_stop() {
    // It accepts through the backlog and never answers.
    let (_hangs, address) = listener().await;
    let (tracer, exporter, counts) = recording(&address);
    let drained = CancellationToken::new();
    let mut tasks = tokio::task::JoinSet::new();
    tasks.spawn(exporter.run(drained.clone()));
    let many = SPANS_HELD * 3;
    let begun = Instant::now();
    for _ in 0..many {
        tracer.finish(record("work"));
    }
    assert!(
        begun.elapsed() < Duration::from_secs(1),
        "{:?}",
        begun.elapsed()
    );
    assert!(count(&counts, "dropped") >= many - SPANS_HELD - crate::limits::SPAN_BATCH);
    let begun = Instant::now();
    drained.cancel();
    tasks.join_next().await.unwrap().unwrap();
    assert!(
        begun.elapsed() < crate::limits::SPAN_LAST * 2,
        "{:?}",
        begun.elapsed()
    );
    assert_eq!(count(&counts, "delivered"), 0);
}

#[tokio::test]
async fn a_collector_that_comes_back_gets_what_is_recorded_then() {
    let (away, address) = listener().await;
    let place = away.local_addr().unwrap();
    drop(away);
    let (tracer, exporter, counts) = recording(&address);
    let drained = CancellationToken::new();
    let mut tasks = tokio::task::JoinSet::new();
    tasks.spawn(exporter.run(drained.clone()));
    tracer.finish(record("lost"));
    while count(&counts, "dropped") == 0 {
        tokio::task::yield_now().await;
    }
    let got = collector(TcpListener::bind(place).await.unwrap());
    tracer.finish(record("kept"));
    drained.cancel();
    tasks.join_next().await.unwrap().unwrap();
    let got = got.lock().unwrap();
    assert_eq!(got.len(), 1);
    assert_eq!(
        got[0]["resourceSpans"][0]["scopeSpans"][0]["spans"][0]["name"],
        "kept"
    );
}

#[test]
fn the_share_of_recorded_traces_is_the_same_for_every_process() {
    let (half, _spans) = Tracer::new(0.5);
    let (again, _spans) = Tracer::new(0.5);
    let traces: Vec<u128> = (0..10_000).map(|_| rand::random()).collect();
    let taken = traces.iter().filter(|trace| half.takes(**trace)).count();
    assert!((4_700..5_300).contains(&taken), "{taken} of 10000");
    assert!(
        traces
            .iter()
            .all(|trace| half.takes(*trace) == again.takes(*trace))
    );
    let (all, _spans) = Tracer::new(1.0);
    let (none, _spans) = Tracer::new(0.0);
    assert!(
        traces
            .iter()
            .all(|trace| all.takes(*trace) && !none.takes(*trace))
    );
}

#[test]
fn an_address_or_a_share_that_cannot_be_is_named() {
    let refused = |otlp: &str, ratio| {
        let settings = TelemetrySettings {
            otlp: Some(otlp.into()),
            ratio,
            service: None,
        };
        install(&settings, Resource::default())
            .unwrap_err()
            .to_string()
    };
    assert!(
        refused("collector:4318", 1.0)
            .starts_with("setting telemetry.otlp: it must begin with http://")
    );
    assert!(refused("http://127.0.0.1:4318", 1.5).starts_with("setting telemetry.ratio"));
}
