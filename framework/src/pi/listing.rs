//! The batches of a unit as a list shows them.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::frames::by_name;
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

/// Something that could not be read although the rest could, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Unreadable {
    /// What: a batch by its name, a tag by its WebID.
    pub id: String,
    /// Why, as a sentence that begins with its name.
    pub detail: String,
}

impl Unreadable {
    /// Of this name, for this reason.
    pub fn new(name: impl Into<String>, error: &PiError) -> Self {
        let id = name.into();
        Self {
            detail: format!("{id}: {error}."),
            id,
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
    /// Batches that are left out, or listed without what is written down about them, because that cannot be read.
    unreadable: Vec<Unreadable>,
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
        let (mut frames, mut unreadable) = self.readable_batches(unit, filter).await?;
        let surplus = frames.len().saturating_sub(most);
        frames.drain(..surplus);
        let ids: Vec<&str> = frames.iter().map(|frame| frame.web_id.as_str()).collect();
        let attributes = self.metadata_of_each(&ids).await?;
        let items = frames.into_iter().zip(attributes).map(|(frame, found)| {
            let attributes = match found {
                Ok(attributes) => by_name(attributes),
                Err(error) => {
                    unreadable.push(Unreadable::new(frame.name.as_str(), &error));
                    BTreeMap::new()
                }
            };
            ListedBatch::new(frame, attributes, now)
        });
        Ok(ListedBatches {
            items: items.collect(),
            truncated: surplus > 0,
            unreadable,
        })
    }
}
