//! One module on this node: its instances, which of them answer, and what it was told to do.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use serde::{Deserialize, Serialize};
use tokio::sync::{broadcast, mpsc, oneshot};

use super::config::{HostedModule, NodeConfig};
use super::instance::{Instance, Recipe, Running};
use super::ports::Ports;
use super::status::{Health, InstanceStatus, ModuleStatus, State, memory};
use crate::model::{Manifest, Text, Timestamp, Zone};

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

/// What is known of one instance, whether it has a process or not.
#[derive(Debug)]
struct Slot {
    state: State,
    since: Timestamp,
    restarts: u32,
    instance: Option<Arc<Instance>>,
    ready_after_ms: Option<u64>,
    degraded: bool,
    problem: Option<String>,
}

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
        if let Err(problem) = module.read_manifest() {
            tracing::warn!(
                module = module.name,
                problem,
                "a module cannot be started yet"
            );
        }
        (Arc::new(module), taken)
    }

    /// Folder of the deployed module.
    pub(crate) fn folder(&self) -> PathBuf {
        self.config.deploy().join(&self.name)
    }

    /// The manifest of what is deployed, when something is.
    pub(crate) fn manifest(&self) -> Option<Arc<Manifest>> {
        self.manifest
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Reads the manifest again: a deployment may have brought a new one.
    pub(crate) fn read_manifest(&self) -> Result<Arc<Manifest>, String> {
        let file = self.folder().join("module.toml");
        let text = std::fs::read_to_string(&file).map_err(|error| {
            format!(
                "{} cannot be read ({error}); deploy the module with infra/up",
                file.display()
            )
        })?;
        let manifest =
            Manifest::parse(&text).map_err(|error| format!("{}: {error}", file.display()))?;
        if manifest.name.as_str() != self.name {
            return Err(format!(
                "{} belongs to module `{}`",
                file.display(),
                manifest.name.as_str()
            ));
        }
        if self.zone == Zone::Gxp && manifest.zone != Zone::Gxp {
            return Err(format!(
                "module `{}` is for information only and must not run on the controlled node `{}`",
                self.name, self.config.node.name
            ));
        }
        let manifest = Arc::new(manifest);
        *self
            .manifest
            .write()
            .unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&manifest));
        Ok(manifest)
    }

    /// How to start an instance of what is deployed now.
    pub(crate) fn recipe(&self, id: u32) -> Result<Recipe, String> {
        self.read_manifest()?;
        let folder = self.folder();
        let program = folder.join(&self.name);
        if !program.is_file() {
            return Err(format!(
                "{} is missing; deploy the module with infra/up",
                program.display()
            ));
        }
        let log = self.config.logs().join(format!("{}-{id}.log", self.name));
        Ok(Recipe {
            program,
            folder,
            environment: self.environment(),
            log,
        })
    }

    fn environment(&self) -> Vec<(String, String)> {
        let config = &self.config;
        let fixed = [
            ("DCP__NODE__NAME", config.node.name.clone()),
            ("DCP__NODE__ZONE", config.node.zone.to_string()),
            ("DCP__EDGE__URL", format!("http://{}", config.edge.internal)),
            ("DCP__STORE__URL", config.store.url.clone()),
            ("DCP__BUS__URL", config.bus.url.clone()),
            ("DCP__SECRETS__URL", config.secrets.url.clone()),
            ("DCP__LOG__LEVEL", config.log.level.clone()),
            ("DCP__LOG__FORMAT", config.log.format.clone()),
        ];
        let own = self.hosted.settings.iter().map(|(key, value)| {
            let text = value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned);
            (format!("DCP__MODULE__{}", key.to_uppercase()), text)
        });
        fixed
            .into_iter()
            .map(|(key, value)| (key.to_owned(), value))
            .chain(own)
            .collect()
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

    /// Starts of instances that had ended by themselves.
    pub(crate) fn restarts(&self) -> u64 {
        self.restarts.load(Ordering::Relaxed)
    }

    pub(crate) fn starting(&self, id: u32) {
        self.change(id, |slot| {
            slot.state = State::Starting;
            slot.instance = None;
        });
    }

    pub(crate) fn started(&self, id: u32, running: &Running) {
        self.change(id, |slot| {
            slot.instance = Some(Arc::clone(&running.instance));
        });
    }

    pub(crate) fn is_ready(&self, id: u32, running: &Running) {
        let took = running.started.elapsed().as_millis();
        tracing::info!(
            module = self.name,
            instance = id,
            port = running.instance.port,
            duration_ms = took,
            "a module is ready"
        );
        self.change(id, |slot| {
            slot.state = State::Ready;
            slot.degraded = false;
            slot.problem = None;
            slot.ready_after_ms = u64::try_from(took).ok();
        });
    }

    pub(crate) fn stopping(&self, id: u32) {
        self.change(id, |slot| slot.state = State::Stopping);
    }

    pub(crate) fn failed(&self, id: u32, problem: &str) {
        tracing::error!(
            module = self.name,
            instance = id,
            problem,
            "a module ended by itself and is started again"
        );
        self.restarts.fetch_add(1, Ordering::Relaxed);
        self.change(id, |slot| {
            slot.state = State::Failed;
            slot.instance = None;
            slot.restarts += 1;
            slot.problem = Some(problem.to_owned());
        });
    }

    pub(crate) fn degraded(&self, id: u32, degraded: bool) {
        if let Some(slot) = held(&self.slots).get_mut(&id)
            && slot.degraded != degraded
        {
            tracing::warn!(
                module = self.name,
                instance = id,
                degraded,
                "a module's readiness changed"
            );
            slot.degraded = degraded;
            slot.problem = degraded.then(|| {
                "it says that something it needs is missing; its log says what".to_owned()
            });
        }
    }

    pub(crate) fn gone(&self, id: u32) {
        held(&self.slots).remove(&id);
        self.refresh();
    }

    fn change(&self, id: u32, apply: impl FnOnce(&mut Slot)) {
        let now = Timestamp::now();
        let fresh = || Slot {
            state: State::Starting,
            since: now,
            restarts: 0,
            instance: None,
            ready_after_ms: None,
            degraded: false,
            problem: None,
        };
        {
            let mut slots = held(&self.slots);
            let slot = slots.entry(id).or_insert_with(fresh);
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

impl Slot {
    fn status(&self, id: u32) -> InstanceStatus {
        InstanceStatus {
            id,
            port: self.instance.as_ref().map(|instance| instance.port),
            pid: self.instance.as_ref().map(|instance| instance.pid),
            state: self.state,
            since: self.since,
            restarts: self.restarts,
            memory_bytes: self
                .instance
                .as_ref()
                .map_or(0, |instance| memory(instance.pid)),
            ready_after_ms: self.ready_after_ms,
            problem: self.problem.clone(),
        }
    }
}
