//! Whether the sources of process data answer: each is asked once a minute, and when somebody wants to know now.

pub(crate) mod known;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::extract::State;
use dcp::clock::Clock;
use dcp::http::{Caller, Json, Path, Problem};
use dcp::model::DataSourceId;
use dcp::params;
use dcp::pi::{PiClient, PiError, PiIdentity};
use dcp::secrets::Secrets;
use futures_util::stream::{self, StreamExt as _};
use serde::Serialize;
use utoipa::ToSchema;

use self::known::{Health, Warning, warnings};
use crate::Framework;
use crate::sites::{self, DataSource};

/// How often each source is asked.
const EVERY: Duration = Duration::from_mins(1);
/// What a source must have answered by.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);
/// Sources asked at once.
const AT_ONCE: usize = 8;

/// A source and how it is.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Watched {
    #[serde(flatten)]
    source: DataSource,
    health: Health,
}

/// Asks the sources, and remembers what they answered.
#[derive(Clone)]
pub(crate) struct Watch {
    secrets: Arc<dyn Secrets>,
    clock: Arc<dyn Clock>,
    known: Arc<Mutex<HashMap<DataSourceId, Known>>>,
}

/// Version of a source and what is known of it.
type Known = (i64, Arc<Entry>);

/// One source: who holds `asking` asks it.
#[derive(Default)]
struct Entry {
    asking: tokio::sync::Mutex<()>,
    health: Mutex<Health>,
}

impl Watch {
    pub(crate) fn new(secrets: Arc<dyn Secrets>, clock: Arc<dyn Clock>) -> Self {
        Self {
            secrets,
            clock,
            known: Arc::default(),
        }
    }

    /// What is known of a source; a changed one is asked as if it were new.
    fn entry(&self, source: &DataSource) -> Arc<Entry> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let (version, entry) = known.entry(source.id.clone()).or_default();
        if *version != source.version {
            (*version, *entry) = (source.version, Arc::default());
        }
        entry.clone()
    }

    pub(crate) fn watched(&self, source: DataSource) -> Watched {
        let health = self.entry(&source).health();
        Watched { source, health }
    }

    /// Asks a source, unless somebody else does so while this waits.
    pub(crate) async fn ask(&self, source: &DataSource) {
        let (entry, wanted) = (self.entry(source), self.clock.now());
        let _asking = entry.asking.lock().await;
        if entry.health().checked_at.is_some_and(|at| at >= wanted) {
            return;
        }
        let asked = tokio::time::timeout(PATIENCE, self.answer(source)).await;
        let outcome = asked.unwrap_or(Err(PiError::Slow(PATIENCE)));
        let at = self.clock.now();
        let mut health = entry.health.lock().unwrap_or_else(PoisonError::into_inner);
        health.note(source, at, outcome);
        tracing::debug!(source = %source.id, condition = ?health.condition, "a data source was asked");
    }

    pub(crate) fn secrets(&self) -> Arc<dyn Secrets> {
        self.secrets.clone()
    }

    /// A reader for one question.
    pub(crate) async fn reader(&self, source: &DataSource) -> Result<PiClient, PiError> {
        Ok(self.open(source).await?.within(PATIENCE))
    }

    async fn open(&self, source: &DataSource) -> Result<PiClient, PiError> {
        PiClient::open(&source.as_pi(), self.secrets.clone()).await
    }

    async fn answer(&self, source: &DataSource) -> Result<(PiIdentity, Vec<Warning>), PiError> {
        let client = self.open(source).await?;
        let identity = client.identity().await?;
        let mut warnings = warnings(source, &identity);
        match client.database().await {
            Ok(_) => {}
            Err(error) if error.is_passing() => return Err(error),
            Err(error) => warnings.push(Warning::Database {
                detail: error.to_string(),
            }),
        }
        Ok((identity, warnings))
    }
}

impl Entry {
    fn health(&self) -> Health {
        let health = self.health.lock().unwrap_or_else(PoisonError::into_inner);
        health.clone()
    }
}

impl Framework {
    /// Asks all sources for the life of the process.
    pub fn watch_sources(&self, start: &dcp::Start) {
        let framework = self.clone();
        start.spawn("sources", async move {
            loop {
                match framework.store.read("data_sources", params![false]).await {
                    Ok(rows) => framework.ask_all(rows.all().unwrap_or_default()).await,
                    Err(error) => {
                        tracing::warn!(
                            error = dcp::chain(&error),
                            "the data sources cannot be read"
                        );
                    }
                }
                framework.clock.sleep(EVERY).await;
            }
        });
    }

    async fn ask_all(&self, sources: Vec<DataSource>) {
        stream::iter(&sources)
            .for_each_concurrent(AT_ONCE, |source| self.watch.ask(source))
            .await;
    }
}

/// The sources of process data of a site, or of all sites of the caller, and whether each answers.
#[utoipa::path(get, path = "/api/framework/data-sources/health", tag = "sites", params(("site" = Option<String>, Query)),
    responses((status = 200, body = Vec<Watched>), (status = 403, body = Problem)))]
pub(crate) async fn health(
    State(framework): State<Framework>,
    caller: Caller,
) -> Result<Json<Vec<Watched>>, Problem> {
    let sources = sites::sources_of(&framework, &caller).await?;
    let watched = sources
        .into_iter()
        .map(|source| framework.watch.watched(source.shown_to(&caller)));
    Ok(Json(watched.collect()))
}

/// Asks a source of process data now.
#[utoipa::path(post, path = "/api/framework/data-sources/{id}/check", tag = "sites", params(("id" = String, Path)),
    responses((status = 200, body = Watched), (status = 404, body = Problem)))]
pub(crate) async fn check(
    State(framework): State<Framework>,
    caller: Caller,
    Path(id): Path<DataSourceId>,
) -> Result<Json<Watched>, Problem> {
    let source = sites::source_of(&framework, &caller, &id).await?;
    framework.watch.ask(&source).await;
    Ok(Json(framework.watch.watched(source.shown_to(&caller))))
}
