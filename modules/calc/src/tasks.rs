//! Work over the bus: calls and publications, with their outcomes as events.
//!
//! R runs before the transaction that records the outcome. A call that arrives again is answered from its record.

use crate::Calc;
use crate::arguments;
use crate::caching::Flight;
use crate::calculation::Calculated as Value;
use crate::content::Content;
use crate::engine::{Failure, Lane, Partial, Progress};
use crate::keeping::Class;
use crate::publishing::{Publication, is_script_name};
use crate::record::{CallRecord, Stored};
use crate::recorder::{add_calls, add_result, mark_used};
use crate::request::Request;
use bytes::Bytes;
use dcp::bus::{Reaction, Subscriptions};
use dcp::events::Actor;
use dcp::events::calc::{
    Calculated, Call, CallFinished, CallProgressed, Cancel, Failed, Outcome, Publish,
};
use dcp::params;
use dcp::store::{StoreError, Tx};
use dcp::telemetry::carried;
use serde_json::value::to_raw_value;
use std::convert::Infallible;
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// Least time between two progress events of one call.
const PROGRESS: Duration = Duration::from_millis(250);

/// The queues this engine works on.
pub(crate) fn subscribe(mut subscriptions: Subscriptions, calc: &Calc) -> Subscriptions {
    let slots = calc.settings.workers_at_most;
    for site in calc.settings.site_list() {
        let (working, cancelling) = (calc.clone(), calc.clone());
        subscriptions = subscriptions
            .work(
                site,
                slots,
                async move |call: &Call| working.work_on(call).await,
                async |tx: &mut Tx<'_>, call: &Call, done: Done| finish(tx, call, done).await,
            )
            .task(site, async move |_: &mut Tx<'_>, cancel: &Cancel| {
                cancelling.running.cancel(&cancel.call_id);
                Ok(())
            });
    }
    let publishing = calc.clone();
    subscriptions.work(
        dcp::calc::EVERY_SITE,
        1,
        async move |publish: &Publish| publish_script(&publishing, publish).await,
        async |_: &mut Tx<'_>, _: &Publish, (): ()| Ok(()),
    )
}

/// What is to be recorded and told.
struct Done {
    outcome: Outcome,
    /// Absent when an earlier delivery recorded it.
    record: Option<CallRecord>,
    stored: Vec<Stored>,
    /// Held until it is recorded.
    _flight: Option<Flight>,
}

impl Done {
    fn new(outcome: Outcome, record: Option<CallRecord>) -> Self {
        Self {
            outcome,
            record,
            stored: Vec::new(),
            _flight: None,
        }
    }
}

impl Calc {
    async fn work_on(&self, call: &Call) -> Result<Done, Reaction> {
        if let Some(outcome) = self.told_before(&call.call_id).await? {
            return Ok(Done::new(outcome, None));
        }
        let request = self.request_of(call);
        let (begun, started_at) = (Instant::now(), self.store.clock().now());
        let (mut request, calculated, partial) = match arguments_of(call) {
            Ok(arguments) => {
                self.calculate_telling(
                    call,
                    Request {
                        arguments,
                        ..request
                    },
                )
                .await
            }
            Err(failure) => (request, Err(failure), Vec::new()),
        };
        match calculated {
            // An engine that may not answer leaves the call to one that may, or until it may.
            Err(
                failure @ (Failure::Busy
                | Failure::Start(_)
                | Failure::Store(_)
                | Failure::Unregistered(_)),
            ) => Err(Reaction::later(failure)),
            Err(failure) => {
                tracing::warn!(
                    call.id = call.call_id,
                    kind = failure.kind(),
                    detail = failure.detail(),
                    "a calculation failed"
                );
                let lasted = begun.elapsed();
                let mut record = request.record_of_failure(&failure, partial, started_at, lasted);
                request.write_given(&mut record, false);
                Ok(Done::new(Outcome::Error(failed(&failure)), Some(record)))
            }
            Ok(mut value) => {
                let mut record = request.record_of(&value);
                // Also what an earlier call stored: that one's may be removed some day, a module's stays.
                let mut stored = value.all_to_store();
                let long = request.write_given(&mut record, true);
                stored.extend(record.write_long(&long));
                Ok(Done {
                    record: Some(record),
                    stored,
                    _flight: value.flight.take(),
                    outcome: Outcome::Ok(self.told(value)),
                })
            }
        }
    }

    async fn told_before(&self, call_id: &str) -> Result<Option<Outcome>, StoreError> {
        let outcome: Option<String> = self
            .store
            .read("call_outcome", params![call_id])
            .await?
            .optional()?;
        outcome
            .map(|text| serde_json::from_str(&text))
            .transpose()
            .map_err(|error| StoreError::Decode(error.to_string()))
    }

    fn request_of(&self, call: &Call) -> Request {
        let longest = Duration::from_secs(self.settings.task_seconds);
        let left = call
            .deadline
            .map(|deadline| deadline.duration_since(self.store.clock().now()));
        let left = left.map(|left| Duration::try_from(left).unwrap_or_default());
        Request {
            call_id: call.call_id.clone(),
            script: call.script.clone(),
            function: call.function.clone(),
            arguments: Vec::new(),
            requested_by: call.requested_by.clone(),
            site: Some(call.site.clone()),
            asked_by: call.reply_to.clone(),
            draft: false,
            again: false,
            keep: Class::Retained,
            given: None,
            lane: Lane::Long,
            allowed: left.unwrap_or(longest).min(longest),
        }
    }

    /// Calculates and tells the progress meanwhile, the latest at most every so often.
    async fn calculate_telling(
        &self,
        call: &Call,
        request: Request,
    ) -> (Request, Result<Value, Failure>, Vec<Partial>) {
        let (sender, receiver) = watch::channel(None);
        let (engine, lost) = (self.clone(), self.request_of(call));
        // On the engine's own runtime: a worker that is started here must outlive the delivery's.
        let work = async move {
            let mut request = request;
            let mut progress = |one: Progress| {
                sender.send_replace(Some(one));
            };
            let entry = engine.running.enter(&request, engine.store.clock().now());
            let calculated = engine.calculate(&mut request, &entry, &mut progress).await;
            (request, calculated, entry.given())
        };
        tokio::select! {
            done = self.calls.spawn_on(carried(work), &self.runtime) => done.unwrap_or_else(|error| {
                (lost, Err(Failure::Crashed { cause: format!("The engine gave up: {error}") }), Vec::new())
            }),
            never = self.tell_progress(call, receiver) => match never {},
        }
    }

    /// Never ends by itself.
    async fn tell_progress(
        &self,
        call: &Call,
        mut latest: watch::Receiver<Option<Progress>>,
    ) -> Infallible {
        while latest.changed().await.is_ok() {
            let Some(Progress { fraction, message }) = latest.borrow_and_update().clone() else {
                continue;
            };
            let event = CallProgressed {
                call_id: call.call_id.clone(),
                reply_to: call.reply_to.clone(),
                fraction,
                message,
            };
            let told = self.store.tx(async |tx| tx.publish(&event).await).await;
            if let Err(error) = told {
                tracing::warn!(error = dcp::chain(&error), "progress could not be told");
            }
            self.store.clock().sleep(PROGRESS).await;
        }
        std::future::pending().await
    }

    fn told(&self, value: Value) -> Calculated {
        Calculated {
            result_key: value.result_key.to_string(),
            computation_key: value.computation_key,
            script_version: value.script.version.to_string(),
            environment: serde_json::from_str(&value.script.environment).unwrap_or_default(),
            warnings: value.notes.warnings,
            duration_ms: u64::try_from(value.duration.as_millis()).unwrap_or(u64::MAX),
            node: self.node.clone(),
        }
    }
}

fn arguments_of(call: &Call) -> Result<Vec<arguments::Argument>, Failure> {
    let body =
        serde_json::to_vec(&call.args).map_err(|error| Failure::argument("", error.to_string()))?;
    arguments::read(&Bytes::from(body))
}

fn failed(failure: &Failure) -> Failed {
    Failed {
        title: failure.title().into(),
        detail: failure.detail(),
        kind: failure.kind().into(),
    }
}

/// Result, record and event in one transaction.
async fn finish(tx: &mut Tx<'_>, call: &Call, done: Done) -> Result<(), Reaction> {
    for result in &done.stored {
        add_result(tx, result, false, Class::Retained).await?;
    }
    if let Some(mut record) = done.record {
        mark_used(tx, &record.inputs, Class::Retained).await?;
        record.outcome = Some(to_raw_value(&done.outcome).map_err(Reaction::never)?);
        add_calls(tx, &[&record]).await?;
    }
    let event = CallFinished {
        call_id: call.call_id.clone(),
        reply_to: call.reply_to.clone(),
        outcome: done.outcome,
    };
    tx.publish(&event).await?;
    Ok(())
}

async fn publish_script(calc: &Calc, publish: &Publish) -> Result<(), Reaction> {
    if !is_script_name(&publish.name) {
        return Err(Reaction::never(format!(
            "{:?} is no name for a script",
            publish.name
        )));
    }
    let by = Actor {
        id: format!("service:{}", publish.module),
        name: publish.module.clone(),
    };
    let (publisher, publish) = (calc.clone(), publish.clone());
    let work = async move {
        let publication = Publication {
            name: &publish.name,
            content: &Content::of_text(&publish.source),
            by: &by,
            brought_by: Some(&publish.module),
        };
        publisher.publish(&publication).await
    };
    match calc
        .calls
        .spawn_on(work, &calc.runtime)
        .await
        .map_err(Reaction::later)?
    {
        Ok(_) => Ok(()),
        Err(failure @ (Failure::Busy | Failure::Start(_) | Failure::Store(_))) => {
            Err(Reaction::later(failure))
        }
        Err(failure) => Err(Reaction::never(format!(
            "{}: {}",
            failure.title(),
            failure.detail()
        ))),
    }
}
