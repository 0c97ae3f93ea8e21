//! Objects, event frames, streams and batches.

use pi_simulator::{Running, Settings};
use serde_json::{Value, json};

use crate::{Caller, DRYER_1, names};

#[tokio::test]
async fn event_frames_default_to_the_last_eight_hours_and_an_open_one_ends_in_9999() {
    let caller = Caller::start().await;
    let database = caller.web_id("assetdatabases", r"\\PIAF\Basel").await;
    let path = format!("/assetdatabases/{database}/eventframes");
    let recent = caller.good(&path, &[]).await;
    assert_eq!(names(&recent).last(), Some(&"DR1-2026-071"));
    assert!(names(&recent).len() < 5);
    assert!(
        recent["Items"].as_array().unwrap().last().unwrap()["EndTime"]
            .as_str()
            .unwrap()
            .starts_with("9999-12-31")
    );
    let all = caller
        .good(&path, &[("starttime", "*-100d"), ("templateName", "Batch")])
        .await;
    assert_eq!(names(&all).len(), 71);
    let running = caller
        .good(
            &path,
            &[("startTime", "*-100d"), ("searchMode", "InProgress")],
        )
        .await;
    assert_eq!(names(&running), ["DR1-2026-071"]);
    let backward = caller
        .good(
            &path,
            &[
                ("startTime", "*"),
                ("searchMode", "BackwardFromStartTime"),
                ("maxCount", "2"),
            ],
        )
        .await;
    assert_eq!(names(&backward), ["DR1-2026-071", "DR1-2026-070"]);
    let (status, _) = caller
        .get(
            &path,
            &[("searchMode", "BackwardFromStartTime"), ("endTime", "*")],
        )
        .await;
    assert_eq!(status, 400);
    let query = [
        ("databaseWebId", database.as_str()),
        ("query", "Template:='Batch' '|BatchID':='17'"),
    ];
    assert_eq!(
        names(&caller.good("/eventframes/search", &query).await),
        ["DR1-2026-017"]
    );
}

#[tokio::test]
async fn lists_are_paged_by_links() {
    let caller = Caller::start().await;
    let dryer = caller.web_id("elements", DRYER_1).await;
    let mut next = format!(
        "{}/elements/{dryer}/eventframes?startTime=*-100d&maxCount=30&unknown=1",
        caller.simulator.url()
    );
    let mut found = Vec::new();
    loop {
        let page: Value = caller
            .http
            .get(&next)
            .send()
            .await
            .unwrap()
            .json()
            .await
            .unwrap();
        found.extend(names(&page).into_iter().map(str::to_owned));
        match page["Links"]["Next"].as_str() {
            Some(link) => link.clone_into(&mut next),
            None => break,
        }
    }
    assert_eq!((found.len(), found[70].as_str()), (71, "DR1-2026-071"));
}

#[tokio::test]
async fn one_object_has_three_web_ids_and_paths_in_any_case() {
    let caller = Caller::start().await;
    let path = [("path", r"\\pimam\sinusoid")];
    let full = caller.good("/POINTS", &path).await;
    for form in ["IDOnly", "PathOnly"] {
        let other = caller
            .good("/points", &[path[0], ("webIdType", form)])
            .await;
        let id = other["WebId"].as_str().unwrap();
        assert_ne!(full["WebId"], other["WebId"]);
        assert_eq!(
            caller.good(&format!("/points/{id}"), &[]).await["WebId"],
            full["WebId"]
        );
    }
    let (status, body) = caller.get("/points/F1DPnonsense", &[]).await;
    assert_eq!((status, body["Errors"].is_array()), (404, true));
    assert_eq!(
        caller.get("/points", &[("path", r"\\PIMAM\NONE")]).await.0,
        404
    );
}

#[tokio::test]
async fn long_streams_are_cut_silently_and_too_long_ones_refused() {
    let caller = Caller::start().await;
    let tag = caller.web_id("points", r"\\PIMAM\SINUSOID").await;
    let path = format!("/streams/{tag}/recorded");
    assert_eq!(
        caller.good(&path, &[("startTime", "*-5d")]).await["Items"]
            .as_array()
            .unwrap()
            .len(),
        1000
    );
    assert_eq!(caller.get(&path, &[("maxCount", "150001")]).await.0, 400);
    let descending = caller
        .good(
            &path,
            &[
                ("startTime", "*"),
                ("endTime", "*-1h"),
                ("selectedFields", "Items.Timestamp"),
            ],
        )
        .await;
    let times: Vec<&str> = descending["Items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["Timestamp"].as_str().unwrap())
        .collect();
    assert!(times.windows(2).all(|pair| pair[0] > pair[1]));
    assert_eq!(descending["Items"][0].as_object().unwrap().len(), 1);
}

#[tokio::test]
async fn a_static_attribute_has_a_value_and_no_history() {
    let caller = Caller::start().await;
    let frame = caller
        .web_id("eventframes", r"\\PIAF\Basel\EventFrames[DR1-2026-009]")
        .await;
    let attributes = caller
        .good(&format!("/eventframes/{frame}/attributes"), &[])
        .await;
    let id = attributes["Items"][0]["WebId"].as_str().unwrap();
    assert_eq!(
        caller.good(&format!("/streams/{id}/value"), &[]).await["Value"],
        "9"
    );
    assert_eq!(
        caller.get(&format!("/streams/{id}/recorded"), &[]).await.0,
        409
    );
    let values = caller
        .good(&format!("/streamsets/{frame}/value"), &[])
        .await;
    assert_eq!(values["Items"][0]["Value"]["Value"], "9");
}

#[tokio::test]
async fn a_batch_reads_and_nothing_can_be_written() {
    let caller = Caller::start().await;
    let base = caller.simulator.url();
    let body = json!({
        "dryer": { "Method": "GET", "Resource": format!("{base}/elements?path={}", r"%5C%5CPIAF%5CBasel%5CBasel%5CDrying%5CDryer%201") },
        "tags": { "Method": "GET", "RequestTemplate": { "Resource": format!("{base}/elements/{{0}}/attributes") },
                  "Parameters": ["$.dryer.Content.WebId"], "ParentIds": ["dryer"] },
        "write": { "Method": "POST", "Resource": format!("{base}/streams/x/value"), "Content": "{'Value':1}" },
    });
    let answer = caller
        .http
        .post(format!("{base}/batch"))
        .json(&body)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 207);
    let answers: Value = answer.json().await.unwrap();
    assert_eq!(answers["dryer"]["Content"]["Name"], "Dryer 1");
    assert_eq!(
        answers["tags"]["Content"]["Items"][0]["Content"]["Items"]
            .as_array()
            .unwrap()
            .len(),
        10
    );
    assert_eq!(answers["write"]["Status"], 405);
    for method in [
        reqwest::Method::POST,
        reqwest::Method::PUT,
        reqwest::Method::PATCH,
        reqwest::Method::DELETE,
    ] {
        let answer = caller
            .http
            .request(method, format!("{base}/elements"))
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), 405);
    }
}

#[tokio::test]
async fn summaries_and_values_of_many_streams_come_in_one_answer() {
    let caller = Caller::start().await;
    let sine = caller.web_id("points", r"\\PIMAM\SINUSOID").await;
    let mode = caller.web_id("points", r"\\PIMAM\CDM158").await;
    let both = [("webId", sine.as_str()), ("webid", &mode)];
    let values = caller.good("/streamsets/value", &both).await;
    assert_eq!(names(&values), ["SINUSOID", "CDM158"]);
    assert_eq!(values["Items"][1]["Value"]["Value"]["IsSystem"], false);
    let query = [
        both[0],
        ("summaryType", "Average"),
        ("summaryType", "Maximum"),
        ("startTime", "*-1d"),
    ];
    let summaries = caller.good("/streamsets/summary", &query).await;
    let average = summaries["Items"][0]["Items"][0]["Value"]["Value"]
        .as_f64()
        .unwrap();
    assert!((average - 50.0).abs() < 0.1, "{average}");
    let times = [both[0], ("time", "*-1h"), ("time", "*-2h")];
    let at = caller.good("/streamsets/interpolatedattimes", &times).await;
    assert_eq!(at["Items"][0]["Items"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn strangers_are_challenged_where_credentials_are_asked_for() {
    let settings = Settings {
        credentials: Some(("dcp".to_owned(), "secret".to_owned())),
        ..Settings::default()
    };
    let simulator = Running::start(settings).await.unwrap();
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let answer = http.get(simulator.url()).send().await.unwrap();
    assert_eq!(answer.status(), 401);
    assert!(
        answer.headers()["www-authenticate"]
            .to_str()
            .unwrap()
            .starts_with("Basic ")
    );
    let answer = http
        .get(format!("{}/system/userinfo", simulator.url()))
        .basic_auth("dcp", Some("secret"))
        .send()
        .await
        .unwrap();
    assert_eq!(answer.json::<Value>().await.unwrap()["Name"], "dcp");
}
