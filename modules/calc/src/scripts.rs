//! Scripts: kept in every version, described so that they can be called.
//!
//! The store is shared by all instances of an engine, the memory is not: each looks now and then, and whenever it does
//! not know a name, whether another one has published.

use crate::Calc;
use crate::engine::Failure;
use dcp::clock::Timestamp;
use dcp::params;
use dcp::store::{Rows, Store, StoreError};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;
use tokio::sync::{Mutex, MutexGuard};

/// Between two looks at what other instances have published.
const LOOK: Duration = Duration::from_secs(1);
/// Fewest characters of a version that name it.
const VERSION_PREFIX: usize = 8;

/// An argument of a function, read from its definition.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub(crate) struct Parameter {
    /// Its name; `...` takes any further names.
    pub(crate) name: String,
    /// Whether a call must give it.
    pub(crate) required: bool,
    /// Its default, as R code.
    pub(crate) default: Option<String>,
    /// The type of the default, `any` when there is none.
    #[serde(rename = "type")]
    pub(crate) kind: String,
}

/// A function of a script.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub(crate) struct Function {
    /// Its name.
    pub(crate) name: String,
    /// Its arguments in their order.
    pub(crate) args: Vec<Parameter>,
    /// The roxygen lines above it.
    pub(crate) doc: String,
}

impl Function {
    /// Whether its author says that it depends on nothing but its arguments: `@cache pure`.
    pub(crate) fn is_pure(&self) -> bool {
        self.doc
            .lines()
            .any(|line| line.split_whitespace().eq(["@cache", "pure"]))
    }
}

/// One version of a script, loaded by workers when it is called.
#[derive(Debug)]
pub(crate) struct Script {
    pub(crate) name: String,
    pub(crate) version: Arc<str>,
    pub(crate) source: Arc<str>,
    pub(crate) functions: Vec<Function>,
    /// What a result depends on beside script and arguments, as JSON.
    pub(crate) environment: Arc<str>,
    pub(crate) published_by: String,
    pub(crate) published_at: Timestamp,
}

impl Script {
    /// The function of that name, or the names there are.
    pub(crate) fn function(&self, name: &str) -> Result<&Function, Failure> {
        self.functions
            .iter()
            .find(|function| function.name == name)
            .ok_or_else(|| Failure::UnknownFunction {
                function: name.to_owned(),
                known: self.function_names(),
            })
    }

    pub(crate) fn function_names(&self) -> Vec<String> {
        self.functions
            .iter()
            .map(|function| function.name.clone())
            .collect()
    }
}

/// All versions of one script; the effective one answers calls that name none.
#[derive(Debug, Clone)]
pub(crate) struct Versions {
    pub(crate) all: Vec<Arc<Script>>,
    pub(crate) effective: Arc<Script>,
}

/// The scripts of this engine, in memory; the store keeps them.
#[derive(Debug)]
pub(crate) struct Scripts {
    store: Store,
    by_name: RwLock<BTreeMap<String, Versions>>,
    about: Arc<str>,
    /// Held while the memory is brought up to the store, or both change: an older reading must not come last.
    changing: Mutex<()>,
}

/// What the store says of a name, enough to see whether anything is new.
#[derive(Deserialize)]
struct Head {
    name: String,
    version: String,
    versions: usize,
}

#[derive(Deserialize)]
struct Row {
    name: String,
    version: String,
    source: String,
    functions: String,
    packages: String,
    published_by_name: String,
    published_at: Timestamp,
    effective: bool,
}

impl Scripts {
    /// Reads what was published before.
    pub(crate) async fn open(store: &Store, about: Arc<str>) -> Result<Self, StoreError> {
        let scripts = Self {
            store: store.clone(),
            by_name: RwLock::default(),
            about,
            changing: Mutex::default(),
        };
        drop(scripts.refresh().await?);
        Ok(scripts)
    }

    /// Takes over what other instances have published since; who holds the answer is the only one that changes scripts.
    pub(crate) async fn refresh(&self) -> Result<MutexGuard<'_, ()>, StoreError> {
        let alone = self.changing.lock().await;
        let heads = self.store.read("script_heads", params![]).await?;
        if !heads.all::<Head>()?.iter().all(|head| self.holds(head)) {
            let rows = self.store.read("script_versions", params![]).await?;
            self.take_over(rows)?;
        }
        Ok(alone)
    }

    fn holds(&self, head: &Head) -> bool {
        let by_name = self.by_name.read().unwrap_or_else(PoisonError::into_inner);
        by_name.get(&head.name).is_some_and(|known| {
            *known.effective.version == *head.version && known.all.len() == head.versions
        })
    }

    fn take_over(&self, rows: Rows) -> Result<(), StoreError> {
        let decode = |error: serde_json::Error| StoreError::Decode(error.to_string());
        for row in rows.all::<Row>()? {
            let functions = serde_json::from_str(&row.functions).map_err(decode)?;
            let packages = serde_json::from_str(&row.packages).map_err(decode)?;
            let script = Script {
                name: row.name,
                version: row.version.into(),
                source: row.source.into(),
                functions,
                environment: self.environment(&packages),
                published_by: row.published_by_name,
                published_at: row.published_at,
            };
            self.insert(Arc::new(script), row.effective);
        }
        Ok(())
    }

    pub(crate) fn insert(&self, script: Arc<Script>, effective: bool) {
        let mut by_name = self.by_name.write().unwrap_or_else(PoisonError::into_inner);
        let versions = by_name
            .entry(script.name.clone())
            .or_insert_with(|| Versions {
                all: Vec::new(),
                effective: script.clone(),
            });
        versions.all.retain(|known| known.version != script.version);
        versions.all.push(script.clone());
        if effective {
            versions.effective = script;
        }
    }

    /// Finds a script, also one that another instance has just published.
    pub(crate) async fn look_up(&self, reference: &str) -> Result<Arc<Script>, Failure> {
        match self.find(reference) {
            Err(Failure::UnknownScript { .. }) => {
                drop(self.refresh().await?);
                self.find(reference)
            }
            found => found,
        }
    }

    /// Finds `name` or `name@version`, where a version may be cut to its first characters.
    pub(crate) fn find(&self, reference: &str) -> Result<Arc<Script>, Failure> {
        let (name, version) = reference
            .split_once('@')
            .map_or((reference, None), |(name, version)| (name, Some(version)));
        let by_name = self.by_name.read().unwrap_or_else(PoisonError::into_inner);
        let unknown = |known| Failure::UnknownScript {
            name: reference.to_owned(),
            known,
        };
        let Some(versions) = by_name.get(name) else {
            return Err(unknown(by_name.keys().cloned().collect()));
        };
        let Some(version) = version else {
            return Ok(versions.effective.clone());
        };
        let mut fitting = versions
            .all
            .iter()
            .filter(|script| script.version.starts_with(version));
        match (fitting.next(), fitting.next()) {
            (Some(script), None) if version.len() >= VERSION_PREFIX => Ok(script.clone()),
            _ => Err(unknown(
                versions
                    .all
                    .iter()
                    .map(|script| format!("{name}@{}", script.version))
                    .collect(),
            )),
        }
    }

    pub(crate) fn all(&self) -> Vec<Versions> {
        self.by_name
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .values()
            .cloned()
            .collect()
    }

    /// R and its packages as one text: equal text, equal results.
    pub(crate) fn environment(&self, packages: &serde_json::Value) -> Arc<str> {
        let about: serde_json::Value = serde_json::from_str(&self.about).unwrap_or_default();
        let known = ["r", "platform", "blas", "locale", "time_zone", "rng"];
        let mut environment: serde_json::Map<_, _> = known
            .into_iter()
            .map(|key| (key.to_owned(), about[key].clone()))
            .collect();
        environment.insert("packages".into(), packages.clone());
        serde_json::Value::Object(environment).to_string().into()
    }
}

/// Runs as long as the engine.
pub(crate) async fn follow(calc: Calc) {
    let clock = calc.store.clock().clone();
    loop {
        clock.sleep(LOOK).await;
        if let Err(error) = calc.scripts.refresh().await {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "what other engines have published cannot be read"
            );
        }
    }
}
