//! `dcp publish`: a file of R functions, or a folder with data and tests, becomes endpoints.

use std::path::Path;

use anyhow::Context;
use reqwest::header::CONTENT_TYPE;
use serde_json::Value;

use super::calc::Place;
use super::folder;
use super::home::portal_url;
use super::portal::{client, read};

/// What is sent: the media type, the bytes, and the name that the content gives itself.
struct Sent {
    kind: &'static str,
    body: Vec<u8>,
    name: Option<String>,
}

fn read_content(path: &Path) -> anyhow::Result<Sent> {
    let packed = if path.is_dir() {
        folder::pack(path)?
    } else if path.extension().is_some_and(|end| end == "tar") {
        folder::packed(path)?
    } else {
        let source = std::fs::read(path);
        return Ok(Sent {
            kind: "text/plain; charset=utf-8",
            body: source.with_context(|| format!("{} cannot be read", path.display()))?,
            name: None,
        });
    };
    Ok(Sent {
        kind: "application/x-tar",
        body: packed.tar,
        name: packed.name,
    })
}

/// Publishes a file or a folder and prints how to call what is in it.
pub(crate) async fn publish(path: &Path, name: Option<&str>, place: &Place) -> anyhow::Result<()> {
    let sent = read_content(path)?;
    let whole = path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
    let stem = if whole.is_dir() {
        whole.file_name()
    } else {
        whole.file_stem()
    };
    let name = name
        .or(sent.name.as_deref())
        .or(stem.and_then(|stem| stem.to_str()))
        .context("it has no name; give one with --name")?;
    let url = portal_url();
    let request = client()?.put(format!("{url}/api/calc/scripts/{name}"));
    let answer = read(
        place
            .ask(request)?
            .header(CONTENT_TYPE, sent.kind)
            .body(sent.body)
            .send()
            .await,
    )
    .await?;
    // The first digits are enough to tell versions apart; the whole hash is accepted too.
    let (version, state) = (plain(&answer["version"]), plain(&answer["state"]));
    println!("{name} is published as version {version:.12} and {state}");
    for test in answer["tests"].as_array().into_iter().flatten() {
        println!("  {} passed", plain(&test["file"]));
    }
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
