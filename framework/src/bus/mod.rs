//! The message bus: the trait, its implementations and the delivery that stands above them.

mod envelope;
mod inbox;
mod queue;
mod reaction;
mod subscriptions;
pub mod trace;

pub use self::envelope::{Destination, Envelope};
pub use self::queue::{event_queue, task_queue, task_queue_named};
pub use self::reaction::{Cause, Reaction};
pub use self::subscriptions::Subscriptions;
