//! Request and reply over the bus: for a module that waits for a calculation instead of reacting to its end.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;

use super::CalcError;
use crate::events::calc::{Calculated, Call, CallFinished, Outcome};
use crate::store::Store;

/// The calls somebody in this process waits for. A module with several instances reacts to `CallFinished` instead: the
/// outcome reaches only one of them.
#[derive(Debug, Clone, Default)]
pub struct Replies {
    waiting: Arc<Mutex<HashMap<String, oneshot::Sender<Outcome>>>>,
}

impl Replies {
    /// Hands an outcome to who waits for it; called by the module's reaction to `CallFinished`.
    pub fn take(&self, finished: &CallFinished) {
        let waiting = self.lock().remove(&finished.call_id);
        // Who no longer waits has dropped the other end; the outcome is not lost, its result is stored.
        if waiting.is_some_and(|waiting| waiting.send(finished.outcome.clone()).is_err()) {
            tracing::debug!(
                call.id = finished.call_id,
                "nobody waits for this outcome any more"
            );
        }
    }

    /// Sends the call and waits for its outcome, at most until its deadline or for a minute.
    pub async fn call(&self, store: &Store, call: &Call) -> Result<Calculated, CalcError> {
        let (sender, receiver) = oneshot::channel();
        self.lock().insert(call.call_id.clone(), sender);
        let _leave = Leave {
            replies: self,
            call_id: &call.call_id,
        };
        store.tx(async |tx| super::request(tx, call).await).await?;
        let now = store.clock().now();
        let limit = call.deadline.map_or(MINUTE, |deadline| {
            Duration::try_from(deadline.duration_since(now)).unwrap_or_default()
        });
        let late = store.clock().sleep(limit);
        tokio::select! {
            outcome = receiver => match outcome.map_err(|_| CalcError::Late)? {
                Outcome::Ok(calculated) => Ok(calculated),
                Outcome::Error(failed) => Err(CalcError::Failed { kind: failed.kind, title: failed.title, detail: failed.detail }),
            },
            () = late => Err(CalcError::Late),
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, oneshot::Sender<Outcome>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How long a call without a deadline is waited for.
const MINUTE: Duration = Duration::from_mins(1);

/// Forgets a call that is not waited for any more, however its waiting ended.
struct Leave<'a> {
    replies: &'a Replies,
    call_id: &'a str,
}

impl Drop for Leave<'_> {
    fn drop(&mut self) {
        self.replies.lock().remove(self.call_id);
    }
}
