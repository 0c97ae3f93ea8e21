//! What is deployed of a module, and how an instance of it is started.

use std::path::PathBuf;
use std::sync::{Arc, PoisonError};

use super::Module;
use crate::model::{Manifest, Zone};
use crate::node::instance::Recipe;

impl Module {
    /// Folder of the deployed module, or of what one that runs elsewhere has brought.
    pub(crate) fn folder(&self) -> PathBuf {
        self.config.folder(&self.hosted)
    }

    /// The manifest of what is deployed, when something is.
    pub(crate) fn manifest(&self) -> Option<Arc<Manifest>> {
        self.manifest
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Reads the manifest again: a deployment may have brought a new one.
    pub(crate) fn read_manifest(&self) -> Result<Arc<Manifest>, String> {
        let file = self.folder().join("module.toml");
        let text = std::fs::read_to_string(&file).map_err(|error| {
            format!(
                "{} cannot be read ({error}); deploy the module with infra/up",
                file.display()
            )
        })?;
        let manifest = self
            .accept(&text)
            .map_err(|problem| format!("{}: {problem}", file.display()))?;
        let manifest = Arc::new(manifest);
        *self
            .manifest
            .write()
            .unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&manifest));
        Ok(manifest)
    }

    /// A manifest that is this module's and may run on this node.
    pub(crate) fn accept(&self, text: &str) -> Result<Manifest, String> {
        let manifest = Manifest::parse(text).map_err(|error| error.to_string())?;
        if manifest.name.as_str() != self.name {
            return Err(format!("it belongs to module `{}`", manifest.name));
        }
        if self.zone == Zone::Gxp && manifest.zone != Zone::Gxp {
            return Err(format!(
                "module `{}` is for information only and must not run on the controlled node `{}`",
                self.name, self.config.node.name
            ));
        }
        Ok(manifest)
    }

    /// How to start an instance of what is deployed now.
    pub(crate) fn recipe(&self, id: u32) -> Result<Recipe, String> {
        self.read_manifest()?;
        let folder = self.folder();
        let program = folder.join(&self.name);
        if !program.is_file() {
            return Err(format!(
                "{} is missing; deploy the module with infra/up",
                program.display()
            ));
        }
        let log = self.config.logs().join(format!("{}-{id}.log", self.name));
        Ok(Recipe {
            program,
            folder,
            environment: self.config.environment(&self.hosted),
            log,
        })
    }
}
