//! One version of a script, and all of its versions.

use crate::engine::{Code, Failure};
use crate::examples::Example;
use crate::folder::FileInfo;
use crate::folder_tests::Passed;
use crate::functions::Function;
use crate::states::{Change, Person, VersionState};
use dcp::clock::Timestamp;
use std::sync::Arc;

/// One version of a script, loaded by workers when it is called.
#[derive(Debug, Clone)]
pub(crate) struct Script {
    pub(crate) name: String,
    pub(crate) version: Arc<str>,
    pub(crate) code: Arc<Code>,
    /// What is in it, where it is a folder.
    pub(crate) files: Vec<FileInfo>,
    /// What its tests said when it was published; `None` where it is no folder.
    pub(crate) tests: Option<Vec<Passed>>,
    /// What its folder says it is for.
    pub(crate) description: Option<String>,
    pub(crate) functions: Vec<Function>,
    pub(crate) packages: serde_json::Value,
    /// What a result depends on beside script and arguments, as JSON.
    pub(crate) environment: Arc<str>,
    pub(crate) published_by: Person,
    pub(crate) published_at: Timestamp,
    /// The module that was released with it.
    pub(crate) brought_by: Option<String>,
    pub(crate) state: VersionState,
    /// Every change of state, oldest first.
    pub(crate) history: Vec<Change>,
    /// What its examples gave; `None` until they have run.
    pub(crate) examples: Option<Vec<Example>>,
}

impl Script {
    /// The function of that name, or the names there are.
    pub(crate) fn function(&self, name: &str) -> Result<&Function, Failure> {
        self.functions
            .iter()
            .find(|function| function.name == name)
            .ok_or_else(|| Failure::UnknownFunction {
                function: name.to_owned(),
                known: self.function_names(),
            })
    }

    pub(crate) fn function_names(&self) -> Vec<String> {
        self.functions
            .iter()
            .map(|function| function.name.clone())
            .collect()
    }

    /// Its name and enough of its version to tell it apart.
    pub(crate) fn reference(&self) -> String {
        format!("{}@{:.8}", self.name, self.version)
    }

    /// What stands against its approval, a sentence each.
    pub(crate) fn doubts(&self) -> Vec<String> {
        let declared = self.functions.iter().flat_map(|one| one.doubts.clone());
        let Some(examples) = &self.examples else {
            let wait = "Its examples have not been run yet; try again in a moment.".to_owned();
            return declared.chain([wait]).collect();
        };
        let by_example = examples.iter().filter_map(|example| {
            let function = self.function(&example.function).ok()?;
            example.doubt(function)
        });
        declared.chain(by_example).collect()
    }

    /// Its own description, what its first comment says, or the title of its first function.
    pub(crate) fn title(&self) -> &str {
        if let Some(description) = &self.description {
            return description;
        }
        let comment = self
            .code
            .text()
            .lines()
            .find(|line| !line.trim().is_empty());
        comment
            .and_then(|line| line.strip_prefix("# "))
            .or_else(|| Some(self.functions.first()?.title.as_str()))
            .unwrap_or_default()
    }
}

/// All versions of one script, oldest first; at most one is effective.
pub(crate) type Versions = Arc<[Arc<Script>]>;

/// The version that answers calls that name none.
pub(crate) fn effective(versions: &[Arc<Script>]) -> Option<&Arc<Script>> {
    versions
        .iter()
        .find(|script| script.state == VersionState::Effective)
}

/// The effective version, or the one published last.
pub(crate) fn foremost(versions: &[Arc<Script>]) -> Option<&Arc<Script>> {
    effective(versions).or_else(|| versions.last())
}
