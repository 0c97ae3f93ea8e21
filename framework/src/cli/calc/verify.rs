//! `dcp calc verify`: the verification report of an engine after its installation or a change.

use std::path::Path;
use std::process::ExitCode;

use anyhow::Context;
use serde_json::{Value, json};

use super::{Engine, listed};
use crate::table::plain;

/// Runs every known answer again and writes the report.
pub(super) async fn verify(engine: &Engine, output: &Path) -> anyhow::Result<ExitCode> {
    let engines = engine.get("/engines").await?;
    let scripts = engine.get("/scripts").await?;
    let mut checked = Vec::new();
    let (mut examples, mut different) = (0, 0);
    for script in listed(&scripts).filter(|script| !script["effective"].is_null()) {
        let (name, version) = (plain(&script["name"]), plain(&script["effective"]));
        let path = format!("/scripts/{name}/versions/{version}");
        let known = engine.get(&path).await?;
        let again = engine
            .post(&format!("{path}/verification"), &json!({}))
            .await?;
        for example in listed(&again["examples"]) {
            examples += 1;
            if example["same"] != json!(true) {
                different += 1;
                let code = plain(&example["example"]).replace('\n', "; ");
                println!(
                    "{name}@{version:.12}: {code} gives something else than at its publication"
                );
            }
        }
        checked.push(json!({
            "script": name, "version": version, "brought_by": script["brought_by"], "history": known["history"],
            "examples": again["examples"], "environment": again["environment"], "at": again["at"],
        }));
    }
    let passed = different == 0;
    let report = json!({ "engines": engines, "scripts": checked, "examples": examples, "different": different, "passed": passed });
    write(output, &report)?;
    let scripts = checked.len();
    println!(
        "{scripts} effective scripts, {examples} examples, {different} different; the report is {}",
        output.display()
    );
    Ok(if passed {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn write(output: &Path, report: &Value) -> anyhow::Result<()> {
    let text = serde_json::to_string_pretty(report)?;
    std::fs::write(output, text + "\n")
        .with_context(|| format!("{} cannot be written", output.display()))
}
