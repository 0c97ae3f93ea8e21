//! The answer to a call: its value, what R said beside it, and how the value came to be.

use crate::Calc;
use crate::arrow::{self, ARROW};
use crate::caching::CacheUse;
use crate::calculation::Calculated;
use crate::record::{Artifact, JSON, Notes};
use crate::request::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use dcp::clock::Timestamp;
use dcp::http::Problem;
use serde::Serialize;
use serde_json::value::RawValue;

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
    /// What R plotted.
    artifacts: Vec<Artifact>,
    /// How the value came to be.
    call: CallFacts,
}

/// How a value came to be.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct CallFacts {
    /// The call.
    pub(crate) id: String,
    /// The script.
    pub(crate) script: String,
    /// Its version.
    pub(crate) version: String,
    /// The function.
    pub(crate) function: String,
    /// Whether the version is not in force, so that the value is for trying out only.
    pub(crate) draft: bool,
    /// The engine's node.
    pub(crate) node: String,
    /// The zone of that node.
    pub(crate) zone: String,
    /// When it began.
    #[schema(value_type = String)]
    pub(crate) started_at: Timestamp,
    /// How long it took.
    pub(crate) duration_ms: f64,
    /// Hash of everything that determines the value.
    pub(crate) computation_key: String,
    /// Hash of the value.
    pub(crate) result_key: String,
    /// Whether an earlier call had calculated it.
    pub(crate) cached: bool,
    /// That call.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) cached_from: Option<String>,
    /// When that call began.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub(crate) computed_at: Option<Timestamp>,
    /// Who asked for that call.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) computed_by: Option<String>,
    /// The key of the earlier value, where calculating again gave another one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) deviates_from: Option<String>,
    /// R, packages, platform.
    #[schema(value_type = Object)]
    pub(crate) environment: Box<RawValue>,
}

#[derive(Serialize)]
struct Tail<'a> {
    warnings: &'a [String],
    messages: &'a [String],
    output: &'a [String],
    artifacts: &'a [Artifact],
    call: &'a CallFacts,
}

/// In which form a caller wants the value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// With all that is known of it, as JSON.
    Envelope,
    /// Alone, as JSON.
    Bare,
    /// As an Arrow IPC stream.
    Arrow,
}

impl Form {
    /// What the header `Accept` and the option `bare` ask for.
    pub(crate) fn asked(headers: &HeaderMap, bare: bool) -> Self {
        if names(headers, "accept", ARROW) {
            Self::Arrow
        } else if bare {
            Self::Bare
        } else {
            Self::Envelope
        }
    }
}

/// Whether one of the words of a header is this one.
pub(crate) fn names(headers: &HeaderMap, header: &str, word: &str) -> bool {
    let values = headers.get_all(header).iter();
    let mut words = values
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split([',', ';']));
    words.any(|one| one.trim().eq_ignore_ascii_case(word))
}

/// What goes with a value, as JSON.
fn tail(notes: &Notes, call: &CallFacts) -> serde_json::Result<String> {
    serde_json::to_string(&Tail {
        warnings: &notes.warnings,
        messages: &notes.messages,
        output: &notes.output,
        artifacts: &notes.artifacts,
        call,
    })
}

/// An answer as JSON; the value is spliced in as R's worker wrote it: nothing reads it again.
pub(crate) fn text(value: &[u8], notes: &Notes, call: &CallFacts) -> serde_json::Result<Vec<u8>> {
    let tail = tail(notes, call)?;
    let mut body = Vec::with_capacity(value.len() + tail.len() + 16);
    body.extend_from_slice(b"{\"value\":");
    body.extend_from_slice(value);
    body.push(b',');
    body.extend_from_slice(tail.get(1..).unwrap_or_default().as_bytes());
    Ok(body)
}

/// The response to a call, with what caches and their users want to know in its header.
pub(crate) fn response(
    calc: &Calc,
    request: &Request,
    calculated: &Calculated,
    form: Form,
) -> Result<Response, Problem> {
    let header = |text: &str| HeaderValue::from_str(text).map_err(Problem::internal);
    let facts = || calc.facts(request, calculated).map_err(Problem::internal);
    let (value, notes) = (&calculated.value, &calculated.notes);
    let (kind, body) = match form {
        Form::Bare => (JSON, value.clone()),
        Form::Envelope => {
            let body = text(value, notes, &facts()?).map_err(Problem::internal)?;
            (JSON, body.into())
        }
        Form::Arrow => {
            let about = tail(notes, &facts()?).map_err(Problem::internal)?;
            (ARROW, arrow::stream(value, &notes.calendar, about)?.into())
        }
    };
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(kind)),
        (header::VARY, HeaderValue::from_static("accept")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (
            HeaderName::from_static("cache-status"),
            header(&cache_status(calculated))?,
        ),
        (
            header::ETAG,
            header(&format!("\"{}\"", calculated.result_key))?,
        ),
    ];
    Ok((headers, body).into_response())
}

/// RFC 9211.
fn cache_status(calculated: &Calculated) -> String {
    let key = &calculated.computation_key;
    match &calculated.cache {
        CacheUse::Hit(_) => format!("calc; hit; key=\"{key}\""),
        CacheUse::Miss => format!("calc; fwd=miss; stored; key=\"{key}\""),
        CacheUse::Forced(_) => format!("calc; fwd=request; key=\"{key}\""),
        CacheUse::Bypass => "calc; fwd=bypass".to_owned(),
    }
}

impl Calc {
    fn facts(&self, request: &Request, calculated: &Calculated) -> serde_json::Result<CallFacts> {
        let earlier = match &calculated.cache {
            CacheUse::Hit(earlier) => Some(earlier),
            _ => None,
        };
        let deviates_from = match &calculated.cache {
            CacheUse::Forced(before) => before.clone(),
            _ => None,
        };
        Ok(CallFacts {
            id: request.call_id.clone(),
            script: calculated.script.name.clone(),
            version: calculated.script.version.to_string(),
            function: request.function.clone(),
            draft: request.draft,
            node: self.node.clone(),
            zone: self.zone.to_string(),
            started_at: calculated.started_at,
            duration_ms: calculated.duration.as_secs_f64() * 1000.0,
            computation_key: calculated.computation_key.clone(),
            result_key: calculated.result_key.to_string(),
            cached: earlier.is_some(),
            cached_from: earlier.map(|earlier| earlier.call_id.clone()),
            computed_at: earlier.map(|earlier| earlier.started_at),
            computed_by: earlier.map(|earlier| earlier.requested_by.clone()),
            deviates_from,
            environment: serde_json::from_str(&calculated.script.environment)?,
        })
    }
}
