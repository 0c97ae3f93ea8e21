//! The backend against a PI Web API server, a calculation engine and a bus, each as its own process.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test says what went wrong by ending, and plays the machine around the module"
)]

mod overlay;
mod stage;

use std::time::Duration;

use axum::http::Method;
use dcp::pi::webid::WebId;
use futures_util::StreamExt as _;
use overlay::{
    lays_phases_over_each_other, overlays_from_disk, overlays_what_can_be_read,
    shows_a_stretch_closer,
};
use serde_json::{Value, json};
use stage::{Stage, start_simulator, until};

/// A unit, its tags and its batches.
struct Dryer {
    unit: Value,
    tags: Vec<Value>,
    batches: Vec<Value>,
}

async fn dryer(stage: &Stage) -> Dryer {
    unit(stage, "dryers", ["Basel", "Drying", "Dryer 1"]).await
}

async fn unit(stage: &Stage, source: &str, path: [&str; 3]) -> Dryer {
    let root = format!("/sources/{source}/elements");
    let mut parent = String::new();
    let mut unit = Value::Null;
    for name in path {
        let elements = stage.get(&format!("{root}{parent}")).await;
        unit = elements
            .as_array()
            .unwrap()
            .iter()
            .find(|element| element["name"] == name)
            .cloned()
            .unwrap();
        parent = format!("?parent={}", unit["web_id"].as_str().unwrap());
    }
    let web_id = unit["web_id"].as_str().unwrap();
    let tags = stage.get(&format!("{root}/{web_id}/tags")).await;
    let batches = stage.get(&format!("{root}/{web_id}/batches")).await;
    Dryer {
        unit,
        tags: tags.as_array().unwrap().clone(),
        batches: batches["items"].as_array().unwrap().clone(),
    }
}

/// Batches as parameters of a query.
fn named(batches: &[Value]) -> String {
    let name = |batch: &Value| format!("&batch={}", batch["id"].as_str().unwrap());
    batches.iter().map(name).collect::<Vec<_>>().concat()
}

/// A question for a model whose first `reference` batches are the reference.
fn ask(dryer: &Dryer, name: &str, kind: &str, reference: usize) -> Value {
    let tags: Vec<_> = dryer
        .tags
        .iter()
        .map(|tag| json!({ "name": tag["name"], "web_id": tag["web_id"] }))
        .collect();
    let batch = |(at, batch): (usize, &Value)| json!({ "id": batch["id"], "start": batch["start"], "end": batch["end"], "reference": at < reference });
    let batches: Vec<_> = dryer.batches.iter().enumerate().map(batch).collect();
    let unit = json!({ "web_id": dryer.unit["web_id"], "path": dryer.unit["path"], "name": dryer.unit["name"] });
    json!({ "name": name, "kind": kind, "source": "dryers", "unit": unit, "tags": tags, "batches": batches, "components": 3 })
}

fn batch(items: &Value, number: usize) -> &Value {
    let id = format!("DR1-2026-{number:03}");
    items
        .as_array()
        .unwrap()
        .iter()
        .find(|batch| batch["id"] == id)
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn from_the_asset_tree_to_the_reason_of_an_abnormal_batch() {
    let mut stage = Stage::new().await;
    let dryer = dryer(&stage).await;
    sees_the_plant(&stage, &dryer).await;
    refuses_what_is_wrong(&stage, &dryer).await;
    draws_what_can_be_read(&stage, &dryer).await;
    lays_phases_over_each_other(&stage, &dryer).await;
    overlays_what_can_be_read(&stage, &dryer).await;
    shows_a_stretch_closer(&stage).await;
    let id = calculates_a_model(&stage, &dryer).await;
    explains_the_abnormal_batch(&stage, &dryer, &id).await;
    keeps_versions_and_archives(&stage, &dryer, &id).await;
    calculates_whole_batches(&stage, &dryer).await;
    tells_why_a_model_failed(&stage, &dryer).await;
    resumes_after_a_crash(&mut stage, &dryer).await;
    says_that_pi_is_down(&mut stage, &dryer).await;
    shows_what_is_kept(&mut stage, &dryer).await;
}

async fn sees_the_plant(stage: &Stage, dryer: &Dryer) {
    assert_eq!(
        stage.get("/sources").await,
        json!([
            { "id": "dryers", "name": "Dryers", "server": "PIMAM", "database": "Basel" },
            { "id": "skids", "name": "Chromatography", "server": "PIMAM", "database": "Stein" },
        ])
    );
    assert_eq!((dryer.tags.len(), dryer.batches.len()), (10, 71));
    let jacket = dryer
        .tags
        .iter()
        .find(|tag| tag["name"] == "JacketTemperature")
        .unwrap();
    assert_eq!(
        (&jacket["description"], &jacket["unit"]),
        (&json!("Jacket temperature"), &json!("°C"))
    );
    let (first, last) = (&dryer.batches[0], &dryer.batches[70]);
    assert_eq!(
        (&first["status"], &first["attributes"]["BatchID"]),
        (&json!("complete"), &json!("1"))
    );
    let tag = jacket["web_id"].as_str().unwrap();
    let path = |from: &Value, to: &Value| {
        format!(
            "/sources/dryers/trend?tag={tag}&start={}&end={}&points=400",
            from.as_str().unwrap(),
            to.as_str().unwrap()
        )
    };
    let trend = stage.get(&path(&first["start"], &first["end"])).await;
    let line = &trend["series"][0];
    assert_eq!(
        (&line["unit"], &line["samples"], &line["downsampled"]),
        (&json!("°C"), &json!(148), &json!(false))
    );
    assert_eq!(line["values"][0], 18.697);
    let long = stage.get(&path(&first["start"], &last["start"])).await;
    assert!(long["series"][0]["times_ms"].as_array().unwrap().len() <= 600);
    let unit = dryer.unit["web_id"].as_str().unwrap();
    let overlay = stage
        .get_lines(&format!(
            "/sources/dryers/overlay?tag={tag}&unit={unit}&batch=DR1-2026-001&batch=DR1-2026-002"
        ))
        .await;
    assert_eq!(
        (&overlay[0]["begin"]["batches"], &overlay[3]),
        (&json!(2), &json!({ "end": 1 }))
    );
    let course = |line: usize| &overlay[line]["batch"]["courses"][0];
    assert_eq!(overlay[2]["batch"]["batch"], "DR1-2026-002");
    assert_eq!(course(2)["elapsed_s"][1], 60.0);
    assert_eq!(course(1)["values"].as_array().unwrap().len(), 148);
}

async fn refuses_what_is_wrong(stage: &Stage, dryer: &Dryer) {
    let right = ask(dryer, "Wrong", "evolution", 40);
    let pointers = async |change: &dyn Fn(&mut Value)| {
        let mut wrong = right.clone();
        change(&mut wrong);
        let (status, problem) = stage.post("/models", &wrong).await;
        let errors = problem["errors"].as_array().cloned().unwrap_or_default();
        (
            status,
            errors
                .iter()
                .map(|error| error["pointer"].as_str().unwrap().to_owned())
                .collect::<Vec<_>>(),
        )
    };
    assert_eq!(
        pointers(&|ask| ask["batches"] = json!([])).await,
        (422, vec!["/batches".to_owned()])
    );
    assert_eq!(
        pointers(&|ask| ask["components"] = json!(39)).await,
        (
            422,
            vec![
                "/components".to_owned(),
                "/components".to_owned(),
                "/batches".to_owned()
            ]
        )
    );
    assert_eq!(
        pointers(&|ask| ask["tags"][3]["web_id"] = json!("F1AbNothing")).await,
        (422, vec!["/tags/3/web_id".to_owned()])
    );
    assert_eq!(
        pointers(&|ask| ask["source"] = json!("ovens")).await,
        (404, vec!["/source".to_owned()])
    );
    assert_eq!(
        pointers(&|ask| ask["alpha"] = json!("high")).await,
        (422, vec!["/alpha".to_owned()])
    );
    assert_eq!(
        pointers(&|ask| ask["batches"][2]["end"] = ask["batches"][2]["start"].clone()).await,
        (422, vec!["/batches/2/end".to_owned()])
    );
    let reader = stage
        .request(Method::POST, "/models", &["mvda.read"])
        .json(&right)
        .send()
        .await
        .unwrap();
    assert_eq!(reader.status(), 403);
    assert_eq!(stage.try_get("/models/nothing").await.0, 404);
}

async fn calculates_a_model(stage: &Stage, dryer: &Dryer) -> String {
    let stream = stage
        .request(Method::GET, "/models/stream?site=basel", &["mvda.read"])
        .send()
        .await
        .unwrap();
    assert_eq!(stream.status(), 200);
    let (status, accepted) = stage
        .post("/models", &ask(dryer, "Drying", "evolution", 40))
        .await;
    assert_eq!(
        (status, &accepted["version"], &accepted["state"]),
        (202, &json!(1), &json!("queued")),
        "{accepted}"
    );
    let id = accepted["id"].as_str().unwrap().to_owned();
    let told = tokio::time::timeout(Duration::from_mins(4), changes_until_ready(stream))
        .await
        .expect("the stream tells of the end");
    assert!(told.iter().any(|state| state == "running"), "{told:?}");
    let model = stage.ended(&id).await;
    assert_eq!(
        (
            &model["state"],
            &model["reference_batches"],
            &model["batches"]
        ),
        (&json!("ready"), &json!(40), &json!(71)),
        "{model}"
    );
    let r2y = model["r2y"].as_f64().unwrap();
    assert!((r2y - 0.933_250_675_476).abs() < 1e-9, "{r2y}");
    let provenance = &model["provenance"];
    for (member, value) in [
        ("data_server", "PIMAM"),
        ("function", "batch_evolution"),
        ("node", "test-node"),
        ("zone", "gxp"),
    ] {
        assert_eq!(provenance[member], value, "{provenance}");
    }
    assert!(
        provenance["result_key"].as_str().unwrap().len() == 64
            && provenance["r_version"].as_str().unwrap().starts_with('4'),
        "{provenance}"
    );
    let level = provenance["tags"]
        .as_array()
        .unwrap()
        .iter()
        .find(|tag| tag["name"] == "CollectorTankLevel")
        .unwrap();
    assert_eq!(
        (&level["unit"], &provenance["time_range"]["from"]),
        (&json!("L"), &dryer.batches[0]["start"])
    );
    id
}

/// The states the stream tells, up to `ready`.
async fn changes_until_ready(stream: reqwest::Response) -> Vec<String> {
    let (mut bytes, mut text, mut states) = (stream.bytes_stream(), String::new(), Vec::new());
    while let Some(chunk) = bytes.next().await {
        text.push_str(&String::from_utf8_lossy(&chunk.unwrap()));
        while let Some((event, rest)) = text
            .split_once("\n\n")
            .map(|(event, rest)| (event.to_owned(), rest.to_owned()))
        {
            text = rest;
            let Some(data) = event.lines().find_map(|line| line.strip_prefix("data: ")) else {
                continue;
            };
            let change: Value = serde_json::from_str(data).unwrap();
            states.push(change["state"].as_str().unwrap().to_owned());
            if states.last().is_some_and(|state| state == "ready") {
                return states;
            }
        }
    }
    states
}

async fn explains_the_abnormal_batch(stage: &Stage, dryer: &Dryer, id: &str) {
    let result = stage.get(&format!("/models/{id}/result")).await;
    let share = |batch: &Value| batch["share_outside"].as_f64().unwrap();
    let worst = result["batches"]
        .as_array()
        .unwrap()
        .iter()
        .max_by(|a, b| share(a).total_cmp(&share(b)))
        .unwrap();
    assert_eq!(
        (&worst["id"], &worst["abnormal"]),
        (&json!("DR1-2026-060"), &json!(true))
    );
    let index = &worst["first_alarm"]["index"];
    for statistic in ["spe", "t2"] {
        let path = format!("/models/{id}/contributions?batch=DR1-2026-060&statistic={statistic}");
        let whole = stage.get(&path).await;
        assert_eq!(
            (&whole["items"][0]["variable"], &whole["items"][0]["unit"]),
            (&json!("CollectorTankLevel"), &json!("L")),
            "{whole}"
        );
        assert!(
            whole["sentence"]["en"]
                .as_str()
                .unwrap()
                .starts_with("Level of the collector tank is "),
            "{whole}"
        );
        assert!(
            whole["sentence"]["de"].as_str().unwrap().contains(" über "),
            "{whole}"
        );
        assert_eq!(stage.get(&path).await, whole);
        let place = stage.get(&format!("{path}&at={index}")).await;
        let at = usize::try_from(index.as_u64().unwrap()).unwrap();
        let expected = worst[statistic][at].as_f64().unwrap();
        assert!(
            (place["value"].as_f64().unwrap() / expected - 1.0).abs() < 1e-9,
            "{place}"
        );
    }
    assert_eq!(
        stage
            .try_get(&format!("/models/{id}/contributions?batch=none"))
            .await
            .0,
        404
    );
    let envelope = stage
        .get(&format!("/models/{id}/envelope?tag=JacketTemperature"))
        .await;
    assert_eq!(
        (
            envelope["elapsed_pct"].as_array().unwrap().len(),
            envelope["mean"].as_array().unwrap().len()
        ),
        (101, 101)
    );
    assert_eq!(
        batch(&result["batches"], 71)["running"],
        dryer.batches[70]["end"].is_null()
    );
}

async fn keeps_versions_and_archives(stage: &Stage, dryer: &Dryer, first: &str) {
    let (_, second) = stage
        .post("/models", &ask(dryer, "Drying", "evolution", 50))
        .await;
    assert_eq!(second["version"], 2);
    let id = second["id"].as_str().unwrap();
    let (status, _) = stage
        .post(&format!("/models/{id}/cancel"), &Value::Null)
        .await;
    assert_eq!(
        (status, &stage.ended(id).await["state"]),
        (204, &json!("cancelled"))
    );
    assert_eq!(
        stage
            .post(&format!("/models/{id}/cancel"), &Value::Null)
            .await
            .0,
        409
    );
    assert_eq!(stage.try_get(&format!("/models/{id}/result")).await.0, 409);
    let archived = async || batch_archived(&stage.get("/models").await, first);
    assert_eq!(
        stage
            .post(&format!("/models/{first}/archive"), &Value::Null)
            .await
            .0,
        204
    );
    assert!(archived().await);
    assert_eq!(
        stage
            .post(&format!("/models/{first}/restore"), &Value::Null)
            .await
            .0,
        204
    );
    assert!(!archived().await);
}

fn batch_archived(models: &Value, id: &str) -> bool {
    models
        .as_array()
        .unwrap()
        .iter()
        .any(|model| model["id"] == id && model["archived"] == true)
}

async fn calculates_whole_batches(stage: &Stage, dryer: &Dryer) {
    let (_, accepted) = stage
        .post("/models", &ask(dryer, "Whole batches", "level", 40))
        .await;
    let id = accepted["id"].as_str().unwrap();
    let model = stage.ended(id).await;
    assert_eq!(
        (&model["state"], &model["r2y"]),
        (&json!("ready"), &Value::Null),
        "{model}"
    );
    let why = stage
        .get(&format!("/models/{id}/contributions?batch=DR1-2026-060"))
        .await;
    assert_eq!(why["items"][0]["variable"], "CollectorTankLevel");
}

async fn tells_why_a_model_failed(stage: &Stage, dryer: &Dryer) {
    let mut empty = ask(dryer, "No data", "evolution", 40);
    empty["batches"][5]["start"] = json!("2020-01-01T00:00:00Z");
    empty["batches"][5]["end"] = json!("2020-01-01T02:00:00Z");
    let (_, accepted) = stage.post("/models", &empty).await;
    let model = stage.ended(accepted["id"].as_str().unwrap()).await;
    assert_eq!(model["state"], "failed");
    assert!(
        model["error"]["detail"]
            .as_str()
            .unwrap()
            .contains("DR1-2026-006"),
        "{model}"
    );
}

async fn resumes_after_a_crash(stage: &mut Stage, dryer: &Dryer) {
    let (_, accepted) = stage
        .post("/models", &ask(dryer, "Power cut", "evolution", 45))
        .await;
    let id = accepted["id"].as_str().unwrap().to_owned();
    stage.mvda.kill();
    stage.restart().await;
    assert_eq!(stage.ended(&id).await["state"], "ready");
}

async fn says_that_pi_is_down(stage: &mut Stage, dryer: &Dryer) {
    let faults = format!("http://{}/_simulator/faults", stage.simulator_at);
    let level = dryer
        .tags
        .iter()
        .find(|tag| tag["name"] == "CollectorTankLevel")
        .unwrap();
    let tag = level["web_id"].as_str().unwrap();
    let (start, end) = (
        dryer.batches[0]["start"].as_str().unwrap(),
        dryer.batches[0]["end"].as_str().unwrap(),
    );
    let trend = format!("/sources/dryers/trend?tag={tag}&start={start}&end={end}");
    let fault = json!({ "kind": "state", "tag": "CollectorTankLevel", "name": "I/O Timeout", "value": 246 });
    assert!(
        stage
            .http
            .post(&faults)
            .json(&fault)
            .send()
            .await
            .unwrap()
            .status()
            .is_success()
    );
    let bad = stage.get(&trend).await;
    assert_eq!(
        bad["series"][0]["status"][0]["state"], "I/O Timeout",
        "{bad}"
    );
    assert!(
        bad["series"][0]["values"]
            .as_array()
            .unwrap()
            .iter()
            .all(Value::is_null)
    );
    stage.http.delete(&faults).send().await.unwrap();
    stage.simulator.kill();
    let (status, problem) = stage.try_get(&trend).await;
    assert_eq!(
        (status, &problem["type"]),
        (503, &json!("urn:dcp:problem:pi-down")),
        "{problem}"
    );
    assert_eq!(problem["title"], "The PI server does not answer");
    stage.simulator = start_simulator(stage.simulator_at);
    until("PI answers again", Duration::from_secs(20), async || {
        (stage.try_get(&trend).await.0 == 200).then_some(())
    })
    .await;
}

/// A tag that is gone is named, and the others are drawn; a trend of it alone is a problem.
async fn draws_what_can_be_read(stage: &Stage, dryer: &Dryer) {
    let gone = WebId::of_point("PIMAM", "TIC9.PV").unwrap().to_string();
    let batch = &dryer.batches[3];
    let (start, end) = (
        batch["start"].as_str().unwrap(),
        batch["end"].as_str().unwrap(),
    );
    let range = format!("start={start}&end={end}");
    let tags = dryer
        .tags
        .iter()
        .map(|tag| format!("tag={}&", tag["web_id"].as_str().unwrap()));
    let tags: String = tags.collect();
    let trend = format!("/sources/dryers/trend?tag={gone}&{tags}{range}");
    let read = stage.get(&trend).await;
    let lines = read["series"].as_array().unwrap();
    assert_eq!(lines.len(), dryer.tags.len(), "{read}");
    assert_eq!(read["unreadable"][0]["id"], json!(gone));
    let detail = read["unreadable"][0]["detail"].as_str().unwrap();
    assert!(
        detail.contains(r"PIMAM\TIC9.PV") && detail.contains("no longer"),
        "{detail}"
    );
    let alone = format!("/sources/dryers/trend?tag={gone}&{range}");
    let (status, problem) = stage.try_get(&alone).await;
    assert_eq!(
        (status, &problem["type"]),
        (404, &json!("urn:dcp:problem:pi-not-found"))
    );
}

/// Lines of more tags than are read in one request, from PI, from disk, and from disk while PI is away.
async fn shows_what_is_kept(stage: &mut Stage, dryer: &Dryer) {
    stage.mvda.kill();
    stage.restart_with_cache().await;
    let tags = dryer
        .tags
        .iter()
        .map(|tag| format!("tag={}&", tag["web_id"].as_str().unwrap()));
    let batch = &dryer.batches[3];
    let (start, end) = (
        batch["start"].as_str().unwrap(),
        batch["end"].as_str().unwrap(),
    );
    let trend = format!(
        "/sources/dryers/trend?{}start={start}&end={end}",
        tags.collect::<String>()
    );
    let read = stage.get(&format!("{trend}&reload=true")).await;
    let lines = read["series"].as_array().unwrap();
    let ids = lines.iter().map(|line| &line["web_id"]);
    assert!(
        ids.eq(dryer.tags.iter().map(|tag| &tag["web_id"])),
        "in the order asked for"
    );
    assert!(
        lines
            .iter()
            .all(|line| line["read_at"].is_null() && line["samples"].as_u64() > Some(60))
    );
    let kept = stage.get(&trend).await;
    for (kept, read) in kept["series"].as_array().unwrap().iter().zip(lines) {
        assert!(
            kept["read_at"].is_string() && kept["stale"].is_null(),
            "{kept}"
        );
        for part in ["times_ms", "values", "status", "samples", "unit"] {
            assert_eq!(kept[part], read[part]);
        }
    }
    overlays_from_disk(stage, dryer).await;
    let numbers = stage.get("/kept").await;
    assert!(numbers["bytes"].as_u64() > Some(0), "{numbers}");
    let rate = numbers["hit_rate"].as_f64().unwrap();
    assert!(
        rate > 0.4 && rate < 0.6,
        "read once, and once from disk: {numbers}"
    );
    stage.simulator.kill();
    assert_eq!(
        stage.get(&trend).await["series"][9]["values"],
        lines[9]["values"]
    );
    let (status, problem) = stage.try_get(&format!("{trend}&reload=true")).await;
    assert_eq!(
        (status, &problem["type"]),
        (503, &json!("urn:dcp:problem:pi-down"))
    );
}
