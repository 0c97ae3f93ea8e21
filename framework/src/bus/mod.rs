//! The message bus: the trait, its implementations and the delivery that stands above them.
//!
//! The outbox row is the message, the bus is a courier: modules publish in a [`Tx`](crate::store::Tx) and react in one.

#[expect(clippy::module_inception, reason = "the trait has the name of the whole")]
mod bus;
mod consumer;
mod delivery;
mod envelope;
mod inbox;
mod local;
mod pause;
mod queue;
mod reaction;
mod relay;
mod subscriptions;
mod topology;
pub mod trace;

use std::sync::Arc;

pub use self::bus::{Bus, BusError, Delivered, Inbound, Outgoing, Undecodable, Verdict};
pub use self::delivery::{Delivery, NotSettled, NotStarted};
pub use self::envelope::{Destination, Envelope};
pub use self::local::Local;
pub use self::queue::{event_queue, task_queue, task_queue_named};
pub use self::reaction::{Cause, Reaction};
pub use self::subscriptions::Subscriptions;
pub use self::topology::Topology;
use crate::clock::Clock;

/// The bus at `address`: `local:<file>` or `amqp(s)://user:password@host/vhost`.
pub async fn connect(address: &str, clock: Arc<dyn Clock>) -> Result<Arc<dyn Bus>, BusError> {
    if let Some(file) = address.strip_prefix("local:") {
        return Ok(Arc::new(Local::open(file, clock).await?));
    }
    Err(BusError::Address)
}
