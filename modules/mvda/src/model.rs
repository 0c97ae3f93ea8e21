//! A version of a model: as it is kept, and as it is shown.

use dcp::events;
use dcp::model::SiteId;
use dcp::params;
use dcp::store::{Rows, Store, StoreError, Tx};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::ask::{Ask, Kind};
use crate::provenance::{Origin, Provenance};

/// How far a model is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Waits for an engine.
    Queued,
    /// Is being calculated; also while its result is fetched.
    #[serde(alias = "collecting")]
    Running,
    /// Has a result.
    Ready,
    /// Has none, and why.
    Failed,
    /// Nobody wanted it any more.
    Cancelled,
}

/// How much of a calculation is done.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Progress {
    /// From 0 to 1.
    pub fraction: f64,
    /// What is being done.
    pub message: String,
}

/// Why a model failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Failure {
    /// What went wrong.
    pub title: String,
    /// In the words of R or of the engine.
    pub detail: String,
}

/// Who asked for a model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Author {
    /// Never reused for another person.
    pub id: String,
    /// Full name.
    pub name: String,
}

/// A model in a list.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Summary {
    /// Its id; every version has its own.
    pub id: String,
    /// Its name.
    pub name: String,
    /// 1 for the first calculation under this name.
    pub version: u32,
    /// Evolution or level.
    pub kind: Kind,
    /// How far it is.
    pub state: State,
    /// How much is done.
    pub progress: Progress,
    /// The element of its production unit.
    pub unit_web_id: String,
    /// When it was asked for.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// Who asked for it.
    pub created_by: Author,
    /// When it became ready, failed or was cancelled.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub finished_at: Option<Timestamp>,
    /// Number of components.
    pub components: u32,
    /// Number of batches.
    pub batches: u32,
    /// Number of reference batches.
    pub reference_batches: u32,
    /// Share of the variation of maturity that an evolution model explains.
    pub r2y: Option<f64>,
    /// Number of abnormal batches.
    pub abnormal: Option<u32>,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<Failure>,
    /// Whether it is kept out of the way.
    pub archived: bool,
    /// Grows with every change of any model.
    pub revision: i64,
}

/// A model with what it was asked for and how it came to be.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Detail {
    /// As in a list.
    #[serde(flatten)]
    pub summary: Summary,
    /// What was asked for.
    pub ask: Ask,
    /// How the result came to be; only when there is one.
    pub provenance: Option<Provenance>,
}

/// The columns that lists and single models share.
#[derive(Debug, Deserialize)]
struct Row {
    id: String,
    name: String,
    version: u32,
    kind: Kind,
    state: State,
    fraction: f64,
    message: String,
    unit_web_id: String,
    components: u32,
    batches: u32,
    reference_batches: u32,
    r2y: Option<f64>,
    abnormal: Option<u32>,
    error_title: Option<String>,
    error_detail: Option<String>,
    created_at: Timestamp,
    created_by_id: String,
    created_by_name: String,
    finished_at: Option<Timestamp>,
    archived: bool,
    revision: i64,
}

impl From<Row> for Summary {
    fn from(row: Row) -> Self {
        let detail = row.error_detail.unwrap_or_default();
        Self {
            id: row.id,
            name: row.name,
            version: row.version,
            kind: row.kind,
            state: row.state,
            progress: Progress {
                fraction: row.fraction,
                message: row.message,
            },
            unit_web_id: row.unit_web_id,
            created_at: row.created_at,
            created_by: Author {
                id: row.created_by_id,
                name: row.created_by_name,
            },
            finished_at: row.finished_at,
            components: row.components,
            batches: row.batches,
            reference_batches: row.reference_batches,
            r2y: row.r2y,
            abnormal: row.abnormal,
            error: row.error_title.map(|title| Failure { title, detail }),
            archived: row.archived,
            revision: row.revision,
        }
    }
}

/// The further columns of a single model.
#[derive(Debug, Deserialize)]
struct Rest {
    site: SiteId,
    request: Ask,
    origin: Origin,
    provenance: Option<Provenance>,
    call_id: String,
    deadline: Timestamp,
    result_key: Option<String>,
}

/// Everything that is kept of one model, its result excepted.
#[derive(Debug, Clone)]
pub struct Model {
    /// As in a list.
    pub summary: Summary,
    /// The site it belongs to.
    pub site: SiteId,
    /// What was asked for.
    pub ask: Ask,
    /// Where its process data come from.
    pub origin: Origin,
    /// How the result came to be.
    pub provenance: Option<Provenance>,
    /// The call of the engine that calculates it.
    pub call_id: String,
    /// After this nobody waits for it.
    pub deadline: Timestamp,
    /// The engine's key of its result.
    pub result_key: Option<String>,
}

impl Model {
    /// The model of a site with this id.
    pub async fn find(store: &Store, site: &str, id: &str) -> Result<Option<Self>, StoreError> {
        Self::of(store.read("model_by_id", params![site, id]).await?)
    }

    /// The same within a transaction.
    pub async fn find_in(
        tx: &mut Tx<'_>,
        site: &str,
        id: &str,
    ) -> Result<Option<Self>, StoreError> {
        Self::of(tx.call("model_by_id", params![site, id]).await?)
    }

    fn of(rows: Rows) -> Result<Option<Self>, StoreError> {
        let Some(row) = rows.clone().optional::<Row>()? else {
            return Ok(None);
        };
        let rest: Rest = rows.one()?;
        Ok(Some(Self {
            summary: row.into(),
            site: rest.site,
            ask: rest.request,
            origin: rest.origin,
            provenance: rest.provenance,
            call_id: rest.call_id,
            deadline: rest.deadline,
            result_key: rest.result_key,
        }))
    }

    /// As events of the platform name it.
    pub fn as_event(&self) -> events::mvda::Model {
        let kind = match self.summary.kind {
            Kind::Evolution => "evolution",
            Kind::Level => "level",
        };
        let Summary {
            id, name, version, ..
        } = self.summary.clone();
        events::mvda::Model {
            id,
            name,
            version,
            kind: kind.to_owned(),
        }
    }

    /// Who asked for it, as events name a person.
    pub fn author(&self) -> events::Actor {
        let Author { id, name } = self.summary.created_by.clone();
        events::Actor { id, name }
    }

    /// Where the portal shows it.
    pub fn link(&self) -> String {
        format!("/app/{}/mvda/models/{}", self.site, self.summary.id)
    }
}

/// The models of a site, newest first.
pub async fn list(
    store: &Store,
    site: &str,
    unit_web_id: Option<&str>,
) -> Result<Vec<Summary>, StoreError> {
    let rows = store
        .read("models_of_site", params![site, unit_web_id])
        .await?
        .all::<Row>()?;
    Ok(rows.into_iter().map(Summary::from).collect())
}

/// The models of a site that changed after a revision, in order.
pub async fn changed_since(
    store: &Store,
    site: &str,
    revision: i64,
) -> Result<Vec<Summary>, StoreError> {
    let rows = store
        .read("models_changed", params![site, revision])
        .await?
        .all::<Row>()?;
    Ok(rows.into_iter().map(Summary::from).collect())
}
