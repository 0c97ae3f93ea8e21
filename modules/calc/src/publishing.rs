//! Publishing: a source or a folder becomes a version that answers under its name, or a draft of one.

use crate::Calc;
use crate::content::{Content, Sent};
use crate::engine::{Failure, Lane, Patience, Source};
use crate::folder_tests::{Passed, TESTING};
use crate::functions::{self, Described, Function};
use crate::listing::VersionView;
use crate::script::{Script, foremost};
use crate::states::VersionState;
use axum::extract::State;
use axum::http::HeaderMap;
use dcp::events::Actor;
use dcp::events::calc::ScriptPublished;
use dcp::http::{Body, Caller, Json, Path, Problem};
use dcp::model::Zone;
use dcp::params;
use dcp::store::{StoreError, Tx};
use serde::Deserialize;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

/// How long a script may take to load.
const LOADING: Duration = Duration::from_secs(20);
/// How long a publication may take: less than the edge waits.
pub(crate) const PUBLISHING: Duration =
    Duration::from_secs(LOADING.as_secs() + TESTING.as_secs() + 5);

/// Who publishes what.
pub(crate) struct Publication<'a> {
    pub(crate) name: &'a str,
    pub(crate) content: &'a Content,
    pub(crate) by: &'a Actor,
    /// The module that was released with the script.
    pub(crate) brought_by: Option<&'a str>,
}

/// What a worker says of a script it has loaded.
#[derive(Deserialize)]
struct Loaded {
    functions: Vec<Described>,
    packages: serde_json::Value,
}

/// What is known of a version before it is stored.
struct Examined {
    functions: Vec<Function>,
    packages: serde_json::Value,
    tests: Vec<Passed>,
}

/// Publishes a script: the body is its R source, or a folder as tar with R code in `R/`, data in `data/` and tests in `tests/`, which
/// must pass. In the validated zone it becomes a draft, in the free one it is effective
/// at once. The same content again changes nothing.
#[utoipa::path(put, path = "/api/calc/scripts/{name}", tag = "scripts",
    params(("name" = String, Path, description = "lower case letters, digits, - and _")),
    request_body(content((String = "text/plain"), (dcp::http::Binary = "application/x-tar"), (Sent = "application/json")),
        description = "R source, or a folder"),
    responses((status = 200, body = VersionView), (status = 409, description = "the name belongs to a module", body = Problem),
        (status = 422, description = "R cannot load it (`line`, `file` say where), the folder is not in order, or its tests fail", body = Problem)))]
pub(crate) async fn publish_script(
    State(calc): State<Calc>,
    Path(name): Path<String>,
    caller: Caller,
    headers: HeaderMap,
    Body(body): Body,
) -> Result<Json<VersionView>, Problem> {
    if !is_script_name(&name) {
        let rule = "must start with a lower case letter and go on with lower case letters, digits, - or _, 64 at most";
        return Err(Problem::unprocessable("The name cannot be used.").part("name", rule));
    }
    let content = Content::read(&headers, &body)?;
    // A module may have taken the name a moment ago, or beside another engine of this store.
    drop(calc.scripts.refresh().await?);
    if let Some(module) = calc.module_of(&name) {
        let detail = format!("The name {name} belongs to the module {module}; choose another.");
        return Err(Problem::conflict(detail));
    }
    let publication = Publication {
        name: &name,
        content: &content,
        by: &caller.actor(),
        brought_by: None,
    };
    let script = calc.publish(&publication).await?;
    Ok(Json(VersionView::complete(&script)))
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
    fn module_of(&self, name: &str) -> Option<String> {
        let versions = self.scripts.versions(name).ok()?;
        foremost(&versions)?.brought_by.clone()
    }

    /// Publishes a source under a name: loads it in a worker first, so that a broken script never becomes effective.
    pub(crate) async fn publish(&self, new: &Publication<'_>) -> Result<Arc<Script>, Failure> {
        let at_once = new.brought_by.is_some() || self.zone == Zone::NonGxp;
        let version = new.content.version.clone();
        drop(self.scripts.refresh().await?);
        let known = self.scripts.version(new.name, &version).ok();
        if let Some(known) = &known
            && (!at_once || known.state == VersionState::Effective)
        {
            self.run_missing_examples(known);
            return Ok(known.clone());
        }
        let described = match known {
            Some(_) => None,
            None => Some(self.examine(new.content).await?),
        };
        let alone = self.scripts.refresh().await?;
        self.store_publication(new, &version, at_once, described.as_ref())
            .await?;
        drop(alone);
        drop(self.scripts.refresh().await?);
        let script = self.scripts.version(new.name, &version)?;
        tracing::info!(
            script.name = script.name,
            script.version = &*script.version,
            state = script.state.as_str(),
            by = new.by.name,
            "a script was published"
        );
        self.run_missing_examples(&script);
        Ok(script)
    }

    /// Loads it, reads its functions, runs its tests.
    async fn examine(&self, content: &Content) -> Result<Examined, Failure> {
        let (version, code) = (content.version.clone(), content.code.clone());
        let (mut data, mut tests) = (None, Vec::new());
        if let Some(folder) = &content.folder {
            data = self.data_of(folder).await?;
            tests = folder.tests().map_err(Failure::InvalidFolder)?;
        }
        let source = Source {
            version,
            code,
            data,
        };
        let (functions, packages) = self.describe(&source).await?;
        let tests = self.run_tests(&source, &tests).await?;
        Ok(Examined {
            functions,
            packages,
            tests,
        })
    }

    async fn describe(
        &self,
        source: &Source,
    ) -> Result<(Vec<Function>, serde_json::Value), Failure> {
        let deadline = Instant::now() + LOADING;
        let patience = Patience {
            allowed: LOADING,
            deadline,
            cancelled: CancellationToken::new(),
        };
        // In a worker without a past: the packages it holds then are those that the script loads.
        let mut lease = self.pool.fresh(Lane::Short, deadline).await?;
        let loaded = lease.worker.load(source, &patience).await;
        if source.data.is_none() {
            self.pool.settle(lease, loaded.as_ref().err());
        } else {
            // Those that are called find the data where they stand once it is published.
            drop(lease);
        }
        let loaded: Loaded =
            serde_json::from_slice(&loaded?.value).map_err(|error| Failure::Crashed {
                cause: format!("The description of the script cannot be read: {error}"),
            })?;
        let functions = functions::publish(loaded.functions)?;
        if functions.is_empty() {
            return Err(Failure::NoFunction);
        }
        Ok((functions, loaded.packages))
    }

    async fn store_publication(
        &self,
        new: &Publication<'_>,
        version: &str,
        at_once: bool,
        described: Option<&Examined>,
    ) -> Result<(), Failure> {
        let state = if at_once {
            VersionState::Effective
        } else {
            VersionState::Draft
        };
        let mut tx = self.store.begin().await?;
        let now = tx.now();
        if at_once {
            let values = params![new.name, &new.by.id, &new.by.name, now];
            tx.call("script_superseded", values).await?;
        }
        let names = if let Some(examined) = described {
            add_version(&mut tx, new, state, examined).await?;
            examined
                .functions
                .iter()
                .map(|one| one.name.clone())
                .collect()
        } else {
            let known = self.scripts.version(new.name, version)?;
            let (before, after) = (known.state.as_str(), state.as_str());
            let (id, name) = (&new.by.id, &new.by.name);
            let values = params![
                new.name,
                version,
                before,
                after,
                id,
                name,
                None::<&str>,
                now
            ];
            tx.call("script_state_changed", values).await?;
            known.function_names()
        };
        tx.call("script_changed", params![new.name]).await?;
        let event = ScriptPublished {
            name: new.name.to_owned(),
            version: version.to_owned(),
            functions: names,
            by: new.by.clone(),
            at: now,
            node: self.node.clone(),
        };
        tx.publish(&event).await?;
        Ok(tx.commit().await?)
    }
}

async fn add_version(
    tx: &mut Tx<'_>,
    new: &Publication<'_>,
    state: VersionState,
    examined: &Examined,
) -> Result<(), StoreError> {
    let decode = |error: serde_json::Error| StoreError::Decode(error.to_string());
    let text = functions::to_text(&examined.functions).map_err(decode)?;
    let (content, version) = (new.content, &*new.content.version);
    let files = content.files().map(|files| serde_json::to_string(&files));
    let files = files.transpose().map_err(decode)?;
    let tests = content.folder.as_ref();
    let tests = tests.map(|_| serde_json::to_string(&examined.tests));
    let tests = tests.transpose().map_err(decode)?;
    let nothing_to_run = examined.functions.iter().all(|one| one.examples.is_empty());
    let examples = nothing_to_run.then_some("[]");
    let (id, name) = (&new.by.id, &new.by.name);
    let (state, now) = (state.as_str(), tx.now());
    let values = params![
        new.name,
        version,
        content.code.text(),
        text,
        &examined.packages,
        examples,
        files,
        tests,
        &content.description,
        state,
        new.brought_by,
        id,
        name,
        now
    ];
    tx.call("script_add", values).await?;
    for (path, content) in content.folder.iter().flat_map(|folder| &folder.files) {
        tx.call("script_file_add", params![version, path, content])
            .await?;
    }
    Ok(())
}
