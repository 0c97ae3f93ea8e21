//! The plant as PI shows it: elements, tags and batches.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::State;
use dcp::clock::Clock;
use dcp::http::{Caller, Json, Path, Problem, Query};
use dcp::pi::{BatchFilter, ListedBatches, PiCache, PiClient, PiElement, PiSource, PiTag};
use dcp::secrets::Secrets;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::parameters::Parameters;
use crate::sources::Source;
use crate::{Mvda, limits};

/// Readers of data sources, kept for a while so that connections are used again and changed credentials are noticed.
#[derive(Clone)]
pub struct Plant {
    secrets: Arc<dyn Secrets>,
    clock: Arc<dyn Clock>,
    clients: Arc<Mutex<HashMap<String, (PiClient, Timestamp)>>>,
    cache: Option<PiCache>,
}

impl std::fmt::Debug for Plant {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Plant").finish_non_exhaustive()
    }
}

impl Plant {
    /// No reader yet; what readers read they keep in the cache, if there is one.
    pub fn new(secrets: Arc<dyn Secrets>, clock: Arc<dyn Clock>, cache: Option<PiCache>) -> Self {
        Self {
            secrets,
            clock,
            clients: Arc::default(),
            cache,
        }
    }

    /// A reader of this source for one question.
    pub async fn client(&self, source: &Source) -> Result<PiClient, Problem> {
        let client = self.kept(source).await?;
        Ok(client.within(limits::PI_ANSWER))
    }

    /// The same; past what is kept where it asks to `reload`.
    pub(crate) async fn client_for(
        &self,
        source: &Source,
        asked: &Parameters,
    ) -> Result<PiClient, Problem> {
        let client = self.client(source).await?;
        Ok(if asked.flag("reload") {
            client.reloading()
        } else {
            client
        })
    }

    async fn kept(&self, source: &Source) -> Result<PiClient, Problem> {
        let (wanted, now) = (source.as_pi(), self.clock.now());
        let kept = self
            .clients
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&source.id)
            .cloned();
        // A source that was changed meanwhile has another reader from now on.
        if let Some((client, until)) = kept
            && now < until
            && *client.source() == wanted
        {
            return Ok(client);
        }
        let client = PiClient::open(&wanted, self.secrets.clone())
            .await
            .map_err(|error| source.problem(error))?
            .with_cache(self.cache.as_ref());
        let until = now.checked_add(limits::READER_FOR).unwrap_or(now);
        self.clients
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(source.id.clone(), (client.clone(), until));
        Ok(client)
    }

    /// The tags of an element that have values over time: what does not change cannot be drawn or modelled.
    pub async fn tags(&self, source: &Source, element: &str) -> Result<Vec<PiTag>, Problem> {
        let client = self.client(source).await?;
        let tags = client.tags(element).await;
        let mut tags = tags.map_err(|error| source.problem(error))?;
        tags.retain(|tag| tag.has_history);
        Ok(tags)
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

/// History that is kept on disk, and what it is good for.
#[derive(Debug, Serialize, ToSchema)]
pub struct KeptHistory {
    /// Bytes on disk, of all modules that share the folder.
    bytes: u64,
    /// The share of the values read since this process started that came from there.
    hit_rate: f64,
    /// How many values were read since then.
    values: u64,
}

/// What is kept of process data, and how often that was used; nothing where no history is kept.
#[utoipa::path(get, path = "/api/mvda/kept", tag = "sources", responses((status = 200, body = Option<KeptHistory>)))]
pub async fn show_kept(State(mvda): State<Mvda>) -> Json<Option<KeptHistory>> {
    let numbers = mvda.plant.cache.as_ref().map(PiCache::numbers);
    Json(numbers.map(|numbers| KeptHistory {
        bytes: numbers.bytes,
        hit_rate: numbers.hit_rate(),
        values: numbers.kept + numbers.read,
    }))
}

/// Below which element.
#[derive(Debug, Deserialize, IntoParams)]
pub struct Below {
    /// The element; the top of the tree when absent.
    parent: Option<String>,
}

/// The elements at the top of the asset tree, or below another one.
#[utoipa::path(get, path = "/api/mvda/sources/{source}/elements", tag = "sources", params(("source" = String, Path, description = "The data source"), Below),
    responses((status = 200, body = Vec<PiElement>), (status = 503, description = "PI does not answer", body = Problem)))]
pub async fn list_elements(
    State(mvda): State<Mvda>,
    caller: Caller,
    Path(source): Path<String>,
    Query(below): Query<Below>,
) -> Result<Json<Vec<PiElement>>, Problem> {
    let source = mvda.sources.find(caller.site()?, &source).await?;
    let client = mvda.plant.client(&source).await?;
    let elements = match &below.parent {
        Some(parent) => client.elements(parent).await,
        None => client.root_elements().await,
    };
    elements.map(Json).map_err(|error| source.problem(error))
}

/// The tags of an element.
#[utoipa::path(get, path = "/api/mvda/sources/{source}/elements/{web_id}/tags", tag = "sources",
    params(("source" = String, Path, description = "The data source"), ("web_id" = String, Path, description = "The element")),
    responses((status = 200, body = Vec<PiTag>), (status = 503, description = "PI does not answer", body = Problem)))]
pub async fn list_tags(
    State(mvda): State<Mvda>,
    caller: Caller,
    Path((source, web_id)): Path<(String, String)>,
) -> Result<Json<Vec<PiTag>>, Problem> {
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
    responses((status = 200, body = ListedBatches), (status = 503, description = "PI does not answer", body = Problem)))]
pub async fn list_batches(
    State(mvda): State<Mvda>,
    caller: Caller,
    Path((source, web_id)): Path<(String, String)>,
    Query(period): Query<Period>,
) -> Result<Json<ListedBatches>, Problem> {
    let source = mvda.sources.find(caller.site()?, &source).await?;
    let client = mvda.plant.client(&source).await?;
    let filter = BatchFilter {
        from: period.from,
        to: period.to,
        ..BatchFilter::default()
    };
    let now = mvda.store.clock().now();
    client
        .listed_batches(&web_id, &filter, limits::LISTED_BATCHES, now)
        .await
        .map(Json)
        .map_err(|error| source.problem(error))
}
