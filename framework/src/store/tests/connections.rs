//! The connections of a process belong to all of its threads, and outlive each but the first.

use tokio::sync::oneshot;

use super::{Store, add, count, database, open};
use crate::params;

/// As the delivery does it: writes on a thread with a runtime of its own, which ends when it is told to.
async fn write_elsewhere(store: Store, written: oneshot::Sender<()>, end: oneshot::Receiver<()>) {
    let body = move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            add(&store, 1).await.unwrap();
            written.send(()).unwrap();
            end.await.unwrap();
        });
    };
    tokio::task::spawn_blocking(body).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_goes_on_when_the_thread_that_first_used_its_connection_ends() {
    let test = "store::connections::a_transaction_goes_on";
    let Some(address) = database(test).await else {
        return;
    };
    let store = open(&address).await;
    let at = store.clock().now();
    // The only connection so far is taken, so the other thread needs one more and leaves it behind.
    let first = store.begin().await.unwrap();
    let (written, is_written) = oneshot::channel();
    let (end, ends) = oneshot::channel();
    let delivery = tokio::task::spawn(write_elsewhere(store.clone(), written, ends));
    is_written.await.unwrap();
    let mut tx = store.begin().await.unwrap();
    end.send(()).unwrap();
    delivery.await.unwrap();
    tx.call("sample_add", params![2, "b", None::<f64>, true, "[]", at])
        .await
        .unwrap();
    tx.commit().await.unwrap();
    drop(first);
    assert_eq!(count(&store).await, 2);
}
