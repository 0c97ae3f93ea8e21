//! A step of a trace, from its begin until it is dropped.

use std::borrow::Cow;

use axum::http;

use super::{TraceContext, tracer};
use crate::clock::{Clock as _, SystemClock};
use crate::limits::SPAN_TEXT;

/// What a step is to those before and after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SpanKind {
    /// Work within a process.
    Internal = 1,
    /// Answers a request.
    Server = 2,
    /// Asks another process and waits for its answer.
    Client = 3,
    /// Makes a message.
    Producer = 4,
    /// Works on a message.
    Consumer = 5,
}

/// The value of an attribute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Attribute {
    /// A text; a long one is cut.
    Text(Cow<'static, str>),
    /// A number.
    Number(i64),
}

/// A step under way; it ends when it is dropped. What is not recorded costs next to nothing.
#[derive(Debug)]
#[must_use = "a step ends when it is dropped"]
pub struct Span {
    context: Option<TraceContext>,
    record: Option<Box<Record>>,
}

/// What is known of a step.
#[derive(Debug)]
pub(super) struct Record {
    pub(super) context: TraceContext,
    pub(super) parent: Option<u64>,
    pub(super) name: Cow<'static, str>,
    pub(super) kind: SpanKind,
    /// Nanoseconds since 1970.
    pub(super) begun: i128,
    pub(super) ended: i128,
    pub(super) attributes: Vec<(&'static str, Attribute)>,
    pub(super) failed: bool,
}

impl Span {
    /// Begins a step of the trace of `parent`, or the first one of a new trace.
    pub fn begin<N: Into<Cow<'static, str>>>(
        kind: SpanKind,
        parent: Option<TraceContext>,
        name: impl FnOnce() -> N,
    ) -> Self {
        let context = parent.unwrap_or_default();
        if !context.sampled || tracer().is_none() {
            return Self {
                context: Some(context),
                record: None,
            };
        }
        let own = parent.map_or(context, TraceContext::next);
        let record = Record {
            context: own,
            parent: parent.map(|parent| parent.span),
            name: name().into(),
            kind,
            begun: now(),
            ended: 0,
            attributes: Vec::new(),
            failed: false,
        };
        Self {
            context: Some(own),
            record: Some(Box::new(record)),
        }
    }

    /// Begins a step of the present trace; outside any trace it is none.
    pub fn within<N: Into<Cow<'static, str>>>(kind: SpanKind, name: impl FnOnce() -> N) -> Self {
        let recorded = tracer().and_then(|_| TraceContext::current());
        match recorded {
            Some(parent) if parent.sampled => Self::begin(kind, Some(parent), name),
            _ => Self {
                context: None,
                record: None,
            },
        }
    }

    /// A step that only passes the trace on.
    pub fn silent(parent: Option<TraceContext>) -> Self {
        let unrecorded = || TraceContext {
            sampled: false,
            ..TraceContext::new()
        };
        Self {
            context: Some(parent.unwrap_or_else(unrecorded)),
            record: None,
        }
    }

    /// What the next steps belong to.
    pub fn context(&self) -> TraceContext {
        self.context
            .or_else(TraceContext::current)
            .unwrap_or_default()
    }

    /// Whether somebody will see it; what only describes it need not be made otherwise.
    pub fn is_recorded(&self) -> bool {
        self.record.is_some()
    }

    /// Adds what the semantic conventions of OpenTelemetry call `key`.
    pub fn set(&mut self, key: &'static str, value: impl Into<Attribute>) {
        if let Some(record) = &mut self.record {
            record.attributes.push((key, value.into()));
        }
    }

    /// Says that it did not succeed: `kind` is one of few, such as a status or the name of an error.
    pub fn fail(&mut self, kind: impl Into<Attribute>) {
        self.set("error.type", kind);
        if let Some(record) = &mut self.record {
            record.failed = true;
        }
    }

    /// Says how a request was answered; what the server cannot help is its failure.
    pub(crate) fn answered(&mut self, status: http::StatusCode) {
        self.set("http.response.status_code", u32::from(status.as_u16()));
        if status.is_server_error() {
            self.fail(status.as_u16().to_string());
        }
    }

    /// Says how another server answered; every refusal is a failure of who asked.
    pub(crate) fn asked(&mut self, status: http::StatusCode) {
        self.set("http.response.status_code", u32::from(status.as_u16()));
        if status.is_client_error() || status.is_server_error() {
            self.fail(status.as_u16().to_string());
        }
    }

    /// Runs `work` as this step.
    pub async fn run<F: Future>(&self, work: F) -> F::Output {
        match self.context {
            Some(context) => context.scope(work).await,
            None => work.await,
        }
    }
}

impl Drop for Span {
    fn drop(&mut self) {
        if let (Some(mut record), Some(tracer)) = (self.record.take(), tracer()) {
            record.ended = now();
            tracer.finish(*record);
        }
    }
}

impl From<&'static str> for Attribute {
    fn from(text: &'static str) -> Self {
        Self::Text(text.into())
    }
}

impl From<String> for Attribute {
    fn from(mut text: String) -> Self {
        text.truncate(text.floor_char_boundary(SPAN_TEXT));
        Self::Text(text.into())
    }
}

impl From<u32> for Attribute {
    fn from(number: u32) -> Self {
        Self::Number(number.into())
    }
}

fn now() -> i128 {
    SystemClock.now().as_nanosecond()
}
