//! The edge and the supervisor that both nodes are made of.
//!
//! A node is one process. Its supervisor keeps the processes of its modules running; its edge is the only way to reach them.
//! The node holds no code of any module: it knows what `deploy/<module>/module.toml` says.

#![expect(
    clippy::disallowed_methods,
    reason = "a node is no module: it follows the machine's clock, and its tasks end with the process"
)]

mod body;
mod config;
mod control;
mod edge;
mod elsewhere;
mod environment;
mod hand_over;
mod in_force;
mod instance;
mod launch;
mod log_file;
mod module;
mod network;
mod pool;
mod ports;
mod queues;
mod run;
mod status;
mod supervisor;

pub use config::{
    EdgeSection, HostedModule, LogSection, NodeConfig, NodeConfigError, NodeSection, PeerSection,
};
pub use in_force::{InForce, ModuleInForce};
pub use module::Change;
pub use network::Network;
pub use ports::PortRange;
pub use run::run;
pub use status::{Health, InstanceStatus, ModuleStatus, NodeStatus, State};
