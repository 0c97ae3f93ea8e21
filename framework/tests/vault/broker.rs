//! A `RabbitMQ` of a test's own, with its management API, through which a vault makes users.

use std::collections::HashMap;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

/// A broker with its management API, in a folder of its own.
pub(crate) struct Broker {
    folder: tempfile::TempDir,
    pub(crate) said: HashMap<String, String>,
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
    pub(crate) fn start(test: &str) -> Option<Self> {
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

    /// What a connection to this virtual host begins with.
    pub(crate) fn url(&self, vhost: &str) -> String {
        let (_, host) = self.said["DCP_TEST_RABBITMQ"].split_once('@').unwrap();
        format!("amqp://{}/{vhost}", host.split('/').next().unwrap())
    }

    /// `rabbitmqctl` of this broker.
    pub(crate) fn run(&self, arguments: &[&str]) {
        let done = Command::new(&self.said["DCP_TEST_RABBITMQ_CTL"])
            .args(arguments)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&done.stderr);
        assert!(done.status.success(), "{arguments:?}: {said}");
    }

    /// One question to its management API.
    pub(crate) async fn ask(&self, path: &str) -> Vec<Value> {
        let url = format!("{}/api/{path}", self.said["DCP_TEST_RABBITMQ_API"]);
        let asked = reqwest::Client::new()
            .get(url)
            .basic_auth("guest", Some("guest"));
        asked.send().await.unwrap().json().await.unwrap()
    }

    pub(crate) async fn users_of_connections(&self) -> Vec<String> {
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
