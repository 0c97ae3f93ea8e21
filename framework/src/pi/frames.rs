//! Batches: event frames with their attributes and annotations.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::listing::Unreadable;
use super::objects::{FrameWire, PiBatch};
use super::paging::Page;
use super::refusal::BatchAnswer;
use super::search::FrameSearch;
use super::{PiClient, PiError, time};
use crate::limits;

pub(super) const FRAME_FIELDS: &str = "Items.WebId;Items.Name;Items.StartTime;Items.EndTime;Items.TemplateName;Items.RefElementWebIds;\
                            Items.HasChildren;Links.Next";
const ATTRIBUTE_FIELDS: &str =
    "Items.Name;Items.Value.Value;Items.Value.UnitsAbbreviation;Items.Value.Good";
/// Which batches of a unit.
#[derive(Debug, Clone, Default)]
pub struct BatchFilter {
    /// Batches that run at or after this instant.
    pub from: Option<Timestamp>,
    /// Batches that run at or before this instant; the present without it.
    pub to: Option<Timestamp>,
    /// Name of the event frame template; any without it.
    pub template: Option<String>,
    /// Only batches whose name fits, with `*` and `?`.
    pub name: Option<String>,
}

/// Where a batch stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum BatchState {
    /// It begins later.
    Planned,
    /// It has begun and not ended.
    Running,
    /// It has ended.
    Ended,
}

impl PiBatch {
    /// Where it stands at an instant.
    pub fn state(&self, now: Timestamp) -> BatchState {
        match self.end {
            _ if self.start > now => BatchState::Planned,
            Some(end) if end <= now => BatchState::Ended,
            _ => BatchState::Running,
        }
    }
}

/// An attribute of a batch: recipe, lot, yield.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PiMetadata {
    /// Name.
    pub name: String,
    /// The value as the server writes it; a state is an object with `Name` and `Value`.
    pub value: Value,
    /// Abbreviation of its unit.
    pub unit: String,
    /// Whether PI calls the value good.
    pub good: bool,
}

impl PiMetadata {
    /// The value for people: the name of a state, a text without quotes.
    pub fn text(&self) -> String {
        match &self.value {
            Value::String(text) => text.clone(),
            Value::Null => String::new(),
            Value::Object(state) => match state.get("Name") {
                Some(Value::String(name)) => name.clone(),
                _ => self.value.to_string(),
            },
            other => other.to_string(),
        }
    }
}

/// What somebody wrote down about a batch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all(deserialize = "PascalCase"), default)]
#[derive(Default)]
pub struct PiAnnotation {
    /// Id.
    pub id: String,
    /// Title.
    pub name: String,
    /// What it says beside its value.
    pub description: String,
    /// What it says.
    pub value: Value,
    /// Who wrote it.
    #[serde(rename(deserialize = "Creator"))]
    pub author: String,
    /// When, as the server writes it.
    #[serde(rename(deserialize = "CreationDate"))]
    pub written: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct MetadataWire {
    name: String,
    value: MetadataValue,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct MetadataValue {
    #[serde(default)]
    value: Value,
    #[serde(default)]
    units_abbreviation: Option<String>,
    #[serde(default)]
    good: Option<bool>,
}

impl PiClient {
    /// The batches of a unit, oldest first; refused when one of them cannot be read.
    pub async fn batches(&self, unit: &str, filter: &BatchFilter) -> Result<Vec<PiBatch>, PiError> {
        let frames = self.frames_of(unit, filter).await?;
        frames.into_iter().map(FrameWire::batch).collect()
    }

    /// The batches of a unit, oldest first, and what cannot be read of them.
    pub(super) async fn readable_batches(
        &self,
        unit: &str,
        filter: &BatchFilter,
    ) -> Result<(Vec<PiBatch>, Vec<Unreadable>), PiError> {
        let (mut batches, mut unreadable) = (Vec::new(), Vec::new());
        for frame in self.frames_of(unit, filter).await? {
            let name = frame.name().to_owned();
            match frame.batch() {
                Ok(batch) => batches.push(batch),
                Err(error) => unreadable.push(Unreadable::new(name, &error)),
            }
        }
        Ok((batches, unreadable))
    }

    async fn frames_of(&self, unit: &str, filter: &BatchFilter) -> Result<Vec<FrameWire>, PiError> {
        // Without a start the server answers with the last eight hours.
        let from = time::format(filter.from.map_or(0, Timestamp::as_microsecond));
        let to = filter
            .to
            .map_or_else(|| "*".to_owned(), |to| time::format(to.as_microsecond()));
        let mut query = vec![
            ("startTime", from.as_str()),
            ("endTime", &to),
            ("searchMode", "Overlapped"),
            ("sortField", "StartTime"),
            ("sortOrder", "Ascending"),
            ("selectedFields", FRAME_FIELDS),
        ];
        query.extend(
            filter
                .template
                .as_deref()
                .map(|template| ("templateName", template)),
        );
        query.extend(filter.name.as_deref().map(|name| ("nameFilter", name)));
        let path = ["elements", unit, "eventframes"];
        self.all(&path, &query, "the unit", FrameWire::id).await
    }

    /// Event frames of the whole database, oldest first.
    pub async fn search_batches(&self, search: &FrameSearch) -> Result<Vec<PiBatch>, PiError> {
        let text = search.query()?;
        let database = self.database().await?;
        let query = [
            ("databaseWebId", database.web_id.as_str()),
            ("query", &text),
            ("selectedFields", FRAME_FIELDS),
        ];
        let path = ["eventframes", "search"];
        let frames: Vec<FrameWire> = self.all(&path, &query, "the search", FrameWire::id).await?;
        frames.into_iter().map(FrameWire::batch).collect()
    }

    /// One batch by WebID.
    pub async fn batch(&self, web_id: &str) -> Result<PiBatch, PiError> {
        let frame: FrameWire = self.get(&["eventframes", web_id], &[], "the batch").await?;
        frame.batch()
    }

    /// The attributes of batches (recipe, lot, ...), in the order asked for, several batches in one request.
    pub async fn batch_attributes(
        &self,
        batches: &[&str],
    ) -> Result<Vec<BTreeMap<String, Value>>, PiError> {
        let all = self.batch_metadata(batches).await?.into_iter();
        Ok(all.map(by_name).collect())
    }

    /// The attributes of batches with their units, in the order asked for, several batches in one request.
    pub async fn batch_metadata(&self, batches: &[&str]) -> Result<Vec<Vec<PiMetadata>>, PiError> {
        let each = self.metadata_of_each(batches).await?;
        each.into_iter().collect()
    }

    /// The same, of each batch on its own: one that cannot be read leaves the others.
    pub(super) async fn metadata_of_each(
        &self,
        batches: &[&str],
    ) -> Result<Vec<Result<Vec<PiMetadata>, PiError>>, PiError> {
        let mut all = Vec::with_capacity(batches.len());
        for part in batches.chunks(limits::PI_BATCH_PARTS) {
            let paths: Vec<Vec<&str>> = part
                .iter()
                .map(|id| vec!["streamsets", *id, "value"])
                .collect();
            let answers = self
                .get_many(&paths, &[("selectedFields", ATTRIBUTE_FIELDS)])
                .await?;
            all.extend(answers.iter().map(metadata));
        }
        Ok(all)
    }

    /// What people wrote down about a batch.
    pub async fn annotations(&self, batch: &str) -> Result<Vec<PiAnnotation>, PiError> {
        let page: Page<PiAnnotation> = self
            .get(&["eventframes", batch, "annotations"], &[], "the batch")
            .await?;
        Ok(page.items)
    }
}

/// The values of attributes by their names.
pub(super) fn by_name(attributes: Vec<PiMetadata>) -> BTreeMap<String, Value> {
    let pairs = attributes.into_iter();
    pairs
        .map(|attribute| (attribute.name, attribute.value))
        .collect()
}

fn metadata(answer: &BatchAnswer) -> Result<Vec<PiMetadata>, PiError> {
    let page: Page<MetadataWire> = answer.content("the attributes of the batch")?;
    let read = |wire: MetadataWire| PiMetadata {
        name: wire.name,
        value: wire.value.value,
        unit: wire.value.units_abbreviation.unwrap_or_default(),
        good: wire.value.good.unwrap_or(true),
    };
    Ok(page.items.into_iter().map(read).collect())
}
