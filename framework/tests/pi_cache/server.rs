//! A PI Web API server whose history can be changed, as people and late interfaces change it, and that counts what it is asked.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use dcp::pi::time;
use serde_json::{Value, json};

/// A value as the server has it.
#[derive(Debug, Clone)]
pub(crate) struct Held {
    pub(crate) time: i64,
    pub(crate) value: Value,
    pub(crate) substituted: bool,
    pub(crate) annotated: bool,
}

#[derive(Debug, Default)]
pub(crate) struct Plant {
    pub(crate) streams: BTreeMap<String, Vec<Held>>,
    /// What was asked: the action, and the streams.
    pub(crate) asked: Vec<(String, Vec<String>)>,
    /// Abbreviation of the unit of all streams; metres without it.
    pub(crate) unit: Option<&'static str>,
    /// The status of every answer instead of values.
    pub(crate) fails: Option<u16>,
}

impl Plant {
    /// How often values of streams were asked for.
    pub(crate) fn readings(&self) -> usize {
        self.asked
            .iter()
            .filter(|(action, _)| action != "summary")
            .count()
    }

    /// Puts a value where it belongs.
    pub(crate) fn put(&mut self, stream: &str, held: Held) {
        let all = self.streams.entry(stream.to_owned()).or_default();
        let place = all.partition_point(|one| one.time <= held.time);
        all.insert(place, held);
    }

    /// A value like any other.
    pub(crate) fn add(&mut self, stream: &str, time: i64, value: impl Into<Value>) {
        let held = Held {
            time,
            value: value.into(),
            substituted: false,
            annotated: false,
        };
        self.put(stream, held);
    }
}

pub(crate) type Shared = Arc<Mutex<Plant>>;

/// Serves on a free port until the test's runtime ends; the base address.
pub(crate) async fn serve(plant: &Shared) -> (String, tokio::task::JoinHandle<()>) {
    let routes = Router::new()
        .route("/piwebapi/streamsets/{action}", axum::routing::get(answer))
        .with_state(plant.clone());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/piwebapi", listener.local_addr().unwrap());
    let serving = tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
    (url, serving)
}

async fn answer(
    State(plant): State<Shared>,
    Path(action): Path<String>,
    Query(query): Query<Vec<(String, String)>>,
) -> Response {
    let mut plant = plant.lock().unwrap();
    let all = |name: &str| -> Vec<String> {
        let named = query.iter().filter(|(key, _)| key == name);
        named.map(|(_, value)| value.clone()).collect()
    };
    let streams = all("webId");
    plant.asked.push((action.clone(), streams.clone()));
    if let Some(status) = plant.fails {
        let status = StatusCode::from_u16(status).unwrap();
        return (status, axum::Json(json!({ "Errors": ["as asked for"] }))).into_response();
    }
    let instant = |name: &str| time::parse(&all(name)[0]).unwrap();
    let (from, to) = (instant("startTime"), instant("endTime"));
    let unit = plant.unit.unwrap_or("m");
    let mut items = Vec::new();
    for stream in &streams {
        let held = &plant.streams[stream];
        let inside: Vec<&Held> = held
            .iter()
            .filter(|one| (from..=to).contains(&one.time))
            .collect();
        let values = match action.as_str() {
            "recorded" => {
                let most: usize = all("maxCount")[0].parse().unwrap();
                inside
                    .into_iter()
                    .take(most)
                    .map(|one| timed(one, one.time))
                    .collect()
            }
            // Less would be sent of a dense stream; what is kept of it must be what was sent.
            "plot" => inside.into_iter().map(|one| timed(one, one.time)).collect(),
            "interpolated" => {
                let text = all("interval")[0].clone();
                let seconds: i64 = text.trim_end_matches('s').parse().unwrap();
                let grid = (0..).map(|row| from + row * seconds * 1_000_000);
                let before = |at: i64| held.iter().rfind(|one| one.time <= at).unwrap_or(&held[0]);
                grid.take_while(|at| *at <= to)
                    .map(|at| timed(before(at), at))
                    .collect()
            }
            _ => {
                let kinds = all("summaryType");
                let texts = held.iter().any(|one| one.value.is_string());
                if texts && kinds.len() > 2 {
                    let refusal = json!({ "Errors": ["The stream holds no numbers."] });
                    return (StatusCode::BAD_REQUEST, axum::Json(refusal)).into_response();
                }
                kinds
                    .iter()
                    .map(|kind| summary(kind, &inside, from, unit))
                    .collect()
            }
        };
        let values: Vec<Value> = values;
        items.push(json!({ "WebId": stream, "Name": stream, "Path": stream, "Items": values, "UnitsAbbreviation": unit }));
    }
    axum::Json(json!({ "Links": {}, "Items": items })).into_response()
}

fn timed(held: &Held, at: i64) -> Value {
    let good = !held.value.is_object();
    json!({ "Timestamp": time::format(at), "Value": held.value, "Good": good, "Questionable": false,
        "Substituted": held.substituted, "Annotated": held.annotated })
}

fn summary(kind: &str, inside: &[&Held], from: i64, unit: &str) -> Value {
    let numbers: Vec<f64> = inside.iter().filter_map(|one| one.value.as_f64()).collect();
    let good = inside.iter().filter(|one| !one.value.is_object()).count();
    let mean = numbers.iter().sum::<f64>() / numbers.len() as f64;
    let value = match kind {
        "Count" => json!(good),
        "PercentGood" => json!(100.0 * good as f64 / inside.len().max(1) as f64),
        _ if numbers.is_empty() => json!({ "Name": "No Data", "Value": 248, "IsSystem": true }),
        "Average" => json!(mean),
        "Minimum" => json!(numbers.iter().copied().fold(f64::INFINITY, f64::min)),
        "Maximum" => json!(numbers.iter().copied().fold(f64::NEG_INFINITY, f64::max)),
        "StdDev" => json!(
            numbers
                .iter()
                .map(|one| (one - mean).powi(2))
                .sum::<f64>()
                .sqrt()
        ),
        other => panic!("{other}"),
    };
    let good = !value.is_object();
    let unit = if matches!(kind, "Count" | "PercentGood") {
        ""
    } else {
        unit
    };
    json!({ "Type": kind, "Value": { "Timestamp": time::format(from), "Value": value, "Good": good, "UnitsAbbreviation": unit } })
}
