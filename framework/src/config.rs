//! Layered settings: defaults, a file, then `DCP__` variables; `secret://path#key` is replaced by the secret itself.
//!
//! All of it is read before a socket opens. What is unknown or of the wrong type is refused with its key and its source.

mod document;
mod effective;
pub(crate) mod handed;
mod line;
mod node_file;
mod settings;
mod shown;

pub use document::{document, document_of_module, is_documented};
pub use effective::{Setting, Source};
pub(crate) use node_file::{NODE_FILE, NodeFile};
pub(crate) use settings::QUIET;
pub use settings::{
    BusSettings, EdgeSettings, HttpSettings, LogFormat, LogSettings, Migrate, NodeSettings,
    PiSettings, Settings, StoreSettings, TelemetrySettings,
};

use std::collections::HashMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use config::{Config, Environment, File, FileFormat, Map, Value, ValueKind};
use serde::de::DeserializeOwned;

use crate::secrets::{Secrets, SecretsError, SecretsSettings, of_reader};

/// The table in which a bridge finds the bus of the other zone.
const OTHER_BUS: &str = "other_bus";

/// Settings that cannot be used; the text names the key and where it stands.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// A file or value is wrong.
    #[error("{0}")]
    Invalid(String),
    /// A `secret://` reference leads nowhere.
    #[error("setting {key} refers to a secret that cannot be had{place}")]
    Secret {
        /// The setting with the reference.
        key: String,
        /// Where it stands, in brackets; empty when nobody can tell.
        place: String,
        /// Why.
        source: SecretsError,
    },
    /// Not wrong: the process was only asked what the module's own settings are.
    #[error("the settings are told; the process has nothing more to do")]
    Told(serde_json::Value),
}

/// All layers in one tree, each value with its source.
#[derive(Debug, Clone)]
pub struct Layers {
    root: Value,
    file: Option<PathBuf>,
    /// What was written where a secret stands now, by setting.
    references: HashMap<String, String>,
    /// The file of the node that has handed over the module's own settings as variables.
    node: Option<NodeFile>,
}

/// The reader of the file does not say which one it may not read.
fn is_readable(file: &Path) -> Result<(), SettingsError> {
    match std::fs::File::open(file) {
        Err(error) if error.kind() == ErrorKind::PermissionDenied => {
            let said = format!("{} cannot be read: {error}", file.display());
            Err(SettingsError::Invalid(said))
        }
        _ => Ok(()),
    }
}

impl Layers {
    /// Reads the file, if one is named, and the `DCP__` variables of this process.
    pub fn read(file: Option<&Path>) -> Result<Self, SettingsError> {
        Self::read_with(file, None)
    }

    /// The same with given variables instead of the process's own.
    pub fn read_with(
        file: Option<&Path>,
        variables: Option<HashMap<String, String>>,
    ) -> Result<Self, SettingsError> {
        let environment = Environment::with_prefix("DCP")
            .prefix_separator("__")
            .separator("__")
            .source(variables);
        let mut builder = Config::builder();
        if let Some(file) = file {
            is_readable(file)?;
            builder = builder.add_source(File::from(PathBuf::from(file)).format(FileFormat::Toml));
        }
        let built = builder
            .add_source(environment)
            .build()
            .map_err(|error| SettingsError::Invalid(error.to_string()))?;
        Ok(Self {
            root: built.cache,
            file: file.map(Path::to_owned),
            references: HashMap::new(),
            node: None,
        })
    }

    /// The same for a module that a node has started: what the node has handed over stands in the node's file.
    #[must_use]
    pub(crate) fn handed_over(mut self, module: &str) -> Self {
        self.node = NodeFile::of_process(module);
        self
    }

    /// What every process is told: all sections but the module's own.
    pub fn settings(&self) -> Result<Settings, SettingsError> {
        let mut value = self.root.clone();
        if let ValueKind::Table(table) = &mut value.kind {
            table.remove("module");
        }
        self.read_as("", value)
    }

    /// The whole tree as one type, each key one that the type knows.
    pub(crate) fn all<T: DeserializeOwned>(&self) -> Result<T, SettingsError> {
        self.read_as("", self.root.clone())
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

    fn read_as<T: DeserializeOwned>(
        &self,
        section: &str,
        value: Value,
    ) -> Result<T, SettingsError> {
        let mut unknown = None;
        let mut note = |path: serde_ignored::Path<'_>| {
            unknown.get_or_insert_with(|| path.to_string());
        };
        let read: Result<T, _> = {
            let mut track = serde_path_to_error::Track::new();
            let value = serde_path_to_error::Deserializer::new(value, &mut track);
            serde_ignored::deserialize(value, &mut note)
                .map_err(|error| (track.path().to_string(), error))
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
        // The reader of the path writes `module[1]`.
        let key = key.replace('[', ".").replace(']', "");
        let found = key
            .split('.')
            .try_fold(&self.root, |value, key| child(value, key));
        let origin = match found {
            Some(value) => self.source(&key, value),
            None => self.near(&key),
        };
        let origin = in_brackets(&origin);
        // The reader adds key and origin in its own way; ours say which variable it is, so those are dropped.
        let what = what.split(" for key ").next().unwrap_or(what);
        SettingsError::Invalid(format!("setting {key}: {what}{origin}"))
    }

    /// Where a value comes from.
    fn source(&self, key: &str, value: &Value) -> Source {
        match value.origin() {
            Some("the environment") => self
                .node
                .as_ref()
                .and_then(|node| node.source_of(key, value))
                .unwrap_or_else(|| Source::Variable {
                    name: format!("DCP__{}", key.replace('.', "__").to_uppercase()),
                }),
            Some(file) => match self.near(key) {
                Source::Default => Source::File {
                    file: file.to_owned(),
                    line: None,
                },
                found => found,
            },
            None => Source::Default,
        }
    }

    fn source_at(&self, at: &[String]) -> Source {
        let value = at
            .iter()
            .try_fold(&self.root, |value, key| child(value, key));
        value.map_or(Source::Default, |value| self.source(&at.join("."), value))
    }

    /// The file and line of a key; of what is missing, those of the section it is missing from.
    fn near(&self, key: &str) -> Source {
        let Some(file) = &self.file else {
            let node = self.node.as_ref().and_then(|node| node.source(key));
            return node.unwrap_or(Source::Default);
        };
        match line::line_in(file, key) {
            Some(line) => Source::File {
                file: file.display().to_string(),
                line: Some(line),
            },
            None => Source::Default,
        }
    }

    /// Replaces every `secret://path#key` in the tree. Those of a bus are only tried: it reads them again when they change.
    pub async fn resolve(&mut self, secrets: &dyn Secrets) -> Result<(), SettingsError> {
        let mut references = Vec::new();
        collect(&self.root, &mut Vec::new(), &mut references);
        for (at, reference) in references {
            let key = at.join(".");
            let (path, name) = reference.split_once('#').ok_or_else(|| {
                SettingsError::Invalid(format!(
                    "setting {key}: {reference:?} must be secret://path#key"
                ))
            })?;
            let secret = crate::secrets::get(secrets, path, name).await;
            let secret = secret.map_err(|source| SettingsError::Secret {
                place: in_brackets(&self.source_at(&at)),
                key: key.clone(),
                source,
            })?;
            if at.iter().any(|part| part == "bus" || part == OTHER_BUS) {
                continue;
            }
            self.put(&at, secret.expose().clone());
            self.references.insert(key, reference);
        }
        Ok(())
    }

    /// Path and key of the secret that the value of a setting was.
    pub(crate) fn reference(&self, setting: &str) -> Option<(&str, &str)> {
        self.references.get(setting)?.split_once('#')
    }

    /// The name of the module in the place of `{module}` in every reference and in the database's address, so that one node's
    /// settings serve all its modules.
    #[must_use]
    pub fn of_reader(mut self, name: &str) -> Self {
        let mut references = Vec::new();
        collect(&self.root, &mut Vec::new(), &mut references);
        for (at, reference) in references {
            self.put(&at, format!("secret://{}", of_reader(&reference, name)));
        }
        let address = child(&self.root, "store").and_then(|store| child(store, "url"));
        if let Some(ValueKind::String(text)) = address.map(|address| &address.kind)
            && text.contains("{module}")
        {
            let text = of_reader(text, name);
            self.put(&["store".to_owned(), "url".to_owned()], text);
        }
        self
    }

    fn put(&mut self, at: &[String], text: String) {
        let found = at
            .iter()
            .try_fold(&mut self.root, |value, key| child_mut(value, key));
        if let Some(value) = found {
            let origin = value.origin().map(str::to_owned);
            *value = Value::new(origin.as_ref(), ValueKind::String(text));
        }
    }
}

/// A source as messages end with it.
fn in_brackets(source: &Source) -> String {
    match source {
        Source::Default => String::new(),
        source => format!(" ({source})"),
    }
}

fn child<'a>(value: &'a Value, key: &str) -> Option<&'a Value> {
    match &value.kind {
        ValueKind::Table(table) => table.get(key),
        ValueKind::Array(all) => all.get(key.parse::<usize>().ok()?),
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
mod tests;
