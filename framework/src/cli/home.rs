//! Where the platform is.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use anyhow::{Context, bail};

use super::portal::last_login;

/// `DCP_HOME`, or the nearest folder `.dcp` above the working folder or above this program.
pub(crate) fn home() -> anyhow::Result<PathBuf> {
    if let Some(home) = std::env::var_os("DCP_HOME") {
        let home = PathBuf::from(home);
        return if home.is_dir() {
            Ok(home)
        } else {
            bail!("DCP_HOME names {}, which is no folder", home.display())
        };
    }
    let (here, program) = (std::env::current_dir()?, std::env::current_exe()?);
    let found = [here.as_path(), program.as_path()]
        .into_iter()
        .find_map(above);
    found.context("no platform found: there is no folder .dcp above this one; run infra/up, or set DCP_HOME to the folder of a running platform")
}

fn above(start: &Path) -> Option<PathBuf> {
    start.ancestors().find_map(|folder| {
        let home = if folder.file_name().is_some_and(|name| name == ".dcp") {
            folder.to_owned()
        } else {
            folder.join(".dcp")
        };
        home.is_dir().then_some(home)
    })
}

/// Names of the nodes set up in this home.
pub(crate) fn nodes(home: &Path) -> Vec<String> {
    let files = std::fs::read_dir(home.join("run"))
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path());
    let mut nodes: Vec<String> = files
        .filter(|file| file.extension().is_some_and(|ending| ending == "toml"))
        .filter_map(|file| Some(file.file_stem()?.to_str()?.to_owned()))
        .collect();
    nodes.sort();
    nodes
}

/// The address given on the command line.
static CHOSEN: OnceLock<String> = OnceLock::new();

/// Takes the address given on the command line before all others.
pub(crate) fn choose_portal(url: Option<String>) {
    if let Some(url) = url {
        CHOSEN.get_or_init(|| url);
    }
}

/// Address of the portal, without a slash at the end: that of the command line, of `DCP_URL`, of the platform that `DCP_HOME` names, of the
/// last login, of the platform around, or the usual one.
pub(crate) fn portal_url() -> String {
    let is_named = std::env::var_os("DCP_HOME").is_some();
    let named = || noted().filter(|_| is_named);
    ready(chosen().or_else(named).or_else(last_login).or_else(noted))
}

/// Address of the portal of the platform around, wherever somebody is logged in.
pub(crate) fn own_portal_url() -> String {
    ready(chosen().or_else(noted))
}

/// What to say of the address where the platform around has another one: a login elsewhere holds until the next.
pub(crate) fn elsewhere() -> Option<String> {
    let (url, around) = (portal_url(), noted().map(|url| ready(Some(url)))?);
    let by_login = chosen().is_none() && url != around;
    by_login.then(|| {
        format!("at {url}, where you have logged in last; `dcp login`, --url or DCP_URL name another, such as {around} of this folder")
    })
}

fn chosen() -> Option<String> {
    CHOSEN
        .get()
        .cloned()
        .or_else(|| std::env::var("DCP_URL").ok())
}

fn noted() -> Option<String> {
    std::fs::read_to_string(home().ok()?.join("run/portal_url")).ok()
}

fn ready(url: Option<String>) -> String {
    let url = url.unwrap_or_else(|| "http://localhost:7400".to_owned());
    url.trim().trim_end_matches('/').to_owned()
}
