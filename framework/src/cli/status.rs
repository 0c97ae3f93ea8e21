//! `dcp status`: one line per module.

use std::fmt::Write as _;
use std::process::ExitCode;

use anyhow::bail;
use dcp::node::{Health, ModuleStatus, NodeStatus, State};

use super::home::{home, nodes};
use super::node;

const HEAD: [&str; 9] = [
    "MODULE",
    "NODE",
    "ZONE",
    "VERSION",
    "STATE",
    "INSTANCES",
    "PORTS",
    "MEMORY",
    "RESTARTS",
];

/// Prints the table, or JSON; 1 when something is down.
pub(crate) async fn show(json: bool) -> anyhow::Result<ExitCode> {
    let home = home()?;
    let names = nodes(&home);
    if names.is_empty() {
        bail!("no node was started from {}; run infra/up", home.display());
    }
    let (mut found, mut silent) = (Vec::new(), Vec::new());
    for name in names {
        match node::status(&home, &name).await {
            Ok(status) => found.push(status),
            Err(error) => silent.push((name, error)),
        }
    }
    let down = !silent.is_empty()
        || found
            .iter()
            .flat_map(|node| &node.modules)
            .any(|module| module.health == Health::Down);
    if json {
        println!("{}", serde_json::to_string_pretty(&found)?);
    } else {
        print!("{}", table(&found));
        for (_, error) in &silent {
            println!("{error:#}");
        }
    }
    Ok(if down {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

fn table(nodes: &[NodeStatus]) -> String {
    let mut rows = vec![HEAD.map(str::to_owned)];
    for node in nodes {
        rows.push([
            "(node)".to_owned(),
            node.node.clone(),
            node.zone.to_string(),
            node.version.clone(),
            "ready".to_owned(),
            "1".to_owned(),
            node.internal
                .rsplit(':')
                .next()
                .unwrap_or_default()
                .to_owned(),
            megabytes(node.memory_bytes),
            "-".to_owned(),
        ]);
        rows.extend(node.modules.iter().map(row));
    }
    let width = |column: usize| {
        rows.iter()
            .map(|row| row[column].chars().count())
            .max()
            .unwrap_or(0)
    };
    let widths: Vec<usize> = (0..HEAD.len()).map(width).collect();
    let mut text = String::new();
    for row in &rows {
        let cells = row
            .iter()
            .zip(&widths)
            .enumerate()
            .map(|(column, (cell, width))| {
                if column >= 7 {
                    format!("{cell:>width$}")
                } else {
                    format!("{cell:<width$}")
                }
            });
        text.push_str(cells.collect::<Vec<_>>().join("  ").trim_end());
        text.push('\n');
    }
    for module in nodes.iter().flat_map(|node| &node.modules) {
        for instance in &module.instances {
            if let Some(problem) = &instance.problem {
                // Writing to a String cannot fail.
                writeln!(
                    text,
                    "
{} {} on {}: {problem}",
                    module.module, instance.id, module.node
                )
                .unwrap_or_default();
            }
        }
    }
    text
}

fn row(module: &ModuleStatus) -> [String; 9] {
    let ready = module
        .instances
        .iter()
        .filter(|instance| instance.state == State::Ready)
        .count();
    let ports: Vec<String> = module
        .instances
        .iter()
        .filter_map(|instance| instance.port)
        .map(|port| port.to_string())
        .collect();
    let degraded = if module.health == Health::Degraded {
        " (degraded)"
    } else {
        ""
    };
    [
        module.module.clone(),
        module.node.clone(),
        module.zone.to_string(),
        module.version.clone(),
        format!("{}{degraded}", module.state.as_str()),
        format!("{ready}/{}", module.instances.len()),
        if ports.is_empty() {
            "-".to_owned()
        } else {
            ports.join(",")
        },
        megabytes(
            module
                .instances
                .iter()
                .map(|instance| instance.memory_bytes)
                .sum(),
        ),
        module
            .instances
            .iter()
            .map(|instance| instance.restarts)
            .sum::<u32>()
            .to_string(),
    ]
}

fn megabytes(bytes: u64) -> String {
    let tenths = bytes / 100_000;
    format!("{}.{} MB", tenths / 10, tenths % 10)
}
