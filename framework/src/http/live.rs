//! Server-sent events that end when the process drains.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::{Stream, StreamExt as _};
use serde::Serialize;
use tokio_util::sync::CancellationToken;

use super::{Host, Problem};

/// Proxies close connections that are silent longer than half a minute.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// Argument of a handler that answers with a stream of events.
#[derive(Debug, Clone)]
pub struct Live(CancellationToken);

impl Live {
    /// The answer: each item becomes an event with that name and the item as JSON.
    pub fn stream<T: Serialize + Send + 'static>(
        self,
        name: &'static str,
        items: impl Stream<Item = T> + Send + 'static,
    ) -> Response {
        let events = items.filter_map(move |item| async move {
            let event = Event::default().event(name).json_data(item);
            event.inspect_err(|error| tracing::error!(%error, event = name, "an event of a stream has no JSON")).ok()
        });
        let events = events
            .take_until(self.0.cancelled_owned())
            .map(Ok::<_, Infallible>);
        Sse::new(events)
            .keep_alive(KeepAlive::new().interval(KEEP_ALIVE))
            .into_response()
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Live {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let host = parts.extensions.get::<std::sync::Arc<Host>>();
        Ok(Self(
            host.map(|host| host.stopping.clone()).unwrap_or_default(),
        ))
    }
}
