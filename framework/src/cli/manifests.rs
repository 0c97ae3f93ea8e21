//! The manifests a command looks at: a folder of modules, or what is deployed.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use dcp::config::BusSettings;
use dcp::model::{Manifest, Zone};
use dcp::node::NodeConfig;
use dcp::secrets::SecretsSettings;

use super::home::{home, nodes};

/// Which modules are looked at.
#[derive(clap::Args)]
pub(crate) struct Manifests {
    /// Folder with a module.toml in each subfolder, such as `modules`; what is deployed when absent.
    #[arg(long, value_name = "FOLDER")]
    manifests: Option<PathBuf>,
}

/// A manifest and where its module runs.
pub(crate) struct Found {
    /// The node; none for a folder.
    pub(crate) node: Option<String>,
    /// The zone of that node, or of the module itself.
    pub(crate) zone: Zone,
    /// The node's bus, and where its credentials are.
    pub(crate) bus: Option<(BusSettings, SecretsSettings)>,
    /// What it says.
    pub(crate) manifest: Manifest,
}

impl Manifests {
    /// Those of a folder.
    pub(crate) fn below(folder: PathBuf) -> Self {
        Self {
            manifests: Some(folder),
        }
    }

    /// Reads them.
    pub(crate) fn read(&self) -> anyhow::Result<Vec<Found>> {
        match &self.manifests {
            Some(folder) => of_folder(folder),
            None => of_platform(
                &home().context("--manifests FOLDER looks at a folder of modules instead")?,
            ),
        }
    }
}

fn of_folder(folder: &Path) -> anyhow::Result<Vec<Found>> {
    let entries = std::fs::read_dir(folder)
        .with_context(|| format!("{} cannot be read", folder.display()))?;
    let mut files: Vec<PathBuf> = entries
        .flatten()
        .map(|entry| entry.path().join("module.toml"))
        .collect();
    files.retain(|file| file.is_file());
    files.sort();
    if files.is_empty() {
        bail!("no folder below {} has a module.toml", folder.display());
    }
    let found = |file: &PathBuf| {
        let manifest = manifest(file)?;
        Ok(Found {
            node: None,
            zone: manifest.zone,
            bus: None,
            manifest,
        })
    };
    files.iter().map(found).collect()
}

fn of_platform(home: &Path) -> anyhow::Result<Vec<Found>> {
    let mut all = Vec::new();
    for name in nodes(home) {
        let config = NodeConfig::load(&home.join("run").join(format!("{name}.toml")))?;
        let secrets = SecretsSettings {
            url: config.secrets.url.clone(),
            ..SecretsSettings::default()
        };
        for module in &config.modules {
            let file = config.folder(module).join("module.toml");
            all.push(Found {
                node: Some(name.clone()),
                zone: config.node.zone,
                bus: Some((config.bus.clone(), secrets.clone())),
                manifest: manifest(&file)?,
            });
        }
    }
    Ok(all)
}

fn manifest(file: &Path) -> anyhow::Result<Manifest> {
    let text = std::fs::read_to_string(file)
        .with_context(|| format!("{} cannot be read", file.display()))?;
    Manifest::parse(&text).with_context(|| file.display().to_string())
}
