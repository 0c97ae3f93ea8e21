//! One subscription: hands messages out, brings verdicts back, and begins again when the broker was away.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use futures_util::FutureExt;
use futures_util::stream::{FuturesUnordered, StreamExt};
use lapin::message::Delivery;
use lapin::options::{
    BasicAckOptions, BasicCancelOptions, BasicConsumeOptions, BasicNackOptions, BasicQosOptions,
};
use lapin::types::FieldTable;
use lapin::{Channel, Consumer};
use tokio::sync::{Notify, mpsc, oneshot, watch};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::Shared;
use super::plan::delay_exchange;
use super::wire::{as_probe, decode, deliveries, properties, short};
use crate::bus::{BusError, Delivered, Envelope, Verdict, pause};
use crate::clock::Timestamp;
use crate::limits::{BROKER_ANSWER, BROKER_DIAL, BROKER_LOOK};

/// What this process has of one queue, beside what the broker says.
#[derive(Debug, Default)]
pub(super) struct Held {
    /// Messages without verdict.
    pub(super) working: AtomicUsize,
    /// Retries that this process sent and that have not come yet.
    delayed: Mutex<HashMap<Uuid, Timestamp>>,
    /// Probes that have come.
    probes: Mutex<Vec<String>>,
    pub(super) probed: Notify,
    /// Ends with the subscription.
    pub(super) alive: CancellationToken,
}

impl Held {
    /// Messages that the broker does not count as waiting.
    pub(super) fn count(&self, now: Timestamp) -> usize {
        let mut delayed = self.delayed.lock().unwrap_or_else(PoisonError::into_inner);
        // Another process may have got it.
        delayed.retain(|_, due| *due >= now);
        delayed.len() + self.working.load(Ordering::SeqCst)
    }

    pub(super) fn has_probe(&self, id: &str) -> bool {
        let mut probes = self.probes.lock().unwrap_or_else(PoisonError::into_inner);
        let before = probes.len();
        probes.retain(|probe| probe != id);
        probes.len() < before
    }

    fn add_probe(&self, id: String) {
        let mut probes = self.probes.lock().unwrap_or_else(PoisonError::into_inner);
        probes.push(id);
        let excess = probes.len().saturating_sub(16);
        probes.drain(..excess);
        drop(probes);
        self.probed.notify_waiters();
    }

    fn arrived(&self, id: Uuid) {
        self.delayed
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&id);
    }

    fn delay(&self, id: Uuid, until: Timestamp) {
        self.delayed
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(id, until);
    }
}

pub(super) struct Pump {
    pub(super) shared: Arc<Shared>,
    pub(super) queue: String,
    pub(super) prefetch: u16,
    pub(super) sender: mpsc::Sender<Delivered>,
    pub(super) held: Arc<Held>,
}

/// A message that was handed out.
struct Pending {
    /// It keeps the connection that its verdict goes over.
    _channel: Arc<Channel>,
    delivery: Option<Delivery>,
    judged: oneshot::Receiver<Verdict>,
}

impl Future for Pending {
    type Output = Option<(Delivery, Option<Verdict>)>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let verdict = ready!(self.judged.poll_unpin(context)).ok();
        Poll::Ready(self.delivery.take().map(|delivery| (delivery, verdict)))
    }
}

impl Pump {
    /// Works until the subscription is dropped or the bus is closed.
    pub(super) async fn run(self) {
        let mut failures = 0;
        while !self.sender.is_closed() && !self.shared.stop.is_cancelled() {
            match self.serve(&mut failures).await {
                Ok(()) => break,
                Err(error) => {
                    failures += 1;
                    let cause = std::error::Error::source(&error).map(ToString::to_string);
                    tracing::warn!(%error, cause, queue = self.queue, failures, "consuming begins again");
                }
            }
            tokio::select! {
                () = self.shared.clock.sleep(pause::in_outage(failures)) => {}
                () = self.shared.stop.cancelled() => {}
            }
        }
        self.held.alive.cancel();
    }

    async fn serve(&self, failures: &mut u32) -> Result<(), BusError> {
        let moved = self.shared.moved.subscribe();
        let begun = self.begin_in_time().await?;
        *failures = 0;
        let mut working = FuturesUnordered::new();
        let served = self.consume(begun, moved, &mut working).await;
        self.held.working.store(0, Ordering::SeqCst);
        served
    }

    async fn begin_in_time(&self) -> Result<(Arc<Channel>, Consumer), BusError> {
        let begin = self.begin();
        self.shared.consuming.within(BROKER_ANSWER, begin).await
    }

    async fn begin(&self) -> Result<(Arc<Channel>, Consumer), BusError> {
        self.shared.declare_again().await?;
        let channel = self.shared.consuming.channel().await?;
        channel
            .basic_qos(self.prefetch, BasicQosOptions::default())
            .await?;
        let queue = short(&self.queue)?;
        let options = BasicConsumeOptions::default();
        let consumer = channel
            .basic_consume(queue, "".into(), options, FieldTable::default())
            .await?;
        Ok((Arc::new(channel), consumer))
    }

    async fn consume(
        &self,
        (mut channel, mut consumer): (Arc<Channel>, Consumer),
        mut moved: watch::Receiver<()>,
        working: &mut FuturesUnordered<Pending>,
    ) -> Result<(), BusError> {
        loop {
            tokio::select! {
                Ok(()) = moved.changed() => {
                    self.leave(channel, consumer, working).await?;
                    (channel, consumer) = self.begin_in_time().await?;
                }
                delivery = consumer.next() => match delivery {
                    Some(delivery) => self.hand_out(delivery?, &channel, working).await?,
                    None => return Err(BusError::unavailable("the broker ended the subscription")),
                },
                Some(judged) = working.next() => self.bring_back(judged).await?,
                () = self.sender.closed() => break,
                () = self.shared.stop.cancelled() => break,
                // A connection that ends while a consumer is being made leaves one that never hears of it.
                () = self.shared.clock.sleep(BROKER_LOOK) => {
                    if !channel.status().connected() {
                        return Err(BusError::unavailable("the channel has ended"));
                    }
                }
            }
        }
        if self.shared.is_lane(&self.queue).await {
            // Closing gives back what has no verdict before the next consumer gets anything; cancelling would let it overtake.
            return Ok(channel.close(200, "bye".into()).await?);
        }
        channel
            .basic_cancel(consumer.tag(), BasicCancelOptions::default())
            .await?;
        // Reactions under way are still recorded, unless the whole bus is closing.
        while !self.shared.stop.is_cancelled() {
            tokio::select! {
                judged = working.next() => match judged {
                    Some(judged) => self.bring_back(judged).await?,
                    None => break,
                },
                () = self.shared.stop.cancelled() => {}
            }
        }
        while let Some(Some(judged)) = working.next().now_or_never() {
            self.bring_back(judged).await?;
        }
        // Closing gives back what has no verdict.
        Ok(channel.close(200, "bye".into()).await?)
    }

    /// Ends the subscription on a connection that is let go. What has been handed out keeps its channel, and with it the old
    /// connection, until it has its verdict.
    async fn leave(
        &self,
        channel: Arc<Channel>,
        mut consumer: Consumer,
        working: &mut FuturesUnordered<Pending>,
    ) -> Result<(), BusError> {
        if self.shared.is_lane(&self.queue).await {
            // The order of a lane needs what has no verdict back in the queue first. Whoever works on it gets it once more.
            self.held.working.store(0, Ordering::SeqCst);
            working.clear();
            return Ok(channel.close(200, "bye".into()).await?);
        }
        channel
            .basic_cancel(consumer.tag(), BasicCancelOptions::default())
            .await?;
        let rest = async {
            while let Some(delivery) = consumer.next().await {
                self.hand_out(delivery?, &channel, working).await?;
            }
            Ok(())
        };
        timeout(BROKER_DIAL, rest)
            .await
            .map_err(BusError::unavailable)?
    }

    async fn hand_out(
        &self,
        delivery: Delivery,
        channel: &Arc<Channel>,
        working: &mut FuturesUnordered<Pending>,
    ) -> Result<(), BusError> {
        if let Some(probe) = as_probe(&delivery) {
            self.held.add_probe(probe);
            delivery.ack(BasicAckOptions::default()).await?;
            return Ok(());
        }
        let (verdict, judged) = oneshot::channel();
        let message = decode(&delivery);
        self.held.working.fetch_add(1, Ordering::SeqCst);
        if let Ok(Envelope {
            id, attempts: 1.., ..
        }) = message
        {
            self.held.arrived(id);
        }
        let delivered = Delivered {
            message,
            deliveries: deliveries(&delivery),
            verdict,
        };
        working.push(Pending {
            _channel: channel.clone(),
            delivery: Some(delivery),
            judged,
        });
        // A subscription that has just gone drops the message, which gives it back.
        drop(self.sender.try_send(delivered));
        Ok(())
    }

    async fn bring_back(
        &self,
        judged: Option<(Delivery, Option<Verdict>)>,
    ) -> Result<(), BusError> {
        let Some((delivery, verdict)) = judged else {
            return Ok(());
        };
        let done = match verdict {
            Some(Verdict::Done) => true,
            Some(Verdict::Retry(envelope, after)) => self.postpone(&envelope, after).await,
            None => false,
        };
        let tell = async {
            if done {
                delivery.ack(BasicAckOptions::default()).await
            } else {
                let requeue = true;
                let options = BasicNackOptions {
                    requeue,
                    ..BasicNackOptions::default()
                };
                delivery.nack(options).await
            }
        };
        // It was seen to wait for ever when the connection ended at the same moment.
        timeout(BROKER_DIAL, tell)
            .await
            .map_err(BusError::unavailable)??;
        self.held.working.fetch_sub(1, Ordering::SeqCst);
        Ok(())
    }

    /// Puts the message aside; if that fails it comes again at once, uncounted.
    async fn postpone(&self, envelope: &Envelope, after: std::time::Duration) -> bool {
        let body = envelope.data.get().as_bytes();
        let sent = match properties(envelope) {
            Ok(properties) => {
                self.shared
                    .publisher
                    .send(&delay_exchange(after), &self.queue, body, properties)
                    .await
            }
            Err(error) => Err(error),
        };
        match sent {
            Ok(()) => {
                let grace = after.saturating_mul(2) + std::time::Duration::from_secs(5);
                let until = self
                    .shared
                    .clock
                    .now()
                    .checked_add(grace)
                    .unwrap_or(Timestamp::MAX);
                self.held.delay(envelope.id, until);
                true
            }
            Err(error) => {
                tracing::warn!(%error, queue = self.queue, "a message could not be put aside and comes again at once");
                false
            }
        }
    }
}
