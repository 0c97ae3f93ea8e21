//! The provider of secrets against a real vault: `OpenBao`, which the tests start, seal, stop, hang and fill up themselves.
//!
//! They run where `DCP_TEST_BAO` names its program (`infra/test-vault` prints it).

#![expect(clippy::unwrap_used, reason = "a test fails where it stands")]
#![expect(
    clippy::disallowed_methods,
    reason = "tests read their environment and wait on real time"
)]

mod canary;
mod dynamic;
mod kubernetes;
mod leases;
mod login;
mod outage;
mod policies;
mod roles;
mod server;
mod transit;
