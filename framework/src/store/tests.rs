//! What every module relies on, on a real file.

use std::sync::Arc;

use serde::Deserialize;

use super::{Files, Store, StoreError};
use crate::clock::{Ids, SystemClock};
use crate::params;

const SAMPLE: Files = {
    static SQLITE: include_dir::Dir<'static> = include_dir::include_dir!("$CARGO_MANIFEST_DIR/src/store/sample/sqlite");
    static MSSQL: include_dir::Dir<'static> = include_dir::include_dir!("$CARGO_MANIFEST_DIR/src/store/sample/mssql");
    Files { owner: "sample", sqlite: &SQLITE, mssql: &MSSQL }
};

async fn open(folder: &tempfile::TempDir) -> Store {
    let address = format!("sqlite:{}", folder.path().join("sample.db").display());
    Store::open("sample", &address, SAMPLE, Arc::new(SystemClock), Ids::random()).await.unwrap()
}

#[derive(Debug, PartialEq, Deserialize)]
struct Sample {
    id: i64,
    name: String,
    weight: Option<f64>,
    ready: bool,
    tags: Vec<String>,
    at: jiff::Timestamp,
}

#[tokio::test]
async fn what_is_committed_is_read_back_and_what_is_dropped_leaves_no_trace() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder).await;
    let at = store.clock().now();
    let mut tx = store.begin().await.unwrap();
    tx.call("sample_add", params![1, "a", 2.5, true, serde_json::json!(["x", "y"]), at]).await.unwrap();
    tx.commit().await.unwrap();
    let mut tx = store.begin().await.unwrap();
    tx.call("sample_add", params![2, "b", None::<f64>, false, "[]", at]).await.unwrap();
    drop(tx);
    let all: Vec<Sample> = store.read("sample_all", params![]).await.unwrap().all().unwrap();
    let expected = Sample { id: 1, name: "a".into(), weight: Some(2.5), ready: true, tags: vec!["x".into(), "y".into()], at };
    assert_eq!(all, [expected]);
    assert_eq!(store.read("sample_count", params![]).await.unwrap().one::<i64>().unwrap(), 1);
}

#[tokio::test]
async fn errors_have_a_type() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder).await;
    let at = store.clock().now();
    store.write("sample_add", params![1, "a", None::<f64>, true, "[]", at]).await.unwrap();
    let again = store.write("sample_add", params![1, "a", None::<f64>, true, "[]", at]).await;
    assert!(matches!(again, Err(StoreError::Duplicate(_))), "{again:?}");
    let long = store.write("sample_add", params![2, "a".repeat(41), None::<f64>, true, "[]", at]).await;
    assert!(matches!(long, Err(StoreError::TooLong(_))), "{long:?}");
    let none = store.write("sample_add", params![2, None::<&str>, None::<f64>, true, "[]", at]).await;
    assert!(matches!(none, Err(StoreError::Parameters { .. })), "{none:?}");
    let unknown = store.write("sample_lost", params![]).await;
    assert!(matches!(unknown, Err(StoreError::UnknownProcedure(_))), "{unknown:?}");
    let orphan = store.write("sample_note_add", params![99, "note"]).await;
    assert!(matches!(orphan, Err(StoreError::ForeignKey(_))), "{orphan:?}");
    let refused = store.write("sample_note_remove", params![]).await;
    assert!(matches!(refused, Ok(_)), "{refused:?}");
}

#[tokio::test]
async fn a_transaction_can_be_a_closure_inside_a_task_of_any_thread() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder).await;
    let spawned = tokio::task::spawn(async move {
        let id = 7_i64;
        store
            .tx(async |tx| {
                let now = tx.now();
                tx.call("sample_add", params![id, "a", None::<f64>, true, "[]", now]).await?;
                Ok::<_, StoreError>(())
            })
            .await
            .unwrap();
        store.read("sample_count", params![]).await.unwrap().one::<i64>().unwrap()
    });
    assert_eq!(spawned.await.unwrap(), 1);
}
