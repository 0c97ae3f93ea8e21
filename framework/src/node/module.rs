//! One module on this node: its instances, which of them answer, and what it was told to do.

mod deployed;
mod life;
mod slot;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use serde::{Deserialize, Serialize};
use tokio::sync::{broadcast, mpsc, oneshot};

use self::slot::Slot;
use super::config::{Address, HostedModule, NodeConfig};
use super::instance::Instance;
use super::ports::Ports;
use super::status::{Health, ModuleStatus, State};
use crate::model::{Manifest, Text, Timestamp, Zone};
use crate::tls::Trust;

/// A module changed its state on a node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// The module.
    pub module: String,
    /// The node.
    pub node: String,
    /// Its state now.
    pub state: State,
    /// Version of its micro-frontend, when it has one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub ui: Option<String>,
}

/// What an operator may tell a module.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Command {
    Start,
    Stop,
    Restart,
    Scale(u32),
}

pub(crate) type Order = (Command, oneshot::Sender<Result<(), String>>);

/// One module on this node.
#[derive(Debug)]
pub(crate) struct Module {
    pub(crate) name: String,
    pub(crate) ports: Arc<Ports>,
    pub(crate) orders: mpsc::Sender<Order>,
    config: Arc<NodeConfig>,
    zone: Zone,
    hosted: HostedModule,
    manifest: RwLock<Option<Arc<Manifest>>>,
    slots: Mutex<BTreeMap<u32, Slot>>,
    ready: RwLock<Arc<[Arc<Instance>]>>,
    next: AtomicUsize,
    wanted: AtomicU32,
    stopped: AtomicBool,
    restarts: AtomicU64,
    told: Mutex<Option<State>>,
    changes: broadcast::Sender<Change>,
}

fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Module {
    pub(crate) fn new(
        config: &Arc<NodeConfig>,
        zone: Zone,
        hosted: &HostedModule,
        ports: &Arc<Ports>,
        changes: &broadcast::Sender<Change>,
    ) -> (Arc<Self>, mpsc::Receiver<Order>) {
        // Orders come from people; a handful may wait.
        let (orders, taken) = mpsc::channel(16);
        let module = Self {
            name: hosted.name.clone(),
            ports: Arc::clone(ports),
            orders,
            config: Arc::clone(config),
            zone,
            hosted: hosted.clone(),
            manifest: RwLock::default(),
            slots: Mutex::default(),
            ready: RwLock::new(Arc::new([])),
            next: AtomicUsize::new(0),
            wanted: AtomicU32::new(hosted.instances),
            stopped: AtomicBool::new(false),
            restarts: AtomicU64::new(0),
            told: Mutex::new(None),
            changes: changes.clone(),
        };
        if let Err(problem) = module.read_manifest()
            && !module.is_elsewhere()
        {
            tracing::warn!(
                module = module.name,
                problem,
                "a module cannot be started yet"
            );
        }
        (Arc::new(module), taken)
    }

    /// An instance that answers, each in turn; `after` names one that just did not.
    pub(crate) fn choose(&self, after: Option<u32>) -> Option<Arc<Instance>> {
        let ready = Arc::clone(&self.ready.read().unwrap_or_else(PoisonError::into_inner));
        let turn = if ready.len() > 1 {
            self.next.fetch_add(1, Ordering::Relaxed)
        } else {
            0
        };
        (0..ready.len())
            .map(|n| &ready[(turn + n) % ready.len()])
            .find(|instance| Some(instance.id) != after)
            .cloned()
    }

    /// How many instances are wanted; none while the module is stopped.
    pub(crate) fn wanted(&self) -> u32 {
        if self.stopped.load(Ordering::Relaxed) {
            0
        } else {
            self.wanted.load(Ordering::Relaxed)
        }
    }

    pub(crate) fn want(&self, instances: u32) {
        self.wanted.store(instances, Ordering::Relaxed);
    }

    pub(crate) fn set_stopped(&self, stopped: bool) {
        self.stopped.store(stopped, Ordering::Relaxed);
        self.tell();
    }

    /// Whether others start it.
    pub(crate) fn is_elsewhere(&self) -> bool {
        !self.hosted.addresses.is_empty()
    }

    /// Where it answers elsewhere.
    pub(crate) fn addresses(&self) -> impl Iterator<Item = Address<'_>> {
        let addresses = self.hosted.addresses.iter();
        addresses.filter_map(|address| Address::of(address))
    }

    /// Who signs the certificates of what answers elsewhere.
    pub(crate) fn trust(&self) -> Arc<Trust> {
        Arc::new(Trust::new(self.config.edge.ca.clone(), "edge.ca"))
    }

    /// Starts of instances that had ended by themselves.
    pub(crate) fn restarts(&self) -> u64 {
        self.restarts.load(Ordering::Relaxed)
    }

    fn change(&self, id: u32, apply: impl FnOnce(&mut Slot)) {
        let now = Timestamp::now();
        {
            let mut slots = held(&self.slots);
            let slot = slots.entry(id).or_insert_with(|| Slot::new(now));
            let before = slot.state;
            apply(slot);
            if slot.state != before {
                slot.since = now;
            }
        }
        self.refresh();
    }

    /// Shows the edge who answers, and everyone who listens the new state.
    fn refresh(&self) {
        {
            let slots = held(&self.slots);
            let ready = slots
                .values()
                .filter(|slot| slot.state == State::Ready)
                .filter_map(|slot| slot.instance.clone())
                .collect();
            *self.ready.write().unwrap_or_else(PoisonError::into_inner) = ready;
        }
        self.tell();
    }

    fn tell(&self) {
        let state = self.state();
        if held(&self.told).replace(state) != Some(state) {
            // Nobody listening is fine.
            drop(self.changes.send(Change {
                module: self.name.clone(),
                node: self.config.node.name.clone(),
                state,
                ui: None,
            }));
        }
    }

    /// Where the module as a whole is in its life.
    pub(crate) fn state(&self) -> State {
        let slots = held(&self.slots);
        let any = |state| slots.values().any(|slot| slot.state == state);
        if any(State::Ready) {
            State::Ready
        } else if self.stopped.load(Ordering::Relaxed) {
            if slots.is_empty() {
                State::Stopped
            } else {
                State::Stopping
            }
        } else if slots
            .values()
            .any(|slot| slot.state == State::Failed || slot.restarts > 0)
        {
            State::Failed
        } else {
            State::Starting
        }
    }

    /// Why it is not ready, when it said so.
    pub(crate) fn problem(&self) -> Option<String> {
        held(&self.slots)
            .values()
            .find_map(|slot| slot.problem.clone())
    }

    /// Everything about it that `dcp status` and the administration show.
    pub(crate) fn status(&self) -> ModuleStatus {
        let manifest = self.manifest();
        let state = self.state();
        let (instances, degraded) = {
            let slots = held(&self.slots);
            let degraded = slots
                .values()
                .any(|slot| slot.degraded || slot.state != State::Ready);
            (
                slots.iter().map(|(id, slot)| slot.status(*id)).collect(),
                degraded,
            )
        };
        ModuleStatus {
            module: self.name.clone(),
            node: self.config.node.name.clone(),
            zone: self.zone,
            version: manifest
                .as_ref()
                .map_or_else(|| "-".to_owned(), |manifest| manifest.version.clone()),
            title: manifest.map_or_else(
                || Text::new(&*self.name, &*self.name),
                |manifest| manifest.title.clone(),
            ),
            state,
            health: match state {
                State::Ready if degraded => Health::Degraded,
                State::Ready => Health::Ready,
                _ => Health::Down,
            },
            instances,
        }
    }
}
