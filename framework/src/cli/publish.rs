//! `dcp publish`: a file of R functions becomes endpoints.

use std::path::Path;

use anyhow::Context;
use reqwest::header::CONTENT_TYPE;
use serde_json::Value;

use super::home::portal_url;
use super::portal::{client, read, token};

/// Publishes the file and prints how to call what is in it.
pub(crate) async fn publish(file: &Path, site: &str, name: Option<&str>) -> anyhow::Result<()> {
    let source = std::fs::read_to_string(file)
        .with_context(|| format!("{} cannot be read", file.display()))?;
    let stem = file.file_stem().and_then(|stem| stem.to_str());
    let name = name
        .or(stem)
        .context("the file has no name; give one with --name")?;
    let (url, token) = (portal_url(), token()?);
    let request = client()?
        .put(format!("{url}/api/calc/scripts/{name}"))
        .query(&[("site", site)])
        .bearer_auth(token);
    let answer = read(
        request
            .header(CONTENT_TYPE, "text/plain; charset=utf-8")
            .body(source)
            .send()
            .await,
    )
    .await?;
    // The first digits are enough to tell versions apart; the whole hash is accepted too.
    println!(
        "{name} is published as version {:.12}",
        plain(&answer["version"])
    );
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
            "  curl -H \"Authorization: Bearer $(dcp token)\" '{url}/api/calc/r/{name}/{title}?site={site}' -d '{}'",
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
