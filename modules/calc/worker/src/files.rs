//! The files that R code reaches: R itself, its packages and the libraries and fonts they need, read only; the data of
//! scripts, read only; and the worker's own folder, the only one in which it may write. Set once R runs; nothing undoes it.

#![expect(
    clippy::disallowed_methods,
    reason = "the engine hands the folders over as variables"
)]

use landlock::{
    ABI, Access, AccessFs, AccessNet, CompatLevel, Compatible, Ruleset, RulesetAttr,
    RulesetCreatedAttr, RulesetError, RulesetStatus, Scope, path_beneath_rules,
};

/// What the rules are written for; an older kernel enforces those it knows.
const KNOWN: ABI = ABI::V6;
/// Variables that hold folders of R, each a list separated by colons.
const R_FOLDERS: [&str; 6] = [
    "R_HOME",
    "R_SHARE_DIR",
    "R_DOC_DIR",
    "R_INCLUDE_DIR",
    "R_LIBS",
    "R_LIBS_SITE",
];
/// Shared libraries, R's site configuration, fonts, locales and time zones: what packages open while they work.
const SYSTEM: [&str; 15] = [
    "/usr/lib",
    "/lib",
    "/lib64",
    "/usr/local/lib",
    "/etc/ld.so.cache",
    "/etc/R",
    "/etc/fonts",
    "/etc/localtime",
    "/usr/share/fonts",
    "/usr/local/share/fonts",
    "/usr/share/fontconfig",
    "/var/cache/fontconfig",
    "/usr/share/zoneinfo",
    "/dev/urandom",
    "/dev/random",
];

/// Confines the process; says which files are within reach: "own", "partly" where the kernel does not know all of it, "host"
/// where it knows nothing of it.
pub(crate) fn confine() -> Result<&'static str, RulesetError> {
    let all = AccessFs::from_all(KNOWN);
    let read = AccessFs::ReadFile | AccessFs::ReadDir;
    let status = Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(all)?
        .handle_access(AccessNet::from_all(KNOWN))?
        .scope(Scope::from_all(KNOWN))?
        .create()?
        .add_rules(path_beneath_rules(readable(), read))?
        .add_rules(path_beneath_rules(data_folder(), AccessFs::ReadFile))?
        .add_rules(path_beneath_rules(own_folder(), all & !AccessFs::Execute))?
        .add_rules(path_beneath_rules(
            ["/dev/null"],
            read | AccessFs::WriteFile,
        ))?
        .restrict_self()?;
    Ok(match status.ruleset {
        RulesetStatus::FullyEnforced => "own",
        RulesetStatus::PartiallyEnforced => "partly",
        RulesetStatus::NotEnforced => "host",
    })
}

fn readable() -> Vec<String> {
    let of_r = R_FOLDERS.iter().filter_map(|name| std::env::var(name).ok());
    let mut folders: Vec<String> = of_r
        .flat_map(|list| list.split(':').map(str::to_owned).collect::<Vec<_>>())
        .filter(|folder| folder.starts_with('/'))
        .collect();
    folders.extend(SYSTEM.map(str::to_owned));
    folders
}

fn own_folder() -> Option<String> {
    folder("TMPDIR")
}

/// The data of scripts: what stands in it can be opened by who knows its name, not listed.
fn data_folder() -> Option<String> {
    folder("CALC_DATA")
}

fn folder(variable: &str) -> Option<String> {
    let folder = std::env::var(variable).ok();
    folder.filter(|folder| folder.starts_with('/'))
}
