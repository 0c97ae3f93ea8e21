//! The way of finished steps to the collector: gathered, sent in batches, dropped when it does not take them.

use std::time::Duration;

use reqwest::header::CONTENT_TYPE;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::otlp;
use super::span::Record;
use crate::clock::{Clock as _, SystemClock};
use crate::limits::{SPAN_BATCH, SPAN_GATHER, SPAN_LAST, SPAN_PAUSES, SPAN_POST};

/// Who records: the process, as a collector shows it.
#[derive(Debug, Clone, Default)]
pub struct Resource {
    /// The module, or the node.
    pub service: String,
    /// Its version.
    pub version: String,
    /// Which of its instances.
    pub instance: String,
    /// The node it runs on.
    pub node: String,
    /// The zone of that node.
    pub zone: String,
}

impl Resource {
    pub(super) fn attributes(&self) -> [(&'static str, &str); 7] {
        [
            ("service.namespace", "dcp"),
            ("service.name", &self.service),
            ("service.version", &self.version),
            ("service.instance.id", &self.instance),
            ("dcp.node", &self.node),
            ("dcp.zone", &self.zone),
            ("telemetry.sdk.language", "rust"),
        ]
    }
}

/// Sends what was recorded.
#[derive(Debug)]
pub(crate) struct Exporter {
    spans: mpsc::Receiver<Record>,
    http: reqwest::Client,
    url: reqwest::Url,
    resource: Resource,
    batch: Vec<Record>,
    /// Batches in a row that the collector did not take.
    failures: u32,
    sent: metrics::Counter,
    dropped: metrics::Counter,
}

/// What becomes of recorded steps: `delivered` or `dropped`.
pub(super) fn counter(outcome: &'static str) -> metrics::Counter {
    metrics::counter!("dcp_spans_total", "outcome" => outcome)
}

impl Exporter {
    /// Prepares to send to the collector at `otlp`; the error says why that cannot be one.
    pub(super) fn new(
        otlp: &str,
        resource: &Resource,
        spans: mpsc::Receiver<Record>,
    ) -> Result<Self, String> {
        let url = format!("{}/v1/traces", otlp.trim_end_matches('/'));
        let url = reqwest::Url::parse(&url).map_err(|error| format!("{error}: {otlp}"))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(format!("it must begin with http:// or https://: {otlp}"));
        }
        let http = reqwest::Client::builder()
            .timeout(SPAN_POST)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()
            .map_err(|error| error.to_string())?;
        Ok(Self {
            spans,
            http,
            url,
            resource: resource.clone(),
            batch: Vec::new(),
            failures: 0,
            sent: counter("delivered"),
            dropped: counter("dropped"),
        })
    }

    /// Sends until `drained`, and what is left then as far as that is quick.
    pub(crate) async fn run(mut self, drained: CancellationToken) {
        let ended = drained.run_until_cancelled(self.deliver()).await;
        if ended.is_none() {
            // Who stops does not wait for a collector that hangs.
            let rest = tokio::time::timeout(SPAN_LAST, self.deliver_rest()).await;
            if rest.is_err() {
                self.drop_batch();
            }
        }
    }

    async fn deliver(&mut self) {
        while self.gather().await {
            let failures = self.failures;
            self.post().await;
            if self.failures > failures {
                SystemClock.sleep(pause(self.failures)).await;
            }
        }
    }

    /// Waits for steps and a moment longer for more of them; false says that there will be none.
    async fn gather(&mut self) -> bool {
        if self.spans.recv_many(&mut self.batch, SPAN_BATCH).await == 0 {
            return false;
        }
        let full = async {
            while let Some(left) = SPAN_BATCH
                .checked_sub(self.batch.len())
                .filter(|left| *left > 0)
            {
                if self.spans.recv_many(&mut self.batch, left).await == 0 {
                    return;
                }
            }
        };
        // What is gathered when the time is over is sent as well.
        drop(tokio::time::timeout(SPAN_GATHER, full).await);
        true
    }

    async fn deliver_rest(&mut self) {
        self.spans.close();
        while !self.batch.is_empty() || self.gather().await {
            self.post().await;
        }
    }

    /// Sends what is gathered, once: a trace with a hole is worth more than a process that hoards.
    async fn post(&mut self) {
        match self.try_post().await {
            Ok(()) => {
                if self.failures > 0 {
                    tracing::info!(collector = %self.url, "the collector takes traces again");
                }
                self.failures = 0;
                self.sent.increment(self.batch.len() as u64);
                self.batch.clear();
            }
            Err(reason) => {
                if self.failures == 0 {
                    tracing::warn!(collector = %self.url, reason, "the collector does not take traces; they are dropped until it does");
                }
                self.failures += 1;
                self.drop_batch();
            }
        }
    }

    async fn try_post(&self) -> Result<(), String> {
        let body = otlp::body(&self.resource, &self.batch).map_err(|error| error.to_string())?;
        let request = self.http.post(self.url.clone()).body(body);
        let answer = request
            .header(CONTENT_TYPE, "application/json")
            .send()
            .await
            .map_err(|error| format!("{:#}", anyhow::Error::from(error)))?;
        let status = answer.status();
        if !status.is_success() {
            return Err(format!("it answers {status}"));
        }
        Ok(())
    }

    fn drop_batch(&mut self) {
        self.dropped.increment(self.batch.len() as u64);
        self.batch.clear();
    }
}

/// Doubles with every failure.
fn pause(failures: u32) -> Duration {
    let (shortest, longest) = SPAN_PAUSES;
    shortest
        .saturating_mul(1 << failures.saturating_sub(1).min(8))
        .min(longest)
}
