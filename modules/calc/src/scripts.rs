//! Scripts: published by name, kept in every version, described so that they can be called.

use crate::Calc;
use crate::engine::{Failure, Lane, Patience};
use crate::keys::content_key;
use axum::body::Bytes;
use axum::extract::State;
use dcp::clock::Timestamp;
use dcp::events::Actor;
use dcp::events::calc::ScriptPublished;
use dcp::http::{Caller, Json, Path, Problem};
use dcp::params;
use dcp::store::{Store, StoreError};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

/// Longest source, bytes.
pub(crate) const SOURCE_BYTES: usize = 1 << 20;
/// How long a script may take to load.
const LOADING: Duration = Duration::from_secs(20);
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
    published_by: String,
    published_at: Timestamp,
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

    fn function_names(&self) -> Vec<String> {
        self.functions
            .iter()
            .map(|function| function.name.clone())
            .collect()
    }
}

/// All versions of one script; the effective one answers calls that name none.
#[derive(Debug, Clone)]
struct Versions {
    all: Vec<Arc<Script>>,
    effective: Arc<Script>,
}

/// The scripts of this engine, in memory; the store keeps them.
#[derive(Debug)]
pub(crate) struct Scripts {
    by_name: RwLock<BTreeMap<String, Versions>>,
    about: Arc<str>,
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

#[derive(Deserialize)]
struct Described {
    functions: Vec<Function>,
    packages: serde_json::Value,
}

impl Scripts {
    /// Reads what was published before.
    pub(crate) async fn open(store: &Store, about: Arc<str>) -> Result<Self, StoreError> {
        let scripts = Self {
            by_name: RwLock::default(),
            about,
        };
        for row in store
            .read("script_versions", params![])
            .await?
            .all::<Row>()?
        {
            let decode = |error: serde_json::Error| StoreError::Decode(error.to_string());
            let functions = serde_json::from_str(&row.functions).map_err(decode)?;
            let packages = serde_json::from_str(&row.packages).map_err(decode)?;
            let script = Script {
                name: row.name,
                version: row.version.into(),
                source: row.source.into(),
                functions,
                environment: environment(&scripts.about, &packages),
                published_by: row.published_by_name,
                published_at: row.published_at,
            };
            scripts.insert(Arc::new(script), row.effective);
        }
        Ok(scripts)
    }

    fn insert(&self, script: Arc<Script>, effective: bool) {
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

    fn all(&self) -> Vec<Versions> {
        self.by_name
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .values()
            .cloned()
            .collect()
    }
}

/// R and its packages as one text: equal text, equal results.
fn environment(about: &str, packages: &serde_json::Value) -> Arc<str> {
    let about: serde_json::Value = serde_json::from_str(about).unwrap_or_default();
    let known = ["r", "platform", "blas", "locale", "time_zone", "rng"];
    let mut environment: serde_json::Map<_, _> = known
        .into_iter()
        .map(|key| (key.to_owned(), about[key].clone()))
        .collect();
    environment.insert("packages".into(), packages.clone());
    serde_json::Value::Object(environment).to_string().into()
}

/// Whether a name can stand in an address.
pub(crate) fn is_script_name(name: &str) -> bool {
    name.len() <= 64
        && name.starts_with(|first: char| first.is_ascii_lowercase())
        && name
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_".contains(c))
}

impl Calc {
    /// Publishes a source under a name: loads it in a worker first, so that a broken script never becomes effective.
    pub(crate) async fn publish(
        &self,
        name: &str,
        source: &str,
        by: &Actor,
    ) -> Result<Arc<Script>, Failure> {
        let version: Arc<str> = content_key(source.as_bytes()).into();
        if let Ok(known) = self.scripts.find(name)
            && known.version == version
        {
            return Ok(known);
        }
        let described = self.describe(&version, source).await?;
        let script = Arc::new(Script {
            name: name.to_owned(),
            version,
            source: source.into(),
            environment: environment(&self.scripts.about, &described.packages),
            functions: described.functions,
            published_by: by.name.clone(),
            published_at: self.store.clock().now(),
        });
        self.store_script(&script, &described.packages, by).await?;
        tracing::info!(
            script.name = name,
            script.version = &*script.version,
            by = by.name,
            "a script was published"
        );
        self.scripts.insert(script.clone(), true);
        Ok(script)
    }

    async fn describe(&self, version: &Arc<str>, source: &str) -> Result<Described, Failure> {
        let deadline = Instant::now() + LOADING;
        let patience = Patience {
            allowed: LOADING,
            deadline,
            cancelled: CancellationToken::new(),
        };
        let mut lease = self.pool.take(Lane::Short, version, deadline).await?;
        let loaded = lease.worker.load(version, source, &patience).await;
        self.pool.settle(lease, loaded.as_ref().err());
        let answer = loaded?;
        serde_json::from_slice(&answer.value).map_err(|error| Failure::Crashed {
            cause: format!("The description of the script cannot be read: {error}"),
        })
    }

    async fn store_script(
        &self,
        script: &Script,
        packages: &serde_json::Value,
        by: &Actor,
    ) -> Result<(), Failure> {
        let functions = serde_json::to_string(&script.functions)
            .map_err(|error| StoreError::Decode(error.to_string()))?;
        let event = ScriptPublished {
            name: script.name.clone(),
            version: script.version.to_string(),
            functions: script.function_names(),
            by: by.clone(),
            at: script.published_at,
            node: self.node.clone(),
        };
        let mut tx = self.store.begin().await?;
        let (version, source, at) = (&*script.version, &*script.source, script.published_at);
        tx.call(
            "script_publish",
            params![
                &script.name,
                version,
                source,
                functions,
                packages,
                &by.id,
                &by.name,
                at
            ],
        )
        .await?;
        tx.publish(&event).await?;
        Ok(tx.commit().await?)
    }
}

/// A script as the API shows it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[expect(clippy::struct_field_names, reason = "the names on the wire")]
pub(crate) struct Published {
    /// Its name.
    name: String,
    /// The hash of its source.
    version: String,
    /// Its functions.
    functions: Vec<Function>,
    /// Who published this version.
    published_by: String,
    /// When.
    #[schema(value_type = String)]
    published_at: Timestamp,
    /// R and the packages it loads.
    environment: serde_json::Value,
    /// The source; only when one script is asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<String>,
    /// All versions, oldest first; only when one script is asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    versions: Option<Vec<String>>,
}

impl From<&Script> for Published {
    fn from(script: &Script) -> Self {
        Self {
            name: script.name.clone(),
            version: script.version.to_string(),
            functions: script.functions.clone(),
            published_by: script.published_by.clone(),
            published_at: script.published_at,
            environment: serde_json::from_str(&script.environment).unwrap_or_default(),
            source: None,
            versions: None,
        }
    }
}

/// Publishes a script: the body is its R source. The same source again changes nothing.
#[utoipa::path(put, path = "/api/calc/scripts/{name}", tag = "scripts",
    params(("name" = String, Path, description = "lower case letters, digits, - and _")),
    request_body(content = String, content_type = "text/plain", description = "R source"),
    responses((status = 200, body = Published), (status = 422, description = "R cannot load it", body = Problem)))]
pub(crate) async fn publish_script(
    State(calc): State<Calc>,
    Path(name): Path<String>,
    caller: Caller,
    body: Bytes,
) -> Result<Json<Published>, Problem> {
    if !is_script_name(&name) {
        let rule = "must start with a lower case letter and go on with lower case letters, digits, - or _, 64 at most";
        return Err(Problem::unprocessable("The name cannot be used.").part("name", rule));
    }
    let source = std::str::from_utf8(&body).map_err(|error| {
        Problem::unprocessable("The source must be UTF-8 text.").part("", error.to_string())
    })?;
    let by = Actor {
        id: caller.id().to_string(),
        name: caller.name().to_owned(),
    };
    Ok(Json(Published::from(
        &*calc.publish(&name, source, &by).await?,
    )))
}

/// All scripts in their effective versions.
#[utoipa::path(get, path = "/api/calc/scripts", tag = "scripts", responses((status = 200, body = Vec<Published>)))]
pub(crate) async fn list_scripts(State(calc): State<Calc>) -> Json<Vec<Published>> {
    Json(
        calc.scripts
            .all()
            .iter()
            .map(|versions| Published::from(&*versions.effective))
            .collect(),
    )
}

/// One script with its source and versions; `name@version` shows another version.
#[utoipa::path(get, path = "/api/calc/scripts/{name}", tag = "scripts",
    params(("name" = String, Path, description = "a script, or script@version")),
    responses((status = 200, body = Published), (status = 404, body = Problem)))]
pub(crate) async fn script_by_name(
    State(calc): State<Calc>,
    Path(name): Path<String>,
) -> Result<Json<Published>, Problem> {
    let script = calc.scripts.find(&name)?;
    let siblings = calc
        .scripts
        .all()
        .into_iter()
        .find(|versions| versions.effective.name == script.name);
    let versions = siblings.map(|versions| {
        versions
            .all
            .iter()
            .map(|script| script.version.to_string())
            .collect()
    });
    Ok(Json(Published {
        source: Some(script.source.to_string()),
        versions,
        ..Published::from(&*script)
    }))
}
