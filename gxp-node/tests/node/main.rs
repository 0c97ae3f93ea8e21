//! The node with real processes: what dies is started again, what stops drains, who calls is proven, what is inside stays inside.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "tests"
)]

mod canary;
mod credentials;
mod edge;
mod elsewhere;
mod encrypted;
mod platform;
mod proxies;
#[path = "../../../framework/tests/vault/roles.rs"]
#[expect(dead_code, reason = "the vault's own tests need more of it")]
mod roles;
#[path = "../../../framework/tests/vault/server.rs"]
#[expect(dead_code, reason = "the vault's own tests need more of it")]
mod server;
mod settings;
mod signing;
mod socket;
mod supervisor;
