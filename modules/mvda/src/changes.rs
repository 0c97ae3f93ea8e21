//! Changes of models as they happen, whichever instance made them.
//!
//! Every change takes the next revision within its own transaction. One task per instance looks for a new revision while
//! somebody listens, and each listener then reads what changed since its own last one: nothing is lost and nothing
//! depends on which instance took an event from the bus.

use std::collections::VecDeque;
use std::sync::Arc;

use axum::response::Response;
use dcp::clock::Clock;
use dcp::http::{Caller, Live, Problem};
use dcp::params;
use dcp::store::{Store, StoreError};
use futures_util::{Stream, stream};
use serde::Serialize;
use tokio::sync::watch;
use utoipa::ToSchema;

use crate::Mvda;
use crate::limits;
use crate::model::{self, Failure, Progress, State, Summary};

/// The newest revision this instance has seen.
#[derive(Debug, Clone)]
pub struct Changes {
    newest: Arc<watch::Sender<i64>>,
}

/// One change of a model.
#[derive(Debug, Serialize, ToSchema)]
pub struct Change {
    /// The model.
    pub id: String,
    /// How far it is now.
    pub state: State,
    /// How much is done.
    pub progress: Progress,
    /// Whether it is kept out of the way.
    pub archived: bool,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<Failure>,
}

impl From<Summary> for Change {
    fn from(model: Summary) -> Self {
        Self {
            id: model.id,
            state: model.state,
            progress: model.progress,
            archived: model.archived,
            error: model.error,
        }
    }
}

impl Default for Changes {
    /// Nothing seen yet.
    fn default() -> Self {
        Self {
            newest: Arc::new(watch::Sender::new(0)),
        }
    }
}

impl Changes {
    /// Looks for new revisions for as long as the process lives.
    pub async fn watch(self, store: Store, clock: Arc<dyn Clock>) {
        loop {
            clock.sleep(limits::WATCH_EVERY).await;
            if self.newest.receiver_count() == 0 {
                continue;
            }
            match latest(&store).await {
                Ok(revision) => self.saw(revision),
                Err(error) => {
                    tracing::warn!(%error, "the changes of models cannot be read at the moment");
                }
            }
        }
    }

    fn saw(&self, revision: i64) {
        self.newest.send_if_modified(|newest| {
            let newer = revision > *newest;
            *newest = revision.max(*newest);
            newer
        });
    }

    /// What changes at a site from now on.
    async fn listen(
        &self,
        store: Store,
        site: String,
    ) -> Result<impl Stream<Item = Change> + Send + 'static, StoreError> {
        let seen = latest(&store).await?;
        self.saw(seen);
        let listener = Listener {
            receiver: self.newest.subscribe(),
            store,
            site,
            seen,
            waiting: VecDeque::new(),
        };
        Ok(stream::unfold(listener, Listener::next))
    }
}

async fn latest(store: &Store) -> Result<i64, StoreError> {
    store.read("latest_revision", params![]).await?.one()
}

struct Listener {
    receiver: watch::Receiver<i64>,
    store: Store,
    site: String,
    seen: i64,
    waiting: VecDeque<Summary>,
}

impl Listener {
    async fn next(mut self) -> Option<(Change, Self)> {
        loop {
            if let Some(model) = self.waiting.pop_front() {
                return Some((model.into(), self));
            }
            let seen = self.seen;
            self.receiver.wait_for(|newest| *newest > seen).await.ok()?;
            self.read().await;
        }
    }

    async fn read(&mut self) {
        let newest = *self.receiver.borrow();
        match model::changed_since(&self.store, &self.site, self.seen).await {
            Ok(changed) => {
                self.seen = changed
                    .last()
                    .map_or(newest, |model| model.revision.max(self.seen));
                self.waiting.extend(changed);
            }
            Err(error) => {
                tracing::warn!(%error, "the changes of models cannot be read at the moment");
                self.store.clock().sleep(limits::WATCH_EVERY).await;
            }
        }
    }
}

/// Changes of the site's models, as server-sent events named `model`.
#[utoipa::path(get, path = "/api/mvda/models/stream", tag = "models", params(("site" = String, Query, description = "The site")),
    responses((status = 200, description = "Events named `model`", content_type = "text/event-stream", body = Change)))]
pub async fn stream_models(
    mvda: axum::extract::State<Mvda>,
    caller: Caller,
    live: Live,
) -> Result<Response, Problem> {
    let site = caller.site()?.to_string();
    let changes = mvda.changes.listen(mvda.store.clone(), site).await?;
    Ok(live.stream("model", changes))
}
