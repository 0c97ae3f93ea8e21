//! One calculation from request to value, the same for HTTP and the bus.

use crate::Calc;
use crate::arguments::{self, Argument, Given};
use crate::engine::{Failure, Job, Lane, Patience, Progress};
use crate::keys::{Computation, content_key};
use crate::recorder::CallRecord;
use crate::scripts::{Function, Script};
use bytes::Bytes;
use dcp::clock::Timestamp;
use dcp::events::Actor;
use dcp::params;
use dcp::store::time_text;
use dcp::telemetry::{Span, SpanKind};
use serde::Deserialize;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

/// What is asked for.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) call_id: String,
    /// `script` or `script@version`.
    pub(crate) script: String,
    pub(crate) function: String,
    pub(crate) arguments: Vec<Argument>,
    pub(crate) requested_by: Actor,
    pub(crate) site: Option<String>,
    /// `http`, or the module that asks over the bus.
    pub(crate) asked_by: String,
    /// Whether a module asks, which may name data sources.
    pub(crate) from_module: bool,
    pub(crate) lane: Lane,
    pub(crate) allowed: Duration,
}

/// What came out.
#[derive(Debug)]
pub(crate) struct Calculated {
    pub(crate) value: Bytes,
    pub(crate) script: Arc<Script>,
    pub(crate) result_key: Arc<str>,
    pub(crate) computation_key: String,
    pub(crate) warnings: Vec<String>,
    pub(crate) messages: Vec<String>,
    pub(crate) output: Vec<String>,
    pub(crate) started_at: Timestamp,
    pub(crate) duration: Duration,
    /// The call that calculated the value, when it was not this one.
    pub(crate) cached: Option<String>,
}

#[derive(Deserialize)]
struct Cached {
    call_id: String,
    result_key: String,
    value: String,
}

/// The calls that run now, so that they can be cancelled.
#[derive(Debug, Default)]
pub(crate) struct Running(Mutex<HashMap<String, CancellationToken>>);

impl Running {
    /// Cancels a call; `false` when it does not run here.
    pub(crate) fn cancel(&self, call_id: &str) -> bool {
        let calls = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        calls.get(call_id).map(CancellationToken::cancel).is_some()
    }

    fn enter(&self, call_id: &str) -> Entry<'_> {
        let token = CancellationToken::new();
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(call_id.to_owned(), token.clone());
        Entry {
            running: self,
            call_id: call_id.to_owned(),
            token,
        }
    }
}

struct Entry<'a> {
    running: &'a Running,
    call_id: String,
    token: CancellationToken,
}

impl Drop for Entry<'_> {
    fn drop(&mut self) {
        self.running
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&self.call_id);
    }
}

/// A request with everything looked up.
struct Prepared {
    job: Job,
    script: Arc<Script>,
    pure: bool,
    computation_key: String,
}

impl Calc {
    /// Calculates; the record of the call is the caller's to store.
    pub(crate) async fn calculate(
        &self,
        request: &mut Request,
        progress: &mut (dyn FnMut(Progress) + Send),
    ) -> Result<Calculated, Failure> {
        let begun = Instant::now();
        let started_at = self.store.clock().now();
        let entry = self.running.enter(&request.call_id);
        let patience = Patience {
            allowed: request.allowed,
            deadline: begun + request.allowed,
            cancelled: entry.token.clone(),
        };
        let prepared = self.prepare(request, &patience, progress).await?;
        if prepared.pure
            && let Some(cached) = self.cached(&prepared, started_at, begun).await?
        {
            return Ok(cached);
        }
        let mut lease = self
            .pool
            .take(request.lane, &prepared.script.version, patience.deadline)
            .await?;
        let mut span = Span::within(SpanKind::Internal, || format!("R {}", request.function));
        if span.is_recorded() {
            span.set("calc.script", request.script.clone());
            span.set("calc.script.version", prepared.script.version.to_string());
        }
        let called = lease.worker.call(&prepared.job, &patience, progress).await;
        if let Err(failure) = &called {
            span.fail(failure.kind());
        }
        drop(span);
        self.pool.settle(lease, called.as_ref().err());
        let answer = called?;
        let value = Bytes::from(answer.value);
        Ok(Calculated {
            result_key: content_key(&value).into(),
            value,
            script: prepared.script,
            computation_key: prepared.computation_key,
            warnings: answer.warnings,
            messages: answer.messages,
            output: answer.output,
            started_at,
            duration: begun.elapsed(),
            cached: None,
        })
    }

    async fn prepare(
        &self,
        request: &mut Request,
        patience: &Patience,
        progress: &mut (dyn FnMut(Progress) + Send),
    ) -> Result<Prepared, Failure> {
        let script = self.scripts.look_up(&request.script).await?;
        let function = script.function(&request.function)?;
        let pure = function.is_pure();
        arguments::check(function, &request.arguments)?;
        in_order_of(function, &mut request.arguments);
        let mut computation = Computation::of(&script.version, &function.name, &script.environment);
        let mut values = Vec::with_capacity(request.arguments.len());
        for argument in std::mem::take(&mut request.arguments) {
            let value = self.resolve(request, &argument, patience, progress).await?;
            computation.argument(&argument.name, &value);
            values.push((argument.name, value));
        }
        let (computation_key, seed) = computation.finish();
        let (version, source) = (script.version.clone(), script.source.clone());
        let job = Job {
            version,
            source,
            function: request.function.clone(),
            arguments: values,
            seed,
        };
        Ok(Prepared {
            job,
            script,
            pure,
            computation_key,
        })
    }

    /// The JSON of an argument, wherever it comes from.
    async fn resolve(
        &self,
        request: &Request,
        argument: &Argument,
        patience: &Patience,
        progress: &mut (dyn FnMut(Progress) + Send),
    ) -> Result<Bytes, Failure> {
        let pointer = || arguments::pointer(&argument.name);
        match &argument.value {
            Given::Value(value) => Ok(value.clone()),
            Given::Result { key, path } => {
                let value = self
                    .results
                    .find(key)
                    .await?
                    .ok_or_else(|| Failure::UnknownResult(key.clone()))?;
                let text = std::str::from_utf8(&value).unwrap_or_default();
                let part = arguments::part(text, path);
                let part = part.ok_or_else(|| {
                    Failure::argument(pointer(), format!("result {key} has nothing at {path:?}"))
                })?;
                Ok(value.slice_ref(part.as_bytes()))
            }
            Given::Pi(query) => {
                self.read_process_data(request, &pointer(), query, patience, progress)
                    .await
            }
        }
    }

    async fn cached(
        &self,
        prepared: &Prepared,
        started_at: Timestamp,
        begun: Instant,
    ) -> Result<Option<Calculated>, Failure> {
        let rows = self
            .store
            .read("result_of_computation", params![&prepared.computation_key])
            .await?;
        let Some(Cached {
            call_id,
            result_key,
            value,
        }) = rows.optional()?
        else {
            return Ok(None);
        };
        Ok(Some(Calculated {
            value: value.into(),
            script: prepared.script.clone(),
            result_key: result_key.into(),
            computation_key: prepared.computation_key.clone(),
            warnings: Vec::new(),
            messages: Vec::new(),
            output: Vec::new(),
            started_at,
            duration: begun.elapsed(),
            cached: Some(call_id),
        }))
    }
}

/// The order of the definition, further names behind it: so that the order of the body does not matter.
fn in_order_of(function: &Function, arguments: &mut [Argument]) {
    arguments.sort_by_key(|argument| {
        function
            .args
            .iter()
            .position(|known| known.name == argument.name)
            .unwrap_or(function.args.len())
    });
}

impl Request {
    /// The record of a call that gave a value.
    pub(crate) fn record_of(&self, calculated: &Calculated) -> CallRecord {
        CallRecord {
            version: calculated.script.version.to_string(),
            script: calculated.script.name.clone(),
            computation_key: calculated.computation_key.clone(),
            result_key: Some(calculated.result_key.to_string()),
            failure: None,
            ..self.record(calculated.started_at, calculated.duration)
        }
    }

    /// The record of a call that gave none.
    pub(crate) fn record_of_failure(
        &self,
        failure: &Failure,
        started_at: Timestamp,
        duration: Duration,
    ) -> CallRecord {
        CallRecord {
            failure: Some(failure.kind().to_owned()),
            ..self.record(started_at, duration)
        }
    }

    fn record(&self, started_at: Timestamp, duration: Duration) -> CallRecord {
        CallRecord {
            id: self.call_id.clone(),
            script: self.script.clone(),
            version: String::new(),
            function: self.function.clone(),
            site: self.site.clone(),
            requested_by_id: self.requested_by.id.clone(),
            requested_by_name: self.requested_by.name.clone(),
            asked_by: self.asked_by.clone(),
            started_at: time_text(started_at),
            duration_ms: duration.as_secs_f64() * 1000.0,
            computation_key: String::new(),
            result_key: None,
            failure: None,
            outcome: None,
        }
    }
}
