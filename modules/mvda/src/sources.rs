//! The data sources of a site, as the framework module keeps them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::State;
use dcp::clock::{Clock, Timestamp};
use dcp::http::{Caller, Json, Problem, ServiceClient};
use dcp::model::SiteId;
use dcp::pi::PiError;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::provenance::Origin;
use crate::{Mvda, limits};

/// A PI Web API and the servers behind it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// Its id, such as `dryers`.
    pub id: String,
    /// Its name.
    pub name: String,
    /// What it is; only `pi-web-api` is used here.
    pub kind: String,
    /// Its address.
    pub url: String,
    /// The asset server behind it.
    pub asset_server: String,
    /// The asset database.
    pub database: String,
    /// The data server.
    pub data_server: String,
    /// Where the secret provider keeps its credentials.
    #[serde(default)]
    pub credentials: Option<String>,
    /// PEM file of the CA that signs its certificate.
    #[serde(default)]
    pub ca_file: Option<String>,
}

impl Source {
    /// What a person is told when it cannot be read: which one, and what happened to it.
    pub fn problem(&self, error: PiError) -> Problem {
        let detail = format!("{} ({}): {error}.", self.name, self.url);
        Problem::from(error)
            .detail(detail)
            .with("source", self.name.as_str())
            .with("server", self.url.as_str())
    }

    /// As results name it.
    pub fn origin(&self) -> Origin {
        Origin {
            url: self.url.clone(),
            data_server: self.data_server.clone(),
        }
    }
}

/// A data source in a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct Listed {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The data server.
    pub server: String,
    /// The asset database.
    pub database: String,
}

#[derive(Debug, Clone)]
struct Known {
    sources: Arc<[Source]>,
    at: Timestamp,
}

/// Asks the framework module, and remembers the answer for a while.
#[derive(Debug, Clone)]
pub struct Sources {
    framework: ServiceClient,
    clock: Arc<dyn Clock>,
    known: Arc<Mutex<HashMap<SiteId, Known>>>,
}

impl Sources {
    /// Nothing remembered yet.
    pub fn new(framework: ServiceClient, clock: Arc<dyn Clock>) -> Self {
        Self {
            framework,
            clock,
            known: Arc::default(),
        }
    }

    /// The sources of a site. An answer that is too old still serves while the framework module is down.
    pub async fn of(&self, site: &SiteId) -> Result<Arc<[Source]>, Problem> {
        let known = self.remembered(site);
        if let Some(known) = &known
            && self.is_fresh(known.at)
        {
            return Ok(known.sources.clone());
        }
        let asked: Result<Vec<Source>, _> = self.framework.get("/data-sources", Some(site)).await;
        match (asked, known) {
            (Ok(sources), _) => Ok(self.remember(site, sources)),
            (Err(error), Some(known)) => {
                tracing::warn!(%error, %site, "the known data sources are used: the framework module does not answer");
                Ok(known.sources)
            }
            (Err(error), None) => Err(error.into()),
        }
    }

    /// One source of a site; 404 when there is none.
    pub async fn find(&self, site: &SiteId, id: &str) -> Result<Source, Problem> {
        let sources = self.of(site).await?;
        let found = sources
            .iter()
            .find(|source| source.id == id && source.kind == "pi-web-api");
        found
            .cloned()
            .ok_or_else(|| Problem::not_found(format!("data source {id} at site {site}")))
    }

    fn remembered(&self, site: &SiteId) -> Option<Known> {
        self.known
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(site)
            .cloned()
    }

    fn remember(&self, site: &SiteId, sources: Vec<Source>) -> Arc<[Source]> {
        let known = Known {
            sources: sources.into(),
            at: self.clock.now(),
        };
        let sources = known.sources.clone();
        self.known
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(site.clone(), known);
        sources
    }

    fn is_fresh(&self, at: Timestamp) -> bool {
        at.checked_add(limits::SOURCES_FOR)
            .is_ok_and(|end| self.clock.now() < end)
    }
}

/// The data sources of the site.
#[utoipa::path(get, path = "/api/mvda/sources", tag = "sources", responses((status = 200, body = Vec<Listed>)))]
pub async fn list_sources(
    State(mvda): State<Mvda>,
    caller: Caller,
) -> Result<Json<Vec<Listed>>, Problem> {
    let sources = mvda.sources.of(caller.site()?).await?;
    let listed = sources
        .iter()
        .filter(|source| source.kind == "pi-web-api")
        .cloned();
    Ok(Json(
        listed
            .map(|source| Listed {
                id: source.id,
                name: source.name,
                server: source.data_server,
                database: source.database,
            })
            .collect(),
    ))
}
