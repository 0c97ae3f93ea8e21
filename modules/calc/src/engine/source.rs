//! What a worker loads: the R code of a version, and where its data stand.

use std::path::PathBuf;
use std::sync::Arc;

/// A version as a worker needs it.
#[derive(Debug, Clone)]
pub(crate) struct Source {
    /// Its content hash.
    pub(crate) version: Arc<str>,
    pub(crate) code: Arc<Code>,
    pub(crate) data: Option<Arc<Data>>,
}

/// R code: one text, or the files of a folder's `R/` one after the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Code {
    text: String,
    /// Name and length of each file; a script that is one text has no name.
    files: Vec<(String, usize)>,
}

/// The data files of a version, unpacked for the workers of this engine; they go when this is dropped.
#[derive(Debug)]
pub(crate) struct Data {
    /// Where they stand; nobody can guess it, so that a script reads its own only.
    pub(crate) folder: PathBuf,
    /// Their paths in it.
    pub(crate) names: Vec<String>,
}

impl Drop for Data {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.folder)
            && error.kind() != std::io::ErrorKind::NotFound
        {
            let folder = self.folder.display();
            tracing::warn!(%error, %folder, "the data of a script could not be removed");
        }
    }
}

impl Code {
    /// A script that is one text.
    pub(crate) fn of_text(text: impl Into<String>) -> Self {
        let text = text.into();
        let files = vec![(String::new(), text.len())];
        Self { text, files }
    }

    /// Files one after the other, with their lengths; `None` when these are not those of the text.
    pub(crate) fn of_files(text: String, files: Vec<(String, usize)>) -> Option<Self> {
        let mut end = 0_usize;
        for (_, length) in &files {
            end = end.checked_add(*length)?;
            text.get(..end)?;
        }
        (end == text.len()).then_some(Self { text, files })
    }

    /// All of it.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Names and lengths in bytes.
    pub(crate) fn files(&self) -> &[(String, usize)] {
        &self.files
    }
}
