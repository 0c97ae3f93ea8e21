//! `dcp contracts`: what modules tell and ask each other, and whether everything fits.

mod show;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use clap::Subcommand;
use dcp::contracts::asyncapi::{Deployed, document};
use dcp::contracts::{KEPT_FOLDER, Wiring, accept, all, check, check_wiring, kept_in};

use super::manifests::Manifests;

/// What to do with the contracts.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// List every event and task, or explain one.
    Show {
        /// Name, with or without version.
        name: Option<String>,
        #[command(flatten)]
        manifests: Manifests,
    },
    /// Print the deployed platform as an `AsyncAPI` 3.0 document.
    Asyncapi(Manifests),
    /// Check that no event breaks who reads it and that all manifests fit. Ends with 1 when something is wrong.
    Check(Manifests),
    /// Keep the schemas of new and compatibly changed events in the repository; refuses what would break a reader.
    Accept,
}

/// Does what was asked.
pub(crate) fn run(command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Show {
            name: None,
            manifests,
        } => print!("{}", show::list(&deployed(&manifests)?)),
        Command::Show {
            name: Some(name),
            manifests,
        } => print!("{}", show::explain(&name, &deployed(&manifests)?)?),
        Command::Asyncapi(manifests) => {
            println!(
                "{}",
                serde_json::to_string_pretty(&document(&all(), &deployed(&manifests)?))?
            );
        }
        Command::Check(manifests) => return check_all(&wiring(&deployed(&manifests)?)),
        Command::Accept => return accept_all(),
    }
    Ok(ExitCode::SUCCESS)
}

fn deployed(manifests: &Manifests) -> anyhow::Result<Vec<Deployed>> {
    let found = manifests.read()?;
    Ok(found
        .iter()
        .map(|one| Deployed::of(&one.manifest, one.node.as_deref(), one.zone))
        .collect())
}

fn wiring(deployed: &[Deployed]) -> Vec<Wiring> {
    deployed
        .iter()
        .map(|module| module.wiring.clone())
        .collect()
}

fn check_all(wiring: &[Wiring]) -> anyhow::Result<ExitCode> {
    let (contracts, root) = (all(), repository()?);
    let mut wrong = Vec::new();
    for contract in &contracts {
        // In the repository the files count: what was built in may be older.
        let kept = match &root {
            Some(root) => kept_in(&root.join(KEPT_FOLDER), contract)?,
            None => contract.kept(),
        };
        wrong.extend(check(contract, kept.as_ref(), &contract.schema(), wiring));
    }
    wrong.extend(check_wiring(&contracts, wiring));
    for sentence in &wrong {
        println!("{sentence}");
    }
    if wrong.is_empty() {
        println!(
            "{} events and tasks keep their contracts, and the manifests of {} modules fit",
            contracts.len(),
            wiring.len()
        );
        return Ok(ExitCode::SUCCESS);
    }
    Ok(ExitCode::FAILURE)
}

/// The repository that the working folder belongs to, if it does.
fn repository() -> anyhow::Result<Option<PathBuf>> {
    let here = std::env::current_dir()?;
    let root = here
        .ancestors()
        .find(|folder| folder.join(KEPT_FOLDER).is_dir());
    Ok(root.map(Path::to_owned))
}

fn accept_all() -> anyhow::Result<ExitCode> {
    let root = repository()?.with_context(|| {
        format!("no folder {KEPT_FOLDER} here or above; schemas are kept in the repository")
    })?;
    let readers = wiring(&deployed(&Manifests::below(root.join("modules")))?);
    let done = accept(&root.join(KEPT_FOLDER), &all(), &readers)?;
    for name in &done.written {
        println!("kept: {name}");
    }
    for refusal in &done.refused {
        eprintln!("{refusal}");
    }
    if done.written.is_empty() && done.refused.is_empty() {
        println!("every schema is kept already");
    }
    Ok(if done.refused.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
