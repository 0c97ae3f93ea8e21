//! Sites and their sources of process data, as everybody of the site sees them.

use axum::extract::State;
use dcp::http::{Caller, Json, Problem};
use dcp::model::{DataSourceId, SiteId};
use dcp::params;
use dcp::pi::PiSource;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::setup::Setup;
use crate::{Framework, SOURCES};

/// The only kind of source there is.
pub(crate) const KIND: &str = "pi-web-api";

/// A site.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct Site {
    id: SiteId,
    name: String,
    /// ISO 3166-1, two letters.
    country: String,
    /// Name of the tz database.
    time_zone: String,
    /// How many sources of process data it has.
    data_sources: u32,
}

/// A source of process data.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct DataSource {
    pub(crate) id: DataSourceId,
    pub(crate) site: SiteId,
    pub(crate) name: String,
    /// `pi-web-api`.
    kind: String,
    /// Address of the PI Web API.
    pub(crate) url: String,
    asset_server: String,
    database: String,
    pub(crate) data_server: String,
    /// Where its credentials stand at the provider of secrets; for modules and for those who set up sources.
    #[serde(skip_serializing_if = "Option::is_none")]
    credentials: Option<String>,
    /// PEM file of the CA that signs its certificate, on the machines that read it; for the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    ca_file: Option<String>,
    /// Whether the site file names it: then nobody changes it in the portal.
    pub(crate) from_file: bool,
    /// Counts its changes.
    pub(crate) version: i64,
    /// Whether it was taken out: nobody but its record knows it then.
    #[serde(skip_serializing)]
    pub(crate) removed: bool,
}

impl DataSource {
    /// As the client of PI knows it.
    pub(crate) fn as_pi(&self) -> PiSource {
        PiSource {
            id: self.id.to_string(),
            url: self.url.clone(),
            asset_server: self.asset_server.clone(),
            database: self.database.clone(),
            data_server: self.data_server.clone(),
            credentials: self.credentials.clone(),
            ca_file: self.ca_file.clone(),
        }
    }

    /// With this set-up.
    pub(crate) fn of(id: DataSourceId, site: SiteId, setup: Setup) -> Self {
        Self {
            id,
            site,
            name: setup.name,
            kind: KIND.to_owned(),
            url: setup.url,
            asset_server: setup.asset_server,
            database: setup.database,
            data_server: setup.data_server,
            credentials: Some(setup.credentials),
            ca_file: setup.ca_file,
            from_file: false,
            version: 0,
            removed: false,
        }
    }

    /// What can be changed about it.
    pub(crate) fn setup(&self) -> Setup {
        Setup {
            name: self.name.clone(),
            url: self.url.clone(),
            asset_server: self.asset_server.clone(),
            database: self.database.clone(),
            data_server: self.data_server.clone(),
            credentials: self.credentials.clone().unwrap_or_default(),
            ca_file: self.ca_file.clone(),
        }
    }

    /// Without what only modules need and those who set up sources, unless one of them asks.
    pub(crate) fn shown_to(mut self, caller: &Caller) -> Self {
        if !caller.is_service() && !caller.may(&SOURCES, &self.site) {
            (self.credentials, self.ca_file) = (None, None);
        }
        self
    }
}

/// The sites where the caller has something to do.
#[utoipa::path(get, path = "/api/framework/sites", tag = "sites", responses((status = 200, body = Vec<Site>)))]
pub(crate) async fn sites(
    State(framework): State<Framework>,
    caller: Caller,
) -> Result<Json<Vec<Site>>, Problem> {
    let all: Vec<Site> = framework.store.read("sites", params![]).await?.all()?;
    Ok(Json(
        all.into_iter()
            .filter(|site| caller.knows(&site.id))
            .collect(),
    ))
}

/// The sources of process data of a site, or of all sites of the caller.
#[utoipa::path(get, path = "/api/framework/data-sources", tag = "sites", params(("site" = Option<String>, Query)),
    responses((status = 200, body = Vec<DataSource>), (status = 403, body = Problem)))]
pub(crate) async fn data_sources(
    State(framework): State<Framework>,
    caller: Caller,
) -> Result<Json<Vec<DataSource>>, Problem> {
    let sources = sources_of(&framework, &caller).await?;
    let shown = sources.into_iter().map(|source| source.shown_to(&caller));
    Ok(Json(shown.collect()))
}

/// The sources of the site that the caller names, or of all sites of the caller.
pub(crate) async fn sources_of(
    framework: &Framework,
    caller: &Caller,
) -> Result<Vec<DataSource>, Problem> {
    if let Some(site) = caller.named_site().filter(|site| !caller.knows(site)) {
        return Err(not_yours(site));
    }
    let mut all: Vec<DataSource> = framework
        .store
        .read("data_sources", params![false])
        .await?
        .all()?;
    let wanted = |source: &DataSource| {
        caller
            .named_site()
            .map_or_else(|| caller.knows(&source.site), |site| *site == source.site)
    };
    all.retain(wanted);
    Ok(all)
}

/// One source of the caller's sites.
pub(crate) async fn source_of(
    framework: &Framework,
    caller: &Caller,
    id: &DataSourceId,
) -> Result<DataSource, Problem> {
    let sources = sources_of(framework, caller).await?;
    let found = sources.into_iter().find(|source| source.id == *id);
    found.ok_or_else(|| Problem::not_found(format!("data source {id}")))
}

/// The problem of whoever has nothing to do at a site.
pub(crate) fn not_yours(site: &SiteId) -> Problem {
    Problem::forbidden(format!("You have no role at site {site}."))
}
