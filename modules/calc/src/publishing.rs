//! Publishing: a source becomes a version that answers under its name.

use crate::Calc;
use crate::engine::{Failure, Lane, Patience};
use crate::keys::content_key;
use crate::listing::Published;
use crate::scripts::{Function, Script};
use axum::body::Bytes;
use axum::extract::State;
use dcp::events::Actor;
use dcp::events::calc::ScriptPublished;
use dcp::http::{Caller, Json, Path, Problem};
use dcp::params;
use dcp::store::StoreError;
use serde::Deserialize;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

/// Longest source, bytes.
pub(crate) const SOURCE_BYTES: usize = 1 << 20;
/// How long a script may take to load.
const LOADING: Duration = Duration::from_secs(20);

/// What a worker says of a script it has loaded.
#[derive(Deserialize)]
struct Described {
    functions: Vec<Function>,
    packages: serde_json::Value,
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
        drop(self.scripts.refresh().await?);
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
            environment: self.scripts.environment(&described.packages),
            functions: described.functions,
            published_by: by.name.clone(),
            published_at: self.store.clock().now(),
        });
        let alone = self.scripts.refresh().await?;
        self.store_script(&script, &described.packages, by).await?;
        self.scripts.insert(script.clone(), true);
        drop(alone);
        tracing::info!(
            script.name = name,
            script.version = &*script.version,
            by = by.name,
            "a script was published"
        );
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
