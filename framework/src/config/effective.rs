//! What is in force: every setting that a type knows, its value as it may be shown, and where it comes from.

use config::{Value, ValueKind};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::document::schema;
use super::shown::text;
use super::{Layers, child};

/// A setting that is in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Setting {
    /// Its key, such as `store.url`.
    pub key: String,
    /// Its value as it may be shown, when it has one: a secret only as its reference.
    pub value: Option<String>,
    /// Where the value comes from.
    pub source: Source,
}

/// Where a setting comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "from", rename_all = "lowercase")]
pub enum Source {
    /// Nobody has set it.
    Default,
    /// A file.
    File {
        /// Its path.
        file: String,
        /// The line, where it can be told.
        line: Option<usize>,
    },
    /// A variable of the process.
    Variable {
        /// Its name.
        name: String,
    },
}

impl std::fmt::Display for Source {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Default => out.write_str("default"),
            Self::File {
                file,
                line: Some(line),
            } => write!(out, "in {file}, line {line}"),
            Self::File { file, line: None } => write!(out, "in {file}"),
            Self::Variable { name } => write!(out, "variable {name}"),
        }
    }
}

impl Layers {
    /// Every setting of a type that describes the whole tree, in the order of the type.
    pub(crate) fn effective<T: JsonSchema>(&self) -> Vec<Setting> {
        let mut found = Vec::new();
        self.walk("", Some(&self.root), &schema::<T>(), &mut found);
        found
    }

    /// Every setting of the module's own section.
    pub(crate) fn effective_of_module<T: JsonSchema>(&self) -> Vec<Setting> {
        let mut found = Vec::new();
        let own = child(&self.root, "module");
        self.walk("module", own, &schema::<T>(), &mut found);
        found
    }

    fn walk(&self, key: &str, value: Option<&Value>, schema: &Json, found: &mut Vec<Setting>) {
        let schema = table(schema);
        if let Some(known) = schema["properties"].as_object() {
            for (name, inner) in known {
                let below = joined(key, name);
                let value = value.and_then(|value| child(value, name));
                self.walk(&below, value, inner, found);
            }
        } else if schema["items"]["properties"].is_object() {
            if let Some(ValueKind::Array(all)) = value.map(|value| &value.kind) {
                for (at, one) in all.iter().enumerate() {
                    let below = joined(key, &at.to_string());
                    self.walk(&below, Some(one), &schema["items"], found);
                }
            }
        } else if !is_free(schema) {
            found.push(self.setting(key, value, &schema["default"]));
        }
    }

    fn setting(&self, key: &str, value: Option<&Value>, default: &Json) -> Setting {
        let (value, source) = match (value, default) {
            (Some(value), _) => (Some(value.to_string()), self.source(key, value)),
            (None, Json::Null) => (None, Source::Default),
            (None, Json::String(text)) => (Some(text.clone()), Source::Default),
            (None, other) => (Some(other.to_string()), Source::Default),
        };
        Setting {
            value: value.map(|value| text(key, &value)),
            source,
            key: key.to_owned(),
        }
    }
}

fn joined(key: &str, name: &str) -> String {
    if key.is_empty() {
        name.to_owned()
    } else {
        format!("{key}.{name}")
    }
}

/// The table behind one that may be missing.
fn table(schema: &Json) -> &Json {
    let choices = schema["anyOf"].as_array();
    let found = choices.and_then(|all| all.iter().find(|one| one["properties"].is_object()));
    found.unwrap_or(schema)
}

/// Whether it holds a table that each module fills as it likes: that is shown beside the module.
fn is_free(schema: &Json) -> bool {
    schema["additionalProperties"].is_object() && !schema["properties"].is_object()
}
