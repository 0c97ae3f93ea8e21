//! Scripts: kept in every version, described so that they can be called.
//!
//! The store is shared by all instances of an engine, the memory is not: each looks now and then, and whenever it cannot
//! call a name, whether another one has published or changed it.

use crate::Calc;
use crate::engine::{Code, Failure};
use crate::folder::{FileInfo, is_code};
use crate::functions;
use crate::script::{Script, Versions, foremost};
use crate::states::{Change, Person, VersionState};
use dcp::clock::Timestamp;
use dcp::params;
use dcp::store::{Store, StoreError};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;
use tokio::sync::{Mutex, MutexGuard};

/// Between two looks at what other instances have published.
const LOOK: Duration = Duration::from_secs(1);
/// Fewest characters of a version that name it.
const VERSION_PREFIX: usize = 8;

#[derive(Debug)]
struct Known {
    revision: i64,
    versions: Versions,
}

/// The scripts of this engine, in memory; the store keeps them.
#[derive(Debug)]
pub(crate) struct Scripts {
    store: Store,
    by_name: RwLock<BTreeMap<String, Known>>,
    about: Arc<str>,
    /// Held while the memory is brought up to the store, or both change: an older reading must not come last.
    changing: Mutex<()>,
}

/// What the store says of a name, enough to see whether anything is new.
#[derive(Deserialize)]
struct Head {
    name: String,
    revision: i64,
}

#[derive(Deserialize)]
struct Row {
    version: String,
    source: String,
    functions: String,
    packages: String,
    examples: Option<String>,
    files: Option<String>,
    tests: Option<String>,
    description: Option<String>,
    state: String,
    brought_by: Option<String>,
    published_by_id: String,
    published_by_name: String,
    published_at: Timestamp,
}

#[derive(Deserialize)]
struct ChangeRow {
    version: String,
    state: String,
    by_id: String,
    by_name: String,
    at: Timestamp,
    reason: Option<String>,
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

    /// Takes over what has changed since; who holds the answer is the only one that changes scripts.
    pub(crate) async fn refresh(&self) -> Result<MutexGuard<'_, ()>, StoreError> {
        let alone = self.changing.lock().await;
        let heads = self.store.read("script_heads", params![]).await?;
        for head in heads.all::<Head>()? {
            if !self.holds(&head) {
                let versions = self.read(&head.name).await?;
                let known = Known {
                    revision: head.revision,
                    versions: versions.into(),
                };
                self.by_name
                    .write()
                    .unwrap_or_else(PoisonError::into_inner)
                    .insert(head.name, known);
            }
        }
        Ok(alone)
    }

    fn holds(&self, head: &Head) -> bool {
        let by_name = self.by_name.read().unwrap_or_else(PoisonError::into_inner);
        by_name
            .get(&head.name)
            .is_some_and(|known| known.revision == head.revision)
    }

    async fn read(&self, name: &str) -> Result<Vec<Arc<Script>>, StoreError> {
        let rows = self.store.read("script_versions", params![name]).await?;
        let changes = self.store.read("script_changes", params![name]).await?;
        let changes = changes.all::<ChangeRow>()?;
        let read = |row| self.script(name, row, &changes).map(Arc::new);
        rows.all::<Row>()?.into_iter().map(read).collect()
    }

    fn script(&self, name: &str, row: Row, changes: &[ChangeRow]) -> Result<Script, StoreError> {
        let decode = |error: serde_json::Error| StoreError::Decode(error.to_string());
        let packages = serde_json::from_str(&row.packages).map_err(decode)?;
        let examples = row.examples.as_deref().map(serde_json::from_str);
        let tests = row.tests.as_deref().map(serde_json::from_str);
        let files = row.files.as_deref().map(serde_json::from_str);
        let files: Vec<FileInfo> = files.transpose().map_err(decode)?.unwrap_or_default();
        let code = code_of(row.source, &files)?;
        let history = changes
            .iter()
            .filter(|change| change.version == row.version)
            .map(change)
            .collect::<Result<_, _>>()?;
        Ok(Script {
            name: name.to_owned(),
            version: row.version.into(),
            code: code.into(),
            files,
            tests: tests.transpose().map_err(decode)?,
            description: row.description,
            functions: functions::from_text(&row.functions).map_err(decode)?,
            environment: self.environment(&packages),
            packages,
            published_by: Person {
                id: row.published_by_id,
                name: row.published_by_name,
            },
            published_at: row.published_at,
            brought_by: row.brought_by,
            state: state_of(&row.state)?,
            history,
            examples: examples.transpose().map_err(decode)?,
        })
    }

    /// The version that calls of `name` or `name@version` use; also one that another instance has just made effective.
    pub(crate) async fn in_force(&self, reference: &str) -> Result<Arc<Script>, Failure> {
        let find = || {
            let script = self.find(reference)?;
            if script.state.is_in_force() {
                Ok(script)
            } else {
                Err(Failure::NotInForce {
                    reference: script.reference(),
                    state: script.state.as_str(),
                })
            }
        };
        match find() {
            Err(Failure::UnknownScript { .. } | Failure::NotInForce { .. }) => {
                drop(self.refresh().await?);
                find()
            }
            found => found,
        }
    }

    /// The version that calls at the draft address use.
    pub(crate) async fn on_its_way(&self, reference: &str) -> Result<Arc<Script>, Failure> {
        drop(self.refresh().await?);
        let script = self.find(reference)?;
        if script.state.is_on_its_way() {
            Ok(script)
        } else {
            Err(Failure::NoDraft {
                reference: script.reference(),
                state: script.state.as_str(),
            })
        }
    }

    /// Finds `name`, effective or newest, or `name@version`.
    fn find(&self, reference: &str) -> Result<Arc<Script>, Failure> {
        if let Some((name, version)) = reference.split_once('@') {
            return self.version(name, version);
        }
        let versions = self.versions(reference)?;
        let found = foremost(&versions).cloned();
        found.ok_or_else(|| self.unknown(reference))
    }

    /// A version of a script, which may be cut to its first characters.
    pub(crate) fn version(&self, name: &str, version: &str) -> Result<Arc<Script>, Failure> {
        let versions = self.versions(name)?;
        let mut fitting = versions
            .iter()
            .filter(|script| script.version.starts_with(version));
        match (fitting.next(), fitting.next()) {
            (Some(script), None) if version.len() >= VERSION_PREFIX => Ok(script.clone()),
            _ => Err(Failure::UnknownScript {
                name: format!("{name}@{version}"),
                known: versions
                    .iter()
                    .map(|script| format!("{name}@{}", script.version))
                    .collect(),
            }),
        }
    }

    /// All versions of a name.
    pub(crate) fn versions(&self, name: &str) -> Result<Versions, Failure> {
        let by_name = self.by_name.read().unwrap_or_else(PoisonError::into_inner);
        let known = by_name.get(name).map(|known| known.versions.clone());
        drop(by_name);
        known.ok_or_else(|| self.unknown(name))
    }

    fn unknown(&self, name: &str) -> Failure {
        let by_name = self.by_name.read().unwrap_or_else(PoisonError::into_inner);
        Failure::UnknownScript {
            name: name.to_owned(),
            known: by_name.keys().cloned().collect(),
        }
    }

    pub(crate) fn all(&self) -> Vec<Versions> {
        self.by_name
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .values()
            .map(|known| known.versions.clone())
            .collect()
    }

    /// R and its packages as one text: equal text, equal results.
    fn environment(&self, packages: &serde_json::Value) -> Arc<str> {
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

/// The code of a version, which is that of its folder's `R/` where it is one.
fn code_of(source: String, files: &[FileInfo]) -> Result<Code, StoreError> {
    if files.is_empty() {
        return Ok(Code::of_text(source));
    }
    let code = files.iter().filter(|one| is_code(&one.path));
    let lengths = code.map(|one| (one.path.clone(), one.size)).collect();
    Code::of_files(source, lengths)
        .ok_or_else(|| StoreError::Decode("the code of a folder is not that of its files".into()))
}

fn state_of(text: &str) -> Result<VersionState, StoreError> {
    let state = serde_json::from_value(text.into());
    state.map_err(|error| StoreError::Decode(error.to_string()))
}

fn change(row: &ChangeRow) -> Result<Change, StoreError> {
    Ok(Change {
        state: state_of(&row.state)?,
        by: Person {
            id: row.by_id.clone(),
            name: row.by_name.clone(),
        },
        at: row.at,
        reason: row.reason.clone(),
    })
}

/// Runs as long as the engine.
pub(crate) async fn follow(calc: Calc) {
    let clock = calc.store.clock().clone();
    loop {
        clock.sleep(LOOK).await;
        if let Err(error) = calc.scripts.refresh().await {
            tracing::warn!(
                error = dcp::chain(&error),
                "what other engines have published cannot be read"
            );
        }
    }
}
