//! The batches of a unit as a list shows them.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::{BatchFilter, PiBatch, PiClient, PiError};

/// Whether a batch has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = Status)]
pub enum BatchStatus {
    /// It has.
    Complete,
    /// It has not.
    Running,
}

/// A batch of a unit with what is written down about it.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Batch)]
pub struct ListedBatch {
    web_id: String,
    id: String,
    name: String,
    #[schema(value_type = String, format = DateTime)]
    start: Timestamp,
    #[schema(value_type = Option<String>, format = DateTime)]
    end: Option<Timestamp>,
    /// Up to now while it runs.
    duration_s: f64,
    status: BatchStatus,
    template: String,
    #[schema(value_type = Object)]
    attributes: BTreeMap<String, Value>,
}

impl ListedBatch {
    fn new(batch: PiBatch, attributes: BTreeMap<String, Value>, now: Timestamp) -> Self {
        let end = batch.end.filter(|end| *end <= now);
        Self {
            duration_s: end
                .unwrap_or(now)
                .duration_since(batch.start)
                .as_secs_f64()
                .max(0.0),
            status: if end.is_some() {
                BatchStatus::Complete
            } else {
                BatchStatus::Running
            },
            web_id: batch.web_id,
            id: batch.name.clone(),
            name: batch.name,
            start: batch.start,
            end,
            template: batch.template,
            attributes,
        }
    }
}

/// The batches of a unit, the oldest first.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Batches)]
pub struct ListedBatches {
    items: Vec<ListedBatch>,
    /// Whether older ones were left out.
    truncated: bool,
}

impl PiClient {
    /// The newest `most` batches of a unit with their attributes.
    pub async fn listed_batches(
        &self,
        unit: &str,
        filter: &BatchFilter,
        most: usize,
        now: Timestamp,
    ) -> Result<ListedBatches, PiError> {
        let mut frames = self.batches(unit, filter).await?;
        let surplus = frames.len().saturating_sub(most);
        frames.drain(..surplus);
        let ids: Vec<&str> = frames.iter().map(|frame| frame.web_id.as_str()).collect();
        let attributes = self.batch_attributes(&ids).await?;
        let items = frames
            .into_iter()
            .zip(attributes)
            .map(|(frame, attributes)| ListedBatch::new(frame, attributes, now))
            .collect();
        Ok(ListedBatches {
            items,
            truncated: surplus > 0,
        })
    }
}
