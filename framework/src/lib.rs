//! The shared framework of the Data Computation Platform: everything a module may rely on, nothing a single module needs.
//!
//! A module starts with [`run`]; `docs/module-contract.md` says what it may rely on and what it owes.

pub mod bus;
pub mod calc;
mod causes;
pub mod clock;
pub mod config;
pub mod contracts;
mod crash;
pub mod events;
pub mod http;
pub mod identity;
pub mod limits;
mod messages;
pub mod model;
pub mod node;
pub mod pi;
mod private;
mod run;
pub mod secrets;
pub mod store;
pub mod telemetry;
mod tls;

pub use causes::chain;
pub use run::{EXIT_CONFIG, Module, Start, run};

/// The text of the module's own `module.toml`, embedded in its binary.
#[macro_export]
macro_rules! manifest {
    () => {
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/module.toml"))
    };
}
