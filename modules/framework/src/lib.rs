//! What every page of the portal begins with: the sites, their sources of process data, and what happens.

mod activity;
mod browse;
mod feed;
mod health;
mod reactions;
mod record;
mod settings;
mod setup;
mod sites;
mod trial;

use std::sync::Arc;

use dcp::Start;
use dcp::clock::Clock;
use dcp::http::{Routes, routes};
use dcp::model::Permission;
use dcp::store::{Files, Store};

use self::feed::Feed;
use self::health::Watch;
use self::settings::Settings;

/// Allows to add, change and take out the sources of process data of a site.
pub(crate) const SOURCES: Permission = Permission::new("framework.sources");

/// The module's SQL.
pub const STORE: Files = dcp::store!();

/// State of the module.
#[derive(Clone)]
pub struct Framework {
    store: Store,
    clock: Arc<dyn Clock>,
    feed: Feed,
    watch: Watch,
}

impl Framework {
    /// Opens the module's database and writes down the sites of the settings.
    pub async fn open(start: &Start) -> anyhow::Result<Self> {
        let settings: Settings = start.settings()?;
        let framework = Self {
            store: start.store(STORE).await?,
            clock: start.clock(),
            feed: Feed::default(),
            watch: Watch::new(start.secrets(), start.clock()),
        };
        framework.keep(&settings.sites()?).await?;
        Ok(framework)
    }

    /// All routes. Which sites a caller sees is decided by the grants, in each handler.
    pub fn routes(&self) -> Routes<Self> {
        Routes::new(self.clone())
            .authenticated(routes!(sites::sites))
            .authenticated(routes!(sites::data_sources))
            .authenticated(routes!(health::health))
            .authenticated(routes!(health::check))
            .allow(SOURCES, routes!(trial::try_out))
            .allow(SOURCES, routes!(setup::add))
            .allow(SOURCES, routes!(setup::change))
            .allow(SOURCES, routes!(setup::remove))
            .allow(SOURCES, routes!(record::restore))
            .allow(SOURCES, routes!(record::changes))
            .authenticated(routes!(browse::elements))
            .authenticated(routes!(browse::tags))
            .authenticated(routes!(browse::batches))
            .authenticated(routes!(activity::page))
            .authenticated(routes!(activity::stream))
    }
}
