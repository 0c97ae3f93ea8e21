//! The shape of the repository, held by tests: who may depend on whom, and where things stand.

#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot read the repository fails"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the framework stands in the workspace")
        .to_owned()
}

fn text(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Folders directly below `path`, by name.
fn folders(path: &Path) -> BTreeMap<String, PathBuf> {
    std::fs::read_dir(path)
        .expect("the folder can be listed")
        .map(|entry| entry.expect("an entry can be read").path())
        .filter(|path| path.is_dir())
        .map(|path| {
            (
                path.file_name()
                    .expect("a folder has a name")
                    .to_string_lossy()
                    .into_owned(),
                path,
            )
        })
        .collect()
}

fn modules() -> BTreeMap<String, PathBuf> {
    folders(&root().join("modules"))
        .into_iter()
        .filter(|(_, path)| path.join("module.toml").exists())
        .collect()
}

/// Every file below `path` that git would show, by extension.
fn files(extension: &str, below: &[&str]) -> Vec<PathBuf> {
    let output = Command::new("git")
        .arg("-C")
        .arg(root())
        .arg("ls-files")
        .arg("--")
        .args(below)
        .output()
        .expect("git lists the files");
    assert!(
        output.status.success(),
        "git ls-files failed: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8_lossy(&output.stdout)
        .lines()
        .filter(|line| {
            Path::new(line)
                .extension()
                .is_some_and(|found| found == extension)
        })
        .map(|line| root().join(line))
        .filter(|path| path.exists())
        .collect()
}

fn workspace_dependencies() -> BTreeMap<String, (PathBuf, BTreeSet<String>)> {
    let output = Command::new(env!("CARGO"))
        .args([
            "metadata",
            "--no-deps",
            "--format-version",
            "1",
            "--offline",
        ])
        .current_dir(root())
        .output()
        .expect("cargo metadata runs");
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("cargo metadata is JSON");
    let packages = metadata["packages"].as_array().expect("packages");
    let names: BTreeSet<&str> = packages
        .iter()
        .filter_map(|package| package["name"].as_str())
        .collect();
    packages
        .iter()
        .map(|package| {
            let dependencies = package["dependencies"]
                .as_array()
                .expect("dependencies")
                .iter();
            // A test of the data layer may start the simulator.
            let inside = dependencies
                .filter(|one| one["kind"] != "dev" || one["name"] != "pi-simulator")
                .filter_map(|dependency| dependency["name"].as_str())
                .filter(|name| names.contains(name))
                .map(str::to_owned);
            let manifest = PathBuf::from(package["manifest_path"].as_str().expect("a path"));
            (
                package["name"].as_str().expect("a name").to_owned(),
                (manifest, inside.collect()),
            )
        })
        .collect()
}

#[test]
fn a_crate_of_the_workspace_depends_on_the_framework_and_on_nothing_else_inside() {
    for (name, (_, inside)) in workspace_dependencies() {
        let allowed: BTreeSet<String> = if name == "dcp" {
            BTreeSet::new()
        } else {
            BTreeSet::from(["dcp".to_owned()])
        };
        let forbidden: Vec<_> = inside.difference(&allowed).collect();
        assert!(
            forbidden.is_empty(),
            "{name} depends on {forbidden:?}: a module reaches another over the bus, never by a dependency"
        );
    }
}

#[test]
fn a_micro_frontend_depends_on_no_other_modules_micro_frontend() {
    let modules = modules();
    for (name, folder) in &modules {
        let package = folder.join("ui/package.json");
        if !package.exists() {
            continue;
        }
        let package: Value = serde_json::from_str(&text(&package)).expect("package.json is JSON");
        for kind in ["dependencies", "devDependencies", "peerDependencies"] {
            for dependency in package[kind]
                .as_object()
                .into_iter()
                .flatten()
                .map(|(key, _)| key)
            {
                let other = dependency
                    .strip_prefix("@dcp/")
                    .filter(|other| modules.contains_key(*other));
                assert_eq!(
                    other, None,
                    "the micro-frontend of {name} depends on the one of another module"
                );
            }
        }
    }
}

#[test]
fn the_top_level_is_the_agreed_one() {
    let agreed = BTreeSet::from([
        "framework",
        "modules",
        "gxp-node",
        "nongxp-node",
        "shell-ui",
        "infra",
        "docs",
    ]);
    let found = files("toml", &["."])
        .into_iter()
        .chain(files("rs", &["."]))
        .chain(files("ts", &["."]))
        .chain(files("md", &["."]));
    for path in found {
        let relative = path.strip_prefix(root()).expect("below the root");
        let Some(first) = relative
            .components()
            .next()
            .filter(|_| relative.components().count() > 1)
        else {
            continue;
        };
        let first = first.as_os_str().to_string_lossy();
        assert!(
            first.starts_with('.') || agreed.contains(first.as_ref()),
            "{first}/ is not one of the agreed folders"
        );
    }
}

#[test]
fn a_module_has_its_manifest_both_sql_dialects_and_a_short_main() {
    for (name, folder) in modules() {
        let manifest: toml::Table = text(&folder.join("module.toml"))
            .parse()
            .expect("module.toml is TOML");
        assert_eq!(
            manifest["name"].as_str(),
            Some(name.as_str()),
            "{name}: the manifest's name is the folder's"
        );
        for dialect in ["sqlite", "mssql"] {
            assert!(
                folder.join("sql").join(dialect).is_dir(),
                "{name} has no sql/{dialect}"
            );
        }
        let main = text(&folder.join("src/main.rs"));
        assert!(
            main.lines().count() <= 25,
            "{name}: main.rs is the table of contents, at most 25 lines"
        );
    }
}

#[test]
fn rust_outside_the_store_holds_no_sql() {
    let sql = ["SELECT ", "INSERT INTO ", "DELETE FROM ", "CREATE TABLE "];
    for path in files(
        "rs",
        &["modules/*/src", "framework/src", "gxp-node", "nongxp-node"],
    ) {
        let inside_store = path.starts_with(root().join("framework/src/store"))
            || path.starts_with(root().join("framework/src/bus"));
        let source = text(&path);
        let found = sql.iter().find(|word| source.contains(**word));
        assert!(
            inside_store || found.is_none(),
            "{}: {found:?} belongs into a procedure under sql/",
            path.display()
        );
    }
}

#[test]
fn only_the_r_worker_is_allowed_unsafe_code() {
    for (name, (manifest, _)) in workspace_dependencies() {
        let table: toml::Table = text(&manifest).parse().expect("Cargo.toml is TOML");
        let inherits = table
            .get("lints")
            .and_then(|lints| lints.get("workspace"))
            .and_then(toml::Value::as_bool)
            == Some(true);
        assert!(
            inherits || name == "calc-worker",
            "{name} does not inherit the workspace's lints"
        );
    }
}

/// Migrations that took something away before the first release: no version is left that read it.
const TAKEN_AWAY: [&str; 2] = ["V002__states.sql", "V005__retention.sql"];

/// Migrations that only lay tables out anew: each has the columns afterwards that it had before.
const LAID_OUT_ANEW: [&str; 1] = ["V008__rows.sql"];

/// The part of a migration that the version before could not work with, if there is one.
fn harms_the_version_before(migration: &str) -> Option<&str> {
    let taken = ["DROP TABLE", "DROP COLUMN", "RENAME", "ALTER COLUMN"];
    migration.split(';').find(|statement| {
        let code = statement.lines().filter(|line| !line.starts_with("--"));
        let words = code.collect::<Vec<_>>().join(" ").to_uppercase();
        let fills_in = words.contains("DEFAULT") || !words.contains("NOT NULL");
        let adds = words.contains("ALTER TABLE") && words.contains(" ADD ");
        taken.iter().any(|word| words.contains(word)) || (adds && !fills_in)
    })
}

#[test]
fn a_migration_takes_nothing_from_the_version_before() {
    for harm in [
        "DROP TABLE dbo.model;",
        "CREATE TABLE a (b INT);\nALTER TABLE dbo.model DROP COLUMN name;",
        "EXEC sp_rename 'dbo.model.name', 'title', 'COLUMN';",
        "alter table model rename column name to title;",
        "ALTER TABLE model ADD COLUMN unit TEXT NOT NULL;",
    ] {
        assert!(harms_the_version_before(harm).is_some(), "{harm}");
    }
    for path in files("sql", &["modules", "framework"]) {
        let name = path.file_name().expect("a file has a name");
        let mut known = TAKEN_AWAY.iter().chain(&LAID_OUT_ANEW);
        let known = known.any(|one| name == *one);
        if path
            .parent()
            .is_some_and(|folder| folder.ends_with("migrations"))
            && !known
        {
            let source = text(&path);
            let harm = harms_the_version_before(&source);
            let place = path.display();
            assert_eq!(harm, None, "{place}: add, and take away in a later release");
        }
    }
}
