//! The document says of every module what its manifest says, and holds together.

use serde_json::{Value, json};

use super::*;
use crate::contracts::all;

fn manifests() -> Vec<Manifest> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../modules");
    let texts = [
        "administration",
        "calc",
        "framework",
        "login",
        "mvda",
        "saw",
    ]
    .map(|name| std::fs::read_to_string(folder.join(name).join("module.toml")).unwrap());
    texts
        .iter()
        .map(|text| Manifest::parse(text).unwrap())
        .collect()
}

fn platform() -> Value {
    let deployed: Vec<Deployed> = manifests()
        .iter()
        .map(|manifest| Deployed::of(manifest, Some("gxp-node"), manifest.zone))
        .collect();
    document(&all(), &deployed)
}

/// Every reference of the document.
fn references(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                match field.as_str() {
                    Some(target) if name == "$ref" => found.push(target.to_owned()),
                    _ => references(field, found),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        _ => {}
    }
}

#[test]
fn every_reference_leads_somewhere() {
    let document = platform();
    let mut found = Vec::new();
    references(&document, &mut found);
    assert!(found.len() > 50, "{}", found.len());
    for target in found {
        let pointer = target.strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some(), "{target}");
    }
}

#[test]
fn what_a_manifest_says_is_an_operation() {
    let document = platform();
    let operations = document["operations"].as_object().unwrap();
    let expected: usize = manifests()
        .iter()
        .map(Wiring::of)
        .map(|wiring| wiring.publishes.len() + wiring.events.len() + wiring.tasks.len())
        .sum();
    assert_eq!(operations.len(), expected);
    let reaction = &operations["mvda.receive.calc.call.finished.v1"];
    assert_eq!(reaction["action"], "receive");
    assert_eq!(
        reaction["channel"]["$ref"],
        "#/channels/calc.call.finished.v1"
    );
    assert_eq!(
        reaction["x-dcp-queues"],
        json!(["q.mvda.calc.call.finished.v1"])
    );
    let ordered = &operations["login.receive.administration.user.changed.v1"];
    assert_eq!(ordered["x-dcp-ordered"], true);
    assert_eq!(
        ordered["x-dcp-queues"][0],
        "q.login.administration.user.changed.v1.lane0"
    );
    assert_eq!(
        operations["calc.send.calc.call.finished.v1"]["action"],
        "send"
    );
}

#[test]
fn a_channel_has_the_address_that_the_bus_uses() {
    let document = platform();
    let finished = &document["channels"]["calc.call.finished.v1"];
    assert_eq!(finished["address"], "calc.call.finished.v1.{slot}");
    assert!(finished["parameters"]["slot"].is_object());
    assert_eq!(finished["bindings"]["amqp"]["exchange"]["name"], "evt.calc");
    let call = &document["channels"]["calc.call.v1"];
    assert_eq!(call["address"], "q.calc.task.call.v1.{site}");
    assert!(call["parameters"]["site"].is_object());
    let publish = &document["channels"]["calc.publish.v1"];
    assert_eq!(
        (&publish["address"], publish.get("parameters")),
        (&json!("q.calc.task.publish.v1.all"), None)
    );
}

#[test]
fn the_example_of_a_message_fits_its_payload() {
    let document = platform();
    for (name, message) in document["components"]["messages"].as_object().unwrap() {
        // The payload's references point into the whole document.
        let mut schema = document.clone();
        schema["$ref"] = message["payload"]["$ref"].clone();
        let validator = jsonschema::draft7::options()
            .should_validate_formats(true)
            .build(&schema)
            .unwrap();
        let example = &message["examples"][0]["payload"];
        assert!(example.is_object() && validator.is_valid(example), "{name}");
        assert!(!validator.is_valid(&json!({})), "{name}");
    }
}

#[test]
fn a_module_on_two_nodes_is_told_once_and_its_nodes_are_named() {
    let calc = &manifests()[1];
    let both = ["gxp-node", "nongxp-node"].map(|node| Deployed::of(calc, Some(node), calc.zone));
    let document = document(&all(), &both);
    assert_eq!(document["info"]["tags"].as_array().unwrap().len(), 1);
    assert_eq!(document["info"]["x-dcp-deployed"][1]["node"], "nongxp-node");
}

#[test]
fn a_message_of_a_newer_module_has_a_name_and_no_shape() {
    let mut newer = Deployed::of(&manifests()[1], None, Zone::Gxp);
    newer
        .wiring
        .publishes
        .push("calc.call.dreamt.v3".to_owned());
    let document = document(&all(), &[newer]);
    let message = &document["components"]["messages"]["calc.call.dreamt.v3"];
    assert!(message.get("payload").is_none(), "{message}");
    assert!(
        message["description"]
            .as_str()
            .unwrap()
            .starts_with("Unknown to this node")
    );
}
