//! The command line at a real engine: registering its environment, the signed report of its verification, publishing a folder.

use crate::support::Engine;
use dcp::identity::generate_keys;
use serde_json::{Value, json};
use std::path::Path;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

const SCRIPT: &str = r"
#' Doubles.
#' @examples twice(2)
#' @cache pure
twice <- function(x) 2 * x
";

pub(crate) fn dcp(engine: &Engine, folder: &Path, arguments: &[&str]) -> Output {
    let program = Path::new(env!("CARGO_BIN_EXE_calc")).with_file_name("dcp");
    if !program.exists() {
        let mut cargo = Command::new(env!("CARGO"));
        let built = cargo.args(["build", "-p", "dcp", "--bin", "dcp"]).status();
        assert!(built.unwrap().success());
    }
    let kept = folder.join("dcp");
    std::fs::create_dir_all(&kept).unwrap();
    let tokens = format!("{:?} = {:?}\n", engine.base(), engine.token());
    std::fs::write(kept.join("tokens.toml"), tokens).unwrap();
    Command::new(program)
        .args(arguments)
        .current_dir(folder)
        .env("DCP_URL", engine.base())
        .env("DCP_HOME", folder)
        .env("XDG_CONFIG_HOME", folder)
        .output()
        .unwrap()
}

async fn published(engine: &Engine) {
    let version = engine.publish("v", SCRIPT).await.json();
    let version = format!(
        "/scripts/v/versions/{}",
        version["version"].as_str().unwrap()
    );
    let since = Instant::now();
    while engine.get(&version).await.json()["examples"].is_null() {
        assert!(since.elapsed() < Duration::from_mins(1), "no examples");
    }
}

pub(crate) fn said(output: &Output) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    text(&output.stdout) + &text(&output.stderr)
}

#[tokio::test]
async fn a_verification_is_a_signed_report_that_tells_when_it_was_changed() {
    let engine = Engine::start_with(&[("registered_only", "true")]).await;
    published(&engine).await;
    let folder = tempfile::tempdir().unwrap();
    let (private, public) = generate_keys().unwrap();
    std::fs::write(folder.path().join("private.pem"), private.expose()).unwrap();
    std::fs::write(folder.path().join("public.pem"), public).unwrap();
    let run = |arguments: &[&str]| dcp(&engine, folder.path(), arguments);
    let sign = [
        "calc",
        "verify",
        "--output",
        "report.json",
        "--key",
        "private.pem",
    ];
    let done = run(&sign);
    assert!(done.status.success(), "{}", said(&done));
    let text = std::fs::read_to_string(folder.path().join("report.json")).unwrap();
    let report: Value = serde_json::from_str(&text).unwrap();
    let counted = [
        &report["examples"],
        &report["different"],
        &report["wrong_known_answers"],
    ];
    assert_eq!(counted, [&json!(1), &json!(0), &json!(0)]);
    assert_eq!(
        report["installation"]["environment"]["confinement"]["files"],
        json!("own")
    );
    assert_eq!(report["scripts"][0]["examples"][0]["same"], json!(true));
    let check = [
        "calc",
        "verify",
        "--check",
        "report.json",
        "--key",
        "public.pem",
    ];
    let checked = run(&check);
    assert!(checked.status.success(), "{}", said(&checked));
    std::fs::write(
        folder.path().join("report.json"),
        text.replace("4.2.2", "4.2.1"),
    )
    .unwrap();
    let refused = run(&check);
    assert!(
        !refused.status.success() && said(&refused).contains("not what was signed"),
        "{}",
        said(&refused)
    );
    // Without a key nothing is written that nobody could check.
    let unsigned = run(&["calc", "verify", "--output", "other.json"]);
    assert!(
        !unsigned.status.success() && said(&unsigned).contains("--key"),
        "{}",
        said(&unsigned)
    );
    assert!(!folder.path().join("other.json").exists());
    let registered = run(&["calc", "register", "--reason", "report.json"]);
    assert!(registered.status.success(), "{}", said(&registered));
    assert_eq!(engine.call("v/twice", r#"{"x":2}"#).await.value(), json!(4));
}

#[tokio::test]
async fn a_folder_is_packed_and_published_under_the_name_it_gives_itself() {
    let engine = Engine::start().await;
    let folder = tempfile::tempdir().unwrap();
    let write = |path: &str, text: &str| {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    write("work/R/a.R", "first <- function() .table$x[1]\n");
    write("work/R/b.R", ".table <- read.csv(dcp_data('x.csv'))\n");
    write("work/data/x.csv", "x\n4.5\n");
    write("work/data/.hidden", "not sent");
    write("work/README.md", "not sent");
    write("work/tests/a.R", "stopifnot(first() == 4.5)\n");
    write("work/dcp.toml", "name = \"table\"\n");
    let run = |arguments: &[&str]| dcp(&engine, folder.path(), arguments);
    let done = run(&["publish", "work"]);
    assert!(done.status.success(), "{}", said(&done));
    assert!(
        said(&done).contains("table is published") && said(&done).contains("tests/a.R passed"),
        "{}",
        said(&done)
    );
    assert_eq!(engine.call("table/first", "").await.value(), json!(4.5));
    let packed = Command::new("tar")
        .args([
            "--create",
            "--file=packed.tar",
            "--exclude=README.md",
            "--exclude=.hidden",
            "work",
        ])
        .current_dir(folder.path())
        .status();
    assert!(packed.unwrap().success());
    let same = run(&["publish", "packed.tar", "--name", "other"]);
    assert!(same.status.success(), "{}", said(&same));
    let version = |name: &str| {
        let path = format!("/scripts/{name}");
        let engine = &engine;
        async move { engine.get(&path).await.json()["effective"].clone() }
    };
    assert_eq!(version("other").await, version("table").await);
    write("work/tests/a.R", "stopifnot(first() == 5)\n");
    let refused = run(&["publish", "work"]);
    assert!(
        !refused.status.success() && said(&refused).contains("tests/a.R: first() == 5 is not TRUE"),
        "{}",
        said(&refused)
    );
}
