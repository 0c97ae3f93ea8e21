//! What the golden documents do not show; those are read in `contracts`.

use super::calc;

#[test]
fn a_failed_call_reads_back() {
    let text = r#"{"call_id":"c","reply_to":"mvda","outcome":{"error":{"title":"t","detail":"d","kind":"r-error"}}}"#;
    let event: calc::CallFinished = serde_json::from_str(text).unwrap();
    assert!(matches!(event.outcome, calc::Outcome::Error(ref failed) if failed.kind == "r-error"));
}
