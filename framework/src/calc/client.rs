//! What a module asks of the calculation engine, by HTTP through the edge and by tasks on the bus.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use sha2::{Digest as _, Sha256};

use super::EVERY_SITE;
use crate::events::calc::{Call, Publish};
use crate::http::{ServiceClient, ServiceError};
use crate::model::SiteId;
use crate::store::{Store, StoreError, Tx};

/// Why the engine gave no value.
#[derive(Debug, thiserror::Error)]
pub enum CalcError {
    /// It does not answer, or refuses.
    #[error(transparent)]
    Service(#[from] ServiceError),
    /// What arrived is not what was calculated.
    #[error("result {0} does not have the content its key stands for")]
    Altered(String),
    /// The calculation failed.
    #[error("{title}: {detail}")]
    Failed {
        /// The kind of failure, such as `r-error`.
        kind: String,
        /// For the user.
        title: String,
        /// What exactly.
        detail: String,
    },
    /// No outcome came in time.
    #[error("the calculation gave no outcome in time")]
    Late,
    /// The module's own store did not take the request.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// An R script that a module brings.
#[derive(Debug, Clone, Copy)]
pub struct Script {
    /// The name it is called by.
    pub name: &'static str,
    /// Its source, embedded with `include_str!`.
    pub source: &'static str,
}

impl Script {
    /// The version the engine gives it: the hash of its source.
    pub fn version(&self) -> String {
        hex::encode(Sha256::digest(self.source))
    }
}

/// The answer to a call by HTTP.
#[derive(Debug, Clone, Deserialize)]
pub struct Answer<T> {
    /// What the function returned.
    pub value: T,
    /// What R warned of.
    pub warnings: Vec<String>,
    /// What R reported with `message()`.
    #[serde(default)]
    pub messages: Vec<String>,
    /// What R printed.
    #[serde(default)]
    pub output: Vec<String>,
    /// What R plotted.
    #[serde(default)]
    pub artifacts: Vec<Artifact>,
    /// How the value came to be.
    pub call: CallFacts,
}

/// A plot, kept by the engine at `/api/calc/artifacts/{key}`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Artifact {
    /// `plot-1`, `plot-2`, ...
    pub name: String,
    /// `image/svg+xml`.
    pub media_type: String,
    /// Hash of its content.
    pub key: String,
}

/// How a value came to be.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CallFacts {
    /// The call.
    pub id: String,
    /// The script.
    pub script: String,
    /// Its version: the hash of its source.
    pub version: String,
    /// The function.
    pub function: String,
    /// Whether the version is not in force, so that the value is for trying out only.
    #[serde(default)]
    pub draft: bool,
    /// The engine's node.
    pub node: String,
    /// The zone of that node.
    pub zone: String,
    /// When it began.
    pub started_at: crate::clock::Timestamp,
    /// How long it took.
    pub duration_ms: f64,
    /// Hash of everything that determines the value.
    pub computation_key: String,
    /// Hash of the value; an argument `{"$result": key}` of a later call.
    pub result_key: String,
    /// Whether an earlier call had calculated it.
    pub cached: bool,
    /// R, packages, platform.
    pub environment: serde_json::Value,
}

/// The calculation engine of this node; cheap to clone.
#[derive(Debug, Clone)]
pub struct CalcClient {
    service: ServiceClient,
}

impl CalcClient {
    /// A client with the module's own credential: `CalcClient::new(start.service("calc").await?)`.
    pub fn new(service: ServiceClient) -> Self {
        Self { service }
    }

    /// Calls a function and waits for its value; for short work that a person waits for.
    pub async fn call<T: DeserializeOwned>(
        &self,
        site: &SiteId,
        script: &str,
        function: &str,
        arguments: &impl Serialize,
    ) -> Result<Answer<T>, CalcError> {
        Ok(self
            .service
            .post(&format!("/r/{script}/{function}"), Some(site), arguments)
            .await?)
    }

    /// A result as the JSON text it is, checked against its key.
    pub async fn result(&self, site: &SiteId, key: &str) -> Result<Box<RawValue>, CalcError> {
        let value: Box<RawValue> = self
            .service
            .get(&format!("/results/{key}"), Some(site))
            .await?;
        if hex::encode(Sha256::digest(value.get())) == key {
            Ok(value)
        } else {
            Err(CalcError::Altered(key.to_owned()))
        }
    }
}

/// Asks the engines of this bus to publish the scripts a module brings; once at its start. The engine knows a source it
/// has already and does nothing then.
pub async fn publish_scripts(store: &Store, scripts: &[Script]) -> Result<(), StoreError> {
    let module = store.module().to_owned();
    store
        .tx(async |tx| {
            for script in scripts {
                let task = Publish {
                    name: script.name.into(),
                    source: script.source.into(),
                    module: module.clone(),
                };
                tx.enqueue(EVERY_SITE, &task).await?;
            }
            Ok(())
        })
        .await
}

/// Asks for a calculation within the module's own transaction; its outcome comes as `CallFinished`.
pub async fn request(tx: &mut Tx<'_>, call: &Call) -> Result<(), StoreError> {
    tx.enqueue(&call.site, call).await
}
