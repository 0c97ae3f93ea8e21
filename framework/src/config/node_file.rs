//! The file of the node that has started this module: what the node hands over as variables stands there.

use std::path::PathBuf;

use super::Source;
use super::line::line_in;

/// The variable with the path of that file.
pub(crate) const NODE_FILE: &str = "DCP_NODE_FILE";

/// That file, and the module's place in it.
#[derive(Debug, Clone)]
pub(crate) struct NodeFile {
    file: PathBuf,
    at: usize,
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
        Some(Self { file, at })
    }

    /// Where the node's file says something of a module's own setting.
    pub(super) fn source(&self, key: &str) -> Option<Source> {
        let own = match key {
            "module" => String::new(),
            key => format!(".{}", key.strip_prefix("module.")?),
        };
        let key = format!("module.{}.settings{own}", self.at);
        Some(Source::File {
            line: line_in(&self.file, &key),
            file: self.file.display().to_string(),
        })
    }
}
