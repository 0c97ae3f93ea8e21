//! A server that answers what a test says, for what no simulator does: answers that contradict each other.

use std::sync::{Arc, Mutex};

use axum::body::Bytes;
use axum::extract::Request;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use dcp::pi::{PiClient, PiCredentials, PiSource};
use serde_json::Value;

/// A request as it arrived.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    /// Path and query.
    pub(crate) target: String,
    pub(crate) authorization: Option<String>,
    /// How many came before it.
    pub(crate) before: usize,
}

impl Asked {
    /// A parameter of the query.
    pub(crate) fn parameter(&self, name: &str) -> Option<String> {
        let url = reqwest::Url::parse(&format!("http://pi{}", self.target)).unwrap();
        let mut pairs = url.query_pairs();
        let found = pairs.find(|(key, _)| key == name);
        found.map(|(_, value)| value.into_owned())
    }
}

pub(crate) struct Scripted {
    pub(crate) url: String,
    asked: Arc<Mutex<Vec<Asked>>>,
    task: tokio::task::JoinHandle<()>,
}

impl Scripted {
    pub(crate) async fn start(
        answer: impl Fn(&Asked) -> (u16, Value) + Send + Sync + 'static,
    ) -> Self {
        Self::raw(move |asked| {
            let (status, body) = answer(asked);
            (status, body.to_string().into_bytes())
        })
        .await
    }

    /// Answers bytes as they are.
    pub(crate) async fn raw(
        answer: impl Fn(&Asked) -> (u16, Vec<u8>) + Send + Sync + 'static,
    ) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/piwebapi", listener.local_addr().unwrap());
        let asked: Arc<Mutex<Vec<Asked>>> = Arc::default();
        let (log, answer) = (asked.clone(), Arc::new(answer));
        let app = axum::Router::new().fallback(move |request: Request| {
            let seen = {
                let mut log = log.lock().unwrap();
                let seen = seen(&request, log.len());
                log.push(seen.clone());
                seen
            };
            let answer = answer.clone();
            async move { respond(answer(&seen)) }
        });
        let task = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { url, asked, task }
    }

    /// A reader of this server.
    pub(crate) fn client(&self) -> PiClient {
        PiClient::connect(&self.source(), &PiCredentials::Anonymous).unwrap()
    }

    pub(crate) fn source(&self) -> PiSource {
        PiSource {
            id: "scripted".to_owned(),
            url: self.url.clone(),
            asset_server: "AF".to_owned(),
            database: "DB".to_owned(),
            data_server: "PI".to_owned(),
            ..PiSource::default()
        }
    }

    /// All requests so far.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }
}

impl Drop for Scripted {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn seen(request: &Request, before: usize) -> Asked {
    let authorization = request.headers().get(header::AUTHORIZATION);
    Asked {
        target: request.uri().to_string(),
        authorization: authorization.map(|value| value.to_str().unwrap().to_owned()),
        before,
    }
}

fn respond((status, body): (u16, Vec<u8>)) -> Response {
    (
        StatusCode::from_u16(status).unwrap(),
        [(header::CONTENT_TYPE, "application/json; charset=utf-8")],
        Bytes::from(body),
    )
        .into_response()
}
