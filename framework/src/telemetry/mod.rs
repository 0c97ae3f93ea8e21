//! Traces: what became of one request or message, in all modules, for a collector that takes OTLP.
//!
//! A step of a trace is a [`Span`]; the trace it belongs to travels as [`TraceContext`]: in the header `traceparent` of requests and
//! messages, and beside the work of a task. Nothing waits for the collector: spans that it does not take are counted and dropped.
//! A span holds names, ids, counts and outcomes, never a body, a header, a query or a secret. Without `telemetry.otlp` nothing is
//! recorded and the ids of traces still go along, for logs and problems.

mod context;
mod export;
mod otlp;
mod span;
#[cfg(test)]
mod tests;

pub use self::context::{TraceContext, carried};
pub(crate) use self::export::Exporter;
pub use self::export::Resource;
pub use self::span::{Attribute, Span, SpanKind};

use std::sync::OnceLock;

use tokio::sync::mpsc;

use self::span::Record;
use crate::config::{SettingsError, TelemetrySettings};
use crate::limits::SPANS_HELD;

static TRACER: OnceLock<Tracer> = OnceLock::new();

/// Decides which traces are recorded and takes their spans.
#[derive(Debug, Clone)]
pub(crate) struct Tracer {
    spans: mpsc::Sender<Record>,
    /// Traces whose last 56 bits are below this are recorded: every process decides the same.
    below: u64,
    dropped: metrics::Counter,
}

impl Tracer {
    fn new(ratio: f64) -> (Self, mpsc::Receiver<Record>) {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "a share of 56 bits, which fits"
        )]
        let below = (ratio.clamp(0.0, 1.0) * (1_u64 << 56) as f64) as u64;
        let (spans, taken) = mpsc::channel(SPANS_HELD);
        let dropped = export::counter("dropped");
        let tracer = Self {
            spans,
            below,
            dropped,
        };
        (tracer, taken)
    }

    /// Whether a trace that begins here is recorded.
    fn takes(&self, trace: u128) -> bool {
        let tail = trace & ((1 << 56) - 1);
        tail < u128::from(self.below)
    }

    fn finish(&self, record: Record) {
        if self.spans.try_send(record).is_err() {
            self.dropped.increment(1);
        }
    }
}

/// Begins to record what `settings` say; none when they name no collector, or when this process records already.
pub(crate) fn install(
    settings: &TelemetrySettings,
    resource: Resource,
) -> Result<Option<Exporter>, SettingsError> {
    let Some(otlp) = &settings.otlp else {
        return Ok(None);
    };
    if !(0.0..=1.0).contains(&settings.ratio) {
        return Err(SettingsError::Invalid(
            "setting telemetry.ratio: it is a share from 0 to 1".into(),
        ));
    }
    let (tracer, spans) = Tracer::new(settings.ratio);
    let resource = Resource {
        service: settings.service.clone().unwrap_or(resource.service),
        ..resource
    };
    let exporter = Exporter::new(otlp, &resource, spans)
        .map_err(|reason| SettingsError::Invalid(format!("setting telemetry.otlp: {reason}")))?;
    Ok(TRACER.set(tracer).is_ok().then_some(exporter))
}

/// Records to the collector at `otlp` from now on, in a program that is no module, such as a test; what it answers ends with its runtime.
pub fn record_to(
    otlp: &str,
    resource: Resource,
) -> Result<impl Future<Output = ()> + Send + use<>, SettingsError> {
    let settings = TelemetrySettings {
        otlp: Some(otlp.to_owned()),
        ..TelemetrySettings::default()
    };
    let exporter = install(&settings, resource)?;
    Ok(async move {
        if let Some(exporter) = exporter {
            exporter
                .run(tokio_util::sync::CancellationToken::new())
                .await;
        }
    })
}

fn tracer() -> Option<&'static Tracer> {
    TRACER.get()
}
