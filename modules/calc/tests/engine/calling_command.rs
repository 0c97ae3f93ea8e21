//! Calling functions and keeping what they give, from the command line at a real engine.

use crate::command::{dcp, said};
use crate::support::Engine;
use serde_json::{Value, json};
use std::path::Path;
use std::process::{Command, Output, Stdio};

const SCRIPT: &str = r"
#' Scales.
#' @param x [numeric(1..)] Values.
#' @cache pure
scaled <- function(x, factor = 2, method = c('times', 'plus')) {
  method <- match.arg(method)
  if (anyNA(x)) warning('missing values stay')
  list(x = I(x), y = I(if (method == 'times') factor * x else factor + x))
}

steps <- function(n = 3) {
  for (i in seq_len(n)) { progress(i / n, paste('step', i)); Sys.sleep(0.5) }
  n
}

stops <- function() stop('the probe is dry')

#' @cache volatile
now <- function() format(Sys.time(), '%H:%M:%OS6')
";

/// What a command wrote: its output, what it said beside it, and whether it was content.
fn told(output: &Output) -> (String, String, bool) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (
        text(&output.stdout),
        text(&output.stderr),
        output.status.success(),
    )
}

/// The word behind this one, at the beginning of a line.
fn word(of: &str, text: &str) -> String {
    let mut lines = text.lines().map(str::split_whitespace);
    let mut found = lines.find_map(|mut words| (words.next() == Some(of)).then_some(words));
    found
        .as_mut()
        .and_then(Iterator::next)
        .unwrap_or_else(|| panic!("no {of}: {text}"))
        .to_owned()
}

async fn engine() -> Engine {
    let engine = Engine::start().await;
    let published = engine.publish("s", SCRIPT).await;
    assert_eq!(published.status, 200, "{}", published.text);
    engine
}

#[tokio::test]
async fn a_function_is_called_and_its_value_is_a_table_with_its_origin_beside_it() {
    let engine = engine().await;
    let folder = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str]| told(&dcp(&engine, folder.path(), arguments));
    let (value, beside, good) = run(&[
        "calc",
        "call",
        "s/scaled",
        "--arg",
        "x=[0.1,null]",
        "--arg",
        "method=plus",
    ]);
    assert!(good, "{beside}");
    assert_eq!(value, "x    y\n0.1  2.1\n-    -\n");
    assert!(beside.contains("warning  missing values stay"), "{beside}");
    assert!(beside.contains("calculated in"), "{beside}");
    std::fs::write(
        folder.path().join("a.json"),
        r#"{"x": [0.30000000000000004], "factor": 10}"#,
    )
    .unwrap();
    let (whole, beside, good) = run(&[
        "calc",
        "call",
        "s/scaled",
        "--arguments",
        "a.json",
        "--arg",
        "factor=1",
        "--json",
    ]);
    assert!(good, "{beside}");
    let whole: Value = serde_json::from_str(&whole).unwrap();
    assert_eq!(
        whole["value"],
        json!({"x": [0.300_000_000_000_000_04], "y": [0.300_000_000_000_000_04]})
    );
    // A result is an argument of the next call.
    let earlier = format!(
        "x={{\"$result\":{},\"path\":\"/y\"}}",
        whole["call"]["result_key"]
    );
    let (value, beside, _) = run(&["calc", "call", "s/scaled", "--arg", &earlier]);
    assert!(
        value.ends_with("0.30000000000000004  0.6000000000000001\n"),
        "{value}{beside}"
    );
}

#[tokio::test]
async fn a_call_that_cannot_be_says_where_and_why() {
    let engine = engine().await;
    let folder = tempfile::tempdir().unwrap();
    for (arguments, expected) in [
        (&["s/scaled", "--arg", "x=no"][..], "/x"),
        (&["s/scaled", "--arg", "x"], "name=value"),
        (
            &["s/scaled", "--arguments", "none.json"],
            "none.json cannot be read",
        ),
        (&["s/stops"], "the probe is dry"),
        (&["s/none"], "none"),
        (&["scaled"], "script/function"),
        (&["s/scaled", "--draft"], "script@version/function"),
        (&["s/stops", "--background"], "the probe is dry"),
    ] {
        let whole = [&["calc", "call"], arguments].concat();
        let (value, beside, good) = told(&dcp(&engine, folder.path(), &whole));
        assert!(
            !good && value.is_empty() && beside.contains(expected),
            "{arguments:?}: {beside}"
        );
    }
}

#[tokio::test]
async fn a_long_call_tells_how_far_it_is() {
    let engine = engine().await;
    let folder = tempfile::tempdir().unwrap();
    let (value, beside, good) = told(&dcp(
        &engine,
        folder.path(),
        &["calc", "call", "s/steps", "--background"],
    ));
    assert!(good && value == "3\n", "{value}{beside}");
    assert!(
        beside.contains("goes on by itself") && beside.contains("%  step "),
        "{beside}"
    );
}

#[tokio::test]
async fn a_result_is_read_kept_and_calculated_again() {
    let engine = engine().await;
    let folder = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str]| told(&dcp(&engine, folder.path(), arguments));
    let (value, beside, _) = run(&[
        "calc",
        "call",
        "s/scaled",
        "--arg",
        "x=[1,2.5]",
        "--session",
    ]);
    let (key, call) = (word("result", &beside), word("call", &beside));
    let (shown, kept, good) = run(&["calc", "result", &key]);
    assert!(
        good && shown == value && kept.contains("(session)"),
        "{shown}{kept}"
    );
    let (_, beside, good) = run(&["calc", "result", &key, "--out", "value.json"]);
    assert!(good, "{beside}");
    let written = std::fs::read_to_string(folder.path().join("value.json")).unwrap();
    assert_eq!(
        written,
        run(&["calc", "result", &key, "--json"]).0.trim_end()
    );
    assert_eq!(
        serde_json::from_str::<Value>(&written).unwrap(),
        json!({"x": [1, 2.5], "y": [2, 5]})
    );
    let (kept, beside, good) = run(&["calc", "keep", &key, "--reason", "report 12"]);
    assert!(
        good && kept.contains("kept for good") && kept.contains(": report 12"),
        "{kept}{beside}"
    );
    for wanted in [&call, &key] {
        let (same, beside, good) = run(&["calc", "again", wanted]);
        assert!(good && same.starts_with("the same value"), "{same}{beside}");
    }
    let (_, beside, _) = run(&["calc", "call", "s/now"]);
    let (other, beside, good) = run(&["calc", "again", &word("call", &beside)]);
    assert!(
        !good && other.contains("as a volatile function may give"),
        "{other}{beside}"
    );
    let (_, beside, good) = run(&["calc", "result", &"0".repeat(64)]);
    assert!(!good && beside.contains("404"), "{beside}");
    let (_, beside, good) = run(&["calc", "keep", "0123", "--reason", "r"]);
    assert!(!good && beside.contains("no key of a result"), "{beside}");
}

#[tokio::test]
async fn who_stops_reading_ends_the_command_and_nothing_is_wrong() {
    let engine = engine().await;
    let folder = tempfile::tempdir().unwrap();
    // Writes the token that the command beneath uses.
    let listed = dcp(&engine, folder.path(), &["calc", "list"]);
    assert!(said(&listed).contains("scaled"), "{}", said(&listed));
    let program = Path::new(env!("CARGO_BIN_EXE_calc")).with_file_name("dcp");
    let mut command = Command::new(program);
    command
        .args(["calc", "show", "s"])
        .env("DCP_URL", engine.base());
    command
        .env("DCP_HOME", folder.path())
        .env("XDG_CONFIG_HOME", folder.path());
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let (_, beside, good) = told(&child.wait_with_output().unwrap());
    assert!(good && beside.is_empty(), "{beside}");
}
