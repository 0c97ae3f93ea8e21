//! The node with real processes: what dies is started again, what stops drains, who calls is proven, what is inside stays inside.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "tests"
)]

mod edge;
mod elsewhere;
mod platform;
mod settings;
mod socket;
mod supervisor;
