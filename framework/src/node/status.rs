//! What a node says about its modules: the shapes of `/api/node/modules`, of the control socket and of `dcp status`.

use serde::{Deserialize, Serialize};

use crate::model::{Text, Timestamp, Zone};

/// Where an instance or a module is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// The process runs and is not ready yet.
    Starting,
    /// It answers.
    Ready,
    /// It finishes what it has begun.
    Stopping,
    /// It was told to stop.
    Stopped,
    /// It ended by itself; it is started again after a pause.
    Failed,
}

impl State {
    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Ready => "ready",
            Self::Stopping => "stopping",
            Self::Stopped => "stopped",
            Self::Failed => "failed",
        }
    }
}

/// How well a module does as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Health {
    /// Every instance is ready.
    Ready,
    /// Some are, or one says that something it needs is missing.
    Degraded,
    /// None is.
    Down,
}

/// One process of a module.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct InstanceStatus {
    /// Number within the module.
    pub id: u32,
    /// Its port on loopback; absent while it has no process.
    pub port: Option<u16>,
    /// Its process.
    pub pid: Option<u32>,
    /// `host:port` of one that runs elsewhere.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub address: Option<String>,
    /// Where it is in its life.
    pub state: State,
    /// Since when it is there.
    pub since: Timestamp,
    /// How often it was started again after it ended by itself.
    pub restarts: u32,
    /// Resident memory of the process and its workers, in bytes.
    pub memory_bytes: u64,
    /// Time from its start to its first readiness, in milliseconds.
    pub ready_after_ms: Option<u64>,
    /// Why it is not ready, readable alone.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub problem: Option<String>,
}

/// One module on one node.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ModuleStatus {
    /// Its name.
    pub module: String,
    /// The node that hosts it.
    pub node: String,
    /// Zone in which it works here.
    pub zone: Zone,
    /// Its version.
    pub version: String,
    /// What people call it.
    pub title: Text,
    /// Where it is in its life.
    pub state: State,
    /// How well it does.
    pub health: Health,
    /// Its processes.
    pub instances: Vec<InstanceStatus>,
}

/// The answer of the control socket.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct NodeStatus {
    /// Name of the node.
    pub node: String,
    /// Its zone.
    pub zone: Zone,
    /// Version of the node's binary.
    pub version: String,
    /// Its process.
    pub pid: u32,
    /// Since when it runs.
    pub since: Timestamp,
    /// Address of its internal listener.
    pub internal: String,
    /// Resident memory of the node's own process, in bytes.
    pub memory_bytes: u64,
    /// Its modules.
    pub modules: Vec<ModuleStatus>,
}

/// Resident memory of a process without those it started.
pub(crate) fn own_memory(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    resident
        .and_then(|text| text.trim().trim_end_matches(" kB").parse::<u64>().ok())
        .unwrap_or(0)
        * 1024
}

/// Resident memory of a process and of those it started.
pub(crate) fn memory(pid: u32) -> u64 {
    own_memory(pid) + children(pid).into_iter().map(memory).sum::<u64>()
}

fn children(pid: u32) -> Vec<u32> {
    let Ok(threads) = std::fs::read_dir(format!("/proc/{pid}/task")) else {
        return Vec::new();
    };
    let lists = threads
        .flatten()
        .filter_map(|thread| std::fs::read_to_string(thread.path().join("children")).ok());
    lists
        .flat_map(|list| {
            list.split_whitespace()
                .filter_map(|pid| pid.parse().ok())
                .collect::<Vec<_>>()
        })
        .collect()
}
