//! Writes what was called and what it gave, many calls in one transaction.
//!
//! A call by HTTP is answered when its record is queued, not when it is on disk: the queue is short and bounded, and a
//! full queue makes callers wait. Record and result are one transaction, so a result never stands without the record of
//! the call that gave it; an engine that is killed right after an answer may lose both, or, where an earlier call gave
//! the same result, the record of the later one. A stop loses nothing. A call over the bus is recorded in the
//! transaction that tells its outcome.

use crate::engine::Failure;
use crate::results::Results;
use bytes::Bytes;
use dcp::params;
use dcp::store::{Store, StoreError, Tx};
use serde::Serialize;
use serde_json::value::RawValue;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// Records that may wait for the store.
const QUEUE: usize = 1024;
/// Records written in one transaction.
const BATCH: usize = 256;
/// How long a caller waits for a place in the queue before the call fails: nothing is calculated without a record.
const PATIENCE: Duration = Duration::from_secs(2);
/// Pause after a failed write.
const PAUSE: Duration = Duration::from_millis(500);

/// One call, as the audit of the engine keeps it.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct CallRecord {
    pub(crate) id: String,
    pub(crate) script: String,
    pub(crate) version: String,
    pub(crate) function: String,
    pub(crate) site: Option<String>,
    pub(crate) requested_by_id: String,
    pub(crate) requested_by_name: String,
    /// `http`, or the module that asked over the bus.
    pub(crate) asked_by: String,
    pub(crate) started_at: String,
    pub(crate) duration_ms: f64,
    pub(crate) computation_key: String,
    pub(crate) result_key: Option<String>,
    /// The kind of failure; absent when there is a result.
    pub(crate) failure: Option<String>,
    /// The outcome as told on the bus.
    pub(crate) outcome: Option<Box<RawValue>>,
}

/// A record and the value it points to, unless an earlier call stored that.
#[derive(Debug)]
pub(crate) struct Recorded {
    pub(crate) call: CallRecord,
    pub(crate) result: Option<(Arc<str>, Bytes)>,
}

/// The queue's entry.
#[derive(Debug, Clone)]
pub(crate) struct Recorder(mpsc::Sender<Recorded>);

impl Recorder {
    /// The entry and the loop that empties the queue, for the last time once `drained`.
    pub(crate) fn new(
        store: Store,
        results: Arc<Results>,
        drained: CancellationToken,
    ) -> (Self, impl Future<Output = ()> + Send) {
        let (sender, receiver) = mpsc::channel(QUEUE);
        (Self(sender), write_all(store, results, receiver, drained))
    }

    /// Queues a record.
    pub(crate) async fn record(&self, recorded: Recorded) -> Result<(), Failure> {
        self.0
            .send_timeout(recorded, PATIENCE)
            .await
            .map_err(|_| Failure::Busy)
    }
}

async fn write_all(
    store: Store,
    results: Arc<Results>,
    mut queue: mpsc::Receiver<Recorded>,
    drained: CancellationToken,
) {
    let mut batch = Vec::with_capacity(BATCH);
    loop {
        tokio::select! {
            biased;
            received = queue.recv_many(&mut batch, BATCH) => if received == 0 { return },
            // What is queued already still comes out of a closed queue.
            () = drained.cancelled(), if !queue.is_closed() => queue.close(),
        }
        while let Err(error) = write_batch(&store, &batch).await {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                calls = batch.len(),
                "calls could not be recorded"
            );
            store.clock().sleep(PAUSE).await;
        }
        results.stored(
            batch
                .iter()
                .filter_map(|one| one.result.as_ref())
                .map(|(key, _)| key.as_ref()),
        );
        batch.clear();
    }
}

async fn write_batch(store: &Store, batch: &[Recorded]) -> Result<(), StoreError> {
    let mut tx = store.begin().await?;
    for (key, value) in batch.iter().filter_map(|one| one.result.as_ref()) {
        add_result(&mut tx, key, value, false).await?;
    }
    let calls: Vec<&CallRecord> = batch.iter().map(|one| &one.call).collect();
    let calls =
        serde_json::to_string(&calls).map_err(|error| StoreError::Decode(error.to_string()))?;
    tx.call("calls_add", params![calls]).await?;
    tx.commit().await
}

/// Stores a result once; one that must stay is never pruned.
pub(crate) async fn add_result(
    tx: &mut Tx<'_>,
    key: &str,
    value: &Bytes,
    stays: bool,
) -> Result<(), StoreError> {
    let text = String::from_utf8_lossy(value).into_owned();
    let now = tx.now();
    tx.call("result_add", params![key, text, value.len(), stays, now])
        .await?;
    Ok(())
}

/// Stores the record of a call over the bus.
pub(crate) async fn add_call(tx: &mut Tx<'_>, call: &CallRecord) -> Result<(), StoreError> {
    let calls =
        serde_json::to_string(&[call]).map_err(|error| StoreError::Decode(error.to_string()))?;
    tx.call("calls_add", params![calls]).await?;
    Ok(())
}
