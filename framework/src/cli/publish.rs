//! `dcp publish`: a file of R functions becomes endpoints.

use std::path::Path;

use anyhow::Context;
use reqwest::header::CONTENT_TYPE;
use serde_json::Value;

use super::calc::Place;
use super::home::portal_url;
use super::portal::{client, read};

/// Publishes the file and prints how to call what is in it.
pub(crate) async fn publish(file: &Path, name: Option<&str>, place: &Place) -> anyhow::Result<()> {
    let source = std::fs::read_to_string(file)
        .with_context(|| format!("{} cannot be read", file.display()))?;
    let stem = file.file_stem().and_then(|stem| stem.to_str());
    let name = name
        .or(stem)
        .context("the file has no name; give one with --name")?;
    let url = portal_url();
    let request = client()?.put(format!("{url}/api/calc/scripts/{name}"));
    let answer = read(
        place
            .ask(request)?
            .header(CONTENT_TYPE, "text/plain; charset=utf-8")
            .body(source)
            .send()
            .await,
    )
    .await?;
    // The first digits are enough to tell versions apart; the whole hash is accepted too.
    let (version, state) = (plain(&answer["version"]), plain(&answer["state"]));
    println!("{name} is published as version {version:.12} and {state}");
    let address = if state == "effective" {
        format!("r/{name}")
    } else {
        println!(
            "Only the draft address answers until somebody else has approved it: dcp calc submit {name}"
        );
        format!("draft/{name}@{version:.12}")
    };
    let node = place
        .node
        .as_ref()
        .map(|node| format!(" -H 'DCP-Node: {node}'"));
    let node = node.unwrap_or_default();
    for function in answer["functions"].as_array().into_iter().flatten() {
        let (title, arguments) = (
            plain(&function["name"]),
            function["args"]
                .as_array()
                .map(Vec::as_slice)
                .unwrap_or_default(),
        );
        println!(
            "\n{title}({})",
            arguments
                .iter()
                .map(signature)
                .collect::<Vec<_>>()
                .join(", ")
        );
        if let Some(documentation) = function["doc"].as_str().filter(|text| !text.is_empty()) {
            println!("  {}", documentation.replace('\n', "\n  "));
        }
        println!(
            "  curl -H \"Authorization: Bearer $(dcp token)\"{node} '{url}/api/calc/{address}/{title}?site={}' -d '{}'",
            place.site,
            example(arguments)
        );
    }
    Ok(())
}

fn plain(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

fn signature(argument: &Value) -> String {
    match &argument["default"] {
        Value::Null => plain(&argument["name"]),
        default => format!("{} = {}", plain(&argument["name"]), plain(default)),
    }
}

/// Arguments without a default, to be filled in.
fn example(arguments: &[Value]) -> String {
    let needed = arguments
        .iter()
        .filter(|argument| argument["required"] == Value::Bool(true));
    let fields: Vec<String> = needed
        .map(|argument| format!("\"{}\": ...", plain(&argument["name"])))
        .collect();
    format!("{{{}}}", fields.join(", "))
}
