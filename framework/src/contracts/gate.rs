//! The gate: the schema of a version that was agreed does not change in a way that breaks who reads it.

use std::fmt::Write as _;
use std::io;
use std::path::Path;

use serde_json::Value;

use super::compare::compare;
use super::rule::Breach;
use super::{Contract, Wiring};

/// Where the kept schemas stand, below the root of the repository.
pub const KEPT_FOLDER: &str = "framework/src/events/golden";
/// How a compatible schema is kept.
const ACCEPT: &str = "cargo run -p dcp -- contracts accept";

/// The name of the file of a kept schema.
pub(super) fn kept_file(wire_name: &str) -> String {
    format!("{wire_name}.schema.json")
}

/// How the schema made from the code stands to the kept one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It is the same.
    Same,
    /// It differs, and whoever reads the message still can.
    Compatible,
    /// Nothing is kept yet.
    New,
    /// It breaks the contract.
    Breaks(Vec<Breach>),
}

/// Judges the code's schema by the kept one.
pub fn judge(kept: Option<&Value>, made: &Value) -> Verdict {
    let Some(kept) = kept else {
        return Verdict::New;
    };
    let comparison = compare(kept, made);
    if !comparison.breaches.is_empty() {
        Verdict::Breaks(comparison.breaches)
    } else if comparison.same {
        Verdict::Same
    } else {
        Verdict::Compatible
    }
}

/// What is wrong with a contract, in words; nothing when the code keeps it. `wiring` says who reads the message.
pub fn check(
    contract: &Contract,
    kept: Option<&Value>,
    made: &Value,
    wiring: &[Wiring],
) -> Option<String> {
    let name = contract.wire_name();
    match judge(kept, made) {
        Verdict::Same => None,
        Verdict::New => Some(format!("{name} has no kept schema; `{ACCEPT}` keeps it")),
        Verdict::Compatible => Some(format!(
            "{name} has changed and still fits who reads it; `{ACCEPT}` keeps the new schema"
        )),
        Verdict::Breaks(breaches) => Some(broken(contract, &breaches, wiring)),
    }
}

fn broken(contract: &Contract, breaches: &[Breach], wiring: &[Wiring]) -> String {
    let name = contract.wire_name();
    let mut text = format!("{name} breaks its contract:");
    for breach in breaches {
        // Writing to a String cannot fail.
        write!(text, "\n  {breach}").unwrap_or_default();
    }
    let readers: Vec<&str> = wiring
        .iter()
        .filter(|module| module.reads(contract))
        .map(|module| module.module.as_str())
        .collect();
    let readers = if readers.is_empty() {
        "no module of this repository".to_owned()
    } else {
        readers.join(", ")
    };
    let (next, file) = (contract.version + 1, kept_file(&name));
    write!(
        text,
        "\n  read by: {readers}\n  Make version {next} of {}: a type of its own beside {} with VERSION = {next}, listed in \
         framework/src/contracts/registry.rs; send both versions until nobody reads version {}. What {KEPT_FOLDER}/{file} keeps stays as it is.",
        contract.name,
        contract.rust_type(),
        contract.version,
    )
    .unwrap_or_default();
    text
}

/// What `accept` did.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Accepted {
    /// Names on the wire whose schema was written.
    pub written: Vec<String>,
    /// Why a schema was not overwritten, a text for each.
    pub refused: Vec<String>,
}

/// Keeps the schemas of new and of compatibly changed contracts in `folder`; never overwrites one that would be broken.
pub fn accept(folder: &Path, contracts: &[Contract], wiring: &[Wiring]) -> io::Result<Accepted> {
    let mut done = Accepted::default();
    for contract in contracts {
        let (name, made) = (contract.wire_name(), contract.schema());
        let file = folder.join(kept_file(&name));
        match judge(kept_in(folder, contract)?.as_ref(), &made) {
            Verdict::Same => {}
            Verdict::New | Verdict::Compatible => {
                std::fs::write(&file, serde_json::to_string_pretty(&made)? + "\n")?;
                done.written.push(name);
            }
            Verdict::Breaks(breaches) => done.refused.push(broken(contract, &breaches, wiring)),
        }
    }
    Ok(done)
}

/// The schema kept in a folder; nothing when there is no such file.
pub fn kept_in(folder: &Path, contract: &Contract) -> io::Result<Option<Value>> {
    match std::fs::read(folder.join(kept_file(&contract.wire_name()))) {
        Ok(text) => Ok(Some(serde_json::from_slice(&text)?)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests;
