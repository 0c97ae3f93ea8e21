//! One conformance suite for every bus, and the delivery above it.
//!
//! The part on RabbitMQ runs where `DCP_TEST_RABBITMQ` names a broker (`infra/test-rabbitmq start` prints one).

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails where it stands"
)]
#![expect(
    clippy::disallowed_methods,
    reason = "tests read their environment and wait on real time"
)]

#[macro_use]
mod setup;

mod bridge;
mod bridge_user;
mod conformance;
mod consumer_timeout;
mod crash;
mod credentials;
mod delivery;
mod encrypted;
mod faults;
mod order;
mod permissions;
mod traces;
