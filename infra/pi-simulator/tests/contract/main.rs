//! The contract over HTTP: what clients nobody here wrote rely on.

#![expect(clippy::unwrap_used, reason = "tests")]

mod access;
mod limits;
mod live;
mod objects;
mod operations;
mod sites;

use pi_simulator::{Running, Settings};
use serde_json::Value;

pub(crate) const DRYER_1: &str = r"\\PIAF\Basel\Basel\Drying\Dryer 1";

/// A client of a simulator of its own.
pub(crate) struct Caller {
    pub(crate) simulator: Running,
    pub(crate) http: reqwest::Client,
}

impl Caller {
    pub(crate) async fn start() -> Self {
        Self::of(Settings::default()).await
    }

    pub(crate) async fn of(settings: Settings) -> Self {
        let simulator = Running::start(settings).await.unwrap();
        Self {
            simulator,
            http: reqwest::Client::builder().no_proxy().build().unwrap(),
        }
    }

    pub(crate) async fn get(&self, path: &str, query: &[(&str, &str)]) -> (u16, Value) {
        let request = self
            .http
            .get(format!("{}{path}", self.simulator.url()))
            .query(query);
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> (u16, Option<String>, Value) {
        let address = format!("{}{path}", self.simulator.url());
        let answer = self.http.post(address).json(body).send().await.unwrap();
        let location = answer.headers().get("location");
        let location = location.map(|place| place.to_str().unwrap().to_owned());
        (
            answer.status().as_u16(),
            location,
            answer.json().await.unwrap(),
        )
    }

    pub(crate) async fn fault(&self, fault: Value) {
        let request = self.http.post(self.simulator.faults_url()).json(&fault);
        assert_eq!(request.send().await.unwrap().status(), 200, "{fault}");
    }

    pub(crate) async fn good(&self, path: &str, query: &[(&str, &str)]) -> Value {
        let (status, body) = self.get(path, query).await;
        assert_eq!(status, 200, "{path} {body}");
        body
    }

    pub(crate) async fn web_id(&self, controller: &str, path: &str) -> String {
        self.good(&format!("/{controller}"), &[("path", path)])
            .await["WebId"]
            .as_str()
            .unwrap()
            .to_owned()
    }
}

pub(crate) fn names(list: &Value) -> Vec<&str> {
    list["Items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["Name"].as_str().unwrap())
        .collect()
}
