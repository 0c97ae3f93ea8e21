//! Who gets in, over which connection, and what a server that misbehaves answers.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use pi_simulator::Settings;
use serde_json::{Value, json};

use crate::{Caller, DRYER_1};

fn challenges(answer: &reqwest::Response) -> Vec<String> {
    let headers = answer.headers().get_all("www-authenticate").iter();
    headers
        .map(|header| header.to_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn a_bearer_token_serves_until_it_ends() {
    let tokens = vec!["first".to_owned(), "second".to_owned()];
    let caller = Caller::of(Settings {
        tokens,
        ..Settings::default()
    })
    .await;
    let ask = async |token: &str| {
        let address = format!("{}/system/userinfo", caller.simulator.url());
        let request = caller.http.get(address).bearer_auth(token);
        request.send().await.unwrap()
    };
    let answer: Value = ask("first").await.json().await.unwrap();
    assert_eq!(answer["IdentityType"], "Bearer");
    caller
        .fault(json!({ "kind": "expired_token", "token": "first", "seconds": 0 }))
        .await;
    let refused = ask("first").await;
    assert_eq!(refused.status(), 401);
    let told = challenges(&refused);
    assert!(
        told[0].starts_with("Bearer ") && told[0].contains("expired"),
        "{told:?}"
    );
    assert_eq!(ask("second").await.status(), 200);
    let unknown = ask("third").await;
    assert!(challenges(&unknown)[0].contains("invalid_token"));
}

#[tokio::test]
async fn what_an_account_may_not_read_is_refused_and_what_is_gone_is_in_no_list() {
    let caller = Caller::start().await;
    let by_path = async |kind: &str, path: &str| {
        let (status, found) = caller.get(&format!("/{kind}"), &[("path", path)]).await;
        assert_eq!(status, 200, "{path}");
        found["WebId"].as_str().unwrap().to_owned()
    };
    let unit = by_path("elements", DRYER_1).await;
    let tag = by_path("attributes", &format!("{DRYER_1}|DryerPressure")).await;
    let attributes = format!("/elements/{unit}/attributes");
    let values = format!("/streams/{tag}/value");
    let count = async || {
        let (_, listed) = caller.get(&attributes, &[]).await;
        listed["Items"].as_array().unwrap().len()
    };
    let all = count().await;
    caller
        .fault(json!({ "kind": "forbidden", "object": "dryerpressure" }))
        .await;
    assert_eq!(
        (caller.get(&values, &[]).await.0, count().await),
        (403, all)
    );
    caller
        .fault(json!({ "kind": "gone", "object": "DryerPressure" }))
        .await;
    assert_eq!(
        (caller.get(&values, &[]).await.0, count().await),
        (404, all - 1)
    );
}

#[tokio::test]
async fn a_unit_that_was_taken_away_is_told_nowhere_and_the_values_stay() {
    let caller = Caller::start().await;
    let path = format!("{DRYER_1}|AgitatorTorque");
    let tag = caller.web_id("attributes", &path).await;
    let told = async || {
        let attribute = caller.good(&format!("/attributes/{tag}"), &[]).await;
        let value = caller.good(&format!("/streams/{tag}/end"), &[]).await;
        let query = [
            ("startTime", "*-30d"),
            ("summaryType", "Maximum"),
            ("summaryType", "Count"),
        ];
        let summary = caller
            .good(&format!("/streams/{tag}/summary"), &query)
            .await;
        let units = [
            &attribute["DefaultUnitsName"],
            &attribute["DefaultUnitsNameAbbreviation"],
            &value["UnitsAbbreviation"],
            &summary["Items"][0]["Value"]["UnitsAbbreviation"],
            &summary["Items"][1]["Value"]["UnitsAbbreviation"],
        ];
        let units = units.map(|unit| unit.as_str().unwrap().to_owned());
        (units, value["Value"].clone())
    };
    let (units, value) = told().await;
    // A number of values has not the unit of the values.
    assert_eq!(units[1..], ["N m", "N m", "N m", ""]);
    caller
        .fault(json!({ "kind": "unitless", "object": "agitatortorque" }))
        .await;
    assert_eq!(told().await, ([""; 5].map(str::to_owned), value));
}

#[tokio::test]
async fn callers_are_challenged_for_every_scheme_there_is() {
    let caller = Caller::of(Settings {
        credentials: Some(("dcp".to_owned(), "secret".to_owned())),
        tokens: vec!["token".to_owned()],
        negotiate: true,
        ..Settings::default()
    })
    .await;
    let answer = caller
        .http
        .get(caller.simulator.url())
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 401);
    let schemes = challenges(&answer);
    let names: Vec<&str> = schemes
        .iter()
        .filter_map(|scheme| scheme.split_whitespace().next())
        .collect();
    assert_eq!(names, ["Basic", "Bearer", "Negotiate", "NTLM"]);
    let request = caller.http.get(caller.simulator.url());
    let negotiated = request.header("authorization", "Negotiate YIIabc").send();
    assert_eq!(negotiated.await.unwrap().status(), 401);
}

#[tokio::test]
async fn a_wrong_clock_shows_in_the_status_the_header_and_the_present() {
    let caller = Caller::start().await;
    let before = caller.good("/system/status", &[]).await;
    let before: jiff::Timestamp = before["ServerTime"].as_str().unwrap().parse().unwrap();
    caller
        .fault(json!({ "kind": "clock", "seconds": -7200 }))
        .await;
    let address = format!("{}/system/status", caller.simulator.url());
    let answer = caller.http.get(address).send().await.unwrap();
    let date = answer.headers()["date"].to_str().unwrap().to_owned();
    let body: Value = answer.json().await.unwrap();
    let told: jiff::Timestamp = body["ServerTime"].as_str().unwrap().parse().unwrap();
    assert_eq!(body["UpTimeInMinutes"], 0);
    let behind = before.as_second() - told.as_second();
    assert!((7140..=7200).contains(&behind), "{behind}");
    assert_eq!(date, told.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string());
    let tag = caller.web_id("points", r"\\PIMAM\DEMO.SECONDS").await;
    let value = caller.good(&format!("/streams/{tag}/end"), &[]).await;
    let newest: jiff::Timestamp = value["Timestamp"].as_str().unwrap().parse().unwrap();
    assert!(newest.as_second() - told.as_second() < 60);
}

#[tokio::test]
async fn a_slow_body_comes_whole_and_late() {
    let caller = Caller::start().await;
    let whole = caller.good("/system/versions", &[]).await;
    caller
        .fault(json!({ "kind": "slow", "bytes_per_second": 200, "times": 1 }))
        .await;
    let began = Instant::now();
    assert_eq!(caller.good("/system/versions", &[]).await, whole);
    // Ten pieces a second of twenty bytes each.
    let least = u32::try_from(whole.to_string().len() / 20).unwrap() * Duration::from_millis(80);
    assert!(began.elapsed() >= least, "{least:?}");
}

/// A certificate for the loopback interface that signs itself.
fn certificate(folder: &Path) {
    let made = Command::new("openssl")
        .args([
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
        ])
        .args(["-nodes", "-days", "2", "-subj", "/CN=localhost"])
        .args(["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"])
        .args(["-addext", "basicConstraints=critical,CA:FALSE"])
        .args(["-keyout", "key.pem", "-out", "chain.pem"])
        .current_dir(folder)
        .output()
        .unwrap();
    assert!(
        made.status.success(),
        "{}",
        String::from_utf8_lossy(&made.stderr)
    );
}

#[tokio::test]
async fn over_tls_the_links_are_https_and_the_certificate_is_the_one_given() {
    let folder = tempfile::tempdir().unwrap();
    certificate(folder.path());
    let chain = folder.path().join("chain.pem");
    let settings = Settings {
        tls: Some((chain.clone(), folder.path().join("key.pem"))),
        ..Settings::default()
    };
    let mut caller = Caller::of(settings).await;
    let stranger = caller.http.get(caller.simulator.url()).send().await;
    assert!(stranger.unwrap_err().is_connect());
    let pem = std::fs::read(chain).unwrap();
    let trusted = reqwest::Certificate::from_pem(&pem).unwrap();
    let builder = reqwest::Client::builder().no_proxy();
    caller.http = builder.tls_certs_only([trusted]).build().unwrap();
    let landing = caller.good("", &[]).await;
    let link = landing["Links"]["System"].as_str().unwrap();
    assert!(link.starts_with("https://127.0.0.1:"), "{link}");
    assert_eq!(caller.http.get(link).send().await.unwrap().status(), 200);
}
