//! Scripts that are folders: R code in `R/`, data it reads in `data/`, tests in `tests/`, and what it is in `dcp.toml`.
//!
//! They come as tar. What is in one is taken by name only where it cannot mean anything outside the folder, and the version is
//! the hash of all its files: order, times and owners of the tar do not matter.

use crate::engine::{BadArgument, Code};
use crate::publishing::is_script_name;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::io::{self, Read};

/// Files of a folder at most.
const FILES: usize = 500;
/// Longest file, bytes.
const FILE_BYTES: u64 = 8 << 20;
/// All files together, bytes.
pub(crate) const FOLDER_BYTES: usize = 16 << 20;
/// All R code together, bytes; also the longest script that is one text.
pub(crate) const CODE_BYTES: usize = 1 << 20;
/// Longest path, bytes.
const PATH_BYTES: usize = 200;
/// What is wrong with a folder is told for so many files.
const TOLD: usize = 20;
/// Where the folder says what it is.
pub(crate) const MANIFEST: &str = "dcp.toml";

/// The files of a folder by their paths.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Folder {
    pub(crate) files: BTreeMap<String, Vec<u8>>,
}

/// What a folder says of itself.
#[derive(Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Manifest {
    /// The name it is published under by who gives no other; the engine itself takes that of the address.
    #[serde(default)]
    name: Option<String>,
    /// What it is for.
    #[serde(default)]
    pub(crate) description: Option<String>,
}

/// A file of a version, without its content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub(crate) struct FileInfo {
    /// Its path in the folder.
    pub(crate) path: String,
    /// Bytes.
    pub(crate) size: usize,
    /// Hash of its content.
    pub(crate) sha256: String,
}

/// Why a folder is not taken: the file and the reason.
pub(crate) type Wrong = Vec<BadArgument>;

fn wrong(path: impl Into<String>, reason: impl Into<String>) -> BadArgument {
    BadArgument {
        pointer: path.into(),
        detail: reason.into(),
    }
}

impl Folder {
    /// Reads a tar, whose files may stand in one folder above.
    pub(crate) fn unpack(tar: &[u8]) -> Result<Self, Wrong> {
        if tar.starts_with(&[0x1f, 0x8b]) {
            return Err(vec![wrong("", "is compressed; send the tar itself")]);
        }
        let mut bad = Wrong::new();
        let files = read_all(tar, &mut bad)
            .map_err(|error| vec![wrong("", format!("is no tar that can be read: {error}"))])?;
        if !bad.is_empty() {
            return Err(bad);
        }
        let folder = Self {
            files: without_common_folder(files),
        };
        let bad = folder.misplaced();
        if bad.is_empty() { Ok(folder) } else { Err(bad) }
    }

    /// The same as tar, the same bytes each time.
    pub(crate) fn pack(&self) -> io::Result<Vec<u8>> {
        let mut archive = tar::Builder::new(Vec::new());
        for (path, content) in &self.files {
            let mut header = tar::Header::new_gnu();
            header.set_size(content.len() as u64);
            header.set_mode(0o644);
            archive.append_data(&mut header, path, content.as_slice())?;
        }
        archive.into_inner()
    }

    /// The hash of all of it.
    pub(crate) fn version(&self) -> String {
        let mut hash = Sha256::new_with_prefix("dcp-folder/1");
        for (path, content) in &self.files {
            for text in [path.as_bytes(), content] {
                hash.update((text.len() as u64).to_le_bytes());
                hash.update(text);
            }
        }
        hex::encode(hash.finalize())
    }

    /// What is in it.
    pub(crate) fn list(&self) -> Vec<FileInfo> {
        let info = |(path, content): (&String, &Vec<u8>)| FileInfo {
            path: path.clone(),
            size: content.len(),
            sha256: hex::encode(Sha256::digest(content)),
        };
        self.files.iter().map(info).collect()
    }

    /// The files of `R/`, in the order of their names.
    pub(crate) fn code(&self) -> Result<Code, Wrong> {
        let mut text = String::new();
        let mut files = Vec::new();
        for (path, content) in self.files.iter().filter(|(path, _)| is_code(path)) {
            text.push_str(text_of(path, content)?);
            files.push((path.clone(), content.len()));
        }
        let code = Code::of_files(text, files).filter(|code| !code.files().is_empty());
        let code = code.ok_or_else(|| vec![wrong("R/", "has no file of R code")])?;
        if code.text().len() > CODE_BYTES {
            let limit = CODE_BYTES >> 10;
            return Err(vec![wrong(
                "R/",
                format!("is more than {limit} KiB of R code"),
            )]);
        }
        Ok(code)
    }

    /// The R files of `tests/`.
    pub(crate) fn tests(&self) -> Result<Vec<(&str, &str)>, Wrong> {
        let tests = self.files.iter().filter(|(path, _)| is_test(path));
        tests
            .map(|(path, content)| Ok((path.as_str(), text_of(path, content)?)))
            .collect()
    }

    /// The files of `data/` by their paths in it.
    pub(crate) fn data(&self) -> BTreeMap<&str, &[u8]> {
        let within = |(path, content)| Some((data_name(path)?, content));
        let files = self.files.iter().map(|(p, c)| (p.as_str(), c.as_slice()));
        files.filter_map(within).collect()
    }

    /// What it says of itself.
    pub(crate) fn manifest(&self) -> Result<Manifest, Wrong> {
        let Some(content) = self.files.get(MANIFEST) else {
            return Ok(Manifest::default());
        };
        let manifest: Manifest = toml::from_str(text_of(MANIFEST, content)?)
            .map_err(|error| vec![wrong(MANIFEST, error.message())])?;
        match &manifest.name {
            Some(name) if !is_script_name(name) => Err(vec![wrong(
                MANIFEST,
                format!("{name:?} is no name for a script"),
            )]),
            _ => Ok(manifest),
        }
    }

    fn misplaced(&self) -> Wrong {
        let fits = |path: &str| {
            is_code(path)
                || path == MANIFEST
                || path.starts_with("data/")
                || path.starts_with("tests/")
        };
        let paths = self.files.keys().filter(|path| !fits(path));
        let reason = "is none of R/*.R, data/, tests/ and dcp.toml";
        paths.take(TOLD).map(|path| wrong(path, reason)).collect()
    }
}

/// Whether a file is R code that is loaded.
pub(crate) fn is_code(path: &str) -> bool {
    path.strip_prefix("R/").is_some_and(is_r)
}

fn is_test(path: &str) -> bool {
    path.strip_prefix("tests/").is_some_and(is_r)
}

fn is_r(name: &str) -> bool {
    let end = name.len().saturating_sub(2);
    !name.contains('/') && end > 0 && matches!(name.get(end..), Some(".R" | ".r"))
}

/// The name by which R code asks for a file of `data/`.
pub(crate) fn data_name(path: &str) -> Option<&str> {
    path.strip_prefix("data/")
}

fn text_of<'a>(path: &str, content: &'a [u8]) -> Result<&'a str, Wrong> {
    std::str::from_utf8(content).map_err(|_| vec![wrong(path, "is no UTF-8 text")])
}

/// The files of a tar; what is wrong with single ones stands in `bad`.
fn read_all(tar: &[u8], bad: &mut Wrong) -> io::Result<BTreeMap<String, Vec<u8>>> {
    let mut files = BTreeMap::new();
    let mut size = 0;
    for entry in tar::Archive::new(tar).entries()? {
        let mut entry = entry?;
        let kind = entry.header().entry_type();
        // What git writes about a whole archive.
        if kind == tar::EntryType::XGlobalHeader {
            continue;
        }
        let raw = entry.path_bytes().into_owned();
        let refused = if bad.len() >= TOLD {
            break;
        } else if let Err(reason) = path_of(&raw) {
            Some(reason)
        } else if kind.is_dir() {
            continue;
        } else if !kind.is_file() {
            Some("is a link or a device; only files are taken")
        } else if entry.size() > FILE_BYTES {
            Some("is larger than 8 MiB")
        } else {
            None
        };
        let shown = String::from_utf8_lossy(&raw).into_owned();
        let path = match (path_of(&raw), refused) {
            (Ok(path), None) => path,
            (_, reason) => {
                bad.push(wrong(shown, reason.unwrap_or_default()));
                continue;
            }
        };
        let mut content = Vec::new();
        entry.read_to_end(&mut content)?;
        size += content.len();
        if files.len() == FILES || size > FOLDER_BYTES {
            let limit = FOLDER_BYTES >> 20;
            let limits = format!("has more than {FILES} files, or more than {limit} MiB together");
            bad.push(wrong("", limits));
            break;
        }
        if files.insert(path, content).is_some() {
            bad.push(wrong(shown, "is there twice"));
        }
    }
    Ok(files)
}

/// The path of an entry within its folder, or why it cannot be one.
fn path_of(raw: &[u8]) -> Result<String, &'static str> {
    let mut path = std::str::from_utf8(raw).map_err(|_| "its name is no UTF-8 text")?;
    while let Some(rest) = path.strip_prefix("./") {
        path = rest;
    }
    let path = path.strip_suffix('/').unwrap_or(path);
    if path.starts_with('/') {
        return Err("is an absolute path");
    }
    if path.len() > PATH_BYTES {
        return Err("its path is longer than 200 bytes");
    }
    if path.contains('\\') || path.chars().any(char::is_control) {
        return Err("its name has a backslash or a control character");
    }
    let mut steps = path.split('/');
    if steps.any(|step| step == "..") {
        return Err("leads out of the folder");
    }
    // The folder itself may stand in its tar, as `./`.
    let is_itself = path.is_empty() || path == ".";
    if !is_itself && path.split('/').any(|step| step.is_empty() || step == ".") {
        return Err("its path has an empty step");
    }
    Ok(path.to_owned())
}

/// Without the one folder that all files stand in, when somebody has packed it from above.
fn without_common_folder(files: BTreeMap<String, Vec<u8>>) -> BTreeMap<String, Vec<u8>> {
    let first = files.keys().next().and_then(|path| path.split_once('/'));
    let common = match first {
        Some((folder, _)) if !["R", "data", "tests"].contains(&folder) => format!("{folder}/"),
        _ => return files,
    };
    if !files.keys().all(|path| path.starts_with(&common)) {
        return files;
    }
    let shorter = |(path, content): (String, Vec<u8>)| (path[common.len()..].to_owned(), content);
    files.into_iter().map(shorter).collect()
}

#[cfg(test)]
mod tests;
