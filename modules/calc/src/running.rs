//! The calls that run now on this engine: so that they can be seen and cancelled.

use crate::call_list::{CallState, CallView, Progressed};
use crate::engine::{Partial, Progress};
use crate::keys::Hashing;
use crate::request::Request;
use dcp::clock::Timestamp;
use futures_util::FutureExt;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;
use tokio_util::sync::CancellationToken;

/// Partial results kept of a call; of more, those told first go.
const PARTIALS: usize = 32;

/// All calls that run now.
#[derive(Debug, Default)]
pub(crate) struct Running(Mutex<HashMap<String, Arc<Call>>>);

/// One of them.
#[derive(Debug)]
struct Call {
    view: CallView,
    begun: Instant,
    cancelled: CancellationToken,
    now: Mutex<Now>,
}

#[derive(Debug)]
struct Now {
    state: CallState,
    version: String,
    computation: Option<Hashing>,
    progress: Option<Progressed>,
    partial: Vec<Partial>,
}

impl Running {
    /// Enters a call; it leaves when the answer is dropped.
    pub(crate) fn enter(self: &Arc<Self>, request: &Request, started_at: Timestamp) -> Entry {
        let call = Arc::new(Call {
            view: CallView::begun(request, started_at),
            begun: Instant::now(),
            cancelled: CancellationToken::new(),
            now: Mutex::new(Now {
                state: CallState::Queued,
                version: String::new(),
                computation: None,
                progress: None,
                partial: Vec::new(),
            }),
        });
        self.lock().insert(request.call_id.clone(), call.clone());
        Entry {
            running: self.clone(),
            call,
        }
    }

    /// Cancels a call; `false` when it does not run here.
    pub(crate) fn cancel(&self, call_id: &str) -> bool {
        let call = self.lock().get(call_id).cloned();
        call.map(|call| call.cancelled.cancel()).is_some()
    }

    /// A call as it stands, and what it has given so far.
    pub(crate) fn view(&self, call_id: &str) -> Option<(CallView, Vec<Partial>)> {
        let call = self.lock().get(call_id).cloned();
        call.map(|call| (call.view(), call.now().partial.clone()))
    }

    /// All of them, the latest first.
    pub(crate) fn views(&self) -> Vec<CallView> {
        let calls: Vec<Arc<Call>> = self.lock().values().cloned().collect();
        let mut views: Vec<CallView> = calls.iter().map(|call| call.view()).collect();
        views.sort_by_key(|view| std::cmp::Reverse(view.started_at));
        views
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, Arc<Call>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Call {
    fn view(&self) -> CallView {
        let now = self.now();
        CallView {
            state: now.state,
            version: now.version.clone(),
            computation_key: now.computation_key(),
            progress: now.progress.clone(),
            duration_ms: self.begun.elapsed().as_secs_f64() * 1000.0,
            ..self.view.clone()
        }
    }

    fn now(&self) -> std::sync::MutexGuard<'_, Now> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Now {
    fn computation_key(&self) -> Option<String> {
        let computed = self.computation.clone()?.now_or_never()?;
        computed.map(|computed| computed.key)
    }
}

/// A call that runs.
pub(crate) struct Entry {
    running: Arc<Running>,
    call: Arc<Call>,
}

impl Entry {
    /// Ends when somebody cancels the call.
    pub(crate) fn cancelled(&self) -> CancellationToken {
        self.call.cancelled.clone()
    }

    /// Its version is known.
    pub(crate) fn is_of(&self, version: &str) {
        version.clone_into(&mut self.call.now().version);
    }

    /// Its arguments are known, and with them, soon, the name of what it computes.
    pub(crate) fn is_computation(&self, computation: &Hashing) {
        self.call.now().computation = Some(computation.clone());
    }

    /// R works on it.
    pub(crate) fn runs(&self) {
        self.call.now().state = CallState::Running;
    }

    /// It has got so far.
    pub(crate) fn has_come_to(&self, progress: &Progress) {
        self.call.now().progress = Some(Progressed {
            fraction: progress.fraction,
            text: progress.message.clone(),
        });
    }

    /// It has a value before it ends; an earlier one of the same name is replaced.
    pub(crate) fn has_given(&self, partial: Partial) {
        let given = &mut self.call.now().partial;
        given.retain(|one| one.name != partial.name);
        if given.len() == PARTIALS {
            given.remove(0);
        }
        given.push(partial);
    }

    /// What it has given so far, in the order of telling.
    pub(crate) fn given(&self) -> Vec<Partial> {
        self.call.now().partial.clone()
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        let mut calls = self.running.lock();
        // Another call may have come under the same id.
        if calls
            .get(&self.call.view.id)
            .is_some_and(|call| Arc::ptr_eq(call, &self.call))
        {
            calls.remove(&self.call.view.id);
        }
    }
}
