//! docs/configuration.md, made of what stands beside each setting in the code.

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value};

use super::Settings;
use crate::node::NodeConfig;

const HEAD: &str = "# Configuration

Made from the code by `dcp config document target/debug/{administration,bridge,calc,framework,login} >docs/configuration.md`; tests fail when it is out of date.

A node reads one file, and the variables of its process above it: `store.url` is `DCP__STORE__URL`. It hands its modules what they need. What is unknown or has the wrong type is refused at the start,
with the key and the line or variable. No setting holds a secret: it holds `secret://path#key` (see [operations](operations.md#secrets)).
`dcp config check` looks at the files of the nodes without starting anything; `dcp config show` prints what is in force and where each value comes from, without secrets; *Administration, Settings* in the portal shows the same.
";

const MODULES: &str = "
## A module's process
A node sets these for its modules; whoever starts a module by hand gives them as variables or in a file (`--config`). Sections that read as above are left out.
";

/// What follows the settings of the framework.
const OWN: &str = "
## The own settings of modules
In the file of a node they stand in `settings` of the module, for a module that is started by hand in the section `[module]`. Modules that are not named have none.
";

/// The text of docs/configuration.md up to the own settings of modules.
pub fn document() -> String {
    let node = sections::<NodeConfig>();
    let mut text = format!("{HEAD}\n## The file of a node\n");
    for section in &node {
        section.write(&mut text);
    }
    text.push_str(MODULES);
    for section in sections::<Settings>() {
        if !node.iter().any(|known| known.rows == section.rows) {
            section.write(&mut text);
        }
    }
    text.push_str(OWN);
    text
}

/// What docs/configuration.md says about the own settings of a module.
pub fn document_of_module<T: JsonSchema>(module: &str) -> String {
    let mut text = String::new();
    let mut found = Vec::new();
    let schema = schema::<T>();
    walk("settings", &schema, &words(&schema), &mut found);
    for mut section in found.into_iter().filter(|section| !section.rows.is_empty()) {
        section.name = format!("{}` of `{module}", section.name);
        section.write(&mut text);
    }
    text
}

/// Whether docs/configuration.md says about the own settings of a module what the type says, each with its meaning.
pub fn is_documented<T: JsonSchema>(module: &str, kept: &str) -> bool {
    let text = document_of_module::<T>(module);
    let rows = text.lines().filter(|line| line.starts_with("| `"));
    let about = |row: &str| {
        row.trim_end_matches(" |")
            .rsplit(" | ")
            .next()
            .map(str::len)
    };
    let explained = rows
        .clone()
        .all(|row| about(row).is_some_and(|long| long > 3));
    rows.count() > 0 && explained && kept.contains(&text)
}

/// A section of the file and its keys.
struct Section {
    name: String,
    about: String,
    rows: Vec<String>,
}

impl Section {
    fn write(&self, text: &mut String) {
        let brackets = match self.name.strip_suffix("[]") {
            Some(name) => format!("[[{name}]]"),
            None if self.name.contains('`') => self.name.clone(),
            None => format!("[{}]", self.name),
        };
        let head = "| key | takes | when absent | what it is |\n|---|---|---|---|\n";
        for part in ["\n### `", &brackets, "`\n", &self.about, "\n\n", head] {
            text.push_str(part);
        }
        for row in &self.rows {
            text.push_str(row);
            text.push('\n');
        }
    }
}

fn sections<T: JsonSchema>() -> Vec<Section> {
    let mut found = Vec::new();
    walk("", &schema::<T>(), "", &mut found);
    found
}

/// What a type of settings takes, all in one piece.
pub(super) fn schema<T: JsonSchema>() -> Value {
    let settings =
        SchemaSettings::draft2020_12().with(|settings| settings.inline_subschemas = true);
    settings.into_generator().into_root_schema_for::<T>().into()
}

/// Adds the tables below a schema; what is no table is a row of the table it stands in.
fn walk(name: &str, schema: &Value, about: &str, found: &mut Vec<Section>) {
    let at = found.len();
    let mut rows = Vec::new();
    let required = schema["required"].as_array().cloned().unwrap_or_default();
    for (key, inner) in schema["properties"].as_object().unwrap_or(&Map::new()) {
        let below = if name.is_empty() {
            key.clone()
        } else {
            format!("{}.{key}", name.trim_end_matches("[]"))
        };
        let about = words(inner);
        if inner["properties"].is_object() {
            walk(&below, inner, &about, found);
        } else if inner["items"]["properties"].is_object() {
            walk(&format!("{below}[]"), &inner["items"], &about, found);
        } else {
            let is_required = required.iter().any(|one| one == key);
            let absent = match &inner["default"] {
                _ if is_required => "required".to_owned(),
                Value::Null => String::new(),
                Value::String(text) => format!("`{text}`"),
                other => format!("`{other}`"),
            };
            rows.push(format!(
                "| `{key}` | {} | {absent} | {about} |",
                takes(inner)
            ));
        }
    }
    if !name.is_empty() {
        let section = Section {
            name: name.to_owned(),
            about: about.to_owned(),
            rows,
        };
        found.insert(at, section);
    }
}

fn words(schema: &Value) -> String {
    let text = schema["description"].as_str().unwrap_or_default();
    text.split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .replace('|', "\\|")
}

/// The type, in words; a choice with its names.
fn takes(schema: &Value) -> String {
    let choices = schema["oneOf"]
        .as_array()
        .or_else(|| schema["anyOf"].as_array());
    if let Some(choices) = choices {
        let each =
            choices
                .iter()
                .filter(|one| one["type"] != "null")
                .map(|one| match &one["const"] {
                    Value::String(name) => format!("`{name}`"),
                    _ => takes(one),
                });
        return each.collect::<Vec<_>>().join(", ");
    }
    let kinds = match &schema["type"] {
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).collect(),
        Value::String(kind) => vec![kind.as_str()],
        _ => Vec::new(),
    };
    let kind = kinds
        .into_iter()
        .find(|kind| *kind != "null")
        .unwrap_or_default();
    match kind {
        "integer" => "whole number".to_owned(),
        "number" => "number".to_owned(),
        "boolean" => "`true`, `false`".to_owned(),
        "object" => "table".to_owned(),
        "array" => "list".to_owned(),
        _ => "text".to_owned(),
    }
}
