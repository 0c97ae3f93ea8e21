//! One conformance suite for every bus, and the delivery above it.
//!
//! The part on RabbitMQ runs where `DCP_TEST_RABBITMQ` names a broker (`infra/test-rabbitmq start` prints one).

mod conformance;
mod crash;
mod delivery;
mod setup;
