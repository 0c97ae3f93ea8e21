//! What columns hold and how they grow.

use serde::de::DeserializeSeed;

use super::super::at_once::Rows;
use super::*;

fn read(items: &str) -> Series {
    let mut series = Series::default();
    let mut input = serde_json::Deserializer::from_str(items);
    Rows(&mut series).deserialize(&mut input).unwrap();
    series
}

#[test]
fn every_kind_of_value_keeps_its_reason() {
    let series = read(
        r#"[{"Timestamp":"2026-01-01T00:00:00Z","Value":0.1,"Good":true,"Questionable":false},
            {"Timestamp":"2026-01-01T00:00:01Z","Value":{"Name":"I/O Timeout","Value":246,"IsSystem":true},"Good":false},
            {"Timestamp":"2026-01-01T00:00:02Z","Value":{"Name":"Auto","Value":1,"IsSystem":false},"Good":true},
            {"Timestamp":"2026-01-01T00:00:03Z","Value":"Charge","Good":true},
            {"Timestamp":"2026-01-01T00:00:04Z","Value":7,"Good":true,"Questionable":true},
            {"Timestamp":"2026-01-01T00:00:05Z","Value":null,"Good":true},
            {"Timestamp":"2026-01-01T00:00:06Z","Value":9.5,"Good":false},
            {"Timestamp":"2026-01-01T00:00:07Z","Value":1.0,"Good":true,"Errors":[{"FieldName":"Value","Message":["x"]}]},
            {"Timestamp":"2026-01-01T00:00:08Z","Value":true,"Substituted":true,"Unknown":{"a":[1]}}]"#,
    );
    let expected = [
        Status::Good,
        Status::State(246),
        Status::Good,
        Status::Text,
        Status::Questionable,
        Status::Missing,
        Status::Bad,
        Status::Failed,
        Status::Substituted,
    ];
    assert_eq!(series.status, expected);
    assert_eq!(series.values[0].to_bits(), 0.1_f64.to_bits());
    for (value, status) in series.values.iter().zip(series.status.iter()) {
        assert_eq!(value.is_nan(), !status.is_usable());
    }
    assert_eq!(
        series.texts,
        BTreeMap::from([(2, "Auto".to_owned()), (3, "Charge".to_owned())])
    );
    assert_eq!(series.describe(Status::State(246)), "I/O Timeout");
    assert_eq!(series.stretches().len(), 9);
}
