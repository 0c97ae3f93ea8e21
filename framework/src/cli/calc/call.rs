//! `dcp calc call`: a function with its arguments, and what it gives.

use std::io::Read;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use serde_json::{Map, Value, json};

use super::value::words;
use super::{Engine, listed, one_line};
use crate::home::portal_url;
use crate::portal::read;
use crate::table::plain;

/// Between two looks at a call that goes on.
const LOOK: Duration = Duration::from_millis(300);

/// What is called, and how.
#[derive(clap::Args)]
pub(crate) struct Call {
    /// script/function, `script@version/function`, or pkg/package/function.
    #[arg(value_name = "SCRIPT/FUNCTION")]
    function: String,
    /// An argument: JSON, or a text where it is none. Again for each; goes before the same name of --arguments.
    #[arg(long = "arg", value_name = "NAME=VALUE")]
    named: Vec<String>,
    /// A file with one JSON object of arguments; `-` is standard input.
    #[arg(long, value_name = "FILE")]
    arguments: Option<PathBuf>,
    /// Call a version that is not in force, to try it: script@version/function.
    #[arg(long)]
    draft: bool,
    #[command(flatten)]
    wish: Wish,
    /// For programs: the whole answer.
    #[arg(long)]
    json: bool,
}

/// What is asked of the engine beside the value.
#[derive(Default, clap::Args)]
struct Wish {
    /// Calculate again what is known already, and compare.
    #[arg(long)]
    fresh: bool,
    /// Let it take minutes: tells how far it is, and goes on when this command ends.
    #[arg(long)]
    background: bool,
    /// Keep the result for a week after its last use instead of a day.
    #[arg(long)]
    session: bool,
}

/// Calls the function and prints its value; what R said beside it goes to standard error.
pub(super) async fn run(engine: &Engine, call: &Call) -> anyhow::Result<()> {
    let body = Value::Object(call.body()?);
    let url = format!("{}/api/calc/{}", portal_url(), call.address()?);
    let mut request = engine.client.post(url).json(&body);
    if call.wish.fresh {
        request = request.header("cache-control", "no-cache");
    }
    if call.wish.background {
        request = request.header("prefer", "respond-async");
    }
    if call.wish.session {
        request = request.query(&[("keep", "session")]);
    }
    let mut answer = read(engine.place.ask(request)?.send().await).await?;
    if call.wish.background {
        answer = finished(engine, &answer).await?;
    }
    if call.json {
        println!("{answer:#}");
    } else {
        print!("{}", words(&answer["value"]));
        eprint!("{}", beside(&answer));
    }
    Ok(())
}

impl Call {
    fn address(&self) -> anyhow::Result<String> {
        let parts: Vec<&str> = self.function.split('/').collect();
        let named = match parts.as_slice() {
            ["pkg", package, function] => [*package, *function],
            [script, function] => [*script, *function],
            _ => ["", ""],
        };
        ensure!(
            named.iter().all(|name| !name.is_empty()),
            "{} names no function; it must be script/function, script@version/function or pkg/package/function",
            self.function
        );
        ensure!(
            !self.draft || self.function.contains('@'),
            "a draft is called by its version: script@version/function; `dcp calc show {}` lists them",
            named[0]
        );
        let from = if self.draft { "draft" } else { "r" };
        Ok(format!("{from}/{}", self.function))
    }

    fn body(&self) -> anyhow::Result<Map<String, Value>> {
        let mut all = match &self.arguments {
            None => Map::new(),
            Some(file) => object_in(file)?,
        };
        for argument in &self.named {
            let (name, value) = argument
                .split_once('=')
                .with_context(|| format!("--arg {argument}: it must be name=value"))?;
            let value = serde_json::from_str(value).unwrap_or_else(|_| json!(value));
            all.insert(name.to_owned(), value);
        }
        Ok(all)
    }
}

fn object_in(file: &PathBuf) -> anyhow::Result<Map<String, Value>> {
    let (text, name) = if file.as_os_str() == "-" {
        let mut text = String::new();
        let done = std::io::stdin().read_to_string(&mut text);
        (done.map(|_| text), "standard input".to_owned())
    } else {
        (std::fs::read_to_string(file), file.display().to_string())
    };
    let text = text.with_context(|| format!("{name} cannot be read"))?;
    serde_json::from_str(&text)
        .with_context(|| format!("{name} must hold one JSON object, {{\"name\": value, ...}}"))
}

/// Waits for a call that goes on by itself, and tells how far it is.
async fn finished(engine: &Engine, begun: &Value) -> anyhow::Result<Value> {
    let id = plain(&begun["id"]);
    eprintln!("call {id} goes on by itself, also when this command is ended");
    let mut told = Value::Null;
    loop {
        let call = engine.get(&format!("/calls/{id}")).await?;
        match call["state"].as_str() {
            Some("queued" | "running") => {}
            Some("succeeded") if !call["envelope"].is_null() => return Ok(call["envelope"].clone()),
            Some("succeeded") => bail!("the value of call {id} is not kept any more"),
            _ => bail!(ended(&call)),
        }
        if call["progress"] != told {
            told = call["progress"].clone();
            let percent = told["fraction"].as_f64().unwrap_or(0.0) * 100.0;
            eprintln!("{percent:3.0} %  {}", one_line(&told["text"]));
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// Why a call gave no value.
fn ended(call: &Value) -> String {
    let failure = &call["failure"];
    let title = failure["title"].as_str().unwrap_or("It gave no value");
    match failure["detail"].as_str().filter(|text| !text.is_empty()) {
        Some(detail) => format!("{title}: {detail}"),
        None => title.to_owned(),
    }
}

/// What goes with a value: warnings, messages, plots, and how it came to be.
fn beside(answer: &Value) -> String {
    let mut lines = Vec::new();
    let mut line = |what: &str, said: &str| lines.push(format!("{what:<8} {said}\n"));
    for (what, of) in [
        ("warning", "warnings"),
        ("message", "messages"),
        ("printed", "output"),
    ] {
        for said in listed(&answer[of]) {
            line(what, &one_line(said));
        }
    }
    for plot in listed(&answer["artifacts"]) {
        line(
            "plot",
            &format!("{} {}", plain(&plot["name"]), plain(&plot["key"])),
        );
    }
    let call = &answer["call"];
    line("from", &origin(call));
    if let Some(other) = call["deviates_from"].as_str() {
        line("DEVIATES", &format!("the value known before is {other}"));
    }
    line("result", &plain(&call["result_key"]));
    line("call", &plain(&call["id"]));
    lines.concat()
}

/// How a value came to be.
fn origin(call: &Value) -> String {
    let how = if call["cached"] == json!(true) {
        "known value, not calculated again".to_owned()
    } else {
        format!(
            "calculated in {:.1} ms",
            call["duration_ms"].as_f64().unwrap_or(0.0)
        )
    };
    let draft = if call["draft"] == json!(true) {
        ", a draft"
    } else {
        ""
    };
    let (script, version) = (plain(&call["script"]), plain(&call["version"]));
    let (node, zone) = (plain(&call["node"]), plain(&call["zone"]));
    format!("{script}@{version:.12}{draft} on {node} ({zone}), {how}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(function: &str, named: &[&str], draft: bool) -> Call {
        Call {
            function: function.into(),
            named: named.iter().map(ToString::to_string).collect(),
            arguments: None,
            draft,
            wish: Wish::default(),
            json: false,
        }
    }

    #[test]
    fn an_argument_is_json_or_else_a_text() {
        let named = [
            "x=[1,2.5]",
            "method=range",
            "note=null",
            "text=a=b",
            "y={\"$result\":\"k\"}",
        ];
        let body = call("s/f", &named, false).body().unwrap();
        let expected = json!({"x": [1, 2.5], "method": "range", "note": null, "text": "a=b", "y": {"$result": "k"}});
        assert_eq!(Value::Object(body), expected);
        assert!(call("s/f", &["x"], false).body().is_err());
    }

    #[test]
    fn what_is_called_is_a_script_or_a_package_and_a_draft_has_a_version() {
        let address = |function, draft| call(function, &[], draft).address();
        assert_eq!(address("s/f", false).unwrap(), "r/s/f");
        assert_eq!(
            address("pkg/stats/quantile", false).unwrap(),
            "r/pkg/stats/quantile"
        );
        assert_eq!(address("s@0123abcd/f", true).unwrap(), "draft/s@0123abcd/f");
        for (wrong, draft) in [
            ("s", false),
            ("/f", false),
            ("s/", false),
            ("a/b/c", false),
            ("s/f", true),
        ] {
            assert!(address(wrong, draft).is_err(), "{wrong}");
        }
    }
}
