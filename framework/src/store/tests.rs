//! What every module relies on, on both engines; SQL Server where `DCP_TEST_SQLSERVER` names one (an ADO connection string
//! without a database, of a login that may create databases).

#![expect(
    clippy::disallowed_methods,
    reason = "tests read their environment and wait on real time"
)]

use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;

use super::{Files, Store, StoreError, Tx};
use crate::clock::{Ids, SystemClock};
use crate::params;

const SAMPLE: Files = {
    static SQLITE: include_dir::Dir<'static> =
        include_dir::include_dir!("$CARGO_MANIFEST_DIR/src/store/sample/sqlite");
    static MSSQL: include_dir::Dir<'static> =
        include_dir::include_dir!("$CARGO_MANIFEST_DIR/src/store/sample/mssql");
    Files {
        owner: "sample",
        sqlite: &SQLITE,
        mssql: &MSSQL,
    }
};

/// Each test on each engine.
macro_rules! on_both_engines {
    ($($name:ident)*) => {
        mod sqlite {
            $(#[tokio::test]
            async fn $name() {
                let folder = tempfile::tempdir().unwrap();
                let address = format!("sqlite:{}", folder.path().join("sample.db").display());
                super::$name(&address).await;
            })*
        }
        mod sqlserver {
            $(#[tokio::test]
            async fn $name() {
                if let Some(address) = super::database(concat!("store::sqlserver::", stringify!($name))).await {
                    super::$name(&address).await;
                }
            })*
        }
    };
}

on_both_engines! {
    what_is_committed_is_read_back_and_what_is_dropped_leaves_no_trace
    errors_have_a_type
    an_error_ends_the_transaction
    a_transaction_can_be_a_closure_inside_a_task_of_any_thread
    opening_again_changes_nothing
    a_lease_belongs_to_one_until_it_lets_go
    a_second_transaction_waits_for_the_first
    a_part_that_fails_is_undone_alone
    a_part_that_hides_its_failure_is_undone_and_fails
    parts_hold_parts
    what_a_trigger_refuses_in_a_part_is_told_and_never_kept
    a_call_that_was_dropped_ends_its_transaction_and_nobody_gets_its_connection
}

mod backup;
mod connections;
mod copying;
mod credentials;
mod deadlock;
mod growing;
mod migrations;
mod parts;
mod restoring;
mod rights;

use self::parts::*;

/// Databases are made one after the other: a server may fail to make several at once.
static ONE: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

/// A new database on the server of `DCP_TEST_SQLSERVER`, or none and a line that says so.
async fn database(test: &str) -> Option<String> {
    let Ok(server) = std::env::var("DCP_TEST_SQLSERVER") else {
        eprintln!("SKIPPED: {test}: DCP_TEST_SQLSERVER is not set");
        return None;
    };
    let _one = ONE.lock().await;
    let name = format!("dcp_test_{}", uuid::Uuid::now_v7().simple());
    Some(super::create_database(&server, &name).await.unwrap())
}

async fn open(address: &str) -> Store {
    Store::open(
        "sample",
        address,
        SAMPLE,
        Arc::new(SystemClock),
        Ids::random(),
    )
    .await
    .unwrap()
}

async fn add(store: &Store, id: i64) -> Result<(), StoreError> {
    let at = store.clock().now();
    store
        .write("sample_add", params![id, "a", None::<f64>, true, "[]", at])
        .await
        .map(drop)
}

async fn count(store: &Store) -> i64 {
    store
        .read("sample_count", params![])
        .await
        .unwrap()
        .one()
        .unwrap()
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

async fn what_is_committed_is_read_back_and_what_is_dropped_leaves_no_trace(address: &str) {
    let store = open(address).await;
    let at = store.clock().now();
    let mut tx = store.begin().await.unwrap();
    tx.call(
        "sample_add",
        params![1, "a", 2.5, true, serde_json::json!(["x", "y"]), at],
    )
    .await
    .unwrap();
    tx.commit().await.unwrap();
    let mut tx = store.begin().await.unwrap();
    let added = tx
        .call("sample_add", params![2, "b", None::<f64>, false, "[]", at])
        .await
        .unwrap();
    assert_eq!(added.affected(), 1);
    drop(tx);
    let all: Vec<Sample> = store
        .read("sample_all", params![])
        .await
        .unwrap()
        .all()
        .unwrap();
    let expected = Sample {
        id: 1,
        name: "a".into(),
        weight: Some(2.5),
        ready: true,
        tags: vec!["x".into(), "y".into()],
        at,
    };
    assert_eq!(all, [expected]);
    assert_eq!(count(&store).await, 1);
}

async fn errors_have_a_type(address: &str) {
    let store = open(address).await;
    let at = store.clock().now();
    add(&store, 1).await.unwrap();
    let again = add(&store, 1).await;
    assert!(matches!(again, Err(StoreError::Duplicate(_))), "{again:?}");
    let long = store
        .write(
            "sample_add",
            params![2, "a".repeat(41), None::<f64>, true, "[]", at],
        )
        .await;
    assert!(matches!(long, Err(StoreError::TooLong(_))), "{long:?}");
    let none = store
        .write(
            "sample_add",
            params![2, None::<&str>, None::<f64>, true, "[]", at],
        )
        .await;
    assert!(
        matches!(none, Err(StoreError::Parameters { .. })),
        "{none:?}"
    );
    let unknown = store.write("sample_lost", params![]).await;
    assert!(
        matches!(unknown, Err(StoreError::UnknownProcedure(_))),
        "{unknown:?}"
    );
    let orphan = store.write("sample_note_add", params![99, "note"]).await;
    assert!(
        matches!(orphan, Err(StoreError::ForeignKey(_))),
        "{orphan:?}"
    );
    store.write("sample_note_remove", params![]).await.unwrap();
    store
        .write("sample_note_add", params![1, "note"])
        .await
        .unwrap();
    let kept = store
        .write("sample_note_remove", params![])
        .await
        .unwrap_err();
    assert!(
        matches!(&kept, StoreError::Rejected { code: 50_000, message } if message == "notes are kept"),
        "{kept:?}"
    );
}

async fn an_error_ends_the_transaction(address: &str) {
    let store = open(address).await;
    add(&store, 1).await.unwrap();
    let at = store.clock().now();
    let mut tx = store.begin().await.unwrap();
    tx.call("sample_add", params![2, "b", None::<f64>, true, "[]", at])
        .await
        .unwrap();
    assert!(
        tx.call("sample_add", params![1, "b", None::<f64>, true, "[]", at])
            .await
            .is_err()
    );
    let after = tx
        .call("sample_add", params![3, "b", None::<f64>, true, "[]", at])
        .await;
    assert!(matches!(after, Err(StoreError::Failed)), "{after:?}");
    assert!(matches!(tx.commit().await, Err(StoreError::Failed)));
    assert_eq!(count(&store).await, 1);
}

async fn a_transaction_can_be_a_closure_inside_a_task_of_any_thread(address: &str) {
    let store = open(address).await;
    let spawned = tokio::task::spawn(async move {
        let id = 7_i64;
        let done: Result<(), StoreError> = store
            .tx(async |tx| {
                let now = tx.now();
                tx.call("sample_add", params![id, "a", None::<f64>, true, "[]", now])
                    .await?;
                Ok(())
            })
            .await;
        done.unwrap();
        count(&store).await
    });
    assert_eq!(spawned.await.unwrap(), 1);
}

async fn opening_again_changes_nothing(address: &str) {
    let store = open(address).await;
    add(&store, 1).await.unwrap();
    drop(store);
    let (one, two) = tokio::join!(open(address), open(address));
    assert_eq!((count(&one).await, count(&two).await), (1, 1));
}

async fn a_lease_belongs_to_one_until_it_lets_go(address: &str) {
    let (one, two) = (open(address).await, open(address).await);
    let lease = one.try_lease("work").await.unwrap().unwrap();
    assert!(two.try_lease("work").await.unwrap().is_none());
    assert!(two.try_lease("other").await.unwrap().is_some());
    lease.release().await;
    let lease = two.try_lease("work").await.unwrap().unwrap();
    drop(lease);
    let mut patience = 100;
    while one.try_lease("work").await.unwrap().is_none() {
        patience -= 1;
        assert!(patience > 0, "a dropped lease is free soon");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

async fn a_second_transaction_waits_for_the_first(address: &str) {
    let store = open(address).await;
    let at = store.clock().now();
    let mut first = store.begin().await.unwrap();
    first
        .call("sample_add", params![1, "a", None::<f64>, true, "[]", at])
        .await
        .unwrap();
    let second = tokio::task::spawn({
        let store = store.clone();
        async move { add(&store, 1).await }
    });
    tokio::time::sleep(Duration::from_millis(50)).await;
    first.commit().await.unwrap();
    let second = second.await.unwrap();
    assert!(
        matches!(second, Err(StoreError::Duplicate(_))),
        "{second:?}"
    );
}

#[tokio::test]
async fn many_may_open_a_new_database_at_once() {
    for _ in 0..5 {
        let folder = tempfile::tempdir().unwrap();
        let address = format!("sqlite:{}", folder.path().join("sample.db").display());
        let all = (0..8).map(|_| {
            let address = address.clone();
            tokio::task::spawn_blocking(move || {
                let runtime = tokio::runtime::Builder::new_current_thread()
                    .enable_all()
                    .build();
                runtime
                    .unwrap()
                    .block_on(async { open(&address).await.module().to_owned() })
            })
        });
        for opened in futures_util::future::join_all(all).await {
            assert_eq!(opened.unwrap(), "sample");
        }
    }
}

#[tokio::test]
async fn a_migration_that_changed_after_it_was_applied_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let address = format!("sqlite:{}", folder.path().join("sample.db").display());
    drop(open(&address).await);
    let connection = rusqlite::Connection::open(folder.path().join("sample.db")).unwrap();
    connection
        .execute(
            "UPDATE dcp_migration SET checksum = 'another' WHERE owner = 'sample'",
            [],
        )
        .unwrap();
    let again = Store::open(
        "sample",
        &address,
        SAMPLE,
        Arc::new(SystemClock),
        Ids::random(),
    )
    .await;
    assert_eq!(
        again.unwrap_err().to_string(),
        "migration: sample V001 sample was changed after it was applied; deploy the version that applied it"
    );
}

#[tokio::test]
async fn a_writer_that_never_ends_makes_others_busy_and_no_thread_hang() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&format!(
        "sqlite:{}",
        folder.path().join("sample.db").display()
    ))
    .await;
    let mut endless = store.begin().await.unwrap();
    let at = store.clock().now();
    // A transaction begins with its first call.
    let call = params![2, "b", None::<f64>, true, "[]", at];
    endless.call("sample_add", call).await.unwrap();
    let busy = add(&store, 1).await;
    assert!(matches!(busy, Err(StoreError::Busy)), "{busy:?}");
    assert_eq!(count(&store).await, 0, "reading goes on");
    drop(endless);
    add(&store, 1).await.unwrap();
}
