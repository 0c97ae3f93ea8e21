//! Folders of R code, data and tests: published as tar, tested, confined, compared and given back.

use crate::support::{Answer, Engine};
use serde_json::{Value, json};

const CODE: &str = "
#' Limit of a name.
#' @examples limit_of('b')
#' @cache pure
limit_of <- function(name) .limits$limit[.limits$name == name]
there <- function() dcp_data()
path <- function(name) dcp_data(name)
";
const TABLE: &str = ".limits <- read.csv(dcp_data('sub/limits.csv'))\n";

/// The files that most tests publish.
fn files() -> Vec<(&'static str, &'static str)> {
    vec![
        ("R/a-table.R", TABLE),
        ("R/functions.R", CODE),
        ("data/sub/limits.csv", "name,limit\na,1\nb,2.5\n"),
        (
            "tests/limits.R",
            "message('two limits')\nstopifnot(identical(limit_of('b'), 2.5))\n",
        ),
        (
            "dcp.toml",
            "name = \"limits\"\ndescription = \"Limits by name\"\n",
        ),
    ]
}

pub(crate) fn tar(files: &[(&str, &str)]) -> Vec<u8> {
    let mut archive = tar::Builder::new(Vec::new());
    for (path, content) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o600);
        header.set_mtime(1_700_000_000);
        archive
            .append_data(&mut header, path, content.as_bytes())
            .unwrap();
    }
    archive.into_inner().unwrap()
}

async fn publish(engine: &Engine, name: &str, tar: Vec<u8>) -> Answer {
    let request = engine.request("PUT", &format!("/scripts/{name}"));
    let request = request.header("content-type", "application/x-tar");
    engine.send(request.body(tar)).await
}

fn with(change: (&'static str, &'static str)) -> Vec<(&'static str, &'static str)> {
    let mut files: Vec<_> = files();
    files.retain(|(path, _)| *path != change.0);
    files.push(change);
    files
}

#[tokio::test]
async fn a_folder_is_published_with_its_data_and_what_its_tests_said_and_is_given_back() {
    let engine = Engine::start().await;
    let published = publish(&engine, "limits", tar(&files())).await;
    assert_eq!(published.status, 200, "{}", published.text);
    let shown = published.json();
    assert_eq!(
        (&shown["title"], &shown["tests"][0]["file"]),
        (&json!("Limits by name"), &json!("tests/limits.R"))
    );
    assert_eq!(shown["tests"][0]["output"], json!(["two limits"]));
    let paths: Vec<&Value> = shown["files"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["path"])
        .collect();
    assert_eq!(
        paths,
        [
            "R/a-table.R",
            "R/functions.R",
            "data/sub/limits.csv",
            "dcp.toml",
            "tests/limits.R"
        ]
    );
    let value = engine.call("limits/limit_of", r#"{"name":"b"}"#).await;
    assert_eq!(value.value(), json!(2.5));
    assert_eq!(
        engine.call("limits/there", "").await.value(),
        json!("sub/limits.csv")
    );

    // The same files in another order, from another folder and with other times are the same version.
    let mut again = files();
    again.reverse();
    let again: Vec<(String, &str)> = again
        .iter()
        .map(|(path, text)| (format!("limits-1/{path}"), *text))
        .collect();
    let again: Vec<(&str, &str)> = again
        .iter()
        .map(|(path, text)| (path.as_str(), *text))
        .collect();
    let again = publish(&engine, "limits", tar(&again)).await.json();
    assert_eq!(again["version"], shown["version"]);

    let version = shown["version"].as_str().unwrap();
    let at = format!("/scripts/limits/versions/{version}");
    let one = engine
        .get(&format!("{at}/source?file=data/sub/limits.csv"))
        .await;
    assert_eq!(one.text, "name,limit\na,1\nb,2.5\n");
    assert_eq!(
        engine.get(&format!("{at}/source?file=R/x.R")).await.status,
        404
    );
    let request = engine.request("GET", &format!("{at}/folder"));
    let folder = request.send().await.unwrap().bytes().await.unwrap();
    let same = publish(&engine, "other", folder.to_vec()).await.json();
    assert_eq!(same["version"], shown["version"]);
    let example = loop {
        let shown = engine.get(&at).await.json();
        if shown["examples"].is_array() {
            break shown["examples"][0].clone();
        }
    };
    assert_eq!(
        (&example["value"], &example["same"]),
        (&json!(2.5), &json!(true))
    );
    let verified = engine.request("POST", &format!("{at}/verification"));
    assert_eq!(
        engine.send(verified).await.json()["tests"],
        json!([{ "file": "tests/limits.R", "passed": true, "failure": null }])
    );
}

#[tokio::test]
async fn a_folder_whose_tests_fail_or_whose_code_is_broken_is_not_published_and_says_where() {
    let engine = Engine::start().await;
    let failing = "stopifnot('two limits are needed' = length(limit_of('x')) == 2)";
    let refused = publish(&engine, "limits", tar(&with(("tests/more.R", failing)))).await;
    assert_eq!(
        (refused.status, refused.problem().as_str()),
        (422, "tests-failed"),
        "{}",
        refused.text
    );
    let told = refused.json();
    assert_eq!(told["tests"][0]["file"], "tests/more.R");
    assert!(
        told["detail"]
            .as_str()
            .unwrap()
            .contains("two limits are needed"),
        "{told}"
    );
    let ended = publish(
        &engine,
        "limits",
        tar(&with(("tests/a.R", "quit(status = 7)"))),
    )
    .await;
    assert!(ended.text.contains("quit(status = 7)"), "{}", ended.text);
    for (text, line) in [
        // R names the line after the last.
        ("x <- 1\nf <- function(", 3),
        ("f <- 1\n\nstop('no data')\n", 3),
    ] {
        let broken = publish(&engine, "limits", tar(&with(("R/b.R", text)))).await;
        let told = broken.json();
        assert_eq!(
            (&told["file"], &told["line"]),
            (&json!("R/b.R"), &json!(line)),
            "{told}"
        );
    }
    let missing = publish(
        &engine,
        "limits",
        tar(&with(("R/b.R", "x <- dcp_data('no.csv')"))),
    )
    .await;
    assert!(
        missing.text.contains("there are: sub/limits.csv"),
        "{}",
        missing.text
    );
    assert_eq!(engine.get("/scripts/limits").await.status, 404);
    // Nothing of what was refused is left where workers read.
    let scratch = std::fs::read_dir(engine.folder().join("scratch")).unwrap();
    let mut data = scratch
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.display().to_string().contains("/data-"));
    let left = std::fs::read_dir(data.next().unwrap()).unwrap().count();
    assert_eq!(left, 0);
}

#[tokio::test]
async fn what_is_no_folder_is_refused_with_the_file_and_the_reason() {
    let engine = Engine::start().await;
    let mut escaping = tar::Header::new_gnu();
    escaping.as_mut_bytes()[..8].copy_from_slice(b"../../ab");
    escaping.set_size(0);
    escaping.set_cksum();
    let mut archive = tar::Builder::new(Vec::new());
    archive.append(&escaping, &b""[..]).unwrap();
    let refused = publish(&engine, "f", archive.into_inner().unwrap()).await;
    assert_eq!(
        (refused.status, refused.problem().as_str()),
        (422, "invalid-folder"),
        "{}",
        refused.text
    );
    assert_eq!(
        refused.json()["errors"][0],
        json!({ "pointer": "../../ab", "detail": "leads out of the folder" })
    );
    let foreign = publish(&engine, "f", tar(&with(("src/a.c", "")))).await;
    assert_eq!(foreign.json()["errors"][0]["pointer"], "src/a.c");
    let text = publish(&engine, "f", b"f <- function() 1".to_vec()).await;
    assert_eq!(text.problem(), "invalid-folder");
}

#[tokio::test]
async fn data_are_read_only_and_those_of_other_scripts_out_of_reach() {
    let engine = Engine::start().await;
    let code = "spy <- function(path) tryCatch(readLines(path), error = function(e) 'out of reach', warning = function(w) 'out of reach')
list_all <- function(folder) list.files(folder)
spoil <- function() { tried <- c(
    suppressWarnings(try(writeLines('9', dcp_data('x.csv')), silent = TRUE)) |> inherits('try-error'),
    !suppressWarnings(file.remove(dcp_data('x.csv'))),
    suppressWarnings(try(writeLines('9', file.path(dirname(dcp_data('x.csv')), 'y')), silent = TRUE)) |> inherits('try-error'))
  list(tried = tried, content = readLines(dcp_data('x.csv'))) }
";
    let spy = tar(&[("R/spy.R", code), ("data/x.csv", "1\n")]);
    assert_eq!(publish(&engine, "spy", spy).await.status, 200);
    assert_eq!(publish(&engine, "limits", tar(&files())).await.status, 200);
    let spoiled = engine.call("spy/spoil", "").await.value();
    assert_eq!(
        spoiled,
        json!({ "tried": [true, true, true], "content": "1" })
    );
    // Who knows the path of a file can read it, but nobody can find it out.
    let path = engine
        .call("limits/path", r#"{"name":"sub/limits.csv"}"#)
        .await
        .value();
    let folders = std::path::Path::new(path.as_str().unwrap()).ancestors();
    for folder in folders.skip(1).take(3) {
        let listed = engine
            .call("spy/list_all", json!({ "folder": folder }).to_string())
            .await;
        assert_eq!(listed.value(), json!([]), "{}", folder.display());
    }
    let guess = json!({ "path": "/etc/passwd" }).to_string();
    assert_eq!(
        engine.call("spy/spy", guess).await.value(),
        json!("out of reach")
    );
}

#[tokio::test]
async fn two_versions_of_a_folder_are_compared_file_by_file_and_live_side_by_side() {
    let mut engine = Engine::start().await;
    let version = |answer: &Answer| answer.json()["version"].as_str().unwrap().to_owned();
    let single = version(&engine.publish("limits", "f <- function() 1\n").await);
    let old = version(&publish(&engine, "limits", tar(&files())).await);
    let changed = with(("data/sub/limits.csv", "name,limit\na,1\nb,2.5\nc,3\n"));
    let new = version(&publish(&engine, "limits", tar(&changed)).await);
    assert_ne!(old, new);
    let told = engine
        .get(&format!("/scripts/limits/versions/{new}/changes"))
        .await
        .json();
    let kinds: Vec<(&Value, &Value)> = told["files"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|one| one["change"] != "same")
        .map(|one| (&one["path"], &one["change"]))
        .collect();
    assert_eq!(
        kinds,
        [(&json!("data/sub/limits.csv"), &json!("changed"))],
        "{told}"
    );
    let data = told["files"]
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["change"] == "changed");
    assert_eq!(
        data.unwrap()["lines"][3],
        json!({ "kind": "added", "line": "c,3" })
    );
    let since = engine
        .get(&format!(
            "/scripts/limits/versions/{old}/changes?since={single}"
        ))
        .await
        .json();
    assert_eq!(
        (
            &since["files"].as_array().unwrap().last().unwrap()["path"],
            &since["files"][3]["change"]
        ),
        (&json!("tests/limits.R"), &json!("added"))
    );
    // An engine that has just started unpacks the data of whichever version is called.
    engine.restart().await;
    for (version, value) in [(&old, json!([])), (&new, json!(3))] {
        let function = format!("limits@{version}/limit_of");
        let called = engine.call(&function, r#"{"name":"c"}"#).await;
        assert_eq!(called.value(), value);
    }
}
