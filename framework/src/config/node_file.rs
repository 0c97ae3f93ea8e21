//! The file of the node that has started this module: what the node hands over as variables stands there.

use std::path::PathBuf;

use super::Source;
use super::line::line_in;
use crate::secrets::of_reader;

/// The variable with the path of that file.
pub(crate) const NODE_FILE: &str = "DCP_NODE_FILE";

/// That file, and the module's place in it.
#[derive(Debug, Clone)]
pub(crate) struct NodeFile {
    file: PathBuf,
    tree: toml::Table,
    at: usize,
    module: String,
}

impl NodeFile {
    /// The file that the node has named, when it can be read and hosts the module.
    pub(super) fn of_process(module: &str) -> Option<Self> {
        #[expect(
            clippy::disallowed_methods,
            reason = "a variable of the node, no setting"
        )]
        let file = std::env::var(NODE_FILE).ok()?;
        Self::of(file.into(), module)
    }

    pub(super) fn of(file: PathBuf, module: &str) -> Option<Self> {
        let tree: toml::Table = toml::from_str(&std::fs::read_to_string(&file).ok()?).ok()?;
        let mut modules = tree.get("module")?.as_array()?.iter();
        let at = modules
            .position(|one| one.get("name").and_then(toml::Value::as_str) == Some(module))?;
        let module = module.to_owned();
        Some(Self {
            file,
            tree,
            at,
            module,
        })
    }

    /// Where a value that the node has handed over stands in its file: one of its own sections only if it says the same there,
    /// because a variable of the node goes before its file.
    pub(super) fn source_of(&self, key: &str, value: &config::Value) -> Option<Source> {
        if let Some(source) = self.source(key) {
            return Some(source);
        }
        let (section, name) = key.split_once('.')?;
        let written = self.tree.get(section)?.get(name)?.as_str()?;
        let same = of_reader(written, &self.module) == value.to_string();
        same.then(|| self.file(key))
    }

    /// Where the node's file says something of a module's own setting.
    pub(super) fn source(&self, key: &str) -> Option<Source> {
        let own = match key {
            "module" => String::new(),
            key => format!(".{}", key.strip_prefix("module.")?),
        };
        Some(self.file(&format!("module.{}.settings{own}", self.at)))
    }

    fn file(&self, key: &str) -> Source {
        Source::File {
            line: line_in(&self.file, key),
            file: self.file.display().to_string(),
        }
    }
}
