//! Golden documents: what is on the wire stays readable for ever.

use std::path::PathBuf;

use serde_json::json;

use super::{Event, administration, calc, framework, mvda, wire_name};

/// Compares with `golden/<wire name>.json`; a missing one is written, to be looked at and committed.
fn golden<E: Event>(example: serde_json::Value) {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join(format!("src/events/golden/{}.json", wire_name::<E>()));
    let event: E = serde_json::from_value(example).unwrap();
    let now = serde_json::to_string_pretty(&event).unwrap() + "\n";
    if !file.exists() {
        std::fs::write(&file, &now).unwrap();
    }
    let kept = std::fs::read_to_string(&file).unwrap();
    let read: E = serde_json::from_str(&kept).unwrap();
    assert_eq!(
        serde_json::to_string_pretty(&read).unwrap() + "\n",
        kept,
        "{} reads and writes its golden",
        E::NAME
    );
    assert_eq!(now, kept, "{} is written as its golden document", E::NAME);
    assert!(!event.key().as_str().is_empty());
}

#[test]
fn every_event_is_written_as_its_golden_document() {
    let by = json!({"id": "u-1", "name": "Ada Analyst"});
    let at = "2026-03-01T08:15:30.123456Z";
    let model = json!({"id": "m-1", "name": "Dryer 2", "version": 3, "kind": "evolution"});
    golden::<administration::UserChanged>(
        json!({"user": {"id": "u-2", "login": "scientist", "name": "Sam", "email": "sam@example.org",
        "active": true}, "grants": {"basel": ["mvda.read"]}, "by": by, "at": at}),
    );
    golden::<calc::Call>(
        json!({"call_id": "c-1", "script": "mvda", "function": "batch_evolution", "args": {"components": 3},
        "requested_by": by, "site": "basel", "reply_to": "mvda", "deadline": at}),
    );
    golden::<calc::Cancel>(json!({"call_id": "c-1", "by": by, "at": at}));
    golden::<calc::CallProgressed>(
        json!({"call_id": "c-1", "reply_to": "mvda", "fraction": 0.25, "message": "reading batches"}),
    );
    golden::<calc::CallFinished>(
        json!({"call_id": "c-1", "reply_to": "mvda", "outcome": {"ok": {"result_key": "r-1",
        "computation_key": "k-1", "script_version": "9f2c", "environment": {"r": "4.5.0"}, "warnings": ["a"], "duration_ms": 12, "node": "gxp-node"}}}),
    );
    golden::<calc::Publish>(
        json!({"name": "mvda", "source": "f <- function(x) x", "module": "mvda"}),
    );
    golden::<calc::ScriptPublished>(
        json!({"name": "mvda", "version": "9f2c", "functions": ["f"], "by": by, "at": at, "node": "gxp-node"}),
    );
    golden::<mvda::ModelCalculated>(
        json!({"model": model, "site": "basel", "unit": "Dryer 2", "by": by, "at": at, "batches": 30,
        "abnormal": 2, "link": "/app/basel/mvda/models/m-1"}),
    );
    golden::<mvda::ModelFailed>(
        json!({"model": model, "site": "basel", "unit": "Dryer 2", "by": by, "at": at,
        "reason": "too few batches", "link": "/app/basel/mvda/models/m-1"}),
    );
    golden::<framework::ModuleStarted>(
        json!({"module": "mvda", "version": "0.1.0", "node": "gxp-node", "zone": "gxp", "at": at}),
    );
}

#[test]
fn a_failed_call_reads_back() {
    let text = r#"{"call_id":"c","reply_to":"mvda","outcome":{"error":{"title":"t","detail":"d","kind":"r-error"}}}"#;
    let event: calc::CallFinished = serde_json::from_str(text).unwrap();
    assert!(matches!(event.outcome, calc::Outcome::Error(ref failed) if failed.kind == "r-error"));
}
