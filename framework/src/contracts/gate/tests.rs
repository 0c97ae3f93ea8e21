//! What the gate says of a change, and what it never overwrites.

use serde_json::json;

use super::*;
use crate::contracts::{Subscribed, Work};
use crate::events::{calc, mvda};

fn readers() -> Vec<Wiring> {
    let reads = |module: &str, event: &str| Wiring {
        module: module.to_owned(),
        events: vec![Subscribed {
            name: event.to_owned(),
            ordered: false,
            free: false,
        }],
        ..Wiring::default()
    };
    let calc = Wiring {
        module: "calc".to_owned(),
        tasks: vec![Work {
            name: "calc.call.v1".to_owned(),
            per_site: true,
        }],
        ..Wiring::default()
    };
    let finished = "calc.call.finished.v1";
    vec![
        reads("mvda", finished),
        reads("saw", finished),
        reads("framework", "mvda.model.failed.v1"),
        calc,
    ]
}

#[test]
fn a_broken_contract_names_the_field_the_rule_the_readers_and_the_way_out() {
    let contract = Contract::of::<calc::CallFinished>();
    let kept = contract.schema();
    let mut made = kept.clone();
    made["$defs"]["Calculated"]["properties"]
        .as_object_mut()
        .unwrap()
        .shift_remove("node");
    let said = check(&contract, Some(&kept), &made, &readers()).unwrap();
    for part in [
        "outcome.ok.node: the field is gone",
        "read by: mvda, saw",
        "Make version 2 of calc.call.finished",
        "calc::CallFinished",
    ] {
        assert!(said.contains(part), "{part} is missing in: {said}");
    }
    let task = Contract::of::<calc::Call>();
    let mut made = task.schema();
    made["required"]
        .as_array_mut()
        .unwrap()
        .push(json!("deadline"));
    let said = check(&task, Some(&task.schema()), &made, &readers()).unwrap();
    assert!(
        said.contains("deadline: the field became required") && said.contains("read by: calc"),
        "{said}"
    );
}

#[test]
fn accepting_keeps_what_fits_and_never_overwrites_what_would_break() {
    let folder = tempfile::tempdir().unwrap();
    let contract = Contract::of::<mvda::ModelFailed>();
    let name = contract.wire_name();
    let file = folder.path().join(format!("{name}.schema.json"));
    let keep = || accept(folder.path(), &[contract], &readers()).unwrap();
    assert_eq!(
        keep().written,
        std::slice::from_ref(&name),
        "what is new is kept"
    );
    assert_eq!(
        keep(),
        Accepted::default(),
        "what is the same is left alone"
    );
    let mut before = contract.schema();
    before["properties"]
        .as_object_mut()
        .unwrap()
        .shift_remove("link");
    before["required"]
        .as_array_mut()
        .unwrap()
        .retain(|field| field != "link");
    let breaking = before.to_string();
    std::fs::write(&file, &breaking).unwrap();
    let refused = keep();
    assert!(
        refused.written.is_empty() && refused.refused[0].contains("link: a new field is required"),
        "{refused:?}"
    );
    assert_eq!(
        std::fs::read_to_string(&file).unwrap(),
        breaking,
        "the kept schema is untouched"
    );
    let mut before = contract.schema();
    before["description"] = json!("Said otherwise.");
    std::fs::write(&file, before.to_string()).unwrap();
    assert_eq!(keep().written, [name], "other words are kept");
}
