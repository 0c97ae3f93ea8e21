//! Runs the reaction of a subscription to one message.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures_util::FutureExt;

use super::decide::Failure;
use super::inbox::Inbox;
use super::subscriptions::Subscription;
use super::{Envelope, Reaction, trace};
use crate::chain;

/// A subscription with its inbox.
pub(super) struct Reactor {
    pub(super) inbox: Inbox,
    pub(super) subscription: Subscription,
    /// What traces call the bus.
    pub(super) system: &'static str,
}

impl Reactor {
    /// Runs the reaction; a failure comes with its cause and the causes of that, in one line.
    pub(super) async fn react(
        &self,
        inbox: Inbox,
        envelope: &Arc<Envelope>,
        attempts: u32,
    ) -> (Result<(), Failure>, String) {
        let begun = std::time::Instant::now();
        let measures = inbox.measures.clone();
        let reaction = (self.subscription.run)(inbox, envelope.clone());
        let subscriber = &self.inbox.subscriber;
        let mut span = trace::processing(envelope, subscriber, attempts, self.system);
        let caught = AssertUnwindSafe(span.run(reaction)).catch_unwind().await;
        measures.reacted(begun.elapsed());
        match caught.unwrap_or_else(|_| Err(Reaction::later("the reaction panicked"))) {
            Ok(()) => (Ok(()), String::new()),
            Err(reaction) => {
                let failure = reaction.failure();
                span.fail(failure.kind());
                (Err(failure), chain(reaction.cause()))
            }
        }
    }
}
