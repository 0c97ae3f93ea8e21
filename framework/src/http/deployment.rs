//! What a process was deployed with, for a node that did not start it: its manifest and the files of its micro-frontend.
//!
//! The micro-frontend stands in the folder `ui` below the folder in which the process was started. Nothing here is secret: the
//! edge shows the same to everybody.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path as Folder, PathBuf};
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tokio::sync::OnceCell;

use super::{Json, Path, Problem};
use crate::model::Manifest;

/// Where a process tells it.
pub(crate) const DEPLOYMENT: &str = "/deployment.json";
/// Below this stand the files of its micro-frontend.
pub(crate) const DEPLOYMENT_UI: &str = "/deployment/ui/";
/// Folders of a micro-frontend are not deeper than this, and a link that leads back ends here.
const DEPTH: usize = 8;

/// What a process was deployed with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Deployment {
    /// Its `module.toml`.
    pub(crate) manifest: String,
    /// Files of its micro-frontend by their paths, with their SHA-256.
    pub(crate) ui: BTreeMap<String, String>,
}

/// What is read when somebody asks first: a module that its node has started is never asked.
#[derive(Clone)]
struct Deployed {
    manifest: Arc<Manifest>,
    ui: PathBuf,
    told: Arc<OnceCell<Deployment>>,
}

/// The routes that tell it.
pub(super) fn routes(manifest: &Manifest) -> Router {
    routes_of(manifest, PathBuf::from("ui"))
}

fn routes_of(manifest: &Manifest, ui: PathBuf) -> Router {
    let deployed = Deployed {
        manifest: Arc::new(manifest.clone()),
        ui,
        told: Arc::default(),
    };
    Router::new()
        .route(DEPLOYMENT, get(tell))
        .route(&format!("{DEPLOYMENT_UI}{{*path}}"), get(file))
        .with_state(deployed)
}

impl Deployed {
    async fn told(&self) -> Result<&Deployment, Problem> {
        let read = || async {
            let manifest = toml::to_string(&*self.manifest).map_err(io::Error::other)?;
            let folder = self.ui.clone();
            let ui = tokio::task::spawn_blocking(move || files(&folder)).await??;
            Ok::<_, io::Error>(Deployment { manifest, ui })
        };
        self.told
            .get_or_try_init(read)
            .await
            .map_err(Problem::internal)
    }
}

async fn tell(State(deployed): State<Deployed>) -> Result<Response, Problem> {
    Ok(Json(deployed.told().await?).into_response())
}

async fn file(
    State(deployed): State<Deployed>,
    Path(path): Path<String>,
) -> Result<Response, Problem> {
    // Only what is listed: no path leads out of the folder.
    if !deployed.told().await?.ui.contains_key(&path) {
        return Err(Problem::not_found(format!("such file as {path}")));
    }
    let bytes = tokio::fs::read(deployed.ui.join(&path)).await;
    Ok(bytes.map_err(Problem::internal)?.into_response())
}

/// All files below a folder with their digests; none when there is no folder.
fn files(folder: &Folder) -> io::Result<BTreeMap<String, String>> {
    let mut found = BTreeMap::new();
    collect(folder, "", DEPTH, &mut found)?;
    Ok(found)
}

fn collect(
    folder: &Folder,
    below: &str,
    depth: usize,
    found: &mut BTreeMap<String, String>,
) -> io::Result<()> {
    let entries = match std::fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries?,
    };
    for entry in entries {
        let entry = entry?;
        let Ok(name) = entry.file_name().into_string() else {
            continue;
        };
        let (path, at) = (format!("{below}{name}"), entry.path());
        if at.is_dir() && depth > 0 {
            collect(&at, &format!("{path}/"), depth - 1, found)?;
        } else if at.is_file() && !name.starts_with('.') {
            found.insert(path, hex::encode(Sha256::digest(std::fs::read(&at)?)));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::http::{Request, StatusCode};
    use http_body_util::BodyExt as _;
    use tower::ServiceExt as _;

    use super::*;

    async fn get(router: &Router, path: &str) -> (StatusCode, Vec<u8>) {
        let request = Request::get(path).body(Body::empty()).unwrap();
        let answer = router.clone().oneshot(request).await.unwrap();
        let status = answer.status();
        let body = answer.into_body().collect().await.unwrap();
        (status, body.to_bytes().to_vec())
    }

    #[tokio::test]
    async fn a_process_tells_its_manifest_and_its_files_and_nothing_beside_them() {
        let folder = tempfile::tempdir().unwrap();
        let ui = folder.path().join("ui");
        std::fs::create_dir_all(ui.join("chunks")).unwrap();
        std::fs::write(folder.path().join("secret"), "x").unwrap();
        std::fs::write(ui.join("main.js"), "main").unwrap();
        std::fs::write(ui.join("chunks/a.js"), "a").unwrap();
        let text = include_str!("../../../modules/mvda/module.toml");
        let manifest = Manifest::parse(text).unwrap();
        let router = routes_of(&manifest, ui);

        let (status, body) = get(&router, DEPLOYMENT).await;
        assert_eq!(status, 200);
        let told: Deployment = serde_json::from_slice(&body).unwrap();
        assert_eq!(Manifest::parse(&told.manifest).unwrap(), manifest);
        let paths: Vec<&String> = told.ui.keys().collect();
        assert_eq!(paths, ["chunks/a.js", "main.js"]);
        assert_eq!(told.ui["main.js"], hex::encode(Sha256::digest("main")));

        let of = |path: &str| format!("{DEPLOYMENT_UI}{path}");
        let (status, body) = get(&router, &of("chunks/a.js")).await;
        assert_eq!((status, body.as_slice()), (StatusCode::OK, b"a".as_slice()));
        for path in ["../secret", "%2e%2e/secret", "chunks", "other.js"] {
            assert_eq!(get(&router, &of(path)).await.0, 404, "{path}");
        }
    }

    #[tokio::test]
    async fn a_module_without_a_micro_frontend_has_no_files() {
        let text = include_str!("../../../modules/bridge/module.toml");
        let router = routes_of(&Manifest::parse(text).unwrap(), PathBuf::from("nothing"));
        let told: Deployment = serde_json::from_slice(&get(&router, DEPLOYMENT).await.1).unwrap();
        assert!(told.ui.is_empty());
    }
}
