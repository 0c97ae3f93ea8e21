//! The provider of secrets against a real vault: `OpenBao`, which the tests start, seal, stop, hang and fill up themselves.
//!
//! They run where `DCP_TEST_BAO` names its program (`infra/test-vault` prints it).

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails where it stands"
)]
#![expect(
    clippy::disallowed_methods,
    reason = "tests read their environment and wait on real time"
)]

mod broker;
mod canary;
mod deployed_users;
mod dynamic;
mod kubernetes;
mod leases;
mod login;
mod outage;
mod policies;
mod roles;
mod server;
#[path = "../bus/setup.rs"]
#[expect(
    dead_code,
    unused_macros,
    reason = "the tests of the bus need more of it"
)]
mod setup;
mod transit;
