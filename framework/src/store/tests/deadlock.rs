//! Two transactions that wait for each other: the server undoes one, and what may be done again is.

use std::sync::atomic::{AtomicU32, Ordering};

use tokio::sync::Barrier;

use super::{Store, StoreError, Tx, add, database, open};
use crate::params;

async fn rename(tx: &mut Tx<'_>, id: i64, name: &str) -> Result<(), StoreError> {
    tx.call("sample_rename", params![id, name]).await.map(drop)
}

/// Each takes its row and then, when both have, the other's.
async fn crosswise(store: &Store, own: i64, other: i64, both: &Barrier, tries: &AtomicU32) {
    let name = format!("by {own}");
    let done: Result<(), StoreError> = store
        .tx_repeatable(async |tx| {
            rename(tx, own, &name).await?;
            // Only the first attempts meet: the one that is done again finds its way alone.
            if tries.fetch_add(1, Ordering::SeqCst) < 2 {
                both.wait().await;
            }
            rename(tx, other, &name).await
        })
        .await;
    done.unwrap();
}

#[tokio::test]
async fn the_victim_of_a_deadlock_is_done_again() {
    let test = "store::deadlock::the_victim_of_a_deadlock_is_done_again";
    let Some(address) = database(test).await else {
        return;
    };
    let store = open(&address).await;
    add(&store, 1).await.unwrap();
    add(&store, 2).await.unwrap();
    let (both, tries) = (Barrier::new(2), AtomicU32::new(0));
    tokio::join!(
        crosswise(&store, 1, 2, &both, &tries),
        crosswise(&store, 2, 1, &both, &tries)
    );
    assert_eq!(
        tries.load(Ordering::SeqCst),
        3,
        "one of two was undone, once"
    );
    let names: Vec<super::Sample> = store
        .read("sample_all", params![])
        .await
        .unwrap()
        .all()
        .unwrap();
    assert_eq!(names[0].name, names[1].name, "one after the other");
}

#[tokio::test]
async fn work_that_is_not_repeatable_hears_of_the_deadlock() {
    let test = "store::deadlock::work_that_is_not_repeatable_hears_of_the_deadlock";
    let Some(address) = database(test).await else {
        return;
    };
    let store = open(&address).await;
    add(&store, 1).await.unwrap();
    add(&store, 2).await.unwrap();
    let both = Barrier::new(2);
    let crosswise = async |own: i64, other: i64| -> Result<(), StoreError> {
        store
            .tx(async |tx| {
                rename(tx, own, "x").await?;
                both.wait().await;
                rename(tx, other, "x").await
            })
            .await
    };
    let (one, two) = tokio::join!(crosswise(1, 2), crosswise(2, 1));
    let victims = [&one, &two];
    let victims = victims
        .iter()
        .filter(|done| matches!(done, Err(StoreError::Deadlock)));
    assert_eq!(victims.count(), 1, "{one:?} {two:?}");
    assert!(one.is_ok() || two.is_ok(), "{one:?} {two:?}");
}
