//! What a module finds when it starts.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use anyhow::Context as _;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use tokio_util::sync::CancellationToken;

use super::Module;
use super::arguments::{Migrating, Telling};
use super::tasks::Tasks;
use crate::bus::{Bus, BusError};
use crate::clock::{Clock, Ids, SystemClock};
use crate::config::{BusSettings, Layers, Migrate, Settings, SettingsError, document_of_module};
use crate::http::{Check, Health, Routes, ServiceClient};
use crate::model::{Manifest, ModuleName, Zone};
use crate::pi::{CacheSettings, PiCache};
use crate::secrets::{Held, Secret, Secrets, SecretsError};
use crate::store::{Copied, Files, Place, Store, StoreError};
use crate::tls::Shown;

/// Dialling another server may take so long.
const CONNECT: Duration = Duration::from_secs(5);
/// A whole answer of another server may take so long.
const ANSWER: Duration = Duration::from_secs(30);

/// Everything the framework gives a module; cheap to clone.
#[derive(Clone)]
pub struct Start {
    inner: Arc<Inner>,
}

struct Inner {
    manifest: Manifest,
    layers: Layers,
    settings: Settings,
    secrets: Arc<dyn Secrets>,
    clock: Arc<dyn Clock>,
    ids: Ids,
    tasks: Tasks,
    health: Health,
    http: OnceLock<reqwest::Client>,
    store: Mutex<Option<Store>>,
    pi_cache: OnceLock<PiCache>,
    migrating: Option<Migrating>,
    telling: Option<Telling>,
    /// Set when the module has read its own settings.
    own_settings: OnceLock<()>,
}

/// The end of a process that only works on its database: what it found or did.
#[derive(Debug, thiserror::Error)]
#[error("the database is worked on; the process has nothing more to do")]
pub(super) struct Migrated(pub(super) serde_json::Value);

/// What such a process does instead of serving.
#[derive(Default)]
pub(super) struct Instead {
    pub(super) migrating: Option<Migrating>,
    pub(super) telling: Option<Telling>,
}

fn json<T: serde::Serialize>(done: T) -> serde_json::Result<serde_json::Value> {
    serde_json::to_value(done)
}

impl Start {
    pub(super) fn new(
        manifest: Manifest,
        layers: Layers,
        settings: Settings,
        secrets: Arc<dyn Secrets>,
        instead: Instead,
    ) -> Self {
        let tasks = Tasks::begin();
        let health = Health::new(tasks.stopping.clone());
        let inner = Inner {
            manifest,
            layers,
            settings,
            secrets,
            clock: Arc::new(SystemClock),
            ids: Ids::random(),
            tasks,
            health,
            http: OnceLock::new(),
            store: Mutex::default(),
            pi_cache: OnceLock::new(),
            migrating: instead.migrating,
            telling: instead.telling,
            own_settings: OnceLock::new(),
        };
        Self {
            inner: Arc::new(inner),
        }
    }

    /// The module's own settings, section `[module]`; an unknown key or a wrong type is refused.
    pub fn settings<T: DeserializeOwned + JsonSchema>(&self) -> Result<T, SettingsError> {
        if self.inner.telling == Some(Telling::Document) {
            let module = self.inner.manifest.name.as_str();
            return Err(SettingsError::Told(document_of_module::<T>(module).into()));
        }
        let settings = self.inner.layers.module()?;
        self.inner.own_settings.get_or_init(|| ());
        if self.inner.telling == Some(Telling::Effective) {
            let effective = self.inner.layers.effective_of_module::<T>();
            return Err(SettingsError::Told(json(effective).unwrap_or_default()));
        }
        Ok(settings)
    }

    /// Own settings for a module that has none are a mistake.
    pub(super) fn refuse_unread_settings(&self) -> Result<(), SettingsError> {
        #[derive(serde::Deserialize)]
        struct None {}
        if self.inner.own_settings.get().is_none() {
            self.inner.layers.module::<None>()?;
        }
        Ok(())
    }

    /// What every process is told.
    pub fn common(&self) -> &Settings {
        &self.inner.settings
    }

    /// The module's manifest.
    pub fn manifest(&self) -> &Manifest {
        &self.inner.manifest
    }

    /// The zone the module works in: its node's.
    pub fn zone(&self) -> Zone {
        let node = self.inner.settings.node.zone;
        node.unwrap_or(self.inner.manifest.zone)
    }

    /// The module's database, opened and, where `store.migrate` says so, migrated. One per module.
    pub async fn store(&self, files: Files) -> anyhow::Result<Store> {
        if self.inner.telling.is_some() {
            // A module reads its own settings before it opens anything: this one has none.
            self.refuse_unread_settings()?;
            return Err(SettingsError::Told(serde_json::Value::Null).into());
        }
        let address = self.store_address()?;
        if let Some(order) = &self.inner.migrating {
            return Err(self.migrated(order, &address, files).await?.into());
        }
        let name = self.inner.manifest.name.as_str();
        let (clock, ids) = (self.clock(), self.ids());
        let opened = match self.inner.settings.store.migrate {
            Migrate::Start => Store::open(name, &address, files, clock, ids).await,
            Migrate::Command => Store::open_migrated(name, &address, files, clock, ids).await,
        };
        let store = match opened {
            // It says itself what to do.
            Err(behind @ StoreError::Behind { .. }) => return Err(behind.into()),
            opened => opened.context(
                "the database cannot be opened; see store.url (variable DCP__STORE__URL)",
            )?,
        };
        self.follow_address(&store, files).await?;
        *self
            .inner
            .store
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = Some(store.clone());
        Ok(store)
    }

    /// Where the address of a server is a secret, it may change while the module runs.
    async fn follow_address(&self, store: &Store, files: Files) -> Result<(), SecretsError> {
        let reference = self.inner.layers.reference("store.url");
        let Some((path, key)) = reference.filter(|_| !store.is_file()) else {
            return Ok(());
        };
        let address = Held::open(self.secrets(), path, key).await?;
        let (store, clock) = (store.clone(), self.clock());
        self.spawn("address of the database", async move {
            store.follow(address, files, &*clock).await;
        });
        Ok(())
    }

    async fn migrated(
        &self,
        order: &Migrating,
        address: &str,
        files: Files,
    ) -> anyhow::Result<Migrated> {
        let address = match &self.inner.settings.store.owner {
            Some(owner) if address.starts_with("mssql:") => {
                Secret::new(crate::store::as_administrator(owner.expose(), address)?)
            }
            _ => Secret::new(address.to_owned()),
        };
        let address = address.expose();
        let tell = |copied: &Copied| eprintln!("{:>10} rows  {}", copied.rows, copied.table);
        let done = match order {
            Migrating::Plan => Store::plan(address, files).await.map(json),
            Migrating::Apply => Store::migrate(address, files).await.map(json),
            Migrating::Where => Place::of(address).map(json),
            Migrating::CopyFrom(file) => Store::copy(file, address, files, tell).await.map(json),
            Migrating::CopyTo(file) => Store::copy(address, file, files, tell).await.map(json),
        };
        let done = done.context("the database stays as it was")??;
        Ok(Migrated(done))
    }

    /// The database, if the module has opened it.
    pub(crate) fn opened_store(&self) -> Option<Store> {
        self.inner
            .store
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// A folder of SQLite gets one file per module; every other address is the module's own already.
    fn store_address(&self) -> anyhow::Result<String> {
        let url = &self.inner.settings.store.url;
        let Some(place) = url.strip_prefix("sqlite:") else {
            return Ok(url.clone());
        };
        let (folder, options) = place
            .split_once('?')
            .map_or((place, None), |(folder, options)| (folder, Some(options)));
        std::fs::create_dir_all(folder)
            .with_context(|| format!("folder {folder} of store.url cannot be made"))?;
        let options = options
            .map(|options| format!("?{options}"))
            .unwrap_or_default();
        Ok(format!(
            "sqlite:{folder}/{}.db{options}",
            self.inner.manifest.name
        ))
    }

    /// The bus of the other zone, for a bridge whose settings describe it under `other_bus`.
    pub async fn other_bus(&self, settings: &BusSettings) -> Result<Arc<dyn Bus>, BusError> {
        let (secrets, zone) = (self.secrets(), self.zone().other());
        crate::bus::connect_as(settings, Some(secrets), zone, self.clock()).await
    }

    /// What the time is.
    pub fn clock(&self) -> Arc<dyn Clock> {
        self.inner.clock.clone()
    }

    /// New identifiers.
    pub fn ids(&self) -> Ids {
        self.inner.ids.clone()
    }

    /// The provider of secrets.
    pub fn secrets(&self) -> Arc<dyn Secrets> {
        self.inner.secrets.clone()
    }

    /// One secret.
    pub async fn secret(&self, path: &str, key: &str) -> Result<Secret<String>, SecretsError> {
        crate::secrets::get(self.inner.secrets.as_ref(), path, key).await
    }

    /// Runs a task beside the requests: cancelled at the stop; a panic in it ends the process.
    pub fn spawn(&self, name: &'static str, work: impl Future<Output = ()> + Send + 'static) {
        self.inner.tasks.spawn(name, work);
    }

    /// Runs a task that the open requests still need while the process stops; it ends itself once [`Self::drained`] is
    /// cancelled, in a few hundred milliseconds.
    pub fn spawn_through_drain(
        &self,
        name: &'static str,
        work: impl Future<Output = ()> + Send + 'static,
    ) {
        self.inner.tasks.spawn_through_drain(name, work);
    }

    /// Cancelled when no request and no reaction is open any more.
    pub fn drained(&self) -> CancellationToken {
        self.inner.tasks.drained.clone()
    }

    /// Cancelled when the process begins to stop.
    pub fn stopping(&self) -> CancellationToken {
        self.inner.tasks.stopping.clone()
    }

    /// Adds something to `/health/ready`.
    pub fn check(&self, check: Check) {
        self.inner.health.add(check);
    }

    /// The client for other servers: no redirects, bounded in time; one per process.
    pub fn http_client(&self) -> anyhow::Result<reqwest::Client> {
        if let Some(client) = self.inner.http.get() {
            return Ok(client.clone());
        }
        let client = reqwest::Client::builder()
            .connect_timeout(CONNECT)
            .timeout(ANSWER)
            .redirect(reqwest::redirect::Policy::none())
            .user_agent(concat!("dcp/", env!("CARGO_PKG_VERSION")))
            .build()
            .context("the HTTP client cannot be made")?;
        Ok(self.inner.http.get_or_init(|| client).clone())
    }

    /// The process data that are kept on disk, if the settings name a folder; one per process.
    pub fn pi_cache(&self) -> anyhow::Result<Option<PiCache>> {
        let settings = &self.common().pi;
        let Some(folder) = &settings.cache else {
            return Ok(None);
        };
        if let Some(cache) = self.inner.pi_cache.get() {
            return Ok(Some(cache.clone()));
        }
        let settings = CacheSettings {
            folder: folder.clone(),
            bytes: settings.cache_mib.saturating_mul(1 << 20),
            settled: Duration::from_secs(settings.settled_minutes.saturating_mul(60)),
        };
        let cache = PiCache::open(&settings, self.clock());
        let cache = cache.with_context(|| {
            format!(
                "folder {} of pi.cache cannot be used",
                settings.folder.display()
            )
        })?;
        Ok(Some(self.inner.pi_cache.get_or_init(|| cache).clone()))
    }

    /// A client of another module, with this module's credential (secret `service/<module>#token`).
    pub async fn service(&self, module: &str) -> anyhow::Result<ServiceClient> {
        let name: ModuleName = module.parse()?;
        Ok(ServiceClient::new(
            self.http_client()?,
            &self.inner.settings.edge.url,
            name,
            Arc::new(self.credential().await?),
        ))
    }

    /// This module's own credential, secret `service/<module>#token`.
    pub async fn credential(&self) -> Result<Held, SecretsError> {
        let path = format!("service/{}", self.inner.manifest.name);
        Held::open(self.secrets(), &path, "token").await
    }

    /// The module made of these routes; reactions are added to the answer.
    pub fn routes<S: Clone + Send + Sync + 'static>(&self, routes: Routes<S>) -> Module {
        Module::new(self.clone(), routes)
    }

    pub(crate) fn health(&self) -> Health {
        self.inner.health.clone()
    }

    pub(super) fn listen_address(&self) -> SocketAddr {
        let by_hand = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), self.inner.manifest.port);
        self.inner.settings.http.listen.unwrap_or(by_hand)
    }

    /// The certificate of the listener, where the settings name one.
    pub(super) async fn certificate(&self) -> Result<Option<Shown>, SettingsError> {
        let http = &self.inner.settings.http;
        let invalid = |text: String| SettingsError::Invalid(format!("setting {text}"));
        match (&http.certificate, &http.key) {
            (None, None) => Ok(None),
            (Some(certificate), Some(key)) => {
                let shown = Shown::open(certificate, key).await;
                shown.map(Some).map_err(|error| invalid(error.to_string()))
            }
            _ => Err(invalid(
                "http.certificate and http.key belong together: set both, or none".to_owned(),
            )),
        }
    }

    pub(super) async fn end(&self) -> anyhow::Result<()> {
        self.inner.tasks.join().await
    }
}
