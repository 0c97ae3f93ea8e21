//! Packages of the machine's R library as scripts: those that the operator lists are callable like what is published.
//!
//! A package becomes the script `pkg:<name>`, whose source binds each exported function to its name and says the package's
//! version: so the version of the script, and with it the key of each computation, changes with the package.

use crate::Calc;
use crate::content::Content;
use crate::engine::Failure;
use crate::publishing::Publication;
use dcp::events::Actor;
use serde::Deserialize;
use std::fmt::Write;

/// What stands before the name of a package; no person's script can begin so.
pub(crate) const PREFIX: &str = "pkg:";
/// Who is named as the publisher.
const ENGINE: &str = "calc";

/// What R says of a package.
#[derive(Deserialize)]
struct Exported {
    version: String,
    functions: Vec<String>,
}

/// Publishes what is listed; runs once after the start.
pub(crate) async fn offer(calc: Calc) {
    for package in calc.settings.package_list() {
        match calc.offer_package(package).await {
            Ok(functions) => tracing::info!(package, functions, "an R package is callable"),
            Err(error) => tracing::error!(
                package,
                error = dcp::chain(&error),
                detail = error.detail(),
                "a listed R package cannot be called"
            ),
        }
    }
}

impl Calc {
    /// Whether calls may name this script: a package only while it is listed.
    pub(crate) fn offers(&self, script: &str) -> bool {
        let name = script.split_once('@').map_or(script, |(name, _)| name);
        name.strip_prefix(PREFIX)
            .is_none_or(|package| self.settings.package_list().any(|one| one == package))
    }

    async fn offer_package(&self, package: &str) -> Result<usize, Failure> {
        let name = serde_json::json!(package).to_string();
        let exported: Exported = self
            .ask_r("exported", vec![("package".into(), name.into())])
            .await?;
        let publication = Publication {
            name: &format!("{PREFIX}{package}"),
            content: &Content::of_text(&source(package, &exported)),
            by: &Actor {
                id: format!("service:{ENGINE}"),
                name: ENGINE.into(),
            },
            brought_by: Some(ENGINE),
        };
        let script = self.publish(&publication).await?;
        Ok(script.functions.len())
    }
}

fn source(package: &str, exported: &Exported) -> String {
    let version = &exported.version;
    let mut source =
        format!("# The R package {package} {version}, as the operator of this engine lists it.\n");
    for name in &exported.functions {
        // Writing to a text cannot fail.
        writeln!(source, "{name} <- {package}::{name}").unwrap_or_default();
    }
    source
}
