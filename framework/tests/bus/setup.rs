//! What the tests stand on: a bus, a store, an event and a task.

use std::sync::Arc;
use std::time::Duration;

use dcp::bus::{
    Bus, BusError, Delivery, Destination, Envelope, Outgoing, Reaction, Subscriptions, Topology,
};
use dcp::clock::{Clock, Ids, SystemClock};
use dcp::events::{Event, Key, Kind, wire_name};
use dcp::model::Zone;
use dcp::params;
use dcp::store::{Files, Store, Tx};
use include_dir::{Dir, include_dir};
use serde::{Deserialize, Serialize};
use tempfile::TempDir;
use tokio::sync::{Mutex, MutexGuard};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// How long a test waits for what has to happen.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

const EFFECTS: Files = {
    static SQLITE: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/tests/sql/sqlite");
    static MSSQL: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/tests/sql/mssql");
    Files {
        owner: "effects",
        sqlite: &SQLITE,
        mssql: &MSSQL,
    }
};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Happened {
    pub(crate) id: Uuid,
    pub(crate) how: String,
}

impl Event for Happened {
    const NAME: &'static str = "test.thing.happened";
    const VERSION: u16 = 1;

    fn key(&self) -> Key {
        self.id.into()
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Please {
    pub(crate) id: Uuid,
}

impl Event for Please {
    const NAME: &'static str = "test.please";
    const VERSION: u16 = 1;
    const KIND: Kind = Kind::Task;

    fn key(&self) -> Key {
        self.id.into()
    }
}

/// Each test on each bus, in modules `local` and `rabbitmq`.
macro_rules! on_each_bus {
    ($($name:ident)*) => {
        mod local {
            $(#[tokio::test]
            async fn $name() {
                super::$name(&crate::setup::Courier::local()).await;
            })*
        }
        mod rabbitmq {
            $(#[tokio::test]
            async fn $name() {
                let test = concat!(module_path!(), "::", stringify!($name));
                if let Some(courier) = crate::setup::Courier::rabbitmq(test).await {
                    super::$name(&courier).await;
                }
            })*
        }
    };
}

/// A bus under test: how to connect once more, as another process does.
pub(crate) struct Courier {
    folder: TempDir,
    rabbitmq: Option<String>,
    /// Makes the names of queues and modules unlike those of other tests on the same broker.
    pub(crate) mark: String,
    _alone: Option<MutexGuard<'static, ()>>,
}

/// Tests on one broker run one after the other: every queue of an event collects what any of them publishes.
static BROKER: Mutex<()> = Mutex::const_new(());

impl Courier {
    pub(crate) fn local() -> Self {
        let mark = Uuid::now_v7().simple().to_string();
        Self {
            folder: tempfile::tempdir().unwrap(),
            rabbitmq: None,
            mark,
            _alone: None,
        }
    }

    /// The broker of `DCP_TEST_RABBITMQ`, or none and a line that says so.
    pub(crate) async fn rabbitmq(test: &str) -> Option<Self> {
        let Ok(address) = std::env::var("DCP_TEST_RABBITMQ") else {
            eprintln!("SKIPPED: {test}: DCP_TEST_RABBITMQ is not set");
            return None;
        };
        Some(Self {
            rabbitmq: Some(address),
            _alone: Some(BROKER.lock().await),
            ..Self::local()
        })
    }

    /// The same where the test may also steer the broker.
    pub(crate) async fn steered_rabbitmq(test: &str) -> Option<Self> {
        if std::env::var("DCP_TEST_RABBITMQ_CTL").is_err() {
            eprintln!("SKIPPED: {test}: DCP_TEST_RABBITMQ_CTL is not set");
            return None;
        }
        Self::rabbitmq(test).await
    }

    pub(crate) async fn connect(&self) -> Arc<dyn Bus> {
        self.connect_as(Zone::Gxp).await.unwrap()
    }

    pub(crate) async fn connect_as(&self, zone: Zone) -> Result<Arc<dyn Bus>, BusError> {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let local = || format!("local:{}", self.folder.path().join("bus.db").display());
        let address = self.rabbitmq.clone().unwrap_or_else(local);
        dcp::bus::connect(&address, zone, clock).await
    }

    /// The bus of a zone of its own: a virtual host, or a file.
    pub(crate) async fn bus_of(&self, zone: Zone) -> Arc<dyn Bus> {
        let local = || {
            format!(
                "local:{}",
                self.folder.path().join(format!("{zone}.db")).display()
            )
        };
        let address = match &self.rabbitmq {
            Some(address) => address.replace("%2f", zone.as_str()),
            None => local(),
        };
        let bus = dcp::bus::connect(&address, zone, Arc::new(SystemClock)).await;
        bus.unwrap()
    }

    /// What traces call this bus.
    pub(crate) fn system(&self) -> &'static str {
        if self.rabbitmq.is_some() {
            "rabbitmq"
        } else {
            "dcp.local"
        }
    }

    /// The name of a module of this test alone.
    pub(crate) fn module(&self, name: &str) -> String {
        format!("{name}-{}", self.mark)
    }

    /// The store of `module`.
    pub(crate) async fn store(&self, module: &str) -> Store {
        let address = format!(
            "sqlite:{}",
            self.folder.path().join(format!("{module}.db")).display()
        );
        Store::open(
            &self.module(module),
            &address,
            EFFECTS,
            Arc::new(SystemClock),
            Ids::random(),
        )
        .await
        .unwrap()
    }

    pub(crate) fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }
}

/// The stores of a crash test live as long as the test, not as the process.
pub(crate) async fn store_in(folder: &std::path::Path, module: &str) -> Store {
    store_with(folder, module, Arc::new(SystemClock)).await
}

/// The store of a module with a clock of its own.
pub(crate) async fn store_with(
    folder: &std::path::Path,
    module: &str,
    clock: Arc<dyn Clock>,
) -> Store {
    let address = format!("sqlite:{}", folder.join(format!("{module}.db")).display());
    Store::open(module, &address, EFFECTS, clock, Ids::random())
        .await
        .unwrap()
}

/// A task for a site.
pub(crate) fn task(site: &str, please: &Please) -> Outgoing {
    let document = serde_json::json!({
        "id": please.id, "source": "test", "type": wire_name::<Please>(), "kind": "task", "key": please.key(),
        "site": site, "time": SystemClock.now(), "data": please,
    });
    Outgoing {
        to: Destination::Queue(dcp::bus::task_queue::<Please>(Some(site))),
        envelope: serde_json::from_str(&document.to_string()).unwrap(),
    }
}

/// Waits until something is so, bounded, and says what never was.
pub(crate) async fn eventually(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let until = tokio::time::Instant::now() + PATIENCE;
    while !is_so().await {
        assert!(tokio::time::Instant::now() < until, "never: {what}");
        // Whoever has to act may be another process: no wake-up comes from there.
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

pub(crate) fn event() -> Happened {
    Happened {
        id: Uuid::now_v7(),
        how: "well".to_owned(),
    }
}

/// An event as a bus gets it.
pub(crate) fn outgoing(event: &Happened) -> Outgoing {
    Outgoing {
        to: Destination::Topic,
        envelope: envelope(event),
    }
}

/// A task for the queue `name`.
pub(crate) fn to_queue(name: &str, event: &Happened) -> Outgoing {
    let envelope = Envelope {
        kind: Kind::Task,
        ..envelope(event)
    };
    Outgoing {
        to: Destination::Queue(name.to_owned()),
        envelope,
    }
}

fn envelope(event: &Happened) -> Envelope {
    let document = serde_json::json!({
        "id": event.id, "source": "test", "type": wire_name::<Happened>(), "kind": "event", "key": event.key(),
        "time": SystemClock.now(), "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "data": event,
    });
    serde_json::from_str(&document.to_string()).unwrap()
}

/// A module at work.
pub(crate) struct Running {
    pub(crate) delivery: Delivery,
    stop: CancellationToken,
}

impl Running {
    /// Starts what a deployment has declared before.
    pub(crate) async fn start(
        store: &Store,
        bus: &Arc<dyn Bus>,
        subscriptions: Subscriptions,
    ) -> Self {
        let topology = Topology::of(store.module(), &subscriptions);
        bus.declare(&topology).await.unwrap();
        Self::begin(store, bus, subscriptions)
    }

    /// Starts on whatever there is.
    pub(crate) fn begin(store: &Store, bus: &Arc<dyn Bus>, subscriptions: Subscriptions) -> Self {
        let stop = CancellationToken::new();
        let clock = Arc::new(SystemClock);
        let delivery = Delivery::start(
            store.clone(),
            bus.clone(),
            subscriptions,
            clock,
            stop.clone(),
        )
        .unwrap();
        Self { delivery, stop }
    }

    pub(crate) async fn settle(&self) {
        self.delivery.settle(PATIENCE).await.unwrap();
    }

    pub(crate) async fn stop(mut self) {
        self.stop.cancel();
        self.delivery.stopped().await;
    }
}

pub(crate) async fn publish(store: &Store, event: &Happened) {
    let done = store.tx(async |tx| tx.publish(event).await).await;
    done.unwrap();
}

pub(crate) async fn effects(store: &Store) -> Vec<String> {
    store
        .read("effect_all", params![])
        .await
        .unwrap()
        .all()
        .unwrap()
}

pub(crate) async fn effect(tx: &mut Tx<'_>, event: &Happened) -> Result<(), Reaction> {
    tx.call("effect_add", params![event.id]).await?;
    Ok(())
}

/// An error with its causes, in one line.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    let texts: Vec<String> = causes.map(ToString::to_string).collect();
    texts.join(": ")
}

/// What `rabbitmqctl` of the test broker answers.
pub(crate) fn ctl(arguments: &[&str]) -> String {
    let ctl = std::env::var("DCP_TEST_RABBITMQ_CTL").expect("set beside DCP_TEST_RABBITMQ");
    let done = std::process::Command::new(ctl)
        .args(arguments)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{arguments:?}: {said}");
    String::from_utf8(done.stdout).unwrap()
}
