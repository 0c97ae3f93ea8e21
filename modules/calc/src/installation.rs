//! What an engine is, for its installation verification: programs and libraries by their hashes, R's library, limits,
//! confinement, and computations whose answers are known.

use crate::Calc;
use crate::engine::Failure;
use axum::extract::State;
use dcp::clock::Timestamp;
use dcp::http::{Json, Problem};
use serde::Serialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// A program or a library.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct InstalledFile {
    /// What it is for: `engine`, `worker`, `libr`, `blas`, `lapack`.
    pub(crate) what: String,
    /// Where it stands.
    path: String,
    /// The SHA-256 of its content; absent when it cannot be read.
    pub(crate) sha256: Option<String>,
}

/// What an engine is.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct Installation {
    /// The node it runs on.
    node: String,
    /// The node's zone.
    zone: String,
    /// When it was looked at.
    #[schema(value_type = String)]
    at: Timestamp,
    /// R as it describes itself, and what its code is kept from.
    environment: Value,
    /// Programs and libraries.
    files: Vec<InstalledFile>,
    /// Every package of R's library with its version.
    #[schema(value_type = Object)]
    packages: BTreeMap<String, String>,
    /// What a call may take.
    #[schema(value_type = Object)]
    limits: Value,
    /// Computations whose answers are known: `what`, `gave`, `expected`, `tolerance` (relative) and whether they are the `same`.
    #[schema(value_type = Vec<Object>)]
    known_answers: Vec<Value>,
}

/// What this engine is: hashes, packages, limits, confinement, known answers. Each time looked at and calculated anew.
#[utoipa::path(get, path = "/api/calc/installation", tag = "engines", responses((status = 200, body = Installation)))]
pub(crate) async fn installation(State(calc): State<Calc>) -> Result<Json<Installation>, Problem> {
    // In a task of its own, as calls are: a client that hangs up must not take the worker with it.
    let looking = calc.calls.spawn(looked_at(calc.clone()));
    Ok(Json(looking.await.map_err(Problem::internal)??))
}

async fn looked_at(calc: Calc) -> Result<Installation, Failure> {
    let environment: Value = serde_json::from_str(calc.pool.about()).unwrap_or_default();
    let settings = &calc.settings;
    Ok(Installation {
        packages: calc.ask_r("installed", Vec::new()).await?,
        known_answers: calc.ask_r("known_answers", Vec::new()).await?,
        files: installed_files(&calc).await,
        limits: json!({
            "memory_mb": settings.memory_mb, "call_seconds": settings.call_seconds, "task_seconds": settings.task_seconds,
            "result_bytes": settings.result_bytes, "body_bytes": settings.body_bytes,
            "workers": settings.workers, "workers_at_most": settings.workers_at_most, "queue": settings.queue,
        }),
        environment,
        node: calc.node.clone(),
        zone: calc.zone.to_string(),
        at: calc.store.clock().now(),
    })
}

/// Programs and libraries with their hashes.
pub(crate) async fn installed_files(calc: &Calc) -> Vec<InstalledFile> {
    let environment: Value = serde_json::from_str(calc.pool.about()).unwrap_or_default();
    let mut files = vec![("worker", calc.settings.worker.clone())];
    files.extend(std::env::current_exe().ok().map(|path| ("engine", path)));
    for what in ["libr", "blas", "lapack"] {
        let path = environment[what].as_str();
        files.extend(path.map(|path| (what, path.into())));
    }
    let reading = move || files.into_iter().map(described).collect();
    tokio::task::spawn_blocking(reading)
        .await
        .unwrap_or_default()
}

fn described((what, path): (&str, PathBuf)) -> InstalledFile {
    InstalledFile {
        what: what.to_owned(),
        sha256: hash(&path).ok(),
        path: path.display().to_string(),
    }
}

fn hash(path: &Path) -> std::io::Result<String> {
    Ok(hex::encode(Sha256::digest(std::fs::read(path)?)))
}
