//! Modules that others start, such as Deployments of Kubernetes: looked after, and shown with the manifest and the micro-frontend
//! that they bring.
//!
//! The edge treats them as its own: the same token says who calls, and the same problem says that nobody answers.

use std::path::{Component, Path};
use std::sync::Arc;
use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::instance::Instance;
use super::module::{Module, Order};
use crate::http::{DEPLOYMENT, DEPLOYMENT_UI, Deployment};

/// Between two looks: what comes back is served within this time.
const LOOK: Duration = Duration::from_secs(1);
/// Unanswered looks after which an instance counts as away; until then requests find out by themselves.
const MISSES: u32 = 2;
/// Looks after which an instance that answers is asked again what it brings: a new version may have come without a gap.
const LOOKS_OF_A_VERSION: u32 = 5;
/// A manifest and the names of the files of a micro-frontend.
const DEPLOYMENT_BYTES: usize = 1024 * 1024;
/// Larger files are no part of a micro-frontend.
const FILE_BYTES: usize = 32 * 1024 * 1024;

/// Looks after what answers for the module until the node ends.
pub(crate) async fn watch(
    module: Arc<Module>,
    orders: mpsc::Receiver<Order>,
    end: CancellationToken,
) {
    let trust = module.trust();
    let watching = (1..).zip(module.addresses()).map(|(id, address)| {
        let trust = address.is_secure.then(|| trust.clone());
        let instance = Arc::new(Instance::elsewhere(id, address.authority, trust));
        look_after(&module, instance)
    });
    tokio::select! {
        _ = futures_util::future::join_all(watching) => {}
        () = refuse(&module, orders) => {}
        () = end.cancelled() => {}
    }
}

/// Orders belong where the module was started.
async fn refuse(module: &Module, mut orders: mpsc::Receiver<Order>) {
    while let Some((_, reply)) = orders.recv().await {
        let addresses = module.addresses().map(|address| address.authority);
        let addresses: Vec<&str> = addresses.collect();
        // Whoever asked may have gone.
        drop(reply.send(Err(format!(
            "the module `{}` was not started by this node; start, stop and scale it where {} is",
            module.name,
            addresses.join(", ")
        ))));
    }
}

/// What is known of one instance.
#[derive(Default)]
struct Seen {
    ready: bool,
    misses: u32,
    looks: u32,
    brought: Option<Deployment>,
}

async fn look_after(module: &Module, instance: Arc<Instance>) {
    let mut seen = Seen::default();
    module.starting(instance.id);
    loop {
        look(module, &instance, &mut seen).await;
        tokio::time::sleep(LOOK).await;
    }
}

async fn look(module: &Module, instance: &Arc<Instance>, seen: &mut Seen) {
    let began = Instant::now();
    let status = match instance.health("/health/ready").await {
        Ok(status) => status,
        Err(problem) => {
            seen.misses += 1;
            if seen.misses >= MISSES {
                seen.ready = false;
                module.away(instance, &problem);
            }
            return;
        }
    };
    seen.misses = 0;
    seen.looks = seen.looks.wrapping_add(1);
    if seen.ready {
        module.degraded(instance.id, status != 200);
        if seen.looks.is_multiple_of(LOOKS_OF_A_VERSION)
            && let Err(problem) = bring(module, instance, seen).await
        {
            tracing::warn!(
                module = module.name,
                problem,
                "a new version is not taken over"
            );
        }
        return;
    }
    // A process that waits for its database, or begins to stop, is not begun with.
    let ready = if status == 200 {
        bring(module, instance, seen).await
    } else {
        Err(format!("{} says that it is not ready", instance.address))
    };
    match ready {
        Ok(()) => {
            seen.ready = true;
            module.is_ready(instance, began.elapsed());
        }
        Err(problem) => module.away(instance, &problem),
    }
}

/// Takes over the manifest and the micro-frontend, when they are others than before.
async fn bring(module: &Module, instance: &Instance, seen: &mut Seen) -> Result<(), String> {
    let told = instance.pool.get(DEPLOYMENT, DEPLOYMENT_BYTES).await?;
    let deployment: Deployment = serde_json::from_slice(&told)
        .map_err(|error| format!("{}{DEPLOYMENT}: {error}", instance.address))?;
    if seen.brought.as_ref() == Some(&deployment) {
        return Ok(());
    }
    let entry = module.accept(&deployment.manifest)?.ui.map(|ui| ui.entry);
    let folder = module.folder();
    // The entry names the others, and the manifest the entry.
    let (last, first): (Vec<_>, Vec<_>) = deployment
        .ui
        .iter()
        .partition(|(path, _)| Some(*path) == entry.as_ref());
    for (path, digest) in first.into_iter().chain(last) {
        bring_file(instance, &folder.join("ui"), path, digest).await?;
    }
    put(
        &folder.join("module.toml"),
        deployment.manifest.as_bytes(),
        instance.id,
    )
    .await?;
    module.read_manifest()?;
    tracing::info!(
        module = module.name,
        address = instance.address,
        files = deployment.ui.len(),
        "a module brought its micro-frontend"
    );
    seen.brought = Some(deployment);
    Ok(())
}

async fn bring_file(
    instance: &Instance,
    ui: &Path,
    path: &str,
    digest: &str,
) -> Result<(), String> {
    if !is_inside(path) {
        return Err(format!("{} names the file {path:?}", instance.address));
    }
    let file = ui.join(path);
    let is_same = |bytes: &[u8]| hex::encode(Sha256::digest(bytes)) == digest;
    if tokio::fs::read(&file)
        .await
        .is_ok_and(|bytes| is_same(&bytes))
    {
        return Ok(());
    }
    let bytes = instance
        .pool
        .get(&format!("{DEPLOYMENT_UI}{path}"), FILE_BYTES)
        .await?;
    // Behind one address there may be two versions for a while: the next look finds them alike.
    if !is_same(&bytes) {
        return Err(format!(
            "{} gives another {path} than it names",
            instance.address
        ));
    }
    put(&file, &bytes, instance.id).await
}

/// Whether a path stays in the folder it is joined to.
fn is_inside(path: &str) -> bool {
    let mut parts = Path::new(path).components().peekable();
    parts.peek().is_some() && parts.all(|part| matches!(part, Component::Normal(_)))
}

/// Replaces a file in one step.
async fn put(file: &Path, bytes: &[u8], writer: u32) -> Result<(), String> {
    let written = async {
        if let Some(folder) = file.parent() {
            tokio::fs::create_dir_all(folder).await?;
        }
        let new = file.with_added_extension(format!("new-{writer}"));
        tokio::fs::write(&new, bytes).await?;
        tokio::fs::rename(&new, file).await
    };
    let failed = |error| format!("{} cannot be written: {error}", file.display());
    written.await.map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_path_leads_out_of_the_folder() {
        for path in ["main.js", "chunks/a.js"] {
            assert!(is_inside(path), "{path}");
        }
        for path in ["", "..", "../a", "a/../../b", "/etc/passwd"] {
            assert!(!is_inside(path), "{path:?}");
        }
    }
}
