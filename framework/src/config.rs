//! Layered settings: defaults, a file, then `DCP__` variables; `secret://path#key` is replaced by the secret itself.
//!
//! All of it is read before a socket opens. What is unknown or of the wrong type is refused with its key and its source.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use config::{Config, Environment, File, FileFormat, Map, Value, ValueKind};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::model::Zone;
use crate::secrets::{Secrets, SecretsError, SecretsSettings};

/// Settings that cannot be used; the text names the key and where it stands.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// A file or value is wrong.
    #[error("{0}")]
    Invalid(String),
    /// A `secret://` reference leads nowhere.
    #[error("setting {key}: {source}")]
    Secret {
        /// The setting with the reference.
        key: String,
        /// Why.
        source: SecretsError,
    },
}

/// `[node]`: where this process runs.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct NodeSettings {
    /// Name of the node.
    pub name: String,
    /// Zone of the node; a module runs in no other than its manifest's.
    pub zone: Option<Zone>,
    /// Which of the module's instances this is.
    pub instance: String,
}

impl Default for NodeSettings {
    fn default() -> Self {
        Self { name: "local".into(), zone: None, instance: "1".into() }
    }
}

/// `[http]`: the module's own listener.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HttpSettings {
    /// Address and port; the manifest's port on loopback when absent.
    pub listen: Option<std::net::SocketAddr>,
}

/// `[edge]`: the way to other modules.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct EdgeSettings {
    /// Internal address of this node's edge.
    pub url: String,
}

impl Default for EdgeSettings {
    fn default() -> Self {
        Self { url: "http://127.0.0.1:7400".into() }
    }
}

/// A section that holds one address.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Address {
    /// The address.
    pub url: String,
}

/// `[log]`: what is logged, and how.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LogSettings {
    /// A level, or directives such as `info,dcp::bus=debug`.
    pub level: String,
    /// For machines or for people.
    pub format: LogFormat,
}

/// Format of log lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// One JSON object a line.
    Json,
    /// Readable text.
    Text,
}

impl Default for LogSettings {
    fn default() -> Self {
        Self { level: "info".into(), format: LogFormat::Json }
    }
}

/// What every module's process is told.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Where this process runs.
    #[serde(default)]
    pub node: NodeSettings,
    /// Its listener.
    #[serde(default)]
    pub http: HttpSettings,
    /// The way to other modules.
    #[serde(default)]
    pub edge: EdgeSettings,
    /// `sqlite:<folder>` or an address of SQL Server.
    #[serde(default = "default_store")]
    pub store: Address,
    /// `local:<file>` or `amqp(s)://`.
    #[serde(default = "default_bus")]
    pub bus: Address,
    /// Provider of secrets.
    #[serde(default)]
    pub secrets: SecretsSettings,
    /// Logging.
    #[serde(default)]
    pub log: LogSettings,
}

fn default_store() -> Address {
    Address { url: "sqlite:.dcp/state".into() }
}

fn default_bus() -> Address {
    Address { url: "local:.dcp/state/bus/local.db".into() }
}

/// All layers in one tree, each value with its source.
#[derive(Debug, Clone)]
pub struct Layers {
    root: Value,
}

impl Layers {
    /// Reads the file, if one is named, and the `DCP__` variables of this process.
    pub fn read(file: Option<&Path>) -> Result<Self, SettingsError> {
        Self::read_with(file, None)
    }

    /// The same with given variables instead of the process's own.
    pub fn read_with(file: Option<&Path>, variables: Option<HashMap<String, String>>) -> Result<Self, SettingsError> {
        let environment = Environment::with_prefix("DCP").prefix_separator("__").separator("__").source(variables);
        let mut builder = Config::builder();
        if let Some(file) = file {
            builder = builder.add_source(File::from(PathBuf::from(file)).format(FileFormat::Toml));
        }
        let built = builder.add_source(environment).build().map_err(|error| SettingsError::Invalid(error.to_string()))?;
        Ok(Self { root: built.cache })
    }

    /// What every process is told: all sections but the module's own.
    pub fn settings(&self) -> Result<Settings, SettingsError> {
        let mut value = self.root.clone();
        if let ValueKind::Table(table) = &mut value.kind {
            table.remove("module");
        }
        self.read_as("", value)
    }

    /// `[secrets]` alone, which must be known before the others can be resolved.
    pub fn secrets(&self) -> Result<SecretsSettings, SettingsError> {
        self.section("secrets")
    }

    /// The module's own section; every key must be one the type knows.
    pub fn module<T: DeserializeOwned>(&self) -> Result<T, SettingsError> {
        self.section("module")
    }

    fn section<T: DeserializeOwned>(&self, name: &str) -> Result<T, SettingsError> {
        let empty = || Value::new(None, ValueKind::Table(Map::new()));
        self.read_as(name, child(&self.root, name).cloned().unwrap_or_else(empty))
    }

    fn read_as<T: DeserializeOwned>(&self, section: &str, value: Value) -> Result<T, SettingsError> {
        let mut unknown = None;
        let mut note = |path: serde_ignored::Path<'_>| {
            unknown.get_or_insert_with(|| path.to_string());
        };
        let read: Result<T, _> = {
            let mut track = serde_path_to_error::Track::new();
            let value = serde_path_to_error::Deserializer::new(value, &mut track);
            serde_ignored::deserialize(value, &mut note).map_err(|error| (track.path().to_string(), error))
        };
        match (read, unknown) {
            (Ok(read), None) => Ok(read),
            (Ok(_), Some(key)) => Err(self.invalid(section, &key, "is not a known setting")),
            (Err((path, error)), _) => Err(self.invalid(section, &path, &error.to_string())),
        }
    }

    fn invalid(&self, section: &str, path: &str, what: &str) -> SettingsError {
        let key = match (section, path) {
            ("", path) => path.to_owned(),
            (section, "" | ".") => section.to_owned(),
            (section, path) => format!("{section}.{path}"),
        };
        let found = key.split('.').try_fold(&self.root, |value, key| child(value, key));
        let origin = match found.and_then(Value::origin) {
            Some("the environment") => format!(" (variable DCP__{})", key.replace('.', "__").to_uppercase()),
            Some(file) => format!(" (in {file})"),
            None => String::new(),
        };
        // The reader adds key and origin in its own way; ours say which variable it is, so those are dropped.
        let what = what.split(" for key ").next().unwrap_or(what);
        SettingsError::Invalid(format!("setting {key}: {what}{origin}"))
    }

    /// Replaces every `secret://path#key` in the tree.
    pub async fn resolve(&mut self, secrets: &dyn Secrets) -> Result<(), SettingsError> {
        let mut references = Vec::new();
        collect(&self.root, &mut Vec::new(), &mut references);
        for (at, reference) in references {
            let key = at.join(".");
            let (path, name) = reference.split_once('#').ok_or_else(|| {
                SettingsError::Invalid(format!("setting {key}: {reference:?} must be secret://path#key"))
            })?;
            let secret = crate::secrets::get(secrets, path, name)
                .await
                .map_err(|source| SettingsError::Secret { key: key.clone(), source })?;
            if let Some(value) = at.iter().try_fold(&mut self.root, |value, key| child_mut(value, key)) {
                *value = Value::new(None, ValueKind::String(secret.expose().clone()));
            }
        }
        Ok(())
    }
}

fn child<'a>(value: &'a Value, key: &str) -> Option<&'a Value> {
    match &value.kind {
        ValueKind::Table(table) => table.get(key),
        _ => None,
    }
}

fn child_mut<'a>(value: &'a mut Value, key: &str) -> Option<&'a mut Value> {
    match &mut value.kind {
        ValueKind::Table(table) => table.get_mut(key),
        _ => None,
    }
}

fn collect(value: &Value, at: &mut Vec<String>, into: &mut Vec<(Vec<String>, String)>) {
    match &value.kind {
        ValueKind::Table(table) => {
            for (key, value) in table {
                at.push(key.clone());
                collect(value, at, into);
                at.pop();
            }
        }
        ValueKind::String(text) => {
            if let Some(reference) = text.strip_prefix("secret://") {
                into.push((at.clone(), reference.to_owned()));
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secrets::{Reading, Secret, SecretTable};

    #[derive(Debug, Deserialize, Default, PartialEq)]
    #[serde(default)]
    struct Own {
        demo: bool,
        slots: u32,
    }

    fn variables(pairs: &[(&str, &str)]) -> Option<HashMap<String, String>> {
        Some(pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect())
    }

    fn file(text: &str) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::with_suffix(".toml").unwrap();
        std::fs::write(file.path(), text).unwrap();
        file
    }

    #[test]
    fn a_variable_overrides_the_file_and_the_file_the_default() {
        let file = file("[node]\nname = \"a\"\n[module]\nslots = 2\n");
        let layers = Layers::read_with(Some(file.path()), variables(&[("DCP__NODE__NAME", "b"), ("DCP__MODULE__DEMO", "true")])).unwrap();
        let settings = layers.settings().unwrap();
        assert_eq!((settings.node.name.as_str(), settings.node.instance.as_str()), ("b", "1"));
        assert_eq!(layers.module::<Own>().unwrap(), Own { demo: true, slots: 2 });
    }

    #[test]
    fn what_is_unknown_or_wrong_is_refused_with_key_and_place() {
        let file = file("[http]\nprot = 1\n[module]\nslots = \"many\"\n");
        let layers = Layers::read_with(None, variables(&[("DCP__LOG__FORMAT", "xml")])).unwrap();
        let place = file.path().display().to_string();
        let settings = layers.settings().unwrap_err().to_string();
        assert!(settings.contains("log.format") && settings.contains("DCP__LOG__FORMAT"), "{settings}");
        let layers = Layers::read_with(Some(file.path()), variables(&[])).unwrap();
        let own = layers.module::<Own>().unwrap_err().to_string();
        assert!(own.contains("module.slots") && own.contains("many") && own.contains(&place), "{own}");
        let settings = layers.settings().unwrap_err().to_string();
        assert!(settings.contains("http") && settings.contains("prot") && settings.contains(&place), "{settings}");
        let layers = Layers::read_with(None, variables(&[("DCP__MODULE__SLOT", "1")])).unwrap();
        let own = layers.module::<Own>().unwrap_err().to_string();
        assert_eq!(own, "setting module.slot: is not a known setting (variable DCP__MODULE__SLOT)");
    }

    struct One;

    impl Secrets for One {
        fn read<'a>(&'a self, path: &'a str) -> Reading<'a> {
            Box::pin(async move {
                let table = SecretTable::from([("url".to_owned(), Secret::new("mssql:server=db".to_owned()))]);
                if path == "store/mvda" { Ok(table) } else { Err(SecretsError::Missing(path.into())) }
            })
        }
    }

    #[tokio::test]
    async fn a_reference_is_replaced_by_its_secret() {
        let mut layers = Layers::read_with(None, variables(&[("DCP__STORE__URL", "secret://store/mvda#url")])).unwrap();
        layers.resolve(&One).await.unwrap();
        assert_eq!(layers.settings().unwrap().store.url, "mssql:server=db");
        let mut layers = Layers::read_with(None, variables(&[("DCP__BUS__URL", "secret://bus/mvda#url")])).unwrap();
        let error = layers.resolve(&One).await.unwrap_err().to_string();
        assert_eq!(error, "setting bus.url: there is no secret bus/mvda");
    }
}
