//! What a source of process data holds, for people who choose from it: its asset tree, the tags of an element, the batches of a unit.

use axum::extract::State;
use dcp::http::{Caller, Json, Path, Problem, Query};
use dcp::model::DataSourceId;
use dcp::pi::{BatchFilter, ListedBatches, PiClient, PiElement, PiError, PiTag};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::Framework;
use crate::sites::{self, DataSource};

/// Batches of one answer; who needs older ones asks for a period.
const MOST_BATCHES: usize = 1_000;

/// Below which element.
#[derive(Debug, Deserialize, IntoParams)]
pub(crate) struct Below {
    /// The element; the top of the tree when absent.
    parent: Option<String>,
}

/// The elements at the top of the asset tree of a source, or below another one.
#[utoipa::path(get, path = "/api/framework/data-sources/{id}/elements", tag = "sites", params(("id" = String, Path), Below),
    responses((status = 200, body = Vec<PiElement>), (status = 404, body = Problem), (status = 503, body = Problem)))]
pub(crate) async fn elements(
    State(framework): State<Framework>,
    caller: Caller,
    Path(id): Path<DataSourceId>,
    Query(below): Query<Below>,
) -> Result<Json<Vec<PiElement>>, Problem> {
    let (source, client) = framework.reader(&caller, &id).await?;
    let found = match &below.parent {
        Some(parent) => client.elements(parent).await,
        None => client.root_elements().await,
    };
    found.map(Json).map_err(|error| source.problem(error))
}

/// The tags of an element.
#[utoipa::path(get, path = "/api/framework/data-sources/{id}/elements/{web_id}/tags", tag = "sites",
    params(("id" = String, Path), ("web_id" = String, Path)),
    responses((status = 200, body = Vec<PiTag>), (status = 404, body = Problem), (status = 503, body = Problem)))]
pub(crate) async fn tags(
    State(framework): State<Framework>,
    caller: Caller,
    Path((id, web_id)): Path<(DataSourceId, String)>,
) -> Result<Json<Vec<PiTag>>, Problem> {
    let (source, client) = framework.reader(&caller, &id).await?;
    let found = client.tags(&web_id).await;
    found.map(Json).map_err(|error| source.problem(error))
}

/// The newest batches of a unit, the oldest of them first.
#[utoipa::path(get, path = "/api/framework/data-sources/{id}/elements/{web_id}/batches", tag = "sites",
    params(("id" = String, Path), ("web_id" = String, Path)),
    responses((status = 200, body = ListedBatches), (status = 404, body = Problem), (status = 503, body = Problem)))]
pub(crate) async fn batches(
    State(framework): State<Framework>,
    caller: Caller,
    Path((id, web_id)): Path<(DataSourceId, String)>,
) -> Result<Json<ListedBatches>, Problem> {
    let (source, client) = framework.reader(&caller, &id).await?;
    let (filter, now) = (BatchFilter::default(), framework.clock.now());
    let found = client
        .listed_batches(&web_id, &filter, MOST_BATCHES, now)
        .await;
    found.map(Json).map_err(|error| source.problem(error))
}

impl Framework {
    /// A source of the caller's sites and its reader for one question.
    async fn reader(
        &self,
        caller: &Caller,
        id: &DataSourceId,
    ) -> Result<(DataSource, PiClient), Problem> {
        let source = sites::source_of(self, caller, id).await?;
        let client = self.watch.reader(&source).await;
        let client = client.map_err(|error| source.problem(error))?;
        Ok((source, client))
    }
}

impl DataSource {
    /// What a person is told when it cannot be read: which one, and what happened to it.
    fn problem(&self, error: PiError) -> Problem {
        let detail = format!("{} ({}): {error}.", self.name, self.url);
        Problem::from(error)
            .detail(detail)
            .with("source", self.name.as_str())
            .with("server", self.url.as_str())
    }
}
