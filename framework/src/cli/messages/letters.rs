//! Looking: what is on its way, and the dead letters.

use std::process::ExitCode;

use anyhow::bail;
use serde_json::{Value, json};

use super::Filter;
use super::modules::{Place, all_reached, places};
use crate::table::{plain, table};

const QUEUES: [&str; 9] = [
    "MODULE", "NODE", "QUEUE", "DEPTH", "PARKED", "RETRYING", "DEAD", "OUTBOX", "OLDEST",
];
const GROUPS: [&str; 7] = [
    "MODULE", "NODE", "QUEUE", "TYPE", "COUNT", "SINCE", "REASON",
];
/// Longest reason in a table.
const REASON: usize = 100;

/// Prints how much is on its way by queue, and the oldest row of each outbox.
pub(crate) async fn overview(json: bool) -> anyhow::Result<ExitCode> {
    let places = places(None, None).await?;
    let (found, failed) = each(&places, async |place| place.get("messages", &[]).await).await;
    if json {
        println!("{}", serde_json::to_string_pretty(&told(&found))?);
    } else {
        print!("{}", table(&QUEUES, 3..9, &queue_rows(&found)));
    }
    all_reached(&failed)?;
    Ok(ExitCode::SUCCESS)
}

/// Prints the dead letters by queue, type and reason.
pub(super) async fn list(filter: &Filter, json: bool) -> anyhow::Result<ExitCode> {
    let places = filter.places().await?;
    let ask = async |place: &Place| place.get("dead-letters/groups", &[]).await;
    let (mut found, failed) = each(&places, ask).await;
    for (_, groups) in &mut found {
        if let Some(groups) = groups.as_array_mut() {
            groups.retain(|group| filter.takes(group));
        }
    }
    if json {
        println!("{}", serde_json::to_string_pretty(&told(&found))?);
    } else {
        let rows = group_rows(&found);
        if rows.is_empty() {
            println!("no dead letters: every message took effect");
        } else {
            print!("{}", table(&GROUPS, 4..5, &rows));
        }
    }
    all_reached(&failed)?;
    Ok(ExitCode::SUCCESS)
}

/// Prints one dead letter, wherever it is.
pub(super) async fn show(id: uuid::Uuid, json: bool) -> anyhow::Result<ExitCode> {
    let places = places(None, None).await?;
    let id = id.to_string();
    let ask = async |place: &Place| place.get("dead-letters", &[("id", &id)]).await;
    let (found, failed) = each(&places, ask).await;
    let mut letters = found
        .iter()
        .flat_map(|(place, letters)| {
            letters
                .as_array()
                .into_iter()
                .flatten()
                .map(move |one| (place, one))
        })
        .peekable();
    if letters.peek().is_none() {
        all_reached(&failed)?;
        bail!("there is no dead letter {id}");
    }
    for (place, letter) in letters {
        if json {
            println!("{}", serde_json::to_string_pretty(letter)?);
        } else {
            print_letter(place, letter)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn print_letter(place: &Place, letter: &Value) -> anyhow::Result<()> {
    println!("module    {} on {}", place.module, place.node);
    for name in [
        "queue", "id", "type", "source", "key", "attempts", "sent_at", "at", "trace_id", "reason",
    ] {
        println!("{name:<9} {}", plain(&letter[name]));
    }
    if letter["ordered"] == json!(true) {
        println!("ordered   it holds up what follows it under its key");
    }
    println!("\n{}", serde_json::to_string_pretty(&letter["body"])?);
    Ok(())
}

/// Asks each module; one that cannot be asked hides none of the others. A module without a database has no messages.
async fn each<'a>(
    places: &'a [Place],
    ask: impl AsyncFn(&Place) -> anyhow::Result<Value>,
) -> (Vec<(&'a Place, Value)>, Vec<String>) {
    let (mut found, mut failed) = (Vec::new(), Vec::new());
    for place in places {
        match ask(place).await {
            Ok(value) => found.push((place, value)),
            Err(error) if error.to_string().contains("(404 ") => {}
            Err(error) => failed.push(format!("{} on {}: {error:#}", place.module, place.node)),
        }
    }
    (found, failed)
}

fn told(found: &[(&Place, Value)]) -> Value {
    let one = |(place, value): &(&Place, Value)| json!({ "module": place.module, "node": place.node, "found": value });
    found.iter().map(one).collect()
}

fn queue_rows(found: &[(&Place, Value)]) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    for (place, overview) in found {
        let outbox = &overview["outbox"];
        let oldest = outbox["oldest_seconds"]
            .as_f64()
            .filter(|_| !outbox["oldest"].is_null());
        rows.push(vec![
            place.module.clone(),
            place.node.clone(),
            "(outbox)".to_owned(),
            String::new(),
            String::new(),
            String::new(),
            String::new(),
            plain(&outbox["waiting"]),
            oldest.map_or_else(|| "-".to_owned(), |seconds| format!("{seconds:.0} s")),
        ]);
        for queue in overview["queues"].as_array().into_iter().flatten() {
            let brake = if queue["braked"] == json!(true) {
                " (waits)"
            } else {
                ""
            };
            let mut row = vec![
                place.module.clone(),
                place.node.clone(),
                format!("{}{brake}", plain(&queue["queue"])),
            ];
            row.extend(
                ["depth", "parked", "retrying", "dead_letters"].map(|name| plain(&queue[name])),
            );
            row.extend([String::new(), String::new()]);
            rows.push(row);
        }
    }
    rows
}

fn group_rows(found: &[(&Place, Value)]) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    for (place, groups) in found {
        for group in groups.as_array().into_iter().flatten() {
            let mut row = vec![place.module.clone(), place.node.clone()];
            row.extend(["queue", "type", "count", "oldest"].map(|name| plain(&group[name])));
            row.push(plain(&group["reason"]).chars().take(REASON).collect());
            rows.push(row);
        }
    }
    rows
}

impl Filter {
    /// Whether a group is meant; what only single letters tell takes every group that may hold one.
    fn takes(&self, group: &Value) -> bool {
        let fits = |wanted: &Option<String>, name: &str| {
            wanted
                .as_deref()
                .is_none_or(|text| group[name] == json!(text))
        };
        let oldest = group["oldest"]
            .as_str()
            .and_then(|text| text.parse::<jiff::Timestamp>().ok());
        let early = self
            .before
            .is_none_or(|before| oldest.is_some_and(|oldest| oldest < before));
        early
            && fits(&self.queue, "queue")
            && fits(&self.name, "type")
            && fits(&self.reason, "reason")
    }
}
