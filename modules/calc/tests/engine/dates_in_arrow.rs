//! Dates, instants and factors as columns of their own type in Arrow.

use crate::dates::engine;
use arrow_array::cast::AsArray;
use arrow_array::types::{Date32Type, Int32Type, TimestampMicrosecondType};
use arrow_array::{
    Array, ArrayRef, Date32Array, Date64Array, DictionaryArray, RecordBatch,
    TimestampMillisecondArray, TimestampNanosecondArray,
};
use arrow_ipc::reader::StreamReader;
use arrow_ipc::writer::StreamWriter;
use serde_json::{Value, json};
use std::sync::Arc;

const STREAM: &str = "application/vnd.apache.arrow.stream";

fn stream(columns: Vec<(&str, ArrayRef)>) -> Vec<u8> {
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let mut writer = StreamWriter::try_new(Vec::new(), &batch.schema()).unwrap();
    writer.write(&batch).unwrap();
    writer.into_inner().unwrap()
}

#[tokio::test]
async fn columns_of_arrow_are_dates_instants_and_factors_in_r() {
    let engine = engine().await;
    let day_ms = 86_400_000;
    let words = DictionaryArray::<Int32Type>::from_iter([Some("u"), None, Some("a")]);
    let columns: Vec<(&str, ArrayRef)> = vec![
        (
            "d32",
            Arc::new(Date32Array::from(vec![Some(0), None, Some(-1)])),
        ),
        ("d64", Arc::new(Date64Array::from(vec![day_ms, -day_ms, 0]))),
        (
            "ms",
            Arc::new(TimestampMillisecondArray::from(vec![1, -1, 0])),
        ),
        (
            "ns",
            Arc::new(
                TimestampNanosecondArray::from(vec![1000, 0, 1_500_000_000])
                    .with_timezone("Europe/Berlin"),
            ),
        ),
        ("word", Arc::new(words)),
    ];
    let request = engine
        .request("POST", "/r/d/columns?frame=d")
        .header("content-type", STREAM);
    let told = engine.send(request.body(stream(columns))).await.value();
    let instant = json!(["POSIXct", "POSIXt"]);
    assert_eq!(
        told["classes"],
        json!({ "d32": "Date", "d64": "Date", "ms": instant, "ns": instant, "word": "factor" })
    );
    assert_eq!(
        told["d"],
        json!({ "d32": ["1970-01-01", null, "1969-12-31"], "d64": ["1970-01-02", "1969-12-31", "1970-01-01"],
            "ms": ["1970-01-01T00:00:00.001Z", "1969-12-31T23:59:59.999Z", "1970-01-01T00:00:00Z"],
            "ns": ["1970-01-01T00:00:00.000001Z", "1970-01-01T00:00:00Z", "1970-01-01T00:00:01.500Z"], "word": ["u", null, "a"] })
    );
    // A column is an argument of its own, and the same call as in JSON.
    let day: Vec<(&str, ArrayRef)> = vec![
        ("day", Arc::new(Date32Array::from(vec![20_484]))),
        ("at", Arc::new(TimestampMillisecondArray::from(vec![0]))),
    ];
    let request = engine
        .request("POST", "/r/d/told")
        .header("content-type", STREAM);
    let arrow = engine.send(request.body(stream(day))).await.json();
    let json = engine
        .call(
            "d/told",
            r#"{"day":"2026-01-31","at":"1970-01-01T01:00:00+01:00"}"#,
        )
        .await
        .json();
    assert_eq!(arrow["value"]["class"], json!(["Date"]));
    assert_eq!(
        arrow["call"]["computation_key"],
        json["call"]["computation_key"]
    );
    let fine: Vec<(&str, ArrayRef)> =
        vec![("x", Arc::new(TimestampNanosecondArray::from(vec![1])))];
    let request = engine
        .request("POST", "/r/d/plain")
        .header("content-type", STREAM);
    let refused = engine.send(request.body(stream(fine))).await;
    assert_eq!(
        (refused.status, &refused.json()["errors"][0]["pointer"]),
        (422, &json!("/x"))
    );
    assert!(refused.text.contains("microsecond"), "{}", refused.text);
}

#[tokio::test]
async fn dates_and_instants_leave_as_columns_of_their_own_type() {
    let engine = engine().await;
    let table = async |request: reqwest::RequestBuilder| {
        let response = request.header("accept", STREAM).send().await.unwrap();
        assert_eq!(response.status(), 200);
        let body = response.bytes().await.unwrap();
        let mut reader = StreamReader::try_new(&body[..], None).unwrap();
        let about: Value = serde_json::from_str(&reader.schema().metadata()["dcp"]).unwrap();
        (reader.next().unwrap().unwrap(), about)
    };
    let (batch, about) = table(engine.request("POST", "/r/d/table_of").body("")).await;
    let days = batch
        .column_by_name("day")
        .unwrap()
        .as_primitive::<Date32Type>();
    assert_eq!(days.iter().collect::<Vec<_>>(), [Some(20_484), None]);
    let at = batch.column_by_name("at").unwrap();
    let arrow_schema_type = at.data_type().to_string();
    assert!(arrow_schema_type.contains("UTC"), "{arrow_schema_type}");
    let at = at.as_primitive::<TimestampMicrosecondType>();
    assert_eq!(at.values().as_ref(), [500_000, 1_000_000_000_000_000]);
    assert_eq!(
        batch
            .column_by_name("text")
            .unwrap()
            .as_string::<i32>()
            .value(0),
        "2026-01-31"
    );
    // The store tells the same, and a value alone has its type, too.
    let key = about["call"]["result_key"].as_str().unwrap();
    let (again, _) = table(engine.request("GET", &format!("/results/{key}"))).await;
    assert_eq!(again.columns(), batch.columns());
    let (one, _) = table(engine.request("POST", "/r/d/day_of").body("")).await;
    assert_eq!(one.column(0).as_primitive::<Date32Type>().value(0), 20_484);
}
