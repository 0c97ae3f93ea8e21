//! The plant as PI shows it: elements, tags and batches.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::State;
use dcp::clock::Clock;
use dcp::http::{Caller, Json, Path, Problem, Query};
use dcp::pi::{BatchFilter, PiBatch, PiClient, PiElement, PiSource, PiTag};
use dcp::secrets::Secrets;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use crate::sources::Source;
use crate::{Mvda, limits};

/// Readers of data sources, kept for a while so that connections are used again and changed credentials are noticed.
#[derive(Clone)]
pub struct Plant {
    secrets: Arc<dyn Secrets>,
    clock: Arc<dyn Clock>,
    clients: Arc<Mutex<HashMap<PiSourceKey, (PiClient, Timestamp)>>>,
}

type PiSourceKey = (String, String);

impl std::fmt::Debug for Plant {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Plant").finish_non_exhaustive()
    }
}

impl Plant {
    /// No reader yet.
    pub fn new(secrets: Arc<dyn Secrets>, clock: Arc<dyn Clock>) -> Self {
        Self {
            secrets,
            clock,
            clients: Arc::default(),
        }
    }

    /// A reader of this source for one question.
    pub async fn client(&self, source: &Source) -> Result<PiClient, Problem> {
        let client = self.kept(source).await?;
        Ok(client.within(limits::PI_ANSWER))
    }

    async fn kept(&self, source: &Source) -> Result<PiClient, Problem> {
        let key = (source.id.clone(), source.url.clone());
        let now = self.clock.now();
        let kept = self
            .clients
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&key)
            .cloned();
        if let Some((client, until)) = kept
            && now < until
        {
            return Ok(client);
        }
        let client = PiClient::open(&source.as_pi(), self.secrets.clone())
            .await
            .map_err(|error| source.problem(error))?;
        let until = now.checked_add(limits::SOURCES_FOR).unwrap_or(now);
        self.clients
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(key, (client.clone(), until));
        Ok(client)
    }

    /// The tags of an element.
    pub async fn tags(&self, source: &Source, element: &str) -> Result<Vec<Tag>, Problem> {
        let client = self.client(source).await?;
        let tags = client
            .tags(element)
            .await
            .map_err(|error| source.problem(error))?;
        Ok(tags.into_iter().map(Tag::from).collect())
    }
}

impl Source {
    /// As the PI client knows it.
    pub fn as_pi(&self) -> PiSource {
        PiSource {
            id: self.id.clone(),
            url: self.url.clone(),
            asset_server: self.asset_server.clone(),
            database: self.database.clone(),
            data_server: self.data_server.clone(),
            credentials: self.credentials.clone(),
            ca_file: self.ca_file.clone(),
        }
    }
}

/// An element of the asset tree.
#[derive(Debug, Serialize, ToSchema)]
pub struct Element {
    web_id: String,
    name: String,
    path: String,
    template: String,
    has_children: bool,
    description: String,
}

impl From<PiElement> for Element {
    fn from(element: PiElement) -> Self {
        let PiElement {
            web_id,
            name,
            description,
            path,
            template,
            has_children,
        } = element;
        Self {
            web_id,
            name,
            path,
            template,
            has_children,
            description,
        }
    }
}

/// A tag of an element.
#[derive(Debug, Serialize, ToSchema)]
pub struct Tag {
    /// Where its values are.
    pub web_id: String,
    /// Its name.
    pub name: String,
    /// What people call it.
    pub description: String,
    /// Its unit.
    pub unit: String,
    r#type: String,
    step: bool,
    path: String,
    point: String,
}

impl Tag {
    /// Whether its values are numbers that a model can use.
    pub fn is_numeric(&self) -> bool {
        let kind = self.r#type.to_ascii_lowercase();
        kind.is_empty()
            || ["single", "double", "float", "int", "byte", "decimal"]
                .iter()
                .any(|number| kind.starts_with(number))
    }
}

impl From<PiTag> for Tag {
    fn from(tag: PiTag) -> Self {
        let PiTag {
            web_id,
            name,
            description,
            unit,
            r#type,
            step,
            path,
            point,
        } = tag;
        Self {
            web_id,
            name,
            description,
            unit,
            r#type,
            step,
            path,
            point,
        }
    }
}

/// A batch of a unit.
#[derive(Debug, Serialize, ToSchema)]
pub struct Batch {
    web_id: String,
    id: String,
    name: String,
    #[schema(value_type = String, format = DateTime)]
    start: Timestamp,
    #[schema(value_type = Option<String>, format = DateTime)]
    end: Option<Timestamp>,
    /// Up to now while it runs.
    duration_s: f64,
    status: Status,
    template: String,
    #[schema(value_type = Object)]
    attributes: BTreeMap<String, Value>,
}

/// Whether a batch has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// It has.
    Complete,
    /// It has not.
    Running,
}

impl Batch {
    fn new(batch: PiBatch, attributes: BTreeMap<String, Value>, now: Timestamp) -> Self {
        let end = batch.end.filter(|end| *end <= now);
        Self {
            duration_s: end
                .unwrap_or(now)
                .duration_since(batch.start)
                .as_secs_f64()
                .max(0.0),
            status: if end.is_some() {
                Status::Complete
            } else {
                Status::Running
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

/// The batches of a unit.
#[derive(Debug, Serialize, ToSchema)]
pub struct Batches {
    items: Vec<Batch>,
    /// Whether older ones were left out.
    truncated: bool,
}

/// Below which element.
#[derive(Debug, Deserialize, IntoParams)]
pub struct Below {
    /// The element; the top of the tree when absent.
    parent: Option<String>,
}

/// The elements at the top of the asset tree, or below another one.
#[utoipa::path(get, path = "/api/mvda/sources/{source}/elements", tag = "sources", params(("source" = String, Path, description = "The data source"), Below),
    responses((status = 200, body = Vec<Element>), (status = 503, description = "PI does not answer", body = Problem)))]
pub async fn list_elements(
    State(mvda): State<Mvda>,
    caller: Caller,
    Path(source): Path<String>,
    Query(below): Query<Below>,
) -> Result<Json<Vec<Element>>, Problem> {
    let source = mvda.sources.find(caller.site()?, &source).await?;
    let client = mvda.plant.client(&source).await?;
    let elements = match &below.parent {
        Some(parent) => client.elements(parent).await,
        None => client.root_elements().await,
    };
    Ok(Json(
        elements
            .map_err(|error| source.problem(error))?
            .into_iter()
            .map(Element::from)
            .collect(),
    ))
}

/// The tags of an element.
#[utoipa::path(get, path = "/api/mvda/sources/{source}/elements/{web_id}/tags", tag = "sources",
    params(("source" = String, Path, description = "The data source"), ("web_id" = String, Path, description = "The element")),
    responses((status = 200, body = Vec<Tag>), (status = 503, description = "PI does not answer", body = Problem)))]
pub async fn list_tags(
    State(mvda): State<Mvda>,
    caller: Caller,
    Path((source, web_id)): Path<(String, String)>,
) -> Result<Json<Vec<Tag>>, Problem> {
    let source = mvda.sources.find(caller.site()?, &source).await?;
    Ok(Json(mvda.plant.tags(&source, &web_id).await?))
}

/// Which batches.
#[derive(Debug, Deserialize, IntoParams)]
pub struct Period {
    /// Batches that ran at or after this instant; all when absent.
    #[param(value_type = Option<String>, format = DateTime)]
    from: Option<Timestamp>,
    /// Batches that ran at or before this instant; now when absent.
    #[param(value_type = Option<String>, format = DateTime)]
    to: Option<Timestamp>,
}

/// The batches of a unit, oldest first.
#[utoipa::path(get, path = "/api/mvda/sources/{source}/elements/{web_id}/batches", tag = "sources",
    params(("source" = String, Path, description = "The data source"), ("web_id" = String, Path, description = "The element"), Period),
    responses((status = 200, body = Batches), (status = 503, description = "PI does not answer", body = Problem)))]
pub async fn list_batches(
    State(mvda): State<Mvda>,
    caller: Caller,
    Path((source, web_id)): Path<(String, String)>,
    Query(period): Query<Period>,
) -> Result<Json<Batches>, Problem> {
    let source = mvda.sources.find(caller.site()?, &source).await?;
    let client = mvda.plant.client(&source).await?;
    let filter = BatchFilter {
        from: period.from,
        to: period.to,
        ..BatchFilter::default()
    };
    let mut frames = client
        .batches(&web_id, &filter)
        .await
        .map_err(|error| source.problem(error))?;
    let surplus = frames.len().saturating_sub(limits::LISTED_BATCHES);
    frames.drain(..surplus);
    let ids: Vec<&str> = frames.iter().map(|frame| frame.web_id.as_str()).collect();
    let attributes = client
        .batch_attributes(&ids)
        .await
        .map_err(|error| source.problem(error))?;
    let now = mvda.store.clock().now();
    let items = frames
        .into_iter()
        .zip(attributes)
        .map(|(frame, attributes)| Batch::new(frame, attributes, now))
        .collect();
    Ok(Json(Batches {
        items,
        truncated: surplus > 0,
    }))
}
