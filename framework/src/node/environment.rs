//! What a node hands to a module's process: its own settings, as the variables that the module reads.

use std::path::PathBuf;

use super::config::{HostedModule, NodeConfig};
use crate::config::{BusSettings, Migrate, NODE_FILE};

impl NodeConfig {
    /// The variables with which a process of `module` is started on this node.
    pub fn environment(&self, module: &HostedModule) -> Vec<(String, String)> {
        let fixed = [
            (NODE_FILE, self.file.display().to_string()),
            ("DCP__NODE__NAME", self.node.name.clone()),
            ("DCP__NODE__ZONE", self.node.zone.to_string()),
            ("DCP__EDGE__URL", format!("http://{}", self.edge.internal)),
            ("DCP__STORE__URL", self.store.url.clone()),
            ("DCP__BUS__URL", self.bus.url.clone()),
            ("DCP__LOG__LEVEL", self.log.level.clone()),
            ("DCP__LOG__FORMAT", self.log.format.clone()),
        ];
        let mut own = Vec::new();
        variables("DCP__MODULE", &module.settings, &mut own);
        fixed
            .into_iter()
            .chain(self.when_set())
            .chain(self.secrets.variables())
            .map(|(key, value)| (key.to_owned(), value))
            .chain(own)
            .collect()
    }

    /// What is handed on only when the node has it.
    fn when_set(&self) -> impl Iterator<Item = (&'static str, String)> {
        let path = |file: &Option<PathBuf>| Some(file.as_ref()?.display().to_string());
        let BusSettings {
            user,
            password,
            ca,
            certificate,
            key,
            ..
        } = &self.bus;
        let password = password.as_ref().map(|it| it.expose().clone());
        let by_command = self.store.migrate == Migrate::Command;
        let (otlp, ratio) = (&self.telemetry.otlp, self.telemetry.ratio);
        let (cache, pi) = (path(&self.pi.cache), &self.pi);
        let with_cache = |text: String| cache.as_ref().map(|_| text);
        [
            (
                "DCP__STORE__MIGRATE",
                by_command.then(|| "command".to_owned()),
            ),
            ("DCP__TELEMETRY__OTLP", otlp.clone()),
            (
                "DCP__TELEMETRY__RATIO",
                otlp.as_ref().map(|_| ratio.to_string()),
            ),
            ("DCP__PI__CACHE_MIB", with_cache(pi.cache_mib.to_string())),
            (
                "DCP__PI__SETTLED_MINUTES",
                with_cache(pi.settled_minutes.to_string()),
            ),
            ("DCP__PI__CACHE", cache.clone()),
            ("DCP__BUS__USER", user.clone()),
            ("DCP__BUS__PASSWORD", password),
            ("DCP__BUS__CA", path(ca)),
            ("DCP__BUS__CERTIFICATE", path(certificate)),
            ("DCP__BUS__KEY", path(key)),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)))
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
