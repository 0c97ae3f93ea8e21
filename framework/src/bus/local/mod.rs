//! The bus of one machine: a SQLite file that several processes share.
//!
//! A message is a row in the queue of each subscriber. Who takes it writes its own name and a lease into the row; the row
//! goes when its effect is recorded and returns when its owner dies or, should the owner only hang, when the lease ends.
//! Who commits messages wakes the others; nobody polls.

mod dispatcher;
mod sign;
mod turn;
mod wake;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::BoxFuture;
use include_dir::{Dir, include_dir};
use tokio::sync::mpsc;

use self::dispatcher::{Command, Dispatcher};
use self::wake::Bell;
use super::queue::lane;
use super::topology::Takes;
use super::{Bus, BusError, Destination, Inbound, Outgoing, Topology};
use crate::clock::{Clock, Ids};
use crate::limits::{LOCAL_LEASE, STORE_OPEN};
use crate::model::Zone;
use crate::params;
use crate::store::{Direct, Files, Store, StoreError, Value};

const FILES: Files = {
    static SQLITE: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/src/bus/local/sql");
    static NONE: Dir<'static> = Dir::new("", &[]);
    Files {
        owner: "bus",
        sqlite: &SQLITE,
        mssql: &NONE,
    }
};

/// The shared file, as one process sees it.
#[derive(Debug)]
pub struct Local {
    store: Store,
    file: PathBuf,
    lease: Duration,
    bell: Arc<Bell>,
    dispatcher: Mutex<Option<mpsc::Sender<Command>>>,
    /// One batch after the other: those that wait for the file together would run out of patience together.
    publishing: tokio::sync::Mutex<()>,
}

impl Local {
    /// Opens `<file>[?synchronous=full]` for a zone, making it if it is not there.
    pub async fn open(file: &str, zone: Zone, clock: Arc<dyn Clock>) -> Result<Self, BusError> {
        let store = Store::open_with(
            "bus",
            &format!("sqlite:{file}"),
            &[FILES],
            clock,
            Ids::random(),
        )
        .await?;
        let of = zone_of(&store, zone).await?;
        if of != zone {
            return Err(BusError::OtherZone(of));
        }
        let path = Path::new(file.split('?').next().unwrap_or(file));
        let bell = Bell::beside(path).map_err(BusError::unavailable)?;
        Ok(Self {
            store,
            bell: Arc::new(bell),
            file: path.to_owned(),
            lease: LOCAL_LEASE,
            dispatcher: Mutex::default(),
            publishing: tokio::sync::Mutex::default(),
        })
    }

    /// The same with another lease, for tests of what happens when a process dies.
    #[must_use]
    pub fn with_lease(self, lease: Duration) -> Self {
        Self { lease, ..self }
    }

    /// The dispatcher of this process, started by the first subscription on the runtime that subscribes.
    fn dispatcher(&self) -> Result<mpsc::Sender<Command>, BusError> {
        let mut slot = self
            .dispatcher
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(sender) = slot.as_ref().filter(|sender| !sender.is_closed()) {
            return Ok(sender.clone());
        }
        let (sender, commands) = mpsc::channel(16);
        let dispatcher = Dispatcher::new(
            self.store.clone(),
            &self.file,
            self.bell.clone(),
            self.lease,
        )
        .map_err(BusError::unavailable)?;
        #[expect(
            clippy::disallowed_methods,
            reason = "ends with its commands, which `close` and dropping the bus end"
        )]
        tokio::spawn(dispatcher.run(commands));
        *slot = Some(sender.clone());
        Ok(sender)
    }

    async fn declare(&self, topology: &Topology) -> Result<(), StoreError> {
        let queues = topology.queues.iter().map(|queue| {
            let single = queue.takes == Takes::Lane;
            ("bus_queue_add", params![&queue.name, single])
        });
        let bindings = topology.bindings.iter().map(|binding| {
            let lane = binding.lane.map(u32::from);
            let row = params![&binding.event, &binding.queue, lane];
            ("bus_binding_add", row)
        });
        let all = queues.chain(bindings).collect();
        self.store.write_all(all).await.map(drop)
    }

    async fn store_all(
        &self,
        messages: &[Outgoing],
    ) -> Result<Vec<Result<(), BusError>>, StoreError> {
        let rows: Vec<Row> = messages.iter().map(row_of).collect::<Result<_, _>>()?;
        let _turn = self.publishing.lock().await;
        let outcomes = self
            .store
            .directly(move |direct| {
                direct.tx(|tx| rows.into_iter().map(|row| row.add(tx)).collect())
            })
            .await?;
        self.bell.ring();
        Ok(outcomes)
    }
}

/// A message on its way into the file.
enum Row {
    Topic(Vec<Value>),
    Queue(String, Vec<Value>),
}

fn row_of(Outgoing { to, envelope }: &Outgoing) -> Result<Row, StoreError> {
    let text =
        serde_json::to_string(envelope).map_err(|error| StoreError::Decode(error.to_string()))?;
    Ok(match to {
        Destination::Topic => {
            let lane = u32::from(lane(&envelope.key));
            Row::Topic(params![&envelope.name, lane, text])
        }
        Destination::Queue(queue) => Row::Queue(queue.clone(), params![queue, text]),
    })
}

impl Row {
    fn add(self, tx: &Direct<'_>) -> Result<Result<(), BusError>, StoreError> {
        Ok(match self {
            Self::Topic(values) => tx.call("bus_publish", &values).map(|_| Ok(()))?,
            Self::Queue(queue, values) => match tx.call("bus_enqueue", &values)?.affected() {
                0 => Err(BusError::Unroutable(queue)),
                _ => Ok(()),
            },
        })
    }
}

/// The zone that the file belongs to, from now on `zone` if it belonged to none. Most starts find it claimed and need not wait
/// for those that write.
async fn zone_of(store: &Store, zone: Zone) -> Result<Zone, StoreError> {
    let until = store.clock().now().checked_add(STORE_OPEN);
    loop {
        let claimed: Option<Zone> = store.read("bus_zone", params![]).await?.optional()?;
        if let Some(of) = claimed {
            return Ok(of);
        }
        match store.write("bus_zone_claim", params![zone.as_str()]).await {
            Err(StoreError::Busy) if until.as_ref().is_ok_and(|end| store.clock().now() < *end) => {
            }
            outcome => return outcome?.one(),
        }
    }
}

impl Bus for Local {
    fn system(&self) -> &'static str {
        "dcp.local"
    }

    fn declare<'a>(&'a self, topology: &'a Topology) -> BoxFuture<'a, Result<(), BusError>> {
        Box::pin(async move { Ok(self.declare(topology).await?) })
    }

    fn publish<'a>(&'a self, messages: &'a [Outgoing]) -> BoxFuture<'a, Vec<Result<(), BusError>>> {
        Box::pin(async move {
            match self.store_all(messages).await {
                Ok(outcomes) => outcomes,
                Err(error) => {
                    let text = error.to_string();
                    messages
                        .iter()
                        .map(|_| Err(BusError::unavailable(text.clone())))
                        .collect()
                }
            }
        })
    }

    fn subscribe<'a>(
        &'a self,
        queue: &'a str,
        prefetch: usize,
    ) -> BoxFuture<'a, Result<Inbound, BusError>> {
        Box::pin(async move {
            let (sender, inbound) = mpsc::channel(prefetch.max(1));
            let command = Command::Subscribe {
                queue: queue.to_owned(),
                prefetch: prefetch.max(1),
                sender,
            };
            self.dispatcher()?
                .send(command)
                .await
                .map_err(BusError::unavailable)?;
            Ok(inbound)
        })
    }

    fn depth<'a>(&'a self, queue: &'a str) -> BoxFuture<'a, Result<u64, BusError>> {
        Box::pin(async move { Ok(self.store.read("bus_depth", params![queue]).await?.one()?) })
    }

    fn missing<'a>(
        &'a self,
        topology: &'a Topology,
    ) -> BoxFuture<'a, Result<Vec<String>, BusError>> {
        Box::pin(async move {
            let there: Vec<String> = self.store.read("bus_queues", params![]).await?.all()?;
            let there: BTreeSet<&str> = there.iter().map(String::as_str).collect();
            let missing = topology.queues().filter(|queue| !there.contains(queue));
            Ok(missing.map(|queue| format!("queue {queue}")).collect())
        })
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        let dispatcher = self
            .dispatcher
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        Box::pin(async move {
            let Some(dispatcher) = dispatcher else { return };
            let (done, closed) = tokio::sync::oneshot::channel();
            if dispatcher.send(Command::Close(done)).await.is_ok() {
                // An error says that it has ended already.
                drop(closed.await);
            }
        })
    }
}

impl From<StoreError> for BusError {
    fn from(error: StoreError) -> Self {
        Self::unavailable(error)
    }
}
