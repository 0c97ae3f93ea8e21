//! Gauges of the messages of a module. They are read when somebody asks for the metrics, so that they cost nothing else.

use std::time::Instant;

use metrics::gauge;
use tokio::sync::Mutex;

use super::Messages;
use crate::limits::SAMPLE_AGE;

/// Sets the gauges from the database and the bus.
pub(crate) struct Sampler {
    messages: Messages,
    sampled: Mutex<Option<Instant>>,
}

impl Sampler {
    pub(crate) fn new(messages: Messages) -> Self {
        Self {
            messages,
            sampled: Mutex::default(),
        }
    }

    /// Brings the gauges up to date, unless they were a moment ago; several collectors share one look.
    pub(crate) async fn sample(&self) {
        let mut sampled = self.sampled.lock().await;
        if sampled.is_some_and(|at| at.elapsed() < SAMPLE_AGE) {
            return;
        }
        match self.messages.overview().await {
            Ok(overview) => set(&overview),
            Err(error) => tracing::warn!(%error, "the gauges of the messages are not up to date"),
        }
        *sampled = Some(Instant::now());
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "counts are far below 2^53, and a gauge is a float"
)]
fn set(overview: &super::overview::Overview) {
    gauge!("dcp_outbox_waiting").set(overview.outbox.waiting as f64);
    gauge!("dcp_outbox_oldest_seconds").set(overview.outbox.oldest_seconds);
    gauge!("dcp_outbox_kept").set(overview.outbox.kept as f64);
    for queue in &overview.queues {
        let name = || queue.queue.clone();
        // A bus that is away says nothing, and 0 would be wrong.
        let depth = queue.depth.map_or(f64::NAN, |depth| depth as f64);
        gauge!("dcp_queue_depth", "queue" => name()).set(depth);
        gauge!("dcp_parked", "queue" => name()).set(queue.parked as f64);
        gauge!("dcp_dead_letters", "queue" => name()).set(queue.dead_letters as f64);
    }
}
