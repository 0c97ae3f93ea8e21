//! Calls by HTTP: the body holds the arguments, the answer the value and how it came to be.

use crate::Calc;
use crate::arguments;
use crate::calculation::{Calculated, Request};
use crate::engine::{Failure, Lane};
use crate::recorder::Recorded;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use dcp::events::Actor;
use dcp::http::{Caller, Path, Problem, Query};
use dcp::telemetry::carried;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
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
}

/// The answer to a call. `value` is what the function returned.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct Envelope {
    /// The value; numbers keep every bit, NA is null, NaN and infinities are texts.
    value: serde_json::Value,
    /// What R warned of.
    warnings: Vec<String>,
    /// What R reported with `message()`.
    messages: Vec<String>,
    /// What R printed.
    output: Vec<String>,
    /// How the value came to be.
    call: serde_json::Value,
}

#[derive(Serialize)]
struct Tail<'a> {
    warnings: &'a [String],
    messages: &'a [String],
    output: &'a [String],
    call: CallFacts<'a>,
}

#[derive(Serialize)]
struct CallFacts<'a> {
    id: &'a str,
    script: &'a str,
    version: &'a str,
    function: &'a str,
    node: &'a str,
    zone: &'a str,
    started_at: dcp::clock::Timestamp,
    duration_ms: f64,
    computation_key: &'a str,
    result_key: &'a str,
    cached: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    cached_from: Option<&'a str>,
    environment: &'a RawValue,
}

/// Calls a function of a script; `script@version` pins the version. The body is one JSON object of arguments; a value
/// may be `{"$result": key, "path": "/a/b"}`, an earlier result, or `{"$pi": {...}}`, process data read by the engine.
#[utoipa::path(post, path = "/api/calc/r/{script}/{function}", tag = "calls",
    params(("script" = String, Path, description = "a script, or script@version"), ("function" = String, Path), Options),
    request_body(content = serde_json::Value, description = "arguments by name"),
    responses((status = 200, body = Envelope), (status = 404, description = "unknown script or function", body = Problem),
        (status = 422, description = "wrong arguments, or R stopped", body = Problem),
        (status = 429, description = "busy", body = Problem), (status = 504, description = "too long", body = Problem)))]
pub(crate) async fn call_function(
    State(calc): State<Calc>,
    Path((script, function)): Path<(String, String)>,
    Query(options): Query<Options>,
    caller: Caller,
    body: Bytes,
) -> Result<Response, Problem> {
    let call_id = match options.call {
        Some(id) if uuid::Uuid::try_parse(&id).is_err() => {
            return Err(
                Problem::unprocessable("The call's id must be a UUID.").part("call", "is no UUID")
            );
        }
        Some(id) => id,
        None => calc.store.ids().next().to_string(),
    };
    let request = Request {
        call_id,
        script,
        arguments: arguments::read(&body)?,
        requested_by: Actor {
            id: caller.id().to_string(),
            name: caller.name().to_owned(),
        },
        site: caller.named_site().map(ToString::to_string),
        asked_by: "http".into(),
        from_module: caller.is_service(),
        lane: Lane::Short,
        allowed: Duration::from_secs(calc.settings.call_seconds),
        function,
    };
    let bare = options.bare.is_some();
    // In a task of its own: a client that hangs up must not take the worker with it.
    let calling = calc
        .calls
        .spawn(carried(answer(calc.clone(), request, bare)));
    calling.await.map_err(Problem::internal)?
}

async fn answer(calc: Calc, mut request: Request, bare: bool) -> Result<Response, Problem> {
    let (begun, started_at) = (Instant::now(), calc.store.clock().now());
    match calc.calculate(&mut request, &mut |_| {}).await {
        Ok(calculated) => {
            let result = calculated
                .cached
                .is_none()
                .then(|| (calculated.result_key.clone(), calculated.value.clone()));
            if let Some((key, value)) = &result {
                calc.results.announce(key, value);
            }
            calc.recorder
                .record(Recorded {
                    call: request.record_of(&calculated),
                    result,
                })
                .await?;
            envelope(&calc, &request, &calculated, bare)
        }
        Err(failure) => {
            if failure.is_worth_a_record() {
                let record = request.record_of_failure(&failure, started_at, begun.elapsed());
                calc.recorder
                    .record(Recorded {
                        call: record,
                        result: None,
                    })
                    .await?;
            }
            Err(failure.into())
        }
    }
}

fn envelope(
    calc: &Calc,
    request: &Request,
    calculated: &Calculated,
    bare: bool,
) -> Result<Response, Problem> {
    let tag = HeaderValue::from_str(&format!("\"{}\"", calculated.result_key))
        .map_err(Problem::internal)?;
    let headers = [
        (
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/json"),
        ),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (header::ETAG, tag),
    ];
    if bare {
        return Ok((headers, calculated.value.clone()).into_response());
    }
    let tail = Tail {
        warnings: &calculated.warnings,
        messages: &calculated.messages,
        output: &calculated.output,
        call: CallFacts {
            id: &request.call_id,
            script: &calculated.script.name,
            version: &calculated.script.version,
            function: &request.function,
            node: &calc.node,
            zone: &calc.zone,
            started_at: calculated.started_at,
            duration_ms: calculated.duration.as_secs_f64() * 1000.0,
            computation_key: &calculated.computation_key,
            result_key: &calculated.result_key,
            cached: calculated.cached.is_some(),
            cached_from: calculated.cached.as_deref(),
            environment: serde_json::from_str(&calculated.script.environment)
                .map_err(Problem::internal)?,
        },
    };
    // The value is spliced in as R's worker wrote it: nothing reads it again.
    let tail = serde_json::to_vec(&tail).map_err(Problem::internal)?;
    let mut body = Vec::with_capacity(calculated.value.len() + tail.len() + 16);
    body.extend_from_slice(b"{\"value\":");
    body.extend_from_slice(&calculated.value);
    body.push(b',');
    body.extend_from_slice(tail.get(1..).unwrap_or_default());
    Ok((headers, body).into_response())
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
                | Self::InvalidArguments(_)
                | Self::Busy
                | Self::Store(_)
        )
    }
}
