//! Events and tasks as text.

use anyhow::bail;
use dcp::contracts::asyncapi::Deployed;
use dcp::contracts::{Contract, Wiring, all};
use dcp::events::Kind;
use serde_json::Value;

/// Names of modules, each once, in order.
fn names<'d>(deployed: &'d [Deployed], which: impl Fn(&Wiring) -> bool) -> String {
    let mut found: Vec<&'d str> = deployed
        .iter()
        .filter(|module| which(&module.wiring))
        .map(|module| module.wiring.module.as_str())
        .collect();
    found.sort_unstable();
    found.dedup();
    if found.is_empty() {
        "-".to_owned()
    } else {
        found.join(", ")
    }
}

fn senders(contract: &Contract, deployed: &[Deployed]) -> String {
    match contract.kind {
        Kind::Event => names(deployed, |module| {
            module.publishes.contains(&contract.wire_name())
        }),
        Kind::Task => "any module".to_owned(),
    }
}

/// One line for each event and task.
pub(super) fn list(deployed: &[Deployed]) -> String {
    let mut rows = vec![["NAME", "KIND", "SENT BY", "READ BY"].map(str::to_owned)];
    rows.extend(all().iter().map(|contract| {
        let kind = if contract.kind == Kind::Task {
            "task"
        } else {
            "event"
        };
        [
            contract.wire_name(),
            kind.to_owned(),
            senders(contract, deployed),
            names(deployed, |module| module.reads(contract)),
        ]
    }));
    table(&rows)
}

/// Everything about one of them.
pub(super) fn explain(name: &str, deployed: &[Deployed]) -> anyhow::Result<String> {
    let contracts = all();
    let contract = contracts
        .iter()
        .filter(|contract| contract.wire_name() == name || contract.name == name)
        .max_by_key(|contract| contract.version);
    let Some(contract) = contract else {
        bail!("there is no event or task {name}; `dcp contracts show` lists them");
    };
    Ok(format!(
        "{}\n{}\n\nsent by: {}\nread by: {}\n\n{}\n{}\n",
        contract.wire_name(),
        contract.description(),
        senders(contract, deployed),
        names(deployed, |module| module.reads(contract)),
        table(&fields(&contract.schema())),
        serde_json::to_string_pretty(&contract.example())?,
    ))
}

/// The fields of a message, below a head.
fn fields(schema: &Value) -> Vec<[String; 4]> {
    let required = |field: &str| {
        let names = schema["required"].as_array();
        names.is_some_and(|names| names.iter().any(|name| name == field))
    };
    let mut rows = vec![["FIELD", "TYPE", "REQUIRED", "MEANING"].map(str::to_owned)];
    for (field, said) in schema["properties"].as_object().into_iter().flatten() {
        let meaning = said["description"].as_str().unwrap_or_default();
        rows.push([
            field.clone(),
            type_of(said),
            if required(field) { "yes" } else { "no" }.to_owned(),
            meaning.replace('\n', " "),
        ]);
    }
    rows
}

fn type_of(schema: &Value) -> String {
    let format = schema["format"]
        .as_str()
        .map(|format| format!(" ({format})"))
        .unwrap_or_default();
    match (&schema["type"], schema["$ref"].as_str()) {
        (_, Some(reference)) => reference.rsplit('/').next().unwrap_or_default().to_owned(),
        (Value::String(name), _) => format!("{name}{format}"),
        (Value::Array(names), _) => {
            let names: Vec<&str> = names.iter().filter_map(Value::as_str).collect();
            format!("{}{format}", names.join(" or "))
        }
        _ => "anything".to_owned(),
    }
}

/// Columns as wide as their widest cell.
fn table(rows: &[[String; 4]]) -> String {
    let width = |column: usize| {
        rows.iter()
            .map(|row| row[column].chars().count())
            .max()
            .unwrap_or(0)
    };
    let widths: Vec<usize> = (0..4).map(width).collect();
    let line = |row: &[String; 4]| {
        let cells = row
            .iter()
            .zip(&widths)
            .map(|(cell, width)| format!("{cell:<width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned() + "\n"
    };
    rows.iter().map(line).collect()
}
