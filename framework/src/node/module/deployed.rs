//! What is deployed of a module, and how an instance of it is started.

use std::path::PathBuf;
use std::sync::{Arc, PoisonError};

use super::Module;
use crate::config::BusSettings;
use crate::model::{Manifest, Zone};
use crate::node::instance::Recipe;

impl Module {
    /// Folder of the deployed module.
    pub(crate) fn folder(&self) -> PathBuf {
        self.config.deploy().join(&self.name)
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
        let manifest =
            Manifest::parse(&text).map_err(|error| format!("{}: {error}", file.display()))?;
        if manifest.name.as_str() != self.name {
            return Err(format!(
                "{} belongs to module `{}`",
                file.display(),
                manifest.name.as_str()
            ));
        }
        if self.zone == Zone::Gxp && manifest.zone != Zone::Gxp {
            return Err(format!(
                "module `{}` is for information only and must not run on the controlled node `{}`",
                self.name, self.config.node.name
            ));
        }
        let manifest = Arc::new(manifest);
        *self
            .manifest
            .write()
            .unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&manifest));
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
            environment: self.environment(),
            log,
        })
    }

    fn environment(&self) -> Vec<(String, String)> {
        let config = &self.config;
        let fixed = [
            ("DCP__NODE__NAME", config.node.name.clone()),
            ("DCP__NODE__ZONE", config.node.zone.to_string()),
            ("DCP__EDGE__URL", format!("http://{}", config.edge.internal)),
            ("DCP__STORE__URL", config.store.url.clone()),
            ("DCP__BUS__URL", config.bus.url.clone()),
            ("DCP__LOG__LEVEL", config.log.level.clone()),
            ("DCP__LOG__FORMAT", config.log.format.clone()),
        ];
        let telemetry = &config.telemetry;
        let traces = telemetry.otlp.iter().flat_map(|otlp| {
            [
                ("DCP__TELEMETRY__OTLP", otlp.clone()),
                ("DCP__TELEMETRY__RATIO", telemetry.ratio.to_string()),
            ]
        });
        let kept = config.pi.cache.iter().flat_map(|folder| {
            [
                ("DCP__PI__CACHE", folder.display().to_string()),
                ("DCP__PI__CACHE_MIB", config.pi.cache_mib.to_string()),
                (
                    "DCP__PI__SETTLED_MINUTES",
                    config.pi.settled_minutes.to_string(),
                ),
            ]
        });
        let BusSettings {
            user,
            password,
            ca,
            certificate,
            key,
            ..
        } = &config.bus;
        let path = |file: &Option<PathBuf>| Some(file.as_ref()?.display().to_string());
        let bus = [
            ("DCP__BUS__USER", user.clone()),
            (
                "DCP__BUS__PASSWORD",
                password.as_ref().map(|it| it.expose().clone()),
            ),
            ("DCP__BUS__CA", path(ca)),
            ("DCP__BUS__CERTIFICATE", path(certificate)),
            ("DCP__BUS__KEY", path(key)),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)));
        let mut own = Vec::new();
        variables("DCP__MODULE", &self.hosted.settings, &mut own);
        fixed
            .into_iter()
            .chain(traces)
            .chain(kept)
            .chain(bus)
            .chain(config.secrets.variables())
            .map(|(key, value)| (key.to_owned(), value))
            .chain(own)
            .collect()
    }
}

/// A variable for each value in a table of settings.
fn variables(name: &str, table: &toml::Table, into: &mut Vec<(String, String)>) {
    for (key, value) in table {
        let name = format!("{name}__{}", key.to_uppercase());
        match value {
            toml::Value::Table(table) => variables(&name, table, into),
            toml::Value::String(text) => into.push((name, text.clone())),
            other => into.push((name, other.to_string())),
        }
    }
}
