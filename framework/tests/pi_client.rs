//! The PI Web API client against the simulator, over HTTP, with the faults a real server shows.

#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::cast_precision_loss,
    reason = "tests against a server that lives in real time"
)]

#[path = "pi_client/assets.rs"]
mod assets;
#[path = "pi_client/encrypted.rs"]
mod encrypted;
#[path = "pi_client/histories.rs"]
mod histories;
#[path = "pi_client/kept.rs"]
mod kept;
#[path = "pi_client/kerberos.rs"]
mod kerberos;
#[path = "pi_client/live.rs"]
mod live;
#[path = "pi_client/read_only.rs"]
mod read_only;
#[path = "pi_client/resilience.rs"]
mod resilience;
#[path = "pi_client/scripted.rs"]
mod scripted;
#[path = "pi_client/units.rs"]
mod units;

use std::time::{Duration, Instant};

use dcp::pi::{
    BatchFilter, BatchRef, Interpolation, PiClient, PiCredentials, PiError, PiSource, TagRef,
};
use dcp::secrets::Secret;
use jiff::{SignedDuration, Timestamp};
use pi_simulator::timeline::LastBatch;
use pi_simulator::{Running, Settings};
use serde_json::json;

const DRYER_1: &str = r"\\PIAF\Basel\Basel\Drying\Dryer 1";
const DRYER_2: &str = r"\\PIAF\Basel\Basel\Drying\Dryer 2";

fn source(simulator: &Running) -> PiSource {
    PiSource {
        id: "dryers".to_owned(),
        url: simulator.url(),
        asset_server: "PIAF".to_owned(),
        database: "Basel".to_owned(),
        data_server: "PIMAM".to_owned(),
        ..PiSource::default()
    }
}

async fn start(settings: Settings) -> (Running, PiClient) {
    let simulator = Running::start(settings).await.unwrap();
    let client = PiClient::connect(&source(&simulator), &PiCredentials::Anonymous).unwrap();
    (simulator, client)
}

async fn fault(simulator: &Running, fault: serde_json::Value) {
    let answer = reqwest::Client::new()
        .post(simulator.faults_url())
        .json(&fault)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 200);
}

async fn clear(simulator: &Running) {
    reqwest::Client::new()
        .delete(simulator.faults_url())
        .send()
        .await
        .unwrap();
}

fn hours(count: i64) -> SignedDuration {
    SignedDuration::from_hours(count)
}

/// Tags and batches of a dryer, as a model would ask for them.
async fn plan(client: &PiClient) -> (Vec<TagRef>, Vec<BatchRef>) {
    let dryer = client.element_at(DRYER_1).await.unwrap();
    let tags = client.tags(&dryer.web_id).await.unwrap();
    let batches = client
        .batches(&dryer.web_id, &BatchFilter::default())
        .await
        .unwrap();
    let tags = tags
        .into_iter()
        .map(|tag| TagRef {
            name: tag.name,
            web_id: tag.web_id,
        })
        .collect();
    let batches = batches
        .into_iter()
        .map(|batch| BatchRef {
            id: batch.name,
            start: batch.start,
            end: batch.end,
        })
        .collect();
    (tags, batches)
}

/// The recording as the table should be: batch, minute, and each tag by name.
fn recording() -> Vec<csv_row::Row> {
    let text = include_str!("../../infra/pi-simulator/data/dryer.csv");
    let mut lines = text.lines();
    let names: Vec<&str> = lines.next().unwrap().split(',').collect();
    lines.map(|line| csv_row::Row::read(&names, line)).collect()
}

mod csv_row {
    use std::collections::HashMap;

    pub(crate) struct Row {
        pub(crate) batch: usize,
        pub(crate) values: HashMap<String, f64>,
    }

    impl Row {
        pub(crate) fn read(names: &[&str], line: &str) -> Self {
            let cells: Vec<f64> = line.split(',').map(|cell| cell.parse().unwrap()).collect();
            let batch = line.split(',').next().unwrap().parse().unwrap();
            Self {
                batch,
                values: names
                    .iter()
                    .map(|name| (*name).to_owned())
                    .zip(cells)
                    .collect(),
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_whole_recording_arrives_bit_for_bit_recorded_and_interpolated() {
    let (_simulator, client) = start(Settings::default()).await;
    let (tags, batches) = plan(&client).await;
    assert_eq!((tags.len(), batches.len()), (10, 71));
    let expected = recording();
    for interpolation in [
        Interpolation::Recorded,
        Interpolation::Interval("60s".to_owned()),
    ] {
        let mut reports = Vec::new();
        let began = Instant::now();
        let table = client
            .read_batches(&tags, &batches, &interpolation, |progress| {
                reports.push(progress);
            })
            .await
            .unwrap();
        println!(
            "{interpolation:?}: {} rows in {:?}",
            table.rows(),
            began.elapsed()
        );
        assert_eq!(table.rows(), 9_220);
        assert_eq!(
            (
                reports.len(),
                reports[70].batches,
                reports[70].of,
                reports[70].rows
            ),
            (71, 71, 71, 9_220)
        );
        assert_eq!(table.unusable(), [0; 10]);
        for (row, wanted) in expected.iter().enumerate() {
            let name = &table.batches[table.batch[row] as usize];
            assert_eq!(*name, format!("DR1-2026-{:03}", wanted.batch));
            assert_eq!(
                table.seconds[row].to_bits(),
                (wanted.values["ClockTime"] * 60.0).to_bits()
            );
            for column in &table.columns {
                assert_eq!(
                    column.values[row].to_bits(),
                    wanted.values[&column.name].to_bits(),
                    "{name} {}",
                    column.name
                );
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_open_batch_ends_with_its_newest_value_however_long_ago_that_was() {
    let yesterday = Timestamp::now().as_microsecond() - 86_400_000_000;
    let (_simulator, client) = start(Settings {
        origin: Some(yesterday),
        ..Settings::default()
    })
    .await;
    let (tags, mut batches) = plan(&client).await;
    let mut last = batches.split_off(70);
    assert_eq!(last[0].end, None);
    for end in [None, Some(Timestamp::now())] {
        last[0].end = end;
        let table = client
            .read_batches(
                &tags,
                &last,
                &Interpolation::Interval("60s".to_owned()),
                |_| (),
            )
            .await
            .unwrap();
        assert_eq!((table.rows(), table.seconds[103]), (104, 103.0 * 60.0));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_batch_shows_what_has_happened_so_far() {
    let (_simulator, client) = start(Settings {
        last_batch: LastBatch::Running,
        ..Settings::default()
    })
    .await;
    let (tags, batches) = plan(&client).await;
    let table = client
        .read_batches(&tags, &batches[70..], &Interpolation::Recorded, |_| ())
        .await
        .unwrap();
    assert!((60..=70).contains(&table.rows()), "{} rows", table.rows());
}

#[tokio::test(flavor = "multi_thread")]
async fn elements_tags_points_and_templates_are_found() {
    let (_simulator, client) = start(Settings::default()).await;
    assert_eq!(client.asset_servers().await.unwrap()[0].name, "PIAF");
    assert_eq!(client.data_servers().await.unwrap()[0].name, "PIMAM");
    let roots = client.root_elements().await.unwrap();
    assert_eq!(
        roots
            .iter()
            .map(|root| root.name.as_str())
            .collect::<Vec<_>>(),
        ["Basel"]
    );
    let below = client.elements(&roots[0].web_id).await.unwrap();
    assert_eq!(
        below
            .iter()
            .map(|element| element.name.as_str())
            .collect::<Vec<_>>(),
        ["Demo signals", "Drying"]
    );
    let dryer = client.element_at(&DRYER_1.to_lowercase()).await.unwrap();
    assert_eq!(
        (dryer.template.as_str(), dryer.has_children),
        ("Dryer", false)
    );
    assert_eq!(client.element(&dryer.web_id).await.unwrap(), dryer);
    let tags = client.tags(&dryer.web_id).await.unwrap();
    let temperature = tags.iter().find(|tag| tag.name == "DryerTemp").unwrap();
    assert_eq!(
        (temperature.unit.as_str(), temperature.point.as_str()),
        ("°C", r"\\PIMAM\TIC71035.PV")
    );
    assert_eq!(client.tag(&temperature.web_id).await.unwrap(), *temperature);
    assert_eq!(client.points("SIN*").await.unwrap().len(), 2);
    assert_eq!(client.point("cdm158").await.unwrap().r#type, "Digital");
    assert_eq!(
        client
            .templates()
            .await
            .unwrap()
            .iter()
            .filter(|template| template.instance_type == "EventFrame")
            .count(),
        1
    );
    let empty = client.element_at(DRYER_2).await.unwrap();
    assert!(
        client
            .batches(&empty.web_id, &BatchFilter::default())
            .await
            .unwrap()
            .is_empty()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn batches_are_filtered_and_bring_their_attributes() {
    let (_simulator, client) = start(Settings::default()).await;
    let dryer = client.element_at(DRYER_1).await.unwrap();
    let all = client
        .batches(&dryer.web_id, &BatchFilter::default())
        .await
        .unwrap();
    assert!(
        all.windows(2)
            .all(|pair| pair[0].end.unwrap() < pair[1].start)
    );
    assert_eq!(
        (all[70].end, all[70].units.as_slice()),
        (None, [dryer.web_id.clone()].as_slice())
    );
    let filter = BatchFilter {
        from: Some(all[10].start),
        to: all[12].end,
        template: Some("Batch".to_owned()),
        name: None,
    };
    let some = client.batches(&dryer.web_id, &filter).await.unwrap();
    assert_eq!(
        some.iter()
            .map(|batch| batch.name.as_str())
            .collect::<Vec<_>>(),
        ["DR1-2026-011", "DR1-2026-012", "DR1-2026-013"]
    );
    assert_eq!(client.batch(&all[3].web_id).await.unwrap(), all[3]);
    let ids: Vec<&str> = all.iter().map(|batch| batch.web_id.as_str()).collect();
    let attributes = client.batch_attributes(&ids).await.unwrap();
    assert_eq!(attributes.len(), 71);
    assert_eq!(
        (&attributes[0]["BatchID"], &attributes[70]["BatchID"]),
        (&json!("1"), &json!("71"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn passing_faults_are_survived() {
    let (simulator, client) = start(Settings::default()).await;
    let dryer = client.element_at(DRYER_1).await.unwrap();
    for kind in [
        json!({ "kind": "status", "status": 503 }),
        json!({ "kind": "truncate" }),
        json!({ "kind": "web_exception" }),
        json!({ "kind": "reset" }),
    ] {
        let mut fault_twice = kind.clone();
        fault_twice["times"] = json!(2);
        fault(&simulator, fault_twice).await;
        let read = client.element(&dryer.web_id).await;
        assert_eq!(read.unwrap(), dryer, "{kind}");
        clear(&simulator).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn lasting_faults_are_told_in_words() {
    let (simulator, client) = start(Settings::default()).await;
    let dryer = client.element_at(DRYER_1).await.unwrap().web_id;
    let tag = client.point("SINUSOID").await.unwrap().web_id;
    fault(&simulator, json!({ "kind": "status", "status": 503 })).await;
    assert!(matches!(
        client.element(&dryer).await,
        Err(PiError::Failed { status: 503, .. })
    ));
    clear(&simulator).await;
    fault(&simulator, json!({ "kind": "web_exception" })).await;
    let error = client.values(&[&tag]).await.unwrap_err();
    assert!(
        matches!(&error, PiError::Interrupted(reason) if reason.contains("data source failed")),
        "{error:?}"
    );
    clear(&simulator).await;
    fault(&simulator, json!({ "kind": "truncate" })).await;
    assert!(matches!(
        client.values(&[&tag]).await,
        Err(PiError::Interrupted(_))
    ));
    clear(&simulator).await;
    fault(&simulator, json!({ "kind": "reset" })).await;
    assert!(matches!(
        client.values(&[&tag]).await,
        Err(PiError::Down(_))
    ));
    clear(&simulator).await;
    fault(&simulator, json!({ "kind": "status", "status": 403 })).await;
    assert!(matches!(
        client.element(&dryer).await,
        Err(PiError::NoPermission(_))
    ));
    clear(&simulator).await;
    let error = client.point("NO.SUCH.TAG").await.unwrap_err();
    assert!(error.to_string().contains("NO.SUCH.TAG"), "{error}");
    let problem: dcp::http::Problem = error.into();
    assert_eq!(
        (problem.status().as_u16(), problem.kind()),
        (404, "urn:dcp:problem:pi-not-found")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_gone_is_down() {
    let (simulator, client) = start(Settings::default()).await;
    drop(simulator);
    tokio::time::timeout(Duration::from_secs(20), async {
        // The listener closes a moment after its task is told to end.
        while client.check().await.is_ok() {}
        let error = client.check().await.unwrap_err();
        assert!(matches!(error, PiError::Down(_)), "{error:?}");
        assert_eq!(error.title(), "The PI server does not answer");
    })
    .await
    .expect("the failure is noticed within 20 s");
}

#[tokio::test(flavor = "multi_thread")]
async fn credentials_are_sent_and_never_shown() {
    let settings = Settings {
        credentials: Some(("dcp".to_owned(), "canary-7Q".to_owned())),
        ..Settings::default()
    };
    let (simulator, anonymous) = start(settings).await;
    assert!(matches!(
        anonymous.check().await,
        Err(PiError::Unauthorized)
    ));
    let basic = |password: &str| PiCredentials::Basic {
        user: "dcp".to_owned(),
        password: Secret::new(password.to_owned()),
    };
    let wrong = PiClient::connect(&source(&simulator), &basic("wrong")).unwrap();
    assert!(matches!(wrong.check().await, Err(PiError::Unauthorized)));
    let client = PiClient::connect(&source(&simulator), &basic("canary-7Q")).unwrap();
    client.check().await.unwrap();
    assert!(!format!("{client:?} {:?}", basic("canary-7Q")).contains("canary-7Q"));
}
