//! The message bus: the trait, its implementations and the delivery that stands above them.
//!
//! The outbox row is the message, the bus is a courier: modules publish in a [`Tx`](crate::store::Tx) and react in one.

mod bridge;
#[expect(
    clippy::module_inception,
    reason = "the trait has the name of the whole"
)]
mod bus;
mod consumer;
mod dead_letters;
mod decide;
mod delivery;
mod envelope;
mod inbox;
mod local;
mod measure;
mod parked;
pub(crate) mod pause;
mod queue;
mod rabbitmq;
mod reaction;
mod reactor;
mod receipts;
mod reconcile;
mod relay;
mod subscriptions;
mod topology;
pub(crate) mod trace;
mod unread;
mod watched;

use std::sync::Arc;

pub use self::bus::{Bus, BusError, Delivered, Inbound, Outgoing, Undecodable, Verdict};
pub use self::dead_letters::{
    DeadLetter, DeadLetterDecision, DeadLetterGroup, Filter, dead_letter_decisions,
    dead_letter_groups, dead_letters, discard, replay,
};
pub use self::delivery::{Crossing, Delivery, NotSettled, NotStarted};
pub use self::envelope::{Destination, Envelope};
pub use self::local::Local;
pub use self::queue::{event_queue, task_queue, task_queue_named};
use self::rabbitmq::Broker;
pub use self::rabbitmq::{RabbitMq, definitions};
pub use self::reaction::{Away, Cause, Reaction};
pub use self::receipts::announce;
pub use self::relay::OutboxSize;
pub use self::subscriptions::Subscriptions;
pub use self::topology::Topology;
pub use self::unread::Unread;
pub(crate) use self::watched::WatchedQueue;
use crate::clock::Clock;
use crate::config::BusSettings;
use crate::model::Zone;
use crate::secrets::Secrets;

/// The bus of a zone at `address`: `local:<file>` or `amqp(s)://user:password@host/vhost`. The first zone that uses a file
/// or a virtual host keeps it; the other is refused.
pub async fn connect(
    address: &str,
    zone: Zone,
    clock: Arc<dyn Clock>,
) -> Result<Arc<dyn Bus>, BusError> {
    connect_as(&BusSettings::at(address), None, zone, clock).await
}

/// The bus that `settings` describe. What they refer to is read from `secrets` for every connection, because it may change;
/// connections move when it does.
pub async fn connect_as(
    settings: &BusSettings,
    secrets: Option<Arc<dyn Secrets>>,
    zone: Zone,
    clock: Arc<dyn Clock>,
) -> Result<Arc<dyn Bus>, BusError> {
    let broker = Broker::new(settings.clone(), secrets);
    let address = broker.address().await.map_err(BusError::unavailable)?;
    if let Some(file) = address.expose().strip_prefix("local:") {
        return Ok(Arc::new(Local::open(file, zone, clock).await?));
    }
    if ["amqp://", "amqps://"]
        .iter()
        .any(|scheme| address.expose().starts_with(scheme))
    {
        return Ok(Arc::new(RabbitMq::new(broker, zone, clock)));
    }
    Err(BusError::Address)
}
