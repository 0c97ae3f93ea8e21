//! The trace a piece of work belongs to, carried along with what it publishes.

use std::future::Future;

tokio::task_local! {
    static TRACEPARENT: String;
}

/// Runs `work` as part of the trace `traceparent` (W3C trace context).
pub async fn within<F: Future>(traceparent: Option<String>, work: F) -> F::Output {
    match traceparent {
        Some(traceparent) => TRACEPARENT.scope(traceparent, work).await,
        None => work.await,
    }
}

/// The trace of the present work.
pub fn current() -> Option<String> {
    TRACEPARENT.try_with(Clone::clone).ok()
}
