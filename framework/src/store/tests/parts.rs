//! Parts of a transaction, each of which can be undone alone; and calls that are not waited for.

use std::time::Duration;

use super::{SAMPLE, Store, StoreError, Tx, add, count, database, open};
use crate::params;
use crate::store::FRAMEWORK;
use crate::store::engine::Engine;

async fn put(tx: &mut Tx<'_>, id: i64) -> Result<(), StoreError> {
    let at = tx.now();
    let row = params![id, "a", None::<f64>, true, "[]", at];
    tx.call("sample_add", row).await.map(drop)
}

pub(super) async fn a_part_that_fails_is_undone_alone(address: &str) {
    let store = open(address).await;
    add(&store, 1).await.unwrap();
    let mut tx = store.begin().await.unwrap();
    put(&mut tx, 2).await.unwrap();
    let refused = tx
        .part(async |tx| {
            put(tx, 3).await?;
            put(tx, 1).await
        })
        .await;
    assert!(
        matches!(refused, Err(StoreError::Duplicate(_))),
        "{refused:?}"
    );
    let refused = tx
        .part(async |tx| {
            put(tx, 4).await?;
            Err::<(), _>(StoreError::NotOne(0))
        })
        .await;
    assert!(matches!(refused, Err(StoreError::NotOne(0))), "{refused:?}");
    tx.part(async |tx| put(tx, 5).await).await.unwrap();
    put(&mut tx, 6).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(ids(&store).await, [1, 2, 5, 6]);
}

pub(super) async fn what_a_trigger_refuses_in_a_part_is_told_and_never_kept(address: &str) {
    let store = open(address).await;
    add(&store, 1).await.unwrap();
    store
        .write("sample_note_add", params![1, "kept"])
        .await
        .unwrap();
    let mut tx = store.begin().await.unwrap();
    let refused = tx
        .part(async |tx| {
            put(tx, 2).await?;
            tx.call("sample_note_remove", params![]).await
        })
        .await;
    assert!(
        matches!(refused, Err(StoreError::Rejected { code: 50_000, .. })),
        "{refused:?}"
    );
    // SQL Server undoes the whole transaction for a trigger, SQLite the part.
    let whole = address.starts_with("mssql:");
    assert_eq!(put(&mut tx, 3).await.is_err(), whole);
    assert_eq!(tx.commit().await.is_err(), whole);
    let kept: &[i64] = if whole { &[1] } else { &[1, 3] };
    assert_eq!(ids(&store).await, kept);
}

pub(super) async fn a_part_that_hides_its_failure_is_undone_and_fails(address: &str) {
    let store = open(address).await;
    add(&store, 1).await.unwrap();
    let mut tx = store.begin().await.unwrap();
    let hidden: Result<(), StoreError> = tx
        .part(async |tx| {
            put(tx, 2).await?;
            put(tx, 1).await.unwrap_err();
            Ok(())
        })
        .await;
    assert!(matches!(hidden, Err(StoreError::Failed)), "{hidden:?}");
    put(&mut tx, 3).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(ids(&store).await, [1, 3]);
    // Outside a part an error still ends the transaction, also after a part.
    let mut tx = store.begin().await.unwrap();
    tx.part(async |tx| put(tx, 4).await).await.unwrap();
    put(&mut tx, 1).await.unwrap_err();
    let after = tx.part(async |tx| put(tx, 5).await).await;
    assert!(matches!(after, Err(StoreError::Failed)), "{after:?}");
    assert!(matches!(tx.commit().await, Err(StoreError::Failed)));
    assert_eq!(ids(&store).await, [1, 3]);
}

pub(super) async fn parts_hold_parts(address: &str) {
    let store = open(address).await;
    let mut tx = store.begin().await.unwrap();
    let done: Result<(), StoreError> = tx
        .part(async |tx| {
            put(tx, 1).await?;
            let inner = tx
                .part(async |tx| {
                    put(tx, 2).await?;
                    put(tx, 1).await
                })
                .await;
            assert!(matches!(inner, Err(StoreError::Duplicate(_))), "{inner:?}");
            tx.part(async |tx| put(tx, 3).await).await
        })
        .await;
    done.unwrap();
    let undone = tx
        .part(async |tx| {
            tx.part(async |tx| put(tx, 4).await).await?;
            Err::<(), _>(StoreError::NotOne(0))
        })
        .await;
    assert!(undone.is_err());
    tx.commit().await.unwrap();
    assert_eq!(ids(&store).await, [1, 3]);
}

pub(super) async fn a_call_that_was_dropped_ends_its_transaction_and_nobody_gets_its_connection(
    address: &str,
) {
    let store = open(address).await;
    add(&store, 1).await.unwrap();
    for round in 0..20 {
        let mut tx = store.begin().await.unwrap();
        put(&mut tx, 2).await.unwrap();
        {
            let call = std::pin::pin!(put(&mut tx, 3));
            let once = futures_util::future::poll_immediate(call).await;
            if once.is_some() {
                // SQLite may have answered already; a server never has.
                assert!(address.starts_with("sqlite:"));
                continue;
            }
        }
        let after = put(&mut tx, 4).await;
        assert!(
            matches!(after, Err(StoreError::Failed)),
            "{round}: {after:?}"
        );
        assert!(matches!(tx.commit().await, Err(StoreError::Failed)));
        // Whoever comes next gets a connection that works, and sees nothing of it.
        assert_eq!(count(&store).await, 1, "{round}");
    }
    let mut tx = store.begin().await.unwrap();
    {
        let part = std::pin::pin!(tx.part(async |tx| {
            put(tx, 5).await?;
            std::future::pending::<()>().await;
            Ok::<(), StoreError>(())
        }));
        let dropped = tokio::time::timeout(std::time::Duration::from_millis(300), part).await;
        assert!(dropped.is_err());
    }
    assert!(matches!(tx.commit().await, Err(StoreError::Failed)));
    assert_eq!(count(&store).await, 1);
}

/// A store whose calls run out of time before the server gives up waiting for a lock.
async fn hurried(address: &str) -> Store {
    let store = open(address).await;
    let Engine::SqlServer(engine) = Store::engine(address, &[FRAMEWORK, SAMPLE]).unwrap() else {
        panic!("a server");
    };
    let engine = Engine::SqlServer(engine.hurried(Duration::from_secs(1)));
    Store::with("sample", engine, store.clock().clone(), store.ids().clone())
}

#[tokio::test]
async fn a_call_that_ran_out_of_time_ends_its_transaction_and_nobody_gets_its_connection() {
    let test = "store::parts::a_call_that_ran_out_of_time";
    let Some(address) = database(test).await else {
        return;
    };
    let (store, hurried) = (open(&address).await, hurried(&address).await);
    add(&store, 1).await.unwrap();
    // Whoever wants the same row waits at the server.
    let mut first = store.begin().await.unwrap();
    put(&mut first, 3).await.unwrap();
    for round in 0..4 {
        let mut tx = hurried.begin().await.unwrap();
        // A row of its own: the server lets go of the round before only when it looks for who asked.
        put(&mut tx, 10 + round).await.unwrap();
        let late: Result<(), StoreError> = if round % 2 == 0 {
            put(&mut tx, 3).await
        } else {
            tx.part(async |tx| put(tx, 3).await).await
        };
        assert!(matches!(late, Err(StoreError::Busy)), "{round}: {late:?}");
        let after = put(&mut tx, 4).await;
        assert!(
            matches!(after, Err(StoreError::Failed)),
            "{round}: {after:?}"
        );
        assert!(matches!(tx.commit().await, Err(StoreError::Failed)));
    }
    drop(first);
    assert_eq!(count(&hurried).await, 1);
    // Nothing is left at the server either: all locks are free.
    for id in [3, 10, 11, 12, 13] {
        add(&store, id).await.unwrap();
    }
    assert_eq!(ids(&store).await, [1, 3, 10, 11, 12, 13]);
}

async fn ids(store: &Store) -> Vec<i64> {
    #[derive(serde::Deserialize)]
    struct Row {
        id: i64,
    }
    let rows: Vec<Row> = store
        .read("sample_all", params![])
        .await
        .unwrap()
        .all()
        .unwrap();
    rows.into_iter().map(|row| row.id).collect()
}
