//! New activity for everyone who listens, whichever instance recorded it: each instance looks into the database.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use dcp::params;
use dcp::store::StoreError;
use futures_util::{Stream, StreamExt as _};
use tokio::sync::broadcast;
use tokio_stream::wrappers::BroadcastStream;

use crate::Framework;
use crate::activity::Stored;

/// A person sees what happened within this time.
const LOOK: Duration = Duration::from_millis(500);
/// Rows of one look.
const COUNT: i64 = 200;
/// Numbers are given before a transaction commits: one that commits late may stand so far behind the newest.
const LATE: i64 = 50;
/// Items a slow listener may be behind; it then misses the oldest and reads the page again.
const BUFFER: usize = 256;

/// The live activity of this process.
#[derive(Clone)]
pub(crate) struct Feed(broadcast::Sender<Arc<Stored>>);

impl Default for Feed {
    fn default() -> Self {
        Self(broadcast::Sender::new(BUFFER))
    }
}

impl Feed {
    /// What happens from now on.
    pub(crate) fn listen(&self) -> impl Stream<Item = Arc<Stored>> + Send + use<> {
        BroadcastStream::new(self.0.subscribe()).filter_map(|item| std::future::ready(item.ok()))
    }
}

impl Framework {
    /// Watches the table for the life of the process.
    pub fn follow(&self, start: &dcp::Start) {
        let framework = self.clone();
        start.spawn("feed", async move {
            let mut seen = Seen::default();
            loop {
                if let Err(error) = framework.look(&mut seen).await {
                    tracing::warn!(error = dcp::chain(&error), "new activity cannot be read");
                }
                framework.clock.sleep(LOOK).await;
            }
        });
    }

    async fn look(&self, seen: &mut Seen) -> Result<(), StoreError> {
        let Some(last) = seen.last else {
            let last: i64 = self.store.read("activity_last", params![]).await?.one()?;
            *seen = Seen {
                last: Some(last),
                recent: (last - LATE..=last).collect(),
            };
            return Ok(());
        };
        let rows: Vec<Stored> = self
            .store
            .read("activity_after", params![last - LATE, COUNT])
            .await?
            .all()?;
        for row in rows {
            if seen.is_new(row.seq) {
                // Nobody listens: nobody misses it.
                self.feed.0.send(Arc::new(row)).unwrap_or_default();
            }
        }
        Ok(())
    }
}

#[derive(Default)]
struct Seen {
    last: Option<i64>,
    recent: VecDeque<i64>,
}

impl Seen {
    fn is_new(&mut self, seq: i64) -> bool {
        if self.recent.contains(&seq) {
            return false;
        }
        self.recent.push_back(seq);
        self.last = self.last.max(Some(seq));
        while self.recent.len() > 2 * usize::try_from(LATE).unwrap_or_default() {
            self.recent.pop_front();
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_that_comes_late_is_still_new_and_none_is_new_twice() {
        let mut seen = Seen {
            last: Some(10),
            recent: (0..=10).collect(),
        };
        assert!(seen.is_new(12) && seen.is_new(11));
        assert!(!seen.is_new(11) && !seen.is_new(10));
        assert_eq!(seen.last, Some(12));
    }
}
