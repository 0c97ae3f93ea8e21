//! Writes what was called and what it gave, many calls in one transaction.
//!
//! A call by HTTP is answered when its record is queued, not when it is on disk: the queue is short and bounded, and a
//! full queue makes callers wait. Record and result are one transaction, so a result never stands without the record of
//! the call that gave it; an engine that is killed right after an answer may lose both, or, where an earlier call gave
//! the same result, the record of the later one: those of the last hundredth of a second or so. A stop loses nothing. A call
//! over the bus is recorded in the transaction that tells its outcome.

use crate::arguments::Argument;
use crate::engine::Failure;
use crate::given::{self, ARGUMENT};
use crate::keeping::Class;
use crate::record::{CallRecord, Stored};
use crate::results::Results;
use dcp::params;
use dcp::store::{Store, StoreError, Tx};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, mpsc};
use tokio_util::sync::CancellationToken;

/// Records that may wait for the store.
const QUEUE: usize = 1024;
/// Long arguments that wait with them, together, KiB: more than one call takes.
const LONG_KIB: u32 = 64 << 10;
/// Records written in one transaction.
const BATCH: usize = 256;
/// How long records gather before they are written: written one by one they would cost more than the calls.
const GATHER: Duration = Duration::from_millis(10);
/// How long a caller waits for a place in the queue before the call fails: nothing is calculated without a record.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long the mark of a result's use holds: to write it anew costs what writing the result costs.
const MARKED: Duration = Duration::from_mins(1);
/// Pause after a failed write.
const PAUSE: Duration = Duration::from_millis(500);

/// A record and what it points to, unless an earlier call stored that.
#[derive(Debug)]
pub(crate) struct Recorded {
    pub(crate) call: Arc<CallRecord>,
    pub(crate) stored: Vec<Stored>,
    /// Arguments to be kept beside the record; hashed where nobody waits for it.
    pub(crate) long: Vec<Argument>,
}

/// Records that wait for the store.
#[derive(Debug, Default)]
struct Waiting {
    calls: Mutex<HashMap<String, Arc<CallRecord>>>,
    /// Some of them have been written.
    fewer: Notify,
}

/// The queue's entry.
#[derive(Debug, Clone)]
pub(crate) struct Recorder {
    queue: mpsc::Sender<Queued>,
    waiting: Arc<Waiting>,
    room: Arc<Semaphore>,
}

/// A record in the queue, and the room that its long arguments take.
type Queued = (Recorded, Option<OwnedSemaphorePermit>);

impl Recorder {
    /// The entry and the loop that empties the queue, for the last time once `drained`.
    pub(crate) fn new(
        store: Store,
        results: Arc<Results>,
        drained: CancellationToken,
    ) -> (Self, impl Future<Output = ()> + Send) {
        let (queue, receiver) = mpsc::channel(QUEUE);
        let waiting = Arc::<Waiting>::default();
        let emptying = write_all(store, results, receiver, waiting.clone(), drained);
        let room = Arc::new(Semaphore::new(LONG_KIB as usize));
        let entry = Self {
            queue,
            waiting,
            room,
        };
        (entry, emptying)
    }

    /// Queues a record.
    pub(crate) async fn record(&self, recorded: Recorded) -> Result<(), Failure> {
        let call = recorded.call.clone();
        let id = call.id.clone();
        let room = self.room_for(&recorded.long).await?;
        self.waiting.lock().insert(id.clone(), call);
        let queued = self.queue.send_timeout((recorded, room), PATIENCE).await;
        queued.map_err(|_| {
            self.waiting.lock().remove(&id);
            Failure::Busy
        })
    }

    async fn room_for(&self, long: &[Argument]) -> Result<Option<OwnedSemaphorePermit>, Failure> {
        if long.is_empty() {
            return Ok(None);
        }
        let size = u32::try_from(given::long(long) >> 10).unwrap_or(LONG_KIB);
        let room = self.room.clone().acquire_many_owned(size.min(LONG_KIB));
        let room = tokio::time::timeout(PATIENCE, room).await;
        room.map_err(|_| Failure::Busy)?
            .map_err(|_| Failure::Busy)
            .map(Some)
    }

    /// A record that is on its way to the store.
    pub(crate) fn waiting(&self, call_id: &str) -> Option<Arc<CallRecord>> {
        self.waiting.lock().get(call_id).cloned()
    }

    /// Waits until what is on its way to the store is there, so that who reads the store finds it. Not for ever: a store that takes nothing
    /// says so itself when it is read.
    pub(crate) async fn settled(&self) {
        let before: Vec<String> = self.waiting.lock().keys().cloned().collect();
        let written = self.waiting.until_without(&before);
        if tokio::time::timeout(PATIENCE, written).await.is_err() {
            tracing::debug!("records still wait for the store");
        }
    }
}

impl Waiting {
    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, Arc<CallRecord>>> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn until_without(&self, calls: &[String]) {
        loop {
            let mut fewer = std::pin::pin!(self.fewer.notified());
            // Before the look: what is written just after it must not be missed.
            fewer.as_mut().enable();
            if !self.has_any(calls) {
                return;
            }
            fewer.await;
        }
    }

    fn has_any(&self, calls: &[String]) -> bool {
        let still = self.lock();
        calls.iter().any(|id| still.contains_key(id))
    }

    fn without(&self, written: &[Recorded]) {
        let mut still = self.lock();
        for one in written {
            still.remove(&one.call.id);
        }
        drop(still);
        self.fewer.notify_waiters();
    }
}

async fn write_all(
    store: Store,
    results: Arc<Results>,
    mut queue: mpsc::Receiver<Queued>,
    waiting: Arc<Waiting>,
    drained: CancellationToken,
) {
    let mut queued = Vec::with_capacity(BATCH);
    loop {
        tokio::select! {
            biased;
            received = queue.recv_many(&mut queued, BATCH) => if received == 0 { return },
            // What is queued already still comes out of a closed queue.
            () = drained.cancelled(), if !queue.is_closed() => queue.close(),
        }
        gather(&store, &mut queue, &mut queued).await;
        if queued.is_empty() {
            continue;
        }
        let (mut batch, room): (Vec<Recorded>, Vec<_>) = queued.drain(..).unzip();
        batch = write_long(batch).await;
        while let Err(error) = write_batch(&store, &batch).await {
            tracing::error!(
                error = dcp::chain(&error),
                calls = batch.len(),
                "calls could not be recorded"
            );
            store.clock().sleep(PAUSE).await;
        }
        results.stored(&batch);
        waiting.without(&batch);
        drop(room);
    }
}

/// Has long arguments hashed, on a thread where that keeps nobody waiting.
async fn write_long(mut batch: Vec<Recorded>) -> Vec<Recorded> {
    if batch.iter().all(|one| one.long.is_empty()) {
        return batch;
    }
    let before = batch
        .iter()
        .map(|one| (one.call.clone(), one.stored.clone()));
    let before: Vec<_> = before.collect();
    let written = tokio::task::spawn_blocking(move || {
        for one in &mut batch {
            let long = std::mem::take(&mut one.long);
            if !long.is_empty() {
                let kept = Arc::make_mut(&mut one.call).write_long(&long);
                one.stored.extend(kept);
            }
        }
        batch
    });
    // The runtime ends: what was calculated is still recorded, without its arguments.
    let without = |(call, stored)| Recorded {
        call,
        stored,
        long: Vec::new(),
    };
    let written = written.await;
    written.unwrap_or_else(|_| before.into_iter().map(without).collect())
}

/// Takes what comes within a moment into the same batch; nothing more comes once the queue is closed.
async fn gather(store: &Store, queue: &mut mpsc::Receiver<Queued>, batch: &mut Vec<Queued>) {
    if !queue.is_closed() && batch.len() < BATCH {
        store.clock().sleep(GATHER).await;
    }
    while batch.len() < BATCH
        && let Ok(one) = queue.try_recv()
    {
        batch.push(one);
    }
}

async fn write_batch(store: &Store, batch: &[Recorded]) -> Result<(), StoreError> {
    let mut tx = store.begin().await?;
    let stored = distinct(batch);
    let known = known_arguments(&mut tx, &stored).await?;
    for (stored, draft, class) in stored.into_values() {
        match known.get(&*stored.key) {
            Some(key) => mark_used(&mut tx, [key], class).await?,
            None => add_result(&mut tx, stored, draft, class).await?,
        }
    }
    mark_all_used(&mut tx, batch).await?;
    let calls: Vec<&CallRecord> = batch.iter().map(|one| &*one.call).collect();
    add_calls(&mut tx, &calls).await?;
    tx.commit().await
}

/// Arguments that an earlier call was given: they may be large, and need not be written again.
async fn known_arguments(
    tx: &mut Tx<'_>,
    stored: &Distinct<'_>,
) -> Result<BTreeSet<String>, StoreError> {
    let stored = stored.values().map(|(stored, ..)| stored);
    let arguments = stored.filter(|one| one.media_type == ARGUMENT);
    let keys: Vec<&str> = arguments.map(|one| &*one.key).collect();
    if keys.is_empty() {
        return Ok(BTreeSet::new());
    }
    let known = tx.call("results_known", params![as_json(&keys)?]).await?;
    Ok(known.all::<String>()?.into_iter().collect())
}

fn as_json(value: &impl serde::Serialize) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|error| StoreError::Decode(error.to_string()))
}

/// Results by their keys, whether they are drafts, and their classes.
type Distinct<'a> = BTreeMap<&'a str, (&'a Stored, bool, Class)>;

/// Each result once, however many calls of the batch gave it: with the highest class, and no draft where one call is in force.
fn distinct(batch: &[Recorded]) -> Distinct<'_> {
    let mut results = BTreeMap::new();
    for one in batch {
        for stored in &one.stored {
            let (draft, class) = (one.call.draft, one.call.class);
            let entry = results.entry(&*stored.key);
            let (_, is_draft, highest) = entry.or_insert((stored, draft, class));
            *is_draft &= draft;
            *highest = class.max(*highest);
        }
    }
    results
}

/// Results that answered calls or were their arguments are kept longer for it.
async fn mark_all_used(tx: &mut Tx<'_>, batch: &[Recorded]) -> Result<(), StoreError> {
    let answered = |class| {
        let hits = batch.iter().filter(move |one| one.stored.is_empty());
        let hits = hits.filter(move |one| one.call.class == class);
        hits.filter_map(|one| one.call.result_key.as_ref())
    };
    let taken = batch.iter().flat_map(|one| &one.call.inputs);
    let used = answered(Class::Ephemeral).chain(taken);
    mark_used(tx, used, Class::Ephemeral).await?;
    mark_used(tx, answered(Class::Session), Class::Session).await?;
    Ok(())
}

/// Marks results as used now, and keeps them at least as long as the class says. Those marked a moment ago stay as they are.
pub(crate) async fn mark_used<'a>(
    tx: &mut Tx<'_>,
    keys: impl IntoIterator<Item = &'a String>,
    class: Class,
) -> Result<(), StoreError> {
    let keys: BTreeSet<&String> = keys.into_iter().collect();
    if keys.is_empty() {
        return Ok(());
    }
    let now = tx.now();
    let before = now.checked_sub(MARKED).unwrap_or(now);
    let values = params![as_json(&keys)?, class.rank(), now, before];
    tx.call("results_used", values).await?;
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
    tx.call("calls_add", params![as_json(&calls)?]).await?;
    let of_each = |keys: fn(&CallRecord) -> &[String]| -> Vec<serde_json::Value> {
        let pairs = calls
            .iter()
            .flat_map(|call| keys(call).iter().map(|key| (&call.id, key)));
        pairs
            .map(|(id, key)| serde_json::json!({ "call_id": id, "result_key": key }))
            .collect()
    };
    for (procedure, pairs) in [
        ("call_inputs_add", of_each(|call| &call.inputs)),
        ("call_arguments_add", of_each(|call| &call.kept)),
    ] {
        if !pairs.is_empty() {
            tx.call(procedure, params![as_json(&pairs)?]).await?;
        }
    }
    Ok(())
}
