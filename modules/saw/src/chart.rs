//! A chart: as it is kept, and as it is shown.

use dcp::model::Text;
use dcp::params;
use dcp::store::{Store, StoreError};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::ask::Ask;

/// How far a chart is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Waits for an engine; also while its result is fetched.
    #[serde(alias = "collecting")]
    Queued,
    /// Has a result.
    Ready,
    /// Has none, and why.
    Failed,
}

/// A chart in a list. Nothing here may support a decision on product quality.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Listed {
    /// Its id.
    pub id: String,
    /// What it is about.
    pub title: String,
    /// How far it is.
    pub state: State,
    /// When it was asked for.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// Who asked for it.
    pub created_by: Author,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<Failure>,
    /// Always true: this module is not validated.
    pub information_only: bool,
    /// The label every view of it carries.
    #[schema(value_type = Object)]
    pub label: Text,
}

/// Who asked for a chart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Author {
    /// Never reused for another person.
    pub id: String,
    /// Full name.
    pub name: String,
}

/// Why a chart failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Failure {
    /// What went wrong.
    pub title: String,
    /// In the words of R or of the engine.
    pub detail: String,
}

/// A chart with its values and its result.
#[derive(Debug, Serialize, ToSchema)]
pub struct Chart {
    /// As in a list.
    #[serde(flatten)]
    pub listed: Listed,
    /// What was asked for.
    pub ask: Ask,
    /// What the R function answered.
    #[schema(value_type = Option<Object>)]
    pub result: Option<serde_json::Value>,
    /// How the result came to be.
    #[schema(value_type = Option<Object>)]
    pub provenance: Option<serde_json::Value>,
}

#[derive(Debug, Deserialize)]
struct Row {
    id: String,
    title: String,
    state: State,
    error_title: Option<String>,
    error_detail: Option<String>,
    created_at: Timestamp,
    created_by_id: String,
    created_by_name: String,
}

#[derive(Debug, Deserialize)]
struct Rest {
    request: Ask,
    result: Option<Box<RawValue>>,
    provenance: Option<Box<RawValue>>,
}

impl From<Row> for Listed {
    fn from(row: Row) -> Self {
        let detail = row.error_detail.unwrap_or_default();
        Self {
            id: row.id,
            title: row.title,
            state: row.state,
            created_at: row.created_at,
            created_by: Author {
                id: row.created_by_id,
                name: row.created_by_name,
            },
            error: row.error_title.map(|title| Failure { title, detail }),
            information_only: true,
            label: Text::new("For information only", "Nur zur Information"),
        }
    }
}

/// The charts of a site, newest first.
pub async fn list(store: &Store, site: &str) -> Result<Vec<Listed>, StoreError> {
    let rows = store
        .read("charts_of_site", params![site])
        .await?
        .all::<Row>()?;
    Ok(rows.into_iter().map(Listed::from).collect())
}

impl Chart {
    /// The chart of a site with this id.
    pub async fn find(store: &Store, site: &str, id: &str) -> Result<Option<Self>, StoreError> {
        let rows = store.read("chart_by_id", params![site, id]).await?;
        let Some(row) = rows.clone().optional::<Row>()? else {
            return Ok(None);
        };
        let rest: Rest = rows.one()?;
        let json =
            |raw: Option<Box<RawValue>>| raw.map(|raw| serde_json::from_str(raw.get())).transpose();
        let decode = |error: serde_json::Error| StoreError::Decode(error.to_string());
        Ok(Some(Self {
            listed: row.into(),
            ask: rest.request,
            result: json(rest.result).map_err(decode)?,
            provenance: json(rest.provenance).map_err(decode)?,
        }))
    }
}
