//! What the client does when the server misbehaves for longer, and what it knows of it.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use dcp::pi::{PiAvailability, PiClient, PiError, PiSource};
use dcp::secrets::FileSecrets;
use jiff::{SignedDuration, Timestamp};
use pi_simulator::Settings;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::scripted::Scripted;
use crate::{clear, fault, start};

#[tokio::test(flavor = "multi_thread")]
async fn a_server_says_who_it_is_and_which_time_it_has() {
    let (_simulator, client) = start(Settings::default()).await;
    assert_eq!(client.known_identity(), None);
    let identity = client.identity().await.unwrap();
    assert_eq!(identity.product, "PI Web API simulator");
    assert_eq!(
        (
            identity.state.as_str(),
            identity.certificate_sha256.as_deref()
        ),
        ("Running", None)
    );
    assert_eq!(identity.data_servers[0].name, "PIMAM");
    assert!(identity.data_servers[0].connected);
    assert!(
        identity.latency_ms > 0.0 && identity.latency_ms < 5_000.0,
        "{identity:?}"
    );
    // The same machine: no clock is off by more than the round trip takes.
    let difference = identity.clock_difference_ms.unwrap();
    assert!(difference.abs() <= identity.latency_ms, "{identity:?}");
    assert_eq!(identity.clock_warning(), None);
    assert_eq!(client.known_identity(), Some(identity));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_clock_of_the_server_is_told_although_the_account_may_not_read_its_state() {
    let server = Scripted::start(|asked| match asked.target.as_str() {
        "/piwebapi/system" => (200, json!({ "ProductTitle": "PI Web API", "ProductVersion": "1.13" })),
        "/piwebapi/system/userinfo" => (404, json!({ "Message": "No such resource." })),
        "/piwebapi/system/status" => (403, json!({ "Errors": ["Administrators only."] })),
        _ => {
            let time = Timestamp::now() - SignedDuration::from_mins(3);
            (200, json!({ "Items": [{ "Name": "PI", "IsConnected": true, "ServerTime": time.to_string() }] }))
        }
    })
    .await;
    let identity = server.client().identity().await.unwrap();
    assert_eq!(
        (
            identity.version.as_str(),
            identity.account.as_str(),
            identity.up_minutes
        ),
        ("1.13", "", None)
    );
    let warning = identity.clock_warning().unwrap();
    assert!(
        warning.contains("180 s behind the clock of this machine"),
        "{warning}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_two_hours_slow_is_told_to_the_second() {
    let (simulator, client) = start(Settings::default()).await;
    fault(&simulator, json!({ "kind": "clock", "seconds": -7200 })).await;
    let identity = client.identity().await.unwrap();
    let seconds = identity.clock_difference_ms.unwrap() / 1e3;
    assert!((seconds + 7200.0).abs() < 1.0, "{seconds}");
    let warning = identity.clock_warning().unwrap();
    assert!(
        warning.contains("7200 s behind the clock of this machine"),
        "{warning}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_answer_ends_when_the_patience_does_and_does_not_stop_others() {
    let (simulator, client) = start(Settings::default()).await;
    fault(
        &simulator,
        json!({ "kind": "slow", "bytes_per_second": 20, "path": "/points" }),
    )
    .await;
    let began = std::time::Instant::now();
    let patience = Duration::from_secs(1);
    let error = client.within(patience).point("SINUSOID").await.unwrap_err();
    assert!(
        matches!(error, PiError::Slow(asked) if asked == patience),
        "{error:?}"
    );
    assert!(
        began.elapsed() < Duration::from_secs(4),
        "{:?}",
        began.elapsed()
    );
    assert_eq!(client.health().running, 0);
    client.check().await.unwrap();
    assert_eq!(client.health().availability, PiAvailability::Available);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_fails_again_and_again_is_left_alone_until_it_answers() {
    let (simulator, client) = start(Settings::default()).await;
    client.check().await.unwrap();
    assert_eq!(client.health().availability, PiAvailability::Available);
    fault(&simulator, json!({ "kind": "status", "status": 503 })).await;
    let mut told = Vec::new();
    let resting = loop {
        match client.check().await.unwrap_err() {
            error @ PiError::Resting(_) => break error,
            error => told.push(error),
        }
    };
    // Ten attempts of three questions; each hears what happened to it.
    assert_eq!(told.len(), 3);
    assert!(
        told.iter()
            .all(|error| matches!(error, PiError::Failed { status: 503, .. }))
    );
    assert_eq!(resting.title(), "The PI server does not answer");
    let words = resting.to_string();
    assert!(
        words.contains("has not answered since") && words.contains("is asked again at"),
        "{words}"
    );
    assert!(words.contains("fails with 503"), "{words}");
    let PiAvailability::Resting { since, until, .. } = client.health().availability else {
        panic!("{:?}", client.health());
    };
    assert!(since < until);
    // Another reader of the same server hears it too, at once.
    let other = PiClient::connect(client.source(), &dcp::pi::PiCredentials::Anonymous).unwrap();
    assert!(matches!(other.check().await, Err(PiError::Resting(_))));
    clear(&simulator).await;
    let left = Duration::try_from(until.duration_since(Timestamp::now())).unwrap_or_default();
    tokio::time::sleep(left + Duration::from_millis(10)).await;
    client.check().await.unwrap();
    assert_eq!(client.health().availability, PiAvailability::Available);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_in_trouble_is_asked_a_tenth_more_and_not_four_times_as_much() {
    let server = Scripted::start(|_| (500, json!({ "Errors": ["A bug."] }))).await;
    let client = server.client();
    for _ in 0..20 {
        client.check().await.unwrap_err();
    }
    let asked = server.asked().len();
    assert!(
        (40..=42).contains(&asked),
        "{asked} requests for 20 questions"
    );
    assert_eq!(client.health().repetitions_left, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_does_not_wait_any_more_closes_the_request() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let source = PiSource {
        url: format!("http://{}/piwebapi", listener.local_addr().unwrap()),
        ..PiSource::default()
    };
    let client = PiClient::connect(&source, &dcp::pi::PiCredentials::Anonymous).unwrap();
    let question = tokio::spawn({
        let client = client.clone();
        async move { client.check().await }
    });
    let (mut socket, _) = listener.accept().await.unwrap();
    let mut request = [0; 1024];
    assert!(socket.read(&mut request).await.unwrap() > 0);
    // Half of an answer: the client is in the middle of reading.
    socket
        .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"Name\":")
        .await
        .unwrap();
    assert_eq!(client.health().running, 1);
    question.abort();
    assert!(question.await.unwrap_err().is_cancelled());
    let closed = tokio::time::timeout(Duration::from_secs(5), socket.read(&mut request)).await;
    let closed = closed.expect("the connection is closed at once");
    assert!(matches!(closed, Ok(0) | Err(_)), "{closed:?}");
    assert_eq!(client.health().running, 0);
}

fn write_token(file: &Path, token: &str) {
    std::fs::write(file, format!("[pi.plant]\ntoken = \"{token}\"\n")).unwrap();
    std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o600)).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_has_ended_is_read_anew_once_before_it_counts_as_refused() {
    let valid = |asked: &crate::scripted::Asked| {
        if asked.authorization.as_deref() == Some("Bearer second") {
            (200, Value::Null)
        } else {
            (
                401,
                json!({ "Message": "Authorization has been denied for this request." }),
            )
        }
    };
    let server = Scripted::start(valid).await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("secrets.toml");
    write_token(&file, "first");
    let secrets = Arc::new(FileSecrets::open(&file).unwrap());
    let source = PiSource {
        credentials: Some("pi/plant".to_owned()),
        ..server.source()
    };
    let client = PiClient::open(&source, secrets).await.unwrap();
    // Nothing newer is there: one request, one refusal.
    assert!(matches!(client.check().await, Err(PiError::Unauthorized)));
    assert_eq!(server.asked().len(), 1);
    write_token(&file, "second");
    client.check().await.unwrap();
    client.check().await.unwrap();
    assert_eq!(server.asked().len(), 4);
    // A newer token that is refused too is not asked for again and again.
    write_token(&file, "third");
    let client = PiClient::open(&source, Arc::new(FileSecrets::open(&file).unwrap()));
    let client = client.await.unwrap();
    write_token(&file, "fourth");
    assert!(matches!(client.check().await, Err(PiError::Unauthorized)));
    assert_eq!(server.asked().len(), 6);
}
