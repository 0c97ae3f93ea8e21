//! Writes what was called and what it gave, many calls in one transaction.
//!
//! A call by HTTP is answered when its record is queued, not when it is on disk: the queue is short and bounded, and a
//! full queue makes callers wait. Record and result are one transaction, so a result never stands without the record of
//! the call that gave it; an engine that is killed right after an answer may lose both, or, where an earlier call gave
//! the same result, the record of the later one. A stop loses nothing. A call over the bus is recorded in the
//! transaction that tells its outcome.

use crate::engine::Failure;
use crate::keeping::Class;
use crate::results::Results;
use bytes::Bytes;
use dcp::params;
use dcp::store::{Store, StoreError, Tx};
use serde::Deserialize;
use serde::Serialize;
use serde_json::value::RawValue;
use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
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
    /// Whether it was a call of a draft.
    pub(crate) draft: bool,
    /// See [`Notes`].
    pub(crate) notes: Option<Box<RawValue>>,
    /// The outcome as told on the bus.
    pub(crate) outcome: Option<Box<RawValue>>,
    /// Its arguments, where they are short.
    pub(crate) arguments: Option<Box<RawValue>>,
    /// How long its result is kept.
    #[serde(skip)]
    pub(crate) class: Class,
    /// The results that were arguments.
    #[serde(skip)]
    pub(crate) inputs: Vec<String>,
}

/// Media type of values.
pub(crate) const JSON: &str = "application/json";
/// Media type of plots.
pub(crate) const SVG: &str = "image/svg+xml";

/// Something kept under the hash of its content.
#[derive(Debug, Clone)]
pub(crate) struct Stored {
    pub(crate) key: Arc<str>,
    pub(crate) content: Bytes,
    pub(crate) media_type: &'static str,
}

/// Something a call gave beside its value.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
pub(crate) struct Artifact {
    /// `plot-1`, `plot-2`, ...
    pub(crate) name: String,
    /// `image/svg+xml`.
    pub(crate) media_type: String,
    /// Where it is kept: `/api/calc/artifacts/{key}`.
    pub(crate) key: String,
}

/// Why a call gave no value.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
pub(crate) struct Told {
    /// The problem's kind, such as `r-error`.
    pub(crate) kind: String,
    /// One sentence.
    pub(crate) title: String,
    /// What exactly.
    pub(crate) detail: String,
}

/// What a call said beside its value.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Notes {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) warnings: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) messages: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) output: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) artifacts: Vec<Artifact>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) failure: Option<Told>,
}

impl Notes {
    pub(crate) fn of_failure(failure: &Failure) -> Self {
        let failure = Some(Told {
            kind: failure.kind().into(),
            title: failure.title().into(),
            detail: failure.detail(),
        });
        Self {
            failure,
            ..Self::default()
        }
    }

    /// As the store keeps them; nothing where nothing was said.
    pub(crate) fn to_raw(&self) -> Option<Box<RawValue>> {
        let is_silent = self.warnings.is_empty()
            && self.messages.is_empty()
            && self.output.is_empty()
            && self.artifacts.is_empty()
            && self.failure.is_none();
        if is_silent {
            return None;
        }
        serde_json::value::to_raw_value(self).ok()
    }

    pub(crate) fn from_text(text: Option<&str>) -> Self {
        text.and_then(|text| serde_json::from_str(text).ok())
            .unwrap_or_default()
    }
}

/// A record and what it points to, unless an earlier call stored that.
#[derive(Debug)]
pub(crate) struct Recorded {
    pub(crate) call: Arc<CallRecord>,
    pub(crate) stored: Vec<Stored>,
}

/// Records that wait for the store.
type Waiting = Arc<Mutex<HashMap<String, Arc<CallRecord>>>>;

/// The queue's entry.
#[derive(Debug, Clone)]
pub(crate) struct Recorder {
    queue: mpsc::Sender<Recorded>,
    waiting: Waiting,
}

impl Recorder {
    /// The entry and the loop that empties the queue, for the last time once `drained`.
    pub(crate) fn new(
        store: Store,
        results: Arc<Results>,
        drained: CancellationToken,
    ) -> (Self, impl Future<Output = ()> + Send) {
        let (queue, receiver) = mpsc::channel(QUEUE);
        let waiting = Waiting::default();
        let emptying = write_all(store, results, receiver, waiting.clone(), drained);
        (Self { queue, waiting }, emptying)
    }

    /// Queues a record.
    pub(crate) async fn record(&self, recorded: Recorded) -> Result<(), Failure> {
        let call = recorded.call.clone();
        let id = call.id.clone();
        lock(&self.waiting).insert(id.clone(), call);
        let queued = self.queue.send_timeout(recorded, PATIENCE).await;
        queued.map_err(|_| {
            lock(&self.waiting).remove(&id);
            Failure::Busy
        })
    }

    /// A record that is on its way to the store.
    pub(crate) fn waiting(&self, call_id: &str) -> Option<Arc<CallRecord>> {
        lock(&self.waiting).get(call_id).cloned()
    }
}

fn lock(waiting: &Waiting) -> std::sync::MutexGuard<'_, HashMap<String, Arc<CallRecord>>> {
    waiting.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn write_all(
    store: Store,
    results: Arc<Results>,
    mut queue: mpsc::Receiver<Recorded>,
    waiting: Waiting,
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
        results.stored(&batch);
        let mut still = lock(&waiting);
        for one in batch.drain(..) {
            still.remove(&one.call.id);
        }
    }
}

async fn write_batch(store: &Store, batch: &[Recorded]) -> Result<(), StoreError> {
    let mut tx = store.begin().await?;
    for one in batch {
        for stored in &one.stored {
            add_result(&mut tx, stored, one.call.draft, one.call.class).await?;
        }
    }
    mark_all_used(&mut tx, batch).await?;
    let calls: Vec<&CallRecord> = batch.iter().map(|one| &*one.call).collect();
    add_calls(&mut tx, &calls).await?;
    tx.commit().await
}

/// Results that answered calls or were their arguments are kept longer for it.
async fn mark_all_used(tx: &mut Tx<'_>, batch: &[Recorded]) -> Result<(), StoreError> {
    let answered = |class| {
        let hits = batch.iter().filter(move |one| one.stored.is_empty());
        let hits = hits.filter(move |one| one.call.class == class);
        hits.filter_map(|one| one.call.result_key.as_ref())
    };
    let taken = batch.iter().flat_map(|one| &one.call.inputs);
    mark_used(
        tx,
        answered(Class::Ephemeral).chain(taken),
        Class::Ephemeral,
    )
    .await?;
    mark_used(tx, answered(Class::Session), Class::Session).await
}

/// Marks results as used now, and keeps them at least as long as the class says.
pub(crate) async fn mark_used<'a>(
    tx: &mut Tx<'_>,
    keys: impl IntoIterator<Item = &'a String>,
    class: Class,
) -> Result<(), StoreError> {
    let keys: BTreeSet<&String> = keys.into_iter().collect();
    if keys.is_empty() {
        return Ok(());
    }
    let text =
        serde_json::to_string(&keys).map_err(|error| StoreError::Decode(error.to_string()))?;
    let now = tx.now();
    tx.call("results_used", params![text, class.rank(), now])
        .await?;
    Ok(())
}

/// Stores a result once; its class only rises, and one that is in force stays no draft.
pub(crate) async fn add_result(
    tx: &mut Tx<'_>,
    result: &Stored,
    draft: bool,
    class: Class,
) -> Result<(), StoreError> {
    let text = String::from_utf8_lossy(&result.content).into_owned();
    let (key, size, kind) = (&*result.key, result.content.len(), result.media_type);
    let now = tx.now();
    tx.call(
        "result_add",
        params![key, text, size, kind, draft, class.rank(), now],
    )
    .await?;
    Ok(())
}

/// Stores the records of calls and which results they took.
pub(crate) async fn add_calls(tx: &mut Tx<'_>, calls: &[&CallRecord]) -> Result<(), StoreError> {
    let decode = |error: serde_json::Error| StoreError::Decode(error.to_string());
    let text = serde_json::to_string(calls).map_err(decode)?;
    tx.call("calls_add", params![text]).await?;
    let inputs: Vec<serde_json::Value> = calls
        .iter()
        .flat_map(|call| call.inputs.iter().map(|key| (&call.id, key)))
        .map(|(id, key)| serde_json::json!({ "call_id": id, "result_key": key }))
        .collect();
    if !inputs.is_empty() {
        let text = serde_json::to_string(&inputs).map_err(decode)?;
        tx.call("call_inputs_add", params![text]).await?;
    }
    Ok(())
}
