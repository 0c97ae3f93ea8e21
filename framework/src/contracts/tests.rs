//! The registry is whole, its documents fit, and no contract is broken.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::*;
use crate::model::Manifest;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .to_owned()
}

/// The files below `folder` whose name ends so, with their texts.
fn texts(folder: &Path, ending: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() && !["node_modules", "dist"].contains(&name.as_str()) {
            found.extend(texts(&path, ending));
        } else if name.ends_with(ending) {
            found.push((name, std::fs::read_to_string(&path).unwrap()));
        }
    }
    found
}

/// What the manifests of all modules of the repository say.
fn wiring() -> Vec<Wiring> {
    let manifests = texts(&root().join("modules"), "module.toml");
    let wiring: Vec<Wiring> = manifests
        .iter()
        .map(|(_, text)| Wiring::of(&Manifest::parse(text).unwrap()))
        .collect();
    assert!(wiring.len() >= 6, "the manifests were found");
    wiring
}

fn kept(contract: &Contract) -> Option<Value> {
    kept_in(&root().join(KEPT_FOLDER), contract).unwrap()
}

fn golden(contract: &Contract) -> String {
    let file = root()
        .join(KEPT_FOLDER)
        .join(format!("{}.json", contract.wire_name()));
    std::fs::read_to_string(&file)
        .unwrap_or_else(|error| panic!("{} needs a golden document: {error}", file.display()))
}

#[test]
fn every_event_type_stands_in_the_registry() {
    let mut written = BTreeSet::new();
    for folder in [root().join("framework/src"), root().join("modules")] {
        for (file, text) in texts(&folder, ".rs")
            .iter()
            .filter(|(file, _)| !file.contains("tests"))
        {
            for line in text
                .lines()
                .filter_map(|line| line.strip_prefix("impl Event for "))
            {
                let name = line.trim_end_matches(['{', ' ']);
                written.insert(format!("{}::{name}", file.trim_end_matches(".rs")));
            }
        }
    }
    let listed: BTreeSet<String> = all()
        .iter()
        .map(|contract| contract.rust_type().to_owned())
        .collect();
    assert_eq!(
        written, listed,
        "left: types that are an Event; right: framework/src/contracts/registry.rs"
    );
}

#[test]
fn the_registry_and_the_golden_folder_name_the_same() {
    let listed: BTreeSet<String> = all().iter().map(Contract::wire_name).collect();
    assert_eq!(listed.len(), all().len(), "no name and version twice");
    let (mut documents, mut schemas) = (BTreeSet::new(), BTreeSet::new());
    for (file, _) in texts(&root().join(KEPT_FOLDER), ".json") {
        match file.strip_suffix(".schema.json") {
            Some(name) => schemas.insert(name.to_owned()),
            None => documents.insert(file.trim_end_matches(".json").to_owned()),
        };
    }
    assert_eq!(
        documents, listed,
        "left: golden documents; right: the registry"
    );
    assert_eq!(
        schemas, listed,
        "left: kept schemas; right: the registry; what was published once stays"
    );
}

#[test]
fn names_say_the_owner_and_every_contract_is_explained() {
    for contract in all() {
        let name = contract.wire_name();
        let words = contract.name.split('.').count();
        let expected = if contract.kind == Kind::Task { 2 } else { 3 };
        assert_eq!(
            words, expected,
            "{name}: an event is owner.subject.what-happened, a task is owner.task"
        );
        assert!(contract.version >= 1, "{name}");
        assert!(
            !contract.description().is_empty(),
            "{name} has no description"
        );
        assert!(
            !contract.description().contains("[`"),
            "{name}: a description is read by people who have no Rust documentation"
        );
        let schema = contract.schema();
        let fields = schema["properties"].as_object().unwrap();
        for (field, said) in fields {
            let explained = said["description"]
                .as_str()
                .is_some_and(|text| !text.is_empty());
            assert!(explained, "{name}: the field {field} has no description");
        }
    }
}

#[test]
fn every_golden_document_is_read_and_written_to_the_letter() {
    for contract in all() {
        let document = golden(&contract);
        let echo = contract
            .echo(&document)
            .unwrap_or_else(|error| panic!("{}: {error}", contract.wire_name()));
        assert_eq!(
            echo.written,
            document,
            "{} is written as its golden document",
            contract.wire_name()
        );
        assert!(
            !echo.key.as_str().is_empty(),
            "{} has a key",
            contract.wire_name()
        );
    }
}

#[test]
fn every_golden_document_fits_its_kept_schema() {
    for contract in all() {
        let schema = kept(&contract)
            .unwrap_or_else(|| panic!("{} has no kept schema", contract.wire_name()));
        let validator = jsonschema::options()
            .should_validate_formats(true)
            .build(&schema)
            .unwrap();
        let mut document: Value = serde_json::from_str(&golden(&contract)).unwrap();
        let wrong: Vec<String> = validator
            .iter_errors(&document)
            .map(|error| error.to_string())
            .collect();
        assert!(wrong.is_empty(), "{}: {wrong:?}", contract.wire_name());
        if document.get("at").is_some() {
            document["at"] = json!("yesterday");
            assert!(
                !validator.is_valid(&document),
                "{}: the format of a time is checked",
                contract.wire_name()
            );
        }
        assert!(
            !validator.is_valid(&json!({})),
            "{}: nothing is not enough",
            contract.wire_name()
        );
    }
}

#[test]
fn no_contract_is_broken_and_every_schema_is_kept() {
    let wiring = wiring();
    let wrong: Vec<String> = all()
        .iter()
        .filter_map(|contract| {
            check(
                contract,
                kept(contract).as_ref(),
                &contract.schema(),
                &wiring,
            )
        })
        .collect();
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

#[test]
fn the_manifests_of_all_modules_fit_the_registry_and_each_other() {
    let wrong = check_wiring(&all(), &wiring());
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}
