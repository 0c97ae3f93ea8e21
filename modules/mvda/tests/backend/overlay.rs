//! Batches laid over each other.

use dcp::pi::webid::WebId;
use serde_json::{Value, json};

use crate::stage::Stage;
use crate::{Dryer, named, unit};

/// The phases of a batch, and all batches over each other in one of them; a batch without phases has none and no error.
pub(crate) async fn lays_phases_over_each_other(stage: &Stage, dryer: &Dryer) {
    let phases_of = |source: &str, batch: &Value| {
        let id = batch["web_id"].as_str().unwrap();
        format!("/sources/{source}/batches/{id}/phases")
    };
    let none = stage.get(&phases_of("dryers", &dryer.batches[4])).await;
    assert_eq!(none, json!([]));
    let skid = unit(stage, "skids", ["Stein", "Downstream", "Skid 1"]).await;
    let phases = stage.get(&phases_of("skids", &skid.batches[4])).await;
    let phases = phases.as_array().unwrap();
    let shown: Vec<_> = phases
        .iter()
        .map(|phase| {
            (
                phase["level"].as_u64().unwrap(),
                phase["key"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        shown[..3],
        [
            (1, r"\Purify"),
            (2, r"\Purify\Bind"),
            (3, r"\Purify\Bind\Equilibrate")
        ]
    );
    let elute = phases
        .iter()
        .find(|phase| phase["name"] == "Elute")
        .unwrap();
    assert_eq!(elute["duration_s"], 1800.0);
    let flow = skid.tags.iter().find(|tag| tag["name"] == "Flow").unwrap();
    let names = named(&skid.batches);
    let overlay = |phase: &str| {
        format!(
            "/sources/skids/overlay?tag={}&unit={}{names}&phase={}",
            flow["web_id"].as_str().unwrap(),
            skid.unit["web_id"].as_str().unwrap(),
            phase.replace('\\', "%5C")
        )
    };
    let lines = stage
        .get_lines(&overlay(elute["key"].as_str().unwrap()))
        .await;
    assert_eq!(
        lines[0]["begin"],
        json!({ "batches": 120, "without_phase": [], "unreadable": [] })
    );
    assert_eq!(lines.len(), 122);
    for line in &lines[1..121] {
        assert_eq!(line["batch"]["duration_s"], 1800.0);
        let elapsed = line["batch"]["courses"][0]["elapsed_s"].as_array().unwrap();
        let (first, last) = (
            elapsed[0].as_f64().unwrap(),
            elapsed.last().unwrap().as_f64().unwrap(),
        );
        assert!(
            (0.0..2.0).contains(&first) && (1790.0..=1800.0).contains(&last),
            "{first} to {last}"
        );
    }
    let (status, problem) = stage.try_get(&overlay(r"\Nowhere")).await;
    assert_eq!(
        (status, &problem["detail"]),
        (422, &json!(r"None of the batches has the phase \Nowhere."))
    );
    let gone = json!({ "web_id": WebId::of_point("PIMAM", "TIC9.PV").unwrap().to_string() });
    assert_eq!(stage.try_get(&phases_of("skids", &gone)).await.0, 404);
}

/// What fails before the first batch is a problem, a tag that is gone is left out, what fails later ends the answer with a problem.
pub(crate) async fn overlays_what_can_be_read(stage: &Stage, dryer: &Dryer) {
    let unit = dryer.unit["web_id"].as_str().unwrap();
    let tag = dryer.tags[0]["web_id"].as_str().unwrap();
    let gone = WebId::of_point("PIMAM", "TIC9.PV").unwrap().to_string();
    let names = named(&dryer.batches[..30]);
    let overlay = |tags: &str| format!("/sources/dryers/overlay?{tags}&unit={unit}{names}");
    let lines = stage
        .get_lines(&overlay(&format!("tag={gone}&tag={tag}")))
        .await;
    assert_eq!(lines[0]["begin"]["unreadable"][0]["id"], json!(gone));
    assert_eq!(lines.len(), 32);
    assert!(lines[1..31].iter().all(|line| {
        let courses = line["batch"]["courses"].as_array().unwrap();
        courses.len() == 1 && courses[0]["web_id"] == tag
    }));
    let (status, problem) = stage.try_get(&overlay(&format!("tag={gone}"))).await;
    assert_eq!(
        (status, &problem["type"]),
        (404, &json!("urn:dcp:problem:pi-not-found"))
    );
    let faults = format!("http://{}/_simulator/faults", stage.simulator_at);
    let start = dryer.batches[25]["start"].as_str().unwrap();
    let start = start.trim_end_matches('Z').replace(':', "%3A");
    let path = format!("/streamsets/plot?startTime={start}");
    let fault = json!({ "kind": "status", "path": path, "status": 500 });
    let added = stage.http.post(&faults).json(&fault).send().await.unwrap();
    assert!(
        added.status().is_success(),
        "{}",
        added.text().await.unwrap()
    );
    let lines = stage.get_lines(&overlay(&format!("tag={tag}"))).await;
    stage.http.delete(&faults).send().await.unwrap();
    assert!(lines.len() > 2 && lines.len() < 31, "{}", lines.len());
    let last = lines.last().unwrap();
    assert_eq!(
        last["problem"]["type"], "urn:dcp:problem:pi-failed",
        "{last}"
    );
}

/// A stretch of all batches: every recorded value where they are few enough, by seconds and by percent; nothing of those that end before it.
pub(crate) async fn shows_a_stretch_closer(stage: &Stage) {
    let skid = unit(stage, "skids", ["Stein", "Downstream", "Skid 1"]).await;
    let flow = skid.tags.iter().find(|tag| tag["name"] == "Flow").unwrap();
    let overlay = format!(
        "/sources/skids/overlay?tag={}&unit={}{}",
        flow["web_id"].as_str().unwrap(),
        skid.unit["web_id"].as_str().unwrap(),
        named(&skid.batches[..5])
    );
    let course = |line: &Value| line["batch"]["courses"][0].clone();
    let whole = stage.get_lines(&overlay).await;
    assert_eq!(course(&whole[1])["downsampled"], true);
    let stretch = stage
        .get_lines(&format!("{overlay}&from=1800&to=2400"))
        .await;
    assert_eq!(stretch.len(), 7);
    for line in &stretch[1..6] {
        assert_eq!(line["batch"]["duration_s"], 7200.0);
        let course = course(line);
        assert_eq!(course["downsampled"], false);
        let elapsed: Vec<f64> = serde_json::from_value(course["elapsed_s"].clone()).unwrap();
        assert!((300..=301).contains(&elapsed.len()), "{}", elapsed.len());
        assert!(elapsed[0] >= 1800.0 && elapsed[elapsed.len() - 1] <= 2400.0);
        assert!(
            elapsed
                .windows(2)
                .all(|pair| (pair[1] - pair[0] - 2.0).abs() < 1e-6)
        );
    }
    let quarter = format!("{overlay}&from=25&to=33.333333333&align=maturity");
    for (line, same) in stage.get_lines(&quarter).await[1..6]
        .iter()
        .zip(&stretch[1..])
    {
        let (read, of) = (course(line), course(same));
        assert_eq!(
            read["values"].as_array().unwrap()[..300],
            of["values"].as_array().unwrap()[..300]
        );
    }
    let long = stage.get_lines(&format!("{overlay}&from=10&to=7000")).await;
    assert_eq!(course(&long[1])["downsampled"], true);
    let beyond = stage
        .get_lines(&format!("{overlay}&from=8000&to=9000"))
        .await;
    assert_eq!(beyond.len(), 2, "{beyond:?}");
    assert_eq!(
        (&beyond[0]["begin"]["batches"], &beyond[1]["end"]),
        (&json!(0), &json!(1))
    );
    let (status, problem) = stage.try_get(&format!("{overlay}&from=9&to=3")).await;
    assert_eq!(
        (status, &problem["errors"][0]["pointer"]),
        (422, &json!("to"))
    );
}

/// All complete batches over each other: from PI the first time, then the same from disk.
pub(crate) async fn overlays_from_disk(stage: &Stage, dryer: &Dryer) {
    let names = named(&dryer.batches[..60]);
    let overlay = format!(
        "/sources/dryers/overlay?tag={}&tag={}&unit={}{names}",
        dryer.tags[0]["web_id"].as_str().unwrap(),
        dryer.tags[1]["web_id"].as_str().unwrap(),
        dryer.unit["web_id"].as_str().unwrap()
    );
    let read = stage.get_lines(&overlay).await;
    let kept = stage.get_lines(&overlay).await;
    assert_eq!((read.len(), kept.len()), (62, 62));
    for (kept, read) in kept[1..61].iter().zip(&read[1..61]) {
        for place in [0, 1] {
            let course = |line: &Value| line["batch"]["courses"][place].clone();
            assert!(course(read)["read_at"].is_null() && course(kept)["read_at"].is_string());
            for part in ["elapsed_s", "values", "status", "unit"] {
                assert_eq!(course(kept)[part], course(read)[part]);
            }
        }
    }
}
