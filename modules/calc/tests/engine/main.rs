//! The engine as its users meet it: real processes, real R, real HTTP, real bus.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "tests"
)]

mod arrow;
mod bus;
mod caching;
mod calling_command;
mod calls;
mod command;
mod confinement;
mod dates;
mod dates_in_arrow;
mod describing;
mod endurance;
mod folders;
mod fuzz;
mod keeping;
mod library;
mod partial;
mod peers;
mod plots;
mod proofs;
mod scripts;
mod states;
mod support;
