//! One conformance suite for every bus, and the delivery above it.
//!
//! The part on RabbitMQ runs where `DCP_TEST_RABBITMQ` names a broker (`infra/test-rabbitmq start` prints one).

#![expect(clippy::disallowed_methods, reason = "tests read their environment and wait on real time")]

mod conformance;
mod crash;
mod delivery;
mod setup;
