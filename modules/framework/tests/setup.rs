//! Sources that people set up, through the real program and a PI Web API.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

#[allow(
    dead_code,
    clippy::allow_attributes,
    reason = "each module uses a part of it"
)]
#[path = "../../../framework/tests/support/module_process.rs"]
mod module_process;

use module_process::{Module, hide};
use pi_simulator::{Running, Settings};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

const SECRETS: &str = "[\"pi/dryers\"]\nuser = \"dcp\"\npassword = \"secret\"\n[\"pi/old\"]\nuser = \"dcp\"\npassword = \"gone\"\n";
const SOURCES: &str = "/api/framework/data-sources";

async fn simulator(tls: Option<(std::path::PathBuf, std::path::PathBuf)>) -> Running {
    let credentials = Some(("dcp".to_owned(), "secret".to_owned()));
    Running::start(Settings {
        credentials,
        tls,
        ..Settings::default()
    })
    .await
    .unwrap()
}

async fn start(settings: &[(&str, &str)]) -> Module {
    let program = env!("CARGO_BIN_EXE_framework");
    Module::start("framework", program, SECRETS, settings).await
}

async fn demo() -> Module {
    start(&[("DCP__MODULE__DEMO", "true")]).await
}

fn setup(url: &str) -> Value {
    json!({
        "name": "Nylon", "url": url, "asset_server": "PIAF", "database": "Visp", "data_server": "PIMAM",
        "credentials": "pi/dryers", "ca_file": null,
    })
}

/// A person who may set up the sources of a site.
struct Person<'a> {
    module: &'a Module,
    token: String,
}

impl<'a> Person<'a> {
    fn of(module: &'a Module, site: &str) -> Self {
        let token = module.token("u-ada", &[(site, &["framework.sources"])]);
        Self { module, token }
    }

    async fn send(&self, method: Method, path: &str, body: &Value) -> (StatusCode, Value) {
        let path = format!("{SOURCES}{path}?site=dublin");
        self.module.send(method, &path, &self.token, body).await
    }

    async fn add(&self, setup: &Value) -> (StatusCode, Value) {
        let body =
            json!({ "id": "nylon", "setup": setup, "seen": 0, "reason": "The plant starts" });
        self.send(Method::POST, "", &body).await
    }

    async fn get(&self, path: &str) -> Value {
        let path = format!("{SOURCES}{path}?site=dublin");
        self.module.get(&path, &self.token).await.1
    }

    async fn try_out(&self, setup: &Value) -> Value {
        let body = json!({ "id": "nylon", "setup": setup });
        let (status, trial) = self.send(Method::POST, "/try", &body).await;
        assert_eq!(status, StatusCode::OK, "{trial}");
        trial
    }
}

fn with(setup: &Value, part: &str, value: &str) -> Value {
    let mut changed = setup.clone();
    changed[part] = json!(value);
    changed
}

#[tokio::test]
async fn a_source_is_added_changed_taken_out_and_restored_and_each_step_is_recorded() {
    let (simulator, framework) = (simulator(None).await, demo().await);
    let ada = Person::of(&framework, "dublin");
    let setup = setup(&simulator.url());
    let (status, added) = ada.add(&setup).await;
    assert_eq!(status, StatusCode::OK, "{added}");
    assert_eq!(added["health"]["condition"], "good", "{added}");
    let changed = with(&setup, "name", "Nylon line");
    let order = json!({ "setup": changed, "seen": 1, "reason": "A better name" });
    let (status, now) = ada.send(Method::PUT, "/nylon", &order).await;
    assert_eq!(
        (status, &now["name"]),
        (StatusCode::OK, &json!("Nylon line"))
    );
    let order = json!({ "seen": 2, "reason": "The plant stops" });
    let (status, _) = ada.send(Method::POST, "/nylon/remove", &order).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(ada.get("").await, json!([]));
    let order = json!({ "version": 1, "seen": 3, "reason": "It starts again" });
    let (status, now) = ada.send(Method::POST, "/nylon/restore", &order).await;
    assert_eq!((status, &now["name"]), (StatusCode::OK, &json!("Nylon")));
    let record = ada.get("/changes").await;
    let hidden = hide(record, &["at", "url"]);
    insta::assert_json_snapshot!("record_of_a_source", hidden);
    let module = framework.sign("service:mvda", dcp::identity::Kind::Service, &[], "");
    let path = format!("{SOURCES}?site=dublin");
    let (_, told) = framework.get(&path, &module).await;
    assert_eq!(told[0]["credentials"], "pi/dryers", "{told}");
    let path = "/api/framework/activity?site=dublin";
    let (_, activity) = framework.get(path, &ada.token).await;
    assert_eq!(activity["items"].as_array().unwrap().len(), 4, "{activity}");
}

#[tokio::test]
async fn what_is_wrong_is_named_at_its_place_and_nothing_of_it_is_kept() {
    let (simulator, framework) = (simulator(None).await, demo().await);
    let ada = Person::of(&framework, "dublin");
    let good = setup(&simulator.url());
    let cases = [
        (
            "url",
            "http://127.0.0.1:1/piwebapi",
            "The PI server does not answer",
        ),
        (
            "credentials",
            "pi/old",
            "The PI server does not accept the platform's credentials",
        ),
        (
            "credentials",
            "pi/nowhere",
            "The data source is not set up correctly",
        ),
        (
            "asset_server",
            "PIAX",
            "The PI server does not know this name",
        ),
        ("database", "Cork", "The PI server does not know this name"),
        (
            "data_server",
            "PIMAX",
            "The PI server does not know this name",
        ),
    ];
    for (part, value, title) in cases {
        let wrong = with(&good, part, value);
        let trial = ada.try_out(&wrong).await;
        let pointer = format!("/setup/{part}");
        assert_eq!(trial["findings"][0]["pointer"], pointer, "{trial}");
        assert_eq!(trial["findings"][0]["title"], title, "{trial}");
        let (status, problem) = ada.add(&wrong).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(problem["type"], "urn:dcp:problem:source-unconfirmed");
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{problem}");
    }
    assert_eq!(ada.get("").await, json!([]));
    let trial = ada.try_out(&good).await;
    assert_eq!(trial["findings"], json!([]), "{trial}");
    assert_eq!(trial["identity"]["product"], "PI Web API simulator");
}

#[tokio::test]
async fn a_certificate_that_nobody_signed_is_told_from_a_file_that_is_missing() {
    let folder = tempfile::tempdir().unwrap();
    let key = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let (chain, secret) = (
        folder.path().join("chain.pem"),
        folder.path().join("key.pem"),
    );
    std::fs::write(&chain, key.cert.pem()).unwrap();
    std::fs::write(&secret, key.signing_key.serialize_pem()).unwrap();
    let simulator = simulator(Some((chain.clone(), secret))).await;
    let framework = demo().await;
    let ada = Person::of(&framework, "dublin");
    let good = setup(&simulator.url());
    for (file, title) in [
        (None, "The PI server's certificate is not accepted"),
        (
            Some("/nowhere/ca.pem"),
            "The data source is not set up correctly",
        ),
    ] {
        let mut setup = good.clone();
        setup["ca_file"] = json!(file);
        let trial = ada.try_out(&setup).await;
        assert_eq!(trial["findings"][0]["pointer"], "/setup/ca_file", "{trial}");
        assert_eq!(trial["findings"][0]["title"], title, "{trial}");
    }
    let trial = ada
        .try_out(&with(&good, "ca_file", chain.to_str().unwrap()))
        .await;
    assert_eq!(trial["findings"], json!([]), "{trial}");
}

#[tokio::test]
async fn a_server_that_is_not_there_yet_is_kept_when_somebody_wants_it_and_the_record_says_so() {
    let framework = demo().await;
    let ada = Person::of(&framework, "dublin");
    let body = json!({
        "id": "later", "setup": setup("https://pi.invalid/piwebapi"), "seen": 0, "reason": "It comes on Monday", "unconfirmed": true,
    });
    let (status, added) = ada.send(Method::POST, "", &body).await;
    assert_eq!(status, StatusCode::OK, "{added}");
    assert_eq!(added["health"]["condition"], "failed", "{added}");
    assert_eq!(ada.get("/changes").await["items"][0]["answered"], false);
}

#[tokio::test]
async fn two_who_change_a_source_at_once_do_not_overwrite_each_other() {
    let (simulator, framework) = (simulator(None).await, demo().await);
    let ada = Person::of(&framework, "dublin");
    let setup = setup(&simulator.url());
    ada.add(&setup).await;
    assert_eq!(ada.add(&setup).await.0, StatusCode::CONFLICT);
    let order = |name: &str| json!({ "setup": with(&setup, "name", name), "seen": 1, "reason": "A better name" });
    let (one, other) = (order("One"), order("Other"));
    let (one, other) = tokio::join!(
        ada.send(Method::PUT, "/nylon", &one),
        ada.send(Method::PUT, "/nylon", &other)
    );
    let mut statuses = [one.0, other.0];
    statuses.sort();
    assert_eq!(statuses, [StatusCode::OK, StatusCode::CONFLICT]);
    let unexplained = json!({ "setup": setup, "seen": 2, "reason": " " });
    let (status, problem) = ada.send(Method::PUT, "/nylon", &unexplained).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(problem["errors"][0]["pointer"], "/reason");
}

#[tokio::test]
async fn nobody_sets_up_sources_without_the_permission_at_that_site() {
    let (simulator, framework) = (simulator(None).await, demo().await);
    let setup = setup(&simulator.url());
    let elsewhere = Person::of(&framework, "basel");
    assert_eq!(elsewhere.add(&setup).await.0, StatusCode::FORBIDDEN);
    let body = json!({ "id": "nylon", "setup": setup });
    let tried = elsewhere.send(Method::POST, "/try", &body).await;
    assert_eq!(tried.0, StatusCode::FORBIDDEN);
    let ada = Person::of(&framework, "dublin");
    ada.add(&setup).await;
    let order = json!({ "seen": 1, "reason": "Not mine" });
    let hers = framework.token(
        "u-ana",
        &[
            ("dublin", &["mvda.read"]),
            ("basel", &["framework.sources"]),
        ],
    );
    let path = format!("{SOURCES}/nylon/remove");
    let (status, _) = framework.send(Method::POST, &path, &hers, &order).await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    let (_, listed) = framework
        .get(&format!("{SOURCES}?site=dublin"), &hers)
        .await;
    assert_eq!(listed[0].get("credentials"), None, "{listed}");
}

#[tokio::test]
async fn a_source_of_the_site_file_is_changed_there_alone_until_the_file_names_it_no_more() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sites.toml");
    let site = "[[site]]\nid = \"dublin\"\nname = \"Dublin\"\ncountry = \"IE\"\ntime_zone = \"Europe/Dublin\"\n";
    let source = |name: &str| {
        format!(
            "{site}[[data_source]]\nid = \"dryers\"\nsite = \"dublin\"\nname = \"{name}\"\nurl = \"http://127.0.0.1:1/piwebapi\"\nasset_server = \"PIAF\"\ndatabase = \"Basel\"\ndata_server = \"PIMAM\"\ncredentials = \"pi/dryers\"\n"
        )
    };
    std::fs::write(&file, source("Dryers")).unwrap();
    let mut framework = start(&[("DCP__MODULE__SITES", file.to_str().unwrap())]).await;
    let order = json!({ "seen": 1, "reason": "It is not wanted" });
    let remove = async |framework: &Module| {
        let ada = Person::of(framework, "dublin");
        ada.send(Method::POST, "/dryers/remove", &order).await.0
    };
    let listed = Person::of(&framework, "dublin").get("").await;
    assert_eq!(
        (&listed[0]["from_file"], &listed[0]["version"]),
        (&json!(true), &json!(1))
    );
    assert_eq!(remove(&framework).await, StatusCode::CONFLICT);
    // The same file again is no change; another name is one.
    for (name, version) in [("Dryers", 1), ("Dryers of Dublin", 2)] {
        framework.stop();
        std::fs::write(&file, source(name)).unwrap();
        framework.run().await;
        let listed = Person::of(&framework, "dublin").get("").await;
        assert_eq!(
            (&listed[0]["name"], &listed[0]["version"]),
            (&json!(name), &json!(version))
        );
    }
    framework.stop();
    std::fs::write(&file, site).unwrap();
    framework.run().await;
    let ada = Person::of(&framework, "dublin");
    assert_eq!(ada.get("").await[0]["from_file"], false);
    let actions = ada.get("/changes").await;
    let actions: Vec<_> = actions["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["action"].clone())
        .collect();
    assert_eq!(actions, ["released", "changed", "added"]);
    let order = json!({ "seen": 3, "reason": "It is not wanted" });
    let (status, _) = ada.send(Method::POST, "/dryers/remove", &order).await;
    assert_eq!(status, StatusCode::OK);
}
