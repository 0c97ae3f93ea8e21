//! The data of folders, unpacked where workers can read them and nobody can write.
//!
//! A version's data stand in a folder whose name nobody can guess and that cannot be listed: R code gets the paths of its own
//! files by `dcp_data` and reaches no other version's.

use crate::Calc;
use crate::engine::{Data, Failure, Source};
use crate::folder::{Folder, data_name};
use crate::script::Script;
use dcp::params;
use dcp::store::StoreError;
use serde::Deserialize;
use std::collections::{BTreeMap, HashMap};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::sync::Mutex;

/// Those that are unpacked.
#[derive(Debug, Default)]
pub(crate) struct DataFiles(Mutex<HashMap<Arc<str>, Arc<Data>>>);

#[derive(Deserialize)]
struct Row {
    path: String,
    content: Vec<u8>,
}

impl Calc {
    /// A version as a worker loads it, its data in place.
    pub(crate) async fn source_of(&self, script: &Script) -> Result<Source, Failure> {
        let has_data = script
            .files
            .iter()
            .any(|one| data_name(&one.path).is_some());
        let data = if has_data {
            let mut unpacked = self.data_files.0.lock().await;
            if !unpacked.contains_key(&script.version) {
                let data = self.unpack(&self.folder_of(script).await?).await?;
                unpacked.insert(script.version.clone(), data);
            }
            unpacked.get(&script.version).cloned()
        } else {
            None
        };
        Ok(Source {
            version: script.version.clone(),
            code: script.code.clone(),
            data,
        })
    }

    /// The data of a folder that may be published.
    pub(crate) async fn data_of(&self, folder: &Folder) -> Result<Option<Arc<Data>>, Failure> {
        if folder.data().is_empty() {
            return Ok(None);
        }
        Ok(Some(self.unpack(folder).await?))
    }

    /// The files of a version that is a folder.
    pub(crate) async fn folder_of(&self, script: &Script) -> Result<Folder, StoreError> {
        let rows = self
            .store
            .read("script_files", params![&*script.version])
            .await?;
        let files = rows.all::<Row>()?.into_iter();
        Ok(Folder {
            files: files.map(|row| (row.path, row.content)).collect(),
        })
    }

    async fn unpack(&self, folder: &Folder) -> Result<Arc<Data>, Failure> {
        let place = self
            .settings
            .data_folder()
            .join(uuid::Uuid::new_v4().to_string());
        let owned = |(name, content): (&str, &[u8])| (name.to_owned(), content.to_vec());
        let files: BTreeMap<String, Vec<u8>> = folder.data().into_iter().map(owned).collect();
        let written = tokio::task::spawn_blocking(move || write(place, &files)).await;
        let data = written.map_err(io::Error::other).and_then(|done| done);
        data.map(Arc::new).map_err(Failure::Start)
    }
}

fn write(folder: PathBuf, files: &BTreeMap<String, Vec<u8>>) -> io::Result<Data> {
    for (name, content) in files {
        let path = folder.join(name);
        std::fs::create_dir_all(path.parent().unwrap_or(Path::new("/")))?;
        std::fs::write(&path, content)?;
    }
    Ok(Data {
        folder,
        names: files.keys().cloned().collect(),
    })
}
