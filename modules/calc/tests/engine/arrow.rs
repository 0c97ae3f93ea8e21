//! Arguments and values as Arrow IPC streams: the same calls as in JSON, bit for bit.

use crate::support::{Answer, Engine};
use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int32Type};
use arrow_array::{
    Array, ArrayRef, BooleanArray, Date32Array, DictionaryArray, Float64Array, Int64Array,
    RecordBatch, StringArray, Time32SecondArray, TimestampMicrosecondArray,
};
use arrow_ipc::reader::StreamReader;
use arrow_ipc::writer::StreamWriter;
use serde_json::{Value, json};
use std::sync::Arc;

const STREAM: &str = "application/vnd.apache.arrow.stream";

const SCRIPT: &str = r#"
echo <- function(x) x
sum_of <- function(x, y = 1) sum(x) + y
#' @param x [numeric(1..3), >=0] Values.
checked <- function(x) sum(x)
frame <- function(d, times = 1) { stopifnot(is.data.frame(d)); d$a <- d$a * times; d }
classes <- function(d) list(class = class(d), columns = vapply(d, function(x) class(x)[1L], ""), rows = nrow(d))
table_of <- function() data.frame(n = c(1.5, NA, NaN), t = c("a", NA, "NaN"), b = c(TRUE, FALSE, NA))
nested <- function() list(a = list(1, 2), b = 1)
ragged <- function() list(a = 1:2, b = 1:3)
"#;

async fn engine() -> Engine {
    let engine = Engine::start().await;
    let published = engine.publish("a", SCRIPT).await;
    assert_eq!(published.status, 200, "{}", published.text);
    engine
}

fn stream(batches: &[RecordBatch]) -> Vec<u8> {
    let mut writer = StreamWriter::try_new(Vec::new(), &batches[0].schema()).unwrap();
    for batch in batches {
        writer.write(batch).unwrap();
    }
    writer.into_inner().unwrap()
}

fn batch(columns: Vec<(&str, ArrayRef)>) -> RecordBatch {
    RecordBatch::try_from_iter(columns).unwrap()
}

fn numbers(values: Vec<f64>) -> ArrayRef {
    Arc::new(Float64Array::from(values))
}

async fn call(engine: &Engine, path: &str, body: Vec<u8>) -> Answer {
    let request = engine.request("POST", &format!("/r/a/{path}"));
    let request = request.header("content-type", STREAM).body(body);
    engine.send(request).await
}

/// The batch and what goes with it of an answer in Arrow.
async fn table(request: reqwest::RequestBuilder) -> (RecordBatch, Value) {
    let response = request.header("accept", STREAM).send().await.unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-type"], STREAM);
    let body = response.bytes().await.unwrap();
    let mut reader = StreamReader::try_new(&body[..], None).unwrap();
    let about = serde_json::from_str(&reader.schema().metadata()["dcp"]).unwrap();
    let batch = reader.next().unwrap().unwrap();
    assert!(reader.next().is_none());
    (batch, about)
}

#[tokio::test]
async fn doubles_keep_every_bit_in_both_directions() {
    let engine = engine().await;
    let mut bits = 0x9E37_79B9_7F4A_7C15_u64;
    let mut sent = vec![
        -0.0,
        5e-324,
        f64::MAX,
        f64::INFINITY,
        f64::NEG_INFINITY,
        1e15,
    ];
    while sent.len() < 100_000 {
        bits ^= bits << 13;
        bits ^= bits >> 7;
        bits ^= bits << 17;
        let number = f64::from_bits(bits);
        if number.is_finite() {
            sent.push(number);
        }
    }
    let (first, second) = sent.split_at(40_000);
    let batches = [first, second].map(|part| batch(vec![("x", numbers(part.to_vec()))]));
    let request = engine
        .request("POST", "/r/a/echo")
        .header("content-type", STREAM);
    let (back, about) = table(request.body(stream(&batches))).await;
    let back = back.column(0).as_primitive::<Float64Type>();
    let changed = sent
        .iter()
        .zip(back.values())
        .filter(|(sent, got)| sent.to_bits() != got.to_bits());
    assert_eq!((back.len(), changed.count()), (100_000, 0));
    // The same call in JSON is the same computation, and its value the same result.
    let words = |number: &f64| match number {
        number if number.is_finite() => json!(number),
        number => json!(if *number > 0.0 { "Inf" } else { "-Inf" }),
    };
    let body = json!({ "x": sent.iter().map(words).collect::<Vec<_>>() });
    let other = engine.call("a/echo", body.to_string()).await.json();
    for key in ["computation_key", "result_key"] {
        assert_eq!(about["call"][key], other["call"][key], "{key}");
    }
}

#[tokio::test]
async fn columns_are_arguments_or_one_data_frame() {
    let engine = engine().await;
    let columns = batch(vec![
        ("x", numbers(vec![1.0, 2.0])),
        ("y", Arc::new(Int64Array::from(vec![10, 20]))),
    ]);
    let answer = call(&engine, "sum_of", stream(&[columns])).await;
    assert_eq!(answer.value(), json!([13, 23]));
    let one = batch(vec![("x", numbers(vec![1.0, 2.0]))]);
    let path = "sum_of?arguments=%7B%22y%22%3A%20100%7D";
    assert_eq!(
        call(&engine, path, stream(&[one])).await.value(),
        json!(103)
    );
    let frame = batch(vec![
        ("a", numbers(vec![1.0, 2.0])),
        ("b", Arc::new(StringArray::from(vec![Some("x"), None]))),
    ]);
    let path = "frame?frame=d&arguments=%7B%22times%22%3A2%7D";
    let answer = call(&engine, path, stream(&[frame])).await;
    assert_eq!(answer.value(), json!({ "a": [2, 4], "b": ["x", null] }));
}

#[tokio::test]
async fn every_kind_of_column_has_its_vector() {
    let engine = engine().await;
    let words = DictionaryArray::<Int32Type>::from_iter([Some("u"), None, Some("v")]);
    let instants = TimestampMicrosecondArray::from(vec![0, 1_500_000, 86_400_000_000]);
    let columns = batch(vec![
        (
            "whole",
            Arc::new(Int64Array::from(vec![Some(1), None, Some(1 << 53)])),
        ),
        (
            "truth",
            Arc::new(BooleanArray::from(vec![Some(true), None, Some(false)])),
        ),
        ("words", Arc::new(words)),
        ("dates", Arc::new(Date32Array::from(vec![0, -1, 19_782]))),
        ("instants", Arc::new(instants.with_timezone("UTC"))),
        (
            "special",
            numbers(vec![f64::NAN, f64::from_bits(0x7FF0_0000_0000_07A2), -0.0]),
        ),
    ]);
    let body = stream(&[columns]);
    let classes = call(&engine, "classes?frame=d", body.clone()).await.value();
    let kinds = json!({ "whole": "numeric", "truth": "logical", "words": "factor",
        "dates": "Date", "instants": "POSIXct", "special": "numeric" });
    assert_eq!(
        classes,
        json!({ "class": "data.frame", "columns": kinds, "rows": 3 })
    );
    let echo = call(&engine, "echo?frame=x&bare=1", body).await;
    assert_eq!(
        echo.text,
        r#"{"whole":[1,null,9007199254740992.0],"truth":[true,null,false],"words":["u",null,"v"],"dates":["1970-01-01","1969-12-31","2024-02-29"],"instants":["1970-01-01T00:00:00Z","1970-01-01T00:00:01.500Z","1970-01-02T00:00:00Z"],"special":["NaN",null,-0.0]}"#
    );
}

#[tokio::test]
async fn what_has_no_vector_is_refused_with_its_column() {
    let engine = engine().await;
    for (column, word) in [
        (
            Arc::new(Time32SecondArray::from(vec![1])) as ArrayRef,
            "Time32",
        ),
        (Arc::new(Int64Array::from(vec![(1 << 53) + 1])), "2^53"),
    ] {
        let answer = call(&engine, "echo", stream(&[batch(vec![("x", column)])])).await;
        assert_eq!(
            (answer.status, answer.problem().as_str()),
            (422, "invalid-arguments")
        );
        assert_eq!(answer.json()["errors"][0]["pointer"], json!("/x"));
        assert!(answer.text.contains(word), "{}", answer.text);
    }
    let negative = batch(vec![("x", numbers(vec![1.0, -1.0]))]);
    let answer = call(&engine, "checked", stream(&[negative])).await;
    assert_eq!(
        answer.json()["errors"][0]["pointer"],
        json!("/x/1"),
        "{}",
        answer.text
    );
    let whole = stream(&[batch(vec![("x", numbers(vec![1.0; 1000]))])]);
    for cut in [0, 1, 7, 100, whole.len() / 2] {
        let answer = call(&engine, "echo", whole[..cut].to_vec()).await;
        assert_eq!(answer.status, 422, "{cut}: {}", answer.text);
    }
    let mut state = 1_u64;
    for _ in 0..200 {
        let mut body = whole.clone();
        for _ in 0..4 {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            let place = usize::try_from(state >> 33).unwrap() % 400;
            body[place] = state.to_le_bytes()[5];
        }
        let answer = call(&engine, "sum_of", body).await;
        assert!(
            [200, 422].contains(&answer.status),
            "{}: {}",
            answer.status,
            answer.text
        );
    }
    let answer = engine.call("a/sum_of", r#"{"x":1}"#).await;
    assert_eq!(answer.value(), json!(2));
}

#[tokio::test]
async fn a_table_is_told_as_a_stream_and_anything_else_says_that_it_is_none() {
    let engine = engine().await;
    let (batch, about) = table(engine.request("POST", "/r/a/table_of").body("")).await;
    let n = batch
        .column_by_name("n")
        .unwrap()
        .as_primitive::<Float64Type>();
    assert_eq!(n.value(0).to_bits(), 1.5_f64.to_bits());
    assert!(n.is_null(1) && n.value(2).is_nan() && n.is_valid(2));
    let t = batch.column_by_name("t").unwrap().as_string::<i32>();
    assert_eq!(t.iter().collect::<Vec<_>>(), [Some("a"), None, Some("NaN")]);
    let b = batch.column_by_name("b").unwrap().as_boolean();
    assert_eq!(
        b.iter().collect::<Vec<_>>(),
        [Some(true), Some(false), None]
    );
    // The same of the store.
    let key = about["call"]["result_key"].as_str().unwrap();
    let (again, _) = table(engine.request("GET", &format!("/results/{key}"))).await;
    assert_eq!(again.columns(), batch.columns());
    for function in ["nested", "ragged"] {
        let request = engine.request("POST", &format!("/r/a/{function}"));
        let answer = engine.send(request.header("accept", STREAM).body("")).await;
        assert_eq!(
            (answer.status, answer.problem().as_str()),
            (406, "no-table")
        );
    }
}
