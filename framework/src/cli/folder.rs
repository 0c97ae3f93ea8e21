//! Folders of R code as `dcp publish` sends them: R/, data/ and tests/, packed as tar.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

/// Where a folder says what it is.
const MANIFEST: &str = "dcp.toml";
/// What of it is sent; anything else beside stays where it is.
const PARTS: [&str; 3] = ["R", "data", "tests"];

/// A folder as tar, and the name it gives itself.
#[derive(Debug)]
pub(crate) struct Packed {
    pub(crate) tar: Vec<u8>,
    pub(crate) name: Option<String>,
}

/// Packs a folder; hidden files are left out.
pub(crate) fn pack(folder: &Path) -> anyhow::Result<Packed> {
    let mut files = BTreeMap::new();
    for part in PARTS {
        let path = folder.join(part);
        if path.is_dir() {
            collect(&path, part, &mut files)?;
        }
    }
    let manifest = folder.join(MANIFEST);
    if manifest.is_file() {
        files.insert(MANIFEST.to_owned(), manifest.clone());
    }
    if !files.keys().any(|path| path.starts_with("R/")) {
        bail!("{} has no R code in R/", folder.display());
    }
    let mut archive = tar::Builder::new(Vec::new());
    for (path, file) in &files {
        let content = std::fs::read(file).with_context(|| unreadable(file))?;
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        archive.append_data(&mut header, path, content.as_slice())?;
    }
    let text = manifest
        .is_file()
        .then(|| std::fs::read_to_string(&manifest));
    let text = text.transpose().with_context(|| unreadable(&manifest))?;
    Ok(Packed {
        tar: archive.into_inner()?,
        name: text.as_deref().and_then(name_in),
    })
}

/// A folder that is packed already.
pub(crate) fn packed(file: &Path) -> anyhow::Result<Packed> {
    let tar = std::fs::read(file).with_context(|| unreadable(file))?;
    let mut name = None;
    for entry in tar::Archive::new(tar.as_slice()).entries()? {
        let mut entry = entry.with_context(|| format!("{} is no tar", file.display()))?;
        if entry
            .path()?
            .file_name()
            .is_some_and(|name| name == MANIFEST)
        {
            let mut text = String::new();
            entry.read_to_string(&mut text)?;
            name = name_in(&text);
        }
    }
    Ok(Packed { tar, name })
}

fn unreadable(path: &Path) -> String {
    format!("{} cannot be read", path.display())
}

/// The engine says what is wrong with a manifest; here only its name counts.
fn name_in(manifest: &str) -> Option<String> {
    let manifest: toml::Table = manifest.parse().ok()?;
    Some(manifest.get("name")?.as_str()?.to_owned())
}

fn collect(
    folder: &Path,
    inside: &str,
    files: &mut BTreeMap<String, PathBuf>,
) -> anyhow::Result<()> {
    for entry in std::fs::read_dir(folder).with_context(|| unreadable(folder))? {
        let entry = entry.with_context(|| unreadable(folder))?;
        let name = entry.file_name();
        let Some(name) = name.to_str() else {
            bail!("{} has a name that is no text", entry.path().display());
        };
        if name.starts_with('.') {
            continue;
        }
        let path = format!("{inside}/{name}");
        let kind = entry.file_type()?;
        if kind.is_dir() {
            collect(&entry.path(), &path, files)?;
        } else if kind.is_file() {
            files.insert(path, entry.path());
        } else {
            bail!(
                "{} is a link or a device; put the file itself there",
                entry.path().display()
            );
        }
    }
    Ok(())
}
