//! Live values on every way the simulator offers, with the breaks it knows: nothing lost, nothing twice.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use dcp::pi::{LiveNews, LiveWay, PiClient, PiCredentials, PiError, PiSource, Status};
use dcp::secrets::{FileSecrets, Secret};
use futures_util::StreamExt;
use jiff::Timestamp;
use pi_simulator::{Running, Settings};
use serde_json::json;

use crate::encrypted::{Authority, at, named, showing};
use crate::scripted::Scripted;
use crate::{fault, start};

type Row = (i64, u64, Status);

/// All that was told.
#[derive(Debug, Default)]
struct Heard {
    ways: Vec<(LiveWay, Option<String>)>,
    broken: Vec<String>,
    rows: BTreeMap<String, Vec<Row>>,
}

impl Heard {
    /// Seconds between the first value of a tag and its newest.
    fn seconds(&self, tag: &str) -> i64 {
        let rows = self.rows.get(tag).map(Vec::as_slice).unwrap_or_default();
        let newest = rows.iter().map(|row| row.0).max();
        let first = rows.first().map(|row| row.0);
        (newest.unwrap_or_default() - first.unwrap_or_default()) / 1_000_000
    }
}

/// Listens until enough was heard.
async fn listen(
    client: &PiClient,
    tags: &[&str],
    enough: impl Fn(&Heard) -> bool,
) -> Result<Heard, PiError> {
    let mut heard = Heard::default();
    let mut live = Box::pin(client.live(tags));
    let listening = async {
        while !enough(&heard) {
            match live.next().await.unwrap()? {
                LiveNews::Way { way, because } => heard.ways.push((way, because)),
                LiveNews::Broken(why) => heard.broken.push(why),
                LiveNews::Deleted { .. } => {}
                LiveNews::Values(all) => {
                    for series in all {
                        let rows = heard.rows.entry(series.web_id.clone()).or_default();
                        for row in 0..series.len() {
                            rows.push((
                                series.times[row],
                                series.values[row].to_bits(),
                                *series.status.get(row).unwrap(),
                            ));
                        }
                    }
                }
            }
        }
        Ok(())
    };
    let listened = tokio::time::timeout(Duration::from_secs(150), listening).await;
    listened.unwrap()?;
    Ok(heard)
}

async fn tags(client: &PiClient) -> Vec<String> {
    let found = client
        .points_named(&["DEMO.SECONDS", "DEMO.LATE", "DEMO.CORRECTED"])
        .await
        .unwrap();
    found.into_iter().map(|tag| tag.unwrap().web_id).collect()
}

/// Nothing was told twice, and nothing that PI has recorded between the first and the last second is missing.
async fn assert_complete(client: &PiClient, tags: &[&str], heard: &Heard) {
    for tag in tags {
        let told = &heard.rows[*tag];
        let once: BTreeSet<_> = told.iter().map(|row| format!("{row:?}")).collect();
        assert_eq!(told.len(), once.len(), "{told:?}");
        let (first, last) = (told[0].0, told.iter().map(|row| row.0).max().unwrap());
        // What arrives five seconds late may still be missing at the end.
        let end = last - 6_000_000;
        let of = |micros: i64| Timestamp::from_microsecond(micros).unwrap();
        let recorded = client
            .recorded(&[tag], of(first), of(end))
            .await
            .unwrap()
            .remove(0);
        assert!(recorded.len() >= 3, "{} rows", recorded.len());
        for row in 0..recorded.len() {
            let row = (
                recorded.times[row],
                recorded.values[row].to_bits(),
                *recorded.status.get(row).unwrap(),
            );
            assert!(
                once.contains(&format!("{row:?}")),
                "{row:?} is missing in {told:?}"
            );
        }
    }
}

async fn complete(
    simulator: &Running,
    client: &PiClient,
    faults: &[serde_json::Value],
    broken: usize,
) -> Heard {
    for one in faults {
        fault(simulator, one.clone()).await;
    }
    let tags = tags(client).await;
    let tags: Vec<&str> = tags.iter().map(String::as_str).collect();
    let enough = |heard: &Heard| {
        heard.broken.len() >= broken && tags.iter().all(|tag| heard.seconds(tag) >= 14)
    };
    let heard = listen(client, &tags, enough).await.unwrap();
    assert_complete(client, &tags, &heard).await;
    heard
}

#[tokio::test(flavor = "multi_thread")]
async fn values_come_over_a_channel_and_survive_its_breaks_without_loss_or_double() {
    let (simulator, client) = start(Settings::default()).await;
    let breaks = json!({ "kind": "channel_closes", "messages": 4, "times": 2 });
    let heard = complete(&simulator, &client, &[breaks], 2).await;
    assert_eq!(heard.ways, [(LiveWay::Channel, None)]);
    assert_eq!(heard.broken.len(), 2, "{:?}", heard.broken);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_channel_that_goes_silent_without_closing_is_noticed_and_nothing_of_the_silence_is_missing()
 {
    let (simulator, client) = start(Settings::default()).await;
    let stalls = json!({ "kind": "channel_stalls", "messages": 4, "times": 1 });
    let heard = complete(&simulator, &client, &[stalls], 1).await;
    assert_eq!(heard.ways, [(LiveWay::Channel, None)]);
    assert_eq!(
        heard.broken,
        ["the channel is open and says nothing any more"]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_away_for_a_moment_makes_no_way_worse() {
    let (simulator, client) = start(Settings::default()).await;
    let breaks = json!({ "kind": "channel_closes", "messages": 4, "code": 1001, "times": 1 });
    let away = json!({ "kind": "reset", "path": "/streamsets/recorded", "times": 6 });
    let heard = complete(&simulator, &client, &[breaks, away], 1).await;
    assert_eq!(heard.ways, [(LiveWay::Channel, None)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_channels_the_server_is_asked_for_updates_and_may_forget_them() {
    let (simulator, client) = start(Settings::default()).await;
    let refused = json!({ "kind": "channel_refused", "status": 501 });
    fault(&simulator, refused).await;
    let tags = tags(&client).await;
    let tags: Vec<&str> = tags.iter().map(String::as_str).collect();
    let forgets = json!({ "kind": "updates_gone", "times": 1, "path": "marker=" });
    let heard = complete(&simulator, &client, &[forgets], 1).await;
    assert_eq!(heard.ways.len(), 1);
    let (way, because) = &heard.ways[0];
    assert_eq!(*way, LiveWay::Updates);
    assert!(
        because
            .as_deref()
            .unwrap()
            .contains("opens no channel: 501"),
        "{because:?}"
    );
    assert!(
        heard.broken[0].contains("has forgotten"),
        "{:?}",
        heard.broken
    );
    assert_eq!(heard.rows.len(), tags.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn without_channels_and_updates_values_are_read_again_and_again() {
    let (simulator, client) = start(Settings::default()).await;
    let faults = [
        json!({ "kind": "channel_refused", "status": 403 }),
        json!({ "kind": "status", "status": 501, "path": "/updates" }),
    ];
    let heard = complete(&simulator, &client, &faults, 0).await;
    let (way, because) = &heard.ways[0];
    assert_eq!((heard.ways.len(), *way), (1, LiveWay::Polling));
    assert!(
        because.as_deref().unwrap().contains("gives no updates"),
        "{because:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tag_that_is_not_there_ends_the_stream_with_its_name() {
    let (_simulator, client) = start(Settings::default()).await;
    let gone = dcp::pi::webid::WebId::of_point("PIMAM", "No.Such.Tag")
        .unwrap()
        .to_string();
    let error = listen(&client, &[&gone], |_| false).await.unwrap_err();
    assert!(matches!(error, PiError::Vanished(_)), "{error:?}");
    assert!(
        error.to_string().contains(r"\\PIMAM\NO.SUCH.TAG"),
        "{error}"
    );
}

/// Hands bytes to the simulator, and tells the number of each connection that ends.
async fn relay(behind: std::net::SocketAddr) -> (String, tokio::sync::mpsc::Receiver<usize>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/piwebapi", listener.local_addr().unwrap());
    let (ended, endings) = tokio::sync::mpsc::channel(16);
    tokio::spawn(async move {
        for number in 0.. {
            let (mut outside, _) = listener.accept().await.unwrap();
            let ended = ended.clone();
            tokio::spawn(async move {
                let mut inside = tokio::net::TcpStream::connect(behind).await.unwrap();
                let _copied = tokio::io::copy_bidirectional(&mut outside, &mut inside).await;
                ended.send(number).await.unwrap();
            });
        }
    });
    (url, endings)
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_listens_no_more_closes_the_channel() {
    let (simulator, direct) = start(Settings::default()).await;
    let tag = direct.point("DEMO.SECONDS").await.unwrap().web_id;
    let (url, mut endings) = relay(simulator.address).await;
    let source = PiSource {
        url,
        ..direct.source().clone()
    };
    let client = PiClient::connect(&source, &PiCredentials::Anonymous).unwrap();
    let mut live = Box::pin(client.live(&[&tag]));
    let way = LiveNews::Way {
        way: LiveWay::Channel,
        because: None,
    };
    assert_eq!(live.next().await.unwrap().unwrap(), way);
    assert!(endings.try_recv().is_err());
    drop(live);
    // The channel was dialled first.
    let ended = tokio::time::timeout(Duration::from_secs(5), endings.recv()).await;
    assert_eq!(ended.unwrap(), Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn deleted_values_are_told_and_a_closed_account_ends_the_stream() {
    let time = "2026-01-01T00:00:00Z";
    let server = Scripted::start(move |asked| {
        let target = asked.target.as_str();
        if target.contains("/channel") {
            return (501, json!({ "Errors": ["No channels."] }));
        }
        if target.contains("/value") {
            let value = json!({ "Timestamp": time, "Value": 1, "Good": true });
            return (200, json!({ "Items": [{ "WebId": "a", "Name": "A", "Value": value }] }));
        }
        if target.contains("webId=") {
            return (200, json!({ "Items": [{ "Source": "a", "LatestMarker": "m_0", "Status": "Succeeded" }] }));
        }
        match asked.parameter("marker").as_deref() {
            Some("m_0") => {
                let event = json!({ "Action": "Delete", "Timestamp": time, "Value": 1, "Good": true });
                (200, json!({ "Items": [{ "Source": "a", "LatestMarker": "m_1", "Status": "Succeeded", "Events": [event] }] }))
            }
            _ => (403, json!({ "Errors": ["The account was closed."] })),
        }
    })
    .await;
    let mut live = Box::pin(server.client().live(&["a"]));
    let mut news = Vec::new();
    let error = loop {
        match live.next().await.unwrap() {
            Ok(one) => news.push(one),
            Err(error) => break error,
        }
    };
    assert!(
        matches!(
            &news[0],
            LiveNews::Way {
                way: LiveWay::Updates,
                ..
            }
        ),
        "{news:?}"
    );
    assert!(
        matches!(&news[1], LiveNews::Values(all) if all[0].len() == 1),
        "{news:?}"
    );
    let deleted = LiveNews::Deleted {
        tag: "a".to_owned(),
        times: vec![1_767_225_600_000_000],
    };
    assert_eq!((news.len(), &news[2]), (3, &deleted));
    assert!(matches!(error, PiError::NoPermission(_)), "{error:?}");
    assert!(live.next().await.is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_channel_is_encrypted_and_its_token_renewed() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::new(&folder, "plant");
    let settings = Settings {
        tokens: vec!["first".to_owned(), "second".to_owned()],
        ..Settings::default()
    };
    let simulator = showing(&folder, &authority.sign("localhost", 2090), settings).await;
    let source = PiSource {
        credentials: Some("pi/plant".to_owned()),
        ..at(&simulator, &named(&simulator), Some(&authority.file))
    };
    let file = folder.path().join("secrets.toml");
    let write = |token: &str| {
        std::fs::write(&file, format!("[pi.plant]\ntoken = \"{token}\"\n")).unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
    };
    write("first");
    let client = PiClient::open(
        &source,
        std::sync::Arc::new(FileSecrets::open(&file).unwrap()),
    )
    .await
    .unwrap();
    let tag = client.point("DEMO.SECONDS").await.unwrap().web_id;
    write("second");
    let ended = json!({ "kind": "expired_token", "token": "first", "seconds": 0 });
    let trusting = reqwest::Client::builder()
        .tls_certs_only([
            reqwest::Certificate::from_pem(&std::fs::read(&authority.file).unwrap()).unwrap(),
        ])
        .build()
        .unwrap();
    let faults = simulator.faults_url().replace("127.0.0.1", "localhost");
    assert_eq!(
        trusting
            .post(faults)
            .json(&ended)
            .send()
            .await
            .unwrap()
            .status(),
        200
    );
    let heard = listen(&client, &[&tag], |heard| heard.seconds(&tag) >= 3)
        .await
        .unwrap();
    assert_eq!(
        (heard.ways, heard.broken.len()),
        (vec![(LiveWay::Channel, None)], 0)
    );
    let wrong = PiClient::connect(
        &source,
        &PiCredentials::Bearer(Secret::new("first".to_owned())),
    )
    .unwrap();
    let error = listen(&wrong, &[&tag], |_| false).await.unwrap_err();
    assert!(matches!(error, PiError::Unauthorized), "{error:?}");
}
