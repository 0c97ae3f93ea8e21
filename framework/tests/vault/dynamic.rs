//! Users of a real broker that the vault makes for a module and takes away again.

use std::collections::HashMap;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use dcp::bus::connect_as;
use dcp::clock::SystemClock;
use dcp::config::BusSettings;
use dcp::model::Zone;
use dcp::secrets::Secrets;
use reqwest::Method;
use serde_json::{Value, json};

use crate::roles::open;
use crate::server::{Bao, eventually};

const PATH: &str = "dynamic/rabbitmq/creds/mvda";

/// A broker with its management API, in a folder of its own.
struct Broker {
    folder: tempfile::TempDir,
    said: HashMap<String, String>,
}

fn script(order: &str, folder: &Path) -> std::process::Output {
    Command::new(Path::new(env!("CARGO_MANIFEST_DIR")).join("../infra/test-rabbitmq"))
        .arg(order)
        .arg(folder)
        .env("DCP_TEST_RABBITMQ_MANAGEMENT", "yes")
        .output()
        .unwrap()
}

impl Broker {
    fn start(test: &str) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let started = script("start", &folder.path().join("rabbitmq"));
        if started.status.code() == Some(3) {
            eprintln!("SKIPPED: {test}: RabbitMQ is not installed");
            return None;
        }
        assert!(started.status.success(), "{started:?}");
        let said = String::from_utf8(started.stdout).unwrap();
        let said = said.lines().filter_map(|line| line.split_once('='));
        Some(Self {
            said: said
                .map(|(key, value)| (key.to_owned(), value.to_owned()))
                .collect(),
            folder,
        })
    }

    /// One question to its management API.
    async fn ask(&self, path: &str) -> Vec<Value> {
        let url = format!("{}/api/{path}", self.said["DCP_TEST_RABBITMQ_API"]);
        let asked = reqwest::Client::new()
            .get(url)
            .basic_auth("guest", Some("guest"));
        asked.send().await.unwrap().json().await.unwrap()
    }

    async fn users_of_connections(&self) -> Vec<String> {
        let all = self.ask("connections").await;
        let users = all.iter().filter_map(|one| one["user"].as_str());
        users.map(str::to_owned).collect()
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        script("stop", &self.folder.path().join("rabbitmq"));
    }
}

/// The engine `rabbitmq` for this broker, and the role `mvda` that may use it.
async fn set_up(bao: &Bao, broker: &Broker) {
    bao.call(
        Method::POST,
        "sys/mounts/rabbitmq",
        json!({"type": "rabbitmq"}),
    )
    .await;
    let connection = json!({
        "connection_uri": broker.said["DCP_TEST_RABBITMQ_API"], "username": "guest", "password": "guest",
    });
    bao.call(Method::POST, "rabbitmq/config/connection", connection)
        .await;
    let lease = json!({"ttl": 20, "max_ttl": 60});
    bao.call(Method::POST, "rabbitmq/config/lease", lease).await;
    let all = json!({"gxp": {"configure": ".*", "write": ".*", "read": ".*"}});
    let role = json!({"vhosts": all.to_string()});
    bao.call(Method::POST, "rabbitmq/roles/mvda", role).await;
    let policy = "path \"rabbitmq/creds/mvda\" { capabilities = [\"read\"] }";
    bao.call(
        Method::PUT,
        "sys/policies/acl/mvda",
        json!({"policy": policy}),
    )
    .await;
}

#[tokio::test]
async fn the_bus_changes_to_a_new_user_before_the_vault_takes_the_old_one_away() {
    let test = "vault: users of the broker";
    let Some(bao) = Bao::start(test).await else {
        return;
    };
    let Some(broker) = Broker::start(test) else {
        return;
    };
    let settings = bao.role("mvda", "1h", "2h").await;
    set_up(&bao, &broker).await;
    let secrets = Arc::new(open(&settings).await.unwrap());
    let (one, two) = tokio::join!(secrets.read(PATH), secrets.read(PATH));
    let first = one.unwrap()["username"].expose().clone();
    assert_eq!(
        &first,
        two.unwrap()["username"].expose(),
        "a pair belongs together"
    );
    let (_, host) = broker.said["DCP_TEST_RABBITMQ"].split_once('@').unwrap();
    let bus: BusSettings = serde_json::from_value(json!({
        "url": format!("amqp://{}/gxp", host.split('/').next().unwrap()),
        "user": format!("secret://{PATH}#username"),
        "password": format!("secret://{PATH}#password"),
    }))
    .unwrap();
    let held = connect_as(
        &bus,
        Some(secrets.clone()),
        Zone::Gxp,
        Arc::new(SystemClock),
    )
    .await;
    let held = held.unwrap();
    // Any question makes it connect; there is no such queue.
    assert!(held.depth("nobody").await.is_err());
    eventually("the first user has the connection", async || {
        broker.users_of_connections().await == [first.as_str()]
    })
    .await;
    eventually("another user has the connections", async || {
        let users = broker.users_of_connections().await;
        !users.is_empty() && users.iter().all(|user| *user != first)
    })
    .await;
    eventually("the first user is gone", async || {
        broker
            .ask("users")
            .await
            .iter()
            .all(|user| user["name"] != first.as_str())
    })
    .await;
    eventually("a connection stands", async || {
        !broker.users_of_connections().await.is_empty()
    })
    .await;
}
