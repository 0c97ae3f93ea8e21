//! A program whose database is brought up to date by `dcp migrate` and not by its start.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

fn program(folder: &Path, arguments: &[&str]) -> Output {
    let secrets = folder.join("secrets.toml");
    std::fs::write(&secrets, "").unwrap();
    let made = Command::new("chmod").arg("600").arg(&secrets).status();
    assert!(made.unwrap().success());
    Command::new(env!("CARGO_BIN_EXE_administration"))
        .args(arguments)
        .env("DCP__SECRETS__URL", format!("file:{}", secrets.display()))
        .env("DCP__STORE__URL", format!("sqlite:{}", folder.display()))
        .env("DCP__STORE__MIGRATE", "command")
        .env("DCP__LOG__FORMAT", "text")
        .env("DCP__LOG__LEVEL", "error")
        .output()
        .unwrap()
}

fn plan(output: &Output) -> Value {
    assert!(output.status.success(), "{output:?}");
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn a_start_refuses_a_database_that_is_behind_and_says_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let refused = program(folder.path(), &[]);
    assert_eq!(refused.status.code(), Some(1));
    let said = String::from_utf8(refused.stderr).unwrap();
    assert_eq!(said.trim().lines().count(), 1, "{said}");
    assert!(
        said.trim()
            .ends_with("run `dcp migrate apply --module administration`"),
        "{said}"
    );
    assert!(!folder.path().join("administration.db").exists());
}

#[test]
fn migrating_is_a_work_of_its_own_that_ends_when_it_is_done() {
    let folder = tempfile::tempdir().unwrap();
    let due = plan(&program(folder.path(), &["--migrate", "plan"]));
    assert!(due["due"].as_array().unwrap().len() >= 3, "{due}");
    assert_eq!(plan(&program(folder.path(), &["--migrate", "apply"])), due);
    let level = plan(&program(folder.path(), &["--migrate", "plan"]));
    assert_eq!(level["due"], serde_json::json!([]));
}
