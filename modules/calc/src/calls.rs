//! Calls by HTTP: the body holds the arguments, the answer the value and how it came to be.

use crate::Calc;
use crate::arguments::{self, Argument};
use crate::arrow::{self, ARROW};
use crate::caching::CacheUse;
use crate::calculation::Calculated;
use crate::call_list::CallView;
use crate::engine::{Failure, Lane};
use crate::envelope::{self, Envelope, Form, names};
use crate::keeping::Class;
use crate::packages::PREFIX;
use crate::record::{JSON, Stored};
use crate::recorder::Recorded;
use crate::request::Request;
use crate::running::Entry;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use dcp::http::{Body, Caller, Json, Path, Problem, Query};
use dcp::telemetry::carried;
use serde::Deserialize;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// What a call may say beside its arguments.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
pub(crate) struct Options {
    /// Answers with the value alone.
    #[serde(default)]
    bare: Option<String>,
    /// The call's id, chosen by the caller so that it can be cancelled; a new one otherwise.
    #[serde(default)]
    call: Option<String>,
    /// How long the result is kept: `ephemeral` (a day after its last use) or `session` (a week).
    #[serde(default)]
    keep: Option<Class>,
    /// Of a body in Arrow: the data frame that all its columns are together; without it each column is the argument of its name.
    #[serde(default)]
    frame: Option<String>,
    /// Beside a body in Arrow: further arguments, as a JSON object.
    #[serde(default)]
    arguments: Option<String>,
}

/// Calls a function of a script; `script@version` pins the version. The body is one JSON object of arguments; a value
/// may be `{"$result": key, "path": "/a/b"}`, an earlier result, or `{"$pi": {...}}`, process data read by the engine.
/// A body in Arrow holds the columns of arguments, and `Accept: application/vnd.apache.arrow.stream` answers with those of the value.
/// `Prefer: respond-async` answers at once; `Cache-Control: no-cache` calculates again what is known, and compares.
#[utoipa::path(post, path = "/api/calc/r/{script}/{function}", tag = "calls",
    params(("script" = String, Path, description = "a script, or script@version"), ("function" = String, Path), Options),
    request_body(content((serde_json::Value = "application/json"), (dcp::http::Binary = "application/vnd.apache.arrow.stream")), description = "arguments by name"),
    responses((status = 200, body = Envelope), (status = 202, description = "it goes on by itself", body = CallView),
        (status = 404, description = "unknown script or function", body = Problem),
        (status = 409, description = "no version is effective", body = Problem),
        (status = 422, description = "wrong arguments, or R stopped", body = Problem),
        (status = 429, description = "busy", body = Problem), (status = 504, description = "too long", body = Problem)))]
pub(crate) async fn call_function(
    State(calc): State<Calc>,
    Path((script, function)): Path<(String, String)>,
    Query(options): Query<Options>,
    headers: HeaderMap,
    caller: Caller,
    Body(body): Body,
) -> Result<Response, Problem> {
    let address = Address {
        script,
        function,
        draft: false,
    };
    calc.answer_to(address, &options, &headers, &caller, &body)
        .await
}

/// Calls a function of an R package that the operator lists, as a function of the script `pkg:<package>`.
#[utoipa::path(post, path = "/api/calc/r/pkg/{package}/{function}", tag = "calls",
    params(("package" = String, Path, description = "a package, or package@version of its script"), ("function" = String, Path), Options),
    request_body(content((serde_json::Value = "application/json"), (dcp::http::Binary = "application/vnd.apache.arrow.stream")), description = "arguments by name"),
    responses((status = 200, body = Envelope), (status = 202, description = "it goes on by itself", body = CallView),
        (status = 404, description = "not listed, or no function of it", body = Problem),
        (status = 422, description = "wrong arguments, or R stopped", body = Problem)))]
pub(crate) async fn call_package(
    State(calc): State<Calc>,
    Path((package, function)): Path<(String, String)>,
    Query(options): Query<Options>,
    headers: HeaderMap,
    caller: Caller,
    Body(body): Body,
) -> Result<Response, Problem> {
    let address = Address {
        script: format!("{PREFIX}{package}"),
        function,
        draft: false,
    };
    calc.answer_to(address, &options, &headers, &caller, &body)
        .await
}

/// Calls a function of a version that is not in force, to try it: `script@version`. Its results are marked.
#[utoipa::path(post, path = "/api/calc/draft/{script}/{function}", tag = "calls",
    params(("script" = String, Path, description = "script@version"), ("function" = String, Path), Options),
    request_body(content((serde_json::Value = "application/json"), (dcp::http::Binary = "application/vnd.apache.arrow.stream")), description = "arguments by name"),
    responses((status = 200, body = Envelope), (status = 202, description = "it goes on by itself", body = CallView),
        (status = 404, description = "unknown script or function", body = Problem),
        (status = 409, description = "the version is in force or retired", body = Problem),
        (status = 422, description = "wrong arguments, or R stopped", body = Problem)))]
pub(crate) async fn call_draft(
    State(calc): State<Calc>,
    Path((script, function)): Path<(String, String)>,
    Query(options): Query<Options>,
    headers: HeaderMap,
    caller: Caller,
    Body(body): Body,
) -> Result<Response, Problem> {
    let address = Address {
        script,
        function,
        draft: true,
    };
    calc.answer_to(address, &options, &headers, &caller, &body)
        .await
}

impl Options {
    /// The arguments of a call, in JSON or in Arrow.
    async fn arguments_in(
        &self,
        headers: &HeaderMap,
        body: &Bytes,
    ) -> Result<Vec<Argument>, Failure> {
        if !names(headers, "content-type", ARROW) {
            return arguments::read(body);
        }
        let (frame, further) = (self.frame.as_deref(), self.arguments.as_deref());
        arguments::read(&arrow::arguments(body, frame, further).await?)
    }
}

/// What is called.
struct Address {
    script: String,
    function: String,
    draft: bool,
}

impl Calc {
    async fn answer_to(
        &self,
        address: Address,
        options: &Options,
        headers: &HeaderMap,
        caller: &Caller,
        body: &Bytes,
    ) -> Result<Response, Problem> {
        let asynchronous = names(headers, "prefer", "respond-async");
        let request = self
            .request(address, options, headers, caller, body, asynchronous)
            .await?;
        let started_at = self.store.clock().now();
        let entry = self.running.enter(&request, started_at);
        let form = Form::asked(headers, options.bare.is_some());
        let view = asynchronous.then(|| CallView::begun(&request, started_at));
        // In a task of its own: a client that hangs up must not take the worker with it.
        let calling = self
            .calls
            .spawn(carried(answer(self.clone(), request, entry, form)));
        match view {
            Some(view) => accepted(view),
            None => calling.await.map_err(Problem::internal)?,
        }
    }

    async fn request(
        &self,
        address: Address,
        options: &Options,
        headers: &HeaderMap,
        caller: &Caller,
        body: &Bytes,
        asynchronous: bool,
    ) -> Result<Request, Problem> {
        let call_id = match &options.call {
            Some(id) if uuid::Uuid::try_parse(id).is_err() => {
                let problem = Problem::unprocessable("The call's id must be a UUID.");
                return Err(problem.part("call", "is no UUID"));
            }
            Some(id) => id.clone(),
            None => self.store.ids().next().to_string(),
        };
        if options.keep == Some(Class::Retained) {
            let rule =
                "is ephemeral or session; a result is retained with a reason, at its own address";
            return Err(Problem::unprocessable("The class cannot be chosen.").part("keep", rule));
        }
        let (lane, seconds) = if asynchronous {
            (Lane::Long, self.settings.task_seconds)
        } else {
            (Lane::Short, self.settings.call_seconds)
        };
        let mut arguments = options.arguments_in(headers, body).await?;
        self.name_sources(&mut arguments, caller).await?;
        Ok(Request {
            call_id,
            script: address.script,
            function: address.function,
            arguments,
            requested_by: caller.actor(),
            site: caller.named_site().map(ToString::to_string),
            asked_by: "http".into(),
            draft: address.draft,
            again: names(headers, "cache-control", "no-cache"),
            keep: options.keep.unwrap_or_default(),
            given: None,
            lane,
            allowed: Duration::from_secs(seconds),
        })
    }
}

/// The call goes on; its address tells how far it is.
fn accepted(view: CallView) -> Result<Response, Problem> {
    let location = format!("/api/calc/calls/{}", view.id);
    let headers = [
        (
            header::LOCATION,
            HeaderValue::from_str(&location).map_err(Problem::internal)?,
        ),
        (
            HeaderName::from_static("preference-applied"),
            HeaderValue::from_static("respond-async"),
        ),
    ];
    Ok((StatusCode::ACCEPTED, headers, Json(view)).into_response())
}

async fn answer(
    engine: Calc,
    mut request: Request,
    entry: Entry,
    form: Form,
) -> Result<Response, Problem> {
    let calculated = calculated_and_recorded(&engine, &mut request, &entry).await?;
    envelope::response(&engine, &request, &calculated, form)
}

/// A call by HTTP from its request to its record.
pub(crate) async fn calculated_and_recorded(
    engine: &Calc,
    request: &mut Request,
    entry: &Entry,
) -> Result<Calculated, Failure> {
    let (begun, started_at) = (Instant::now(), engine.store.clock().now());
    match engine.calculate(request, entry, &mut |_| {}).await {
        Ok(mut calculated) => {
            let mut record = request.record_of(&calculated);
            // Those of a hit are kept already.
            let is_hit = matches!(calculated.cache, CacheUse::Hit(_));
            let long = request.write_given(&mut record, !is_hit);
            let (call, stored) = (Arc::new(record), calculated.to_store());
            engine.results.announce(&calculated, &call, &stored);
            drop(calculated.flight.take());
            let recorded = Recorded { call, stored, long };
            engine.recorder.record(recorded).await?;
            Ok(calculated)
        }
        Err(failure) => {
            // Who does not wait for the answer finds every failure in the record.
            if failure.is_worth_a_record() || request.lane == Lane::Long {
                let (partial, lasted) = (entry.given(), begun.elapsed());
                let mut record = request.record_of_failure(&failure, partial, started_at, lasted);
                let long = request.write_given(&mut record, false);
                let (call, stored) = (Arc::new(record), Vec::new());
                let recorded = Recorded { call, stored, long };
                engine.recorder.record(recorded).await?;
            }
            Err(failure)
        }
    }
}

impl Calculated {
    /// What is to be kept of it: nothing where an earlier call has stored it.
    pub(crate) fn to_store(&self) -> Vec<Stored> {
        if matches!(self.cache, CacheUse::Hit(_)) {
            return Vec::new();
        }
        self.all_to_store()
    }

    /// Its value and its plots.
    pub(crate) fn all_to_store(&self) -> Vec<Stored> {
        let value = Stored {
            key: self.result_key.clone(),
            content: self.value.clone(),
            media_type: JSON,
        };
        let artifacts = self.artifacts.iter().cloned();
        std::iter::once(value).chain(artifacts).collect()
    }
}

/// Cancels a call that runs on this engine.
#[utoipa::path(delete, path = "/api/calc/calls/{id}", tag = "calls", params(("id" = String, Path, description = "the call's id")),
    responses((status = 202, description = "R is being interrupted"), (status = 404, description = "it does not run here", body = Problem)))]
pub(crate) async fn cancel_call(
    State(calc): State<Calc>,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    if calc.running.cancel(&id) {
        Ok(StatusCode::ACCEPTED)
    } else {
        Err(Problem::not_found(format!("running call {id}")))
    }
}

impl Failure {
    /// Whether something was calculated, or should have been: requests that name nothing callable leave no record.
    pub(crate) fn is_worth_a_record(&self) -> bool {
        !matches!(
            self,
            Self::UnknownScript { .. }
                | Self::UnknownFunction { .. }
                | Self::UnknownResult(_)
                | Self::Pruned { .. }
                | Self::Unregistered(_)
                | Self::NotInForce { .. }
                | Self::NoDraft { .. }
                | Self::InvalidArguments(_)
                | Self::Busy
                | Self::Store(_)
        )
    }
}
