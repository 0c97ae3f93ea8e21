//! The courier: stores messages durably and hands each to one consumer of every queue it belongs to.

use std::fmt::Debug;
use std::time::Duration;

use futures_util::future::BoxFuture;
use thiserror::Error;
use tokio::sync::{mpsc, oneshot};

use super::{Destination, Envelope, Topology};
use crate::model::Zone;

/// Carries messages between modules, at least once.
///
/// Every implementation passes one conformance suite (`framework/tests/bus/conformance`).
pub trait Bus: Debug + Send + Sync {
    /// What traces call it.
    fn system(&self) -> &'static str;

    /// Makes queues and bindings; what is there already stays. A bus of the other zone refuses.
    fn declare<'a>(&'a self, topology: &'a Topology) -> BoxFuture<'a, Result<(), BusError>>;

    /// Sends messages in this order; each outcome is `Ok` only when the message is stored in every queue it belongs to.
    fn publish<'a>(&'a self, messages: &'a [Outgoing]) -> BoxFuture<'a, Vec<Result<(), BusError>>>;

    /// Consumes a queue, holding at most `prefetch` messages without verdict; goes on by itself after an outage.
    fn subscribe<'a>(
        &'a self,
        queue: &'a str,
        prefetch: usize,
    ) -> BoxFuture<'a, Result<Inbound, BusError>>;

    /// How many messages are in a queue: waiting, postponed, or without verdict.
    fn depth<'a>(&'a self, queue: &'a str) -> BoxFuture<'a, Result<u64, BusError>>;

    /// What of `topology` is not there, in words for an operator.
    fn missing<'a>(
        &'a self,
        topology: &'a Topology,
    ) -> BoxFuture<'a, Result<Vec<String>, BusError>>;

    /// Gives back what has no verdict and lets go of the courier.
    fn close(&self) -> BoxFuture<'_, ()>;
}

/// The messages of one subscription; dropping it ends the subscription.
pub type Inbound = mpsc::Receiver<Delivered>;

/// A message to send.
#[derive(Debug, Clone)]
pub struct Outgoing {
    /// To whom.
    pub to: Destination,
    /// What.
    pub envelope: Envelope,
}

/// A message that came.
#[derive(Debug)]
pub struct Delivered {
    /// The message, or what came instead of one.
    pub message: Result<Envelope, Undecodable>,
    /// How often it has been handed out, this time included; a bus may leave out those who gave it back of their own accord.
    pub deliveries: u32,
    /// Takes the verdict; dropped without one, the message comes again.
    pub verdict: oneshot::Sender<Verdict>,
}

/// Bytes that are no message of this platform.
#[derive(Debug, Clone)]
pub struct Undecodable {
    /// What came.
    pub text: String,
    /// Why it is no message.
    pub reason: String,
}

/// What becomes of a message.
#[derive(Debug)]
pub enum Verdict {
    /// It has had its effect, or is parked: forget it.
    Done,
    /// Bring it again in this form, not before this time has passed.
    Retry(Box<Envelope>, Duration),
}

/// What can go wrong with the courier.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum BusError {
    /// The broker cannot be reached or did not answer in time; send again later.
    #[error("the bus cannot be reached")]
    Unavailable(#[source] super::Cause),
    /// There is no such queue.
    #[error("no queue takes `{0}`")]
    Unroutable(String),
    /// The broker refused to store the message; send again later.
    #[error("the bus refused the message")]
    Refused,
    /// The broker serves the other zone; a zone never reads the messages of the other.
    #[error(
        "this bus carries the messages of the zone {0}; give each zone a bus of its own: a virtual host of RabbitMQ, or a file"
    )]
    OtherZone(Zone),
    /// An address that no implementation understands.
    #[error("the bus address must begin with `local:`, `amqp://` or `amqps://`")]
    Address,
}

impl BusError {
    /// What traces call it.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Unavailable(_) => "unavailable",
            Self::Unroutable(_) => "unroutable",
            Self::Refused => "refused",
            Self::OtherZone(_) => "other-zone",
            Self::Address => "address",
        }
    }

    pub(crate) fn unavailable(cause: impl Into<super::Cause>) -> Self {
        Self::Unavailable(cause.into())
    }
}
