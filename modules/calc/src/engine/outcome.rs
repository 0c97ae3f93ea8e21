//! How a call ended, as its R process tells it.

use super::failure::{Failure, RError};
use super::frame;
use super::worker::Patience;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// What a call gave.
#[derive(Debug, Default)]
pub(crate) struct Answer {
    /// The value as JSON.
    pub(crate) value: Vec<u8>,
    pub(crate) warnings: Vec<String>,
    pub(crate) messages: Vec<String>,
    pub(crate) output: Vec<String>,
    /// What was plotted, as SVG.
    pub(crate) artifacts: Vec<String>,
    pub(crate) calendar: Calendar,
}

/// Which texts of a value are dates and instants: under the empty name the value itself, else its columns or elements by their names.
pub(crate) type Calendar = BTreeMap<String, Moment>;

/// What such a text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Moment {
    Date,
    Instant,
}

#[derive(Deserialize)]
struct Head<'a> {
    #[serde(borrow)]
    failure: Option<&'a RawValue>,
    #[serde(default)]
    warnings: Vec<String>,
    #[serde(default)]
    messages: Vec<String>,
    #[serde(default)]
    output: Vec<String>,
    #[serde(default)]
    artifacts: Vec<String>,
    #[serde(default)]
    calendar: Calendar,
}

#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum WorkerFailure {
    Error(RError),
    Interrupted,
    Argument { argument: String, message: String },
    Result { message: String },
    Unloaded,
}

/// Why a call ended that was interrupted, or killed because it did not listen.
pub(super) fn ended(patience: &Patience, killed: bool) -> Failure {
    if patience.cancelled.is_cancelled() {
        return Failure::Cancelled;
    }
    let allowed_ms = u64::try_from(patience.allowed.as_millis()).unwrap_or(u64::MAX);
    Failure::TimedOut { allowed_ms, killed }
}

/// The answer in the last frame of a call, or why there is none.
pub(super) fn read_outcome(payload: &[u8], patience: &Patience) -> Result<Answer, Failure> {
    let broken = |error: &dyn std::fmt::Display| Failure::Crashed {
        cause: format!("R answered nonsense: {error}"),
    };
    let (head, value) = frame::split(payload).map_err(|error| broken(&error))?;
    let head: Head<'_> = serde_json::from_slice(head).map_err(|error| broken(&error))?;
    let Some(failure) = head.failure else {
        return Ok(Answer {
            value: value.to_vec(),
            warnings: head.warnings,
            messages: head.messages,
            output: head.output,
            artifacts: head.artifacts,
            calendar: head.calendar,
        });
    };
    let stopped = |error: RError| {
        Failure::R(Box::new(RError {
            warnings: head.warnings.clone(),
            messages: head.messages.clone(),
            output: head.output.clone(),
            ..error
        }))
    };
    Err(
        match serde_json::from_str(failure.get()).map_err(|error| broken(&error))? {
            WorkerFailure::Error(error) => stopped(error),
            WorkerFailure::Result { message } => stopped(RError {
                message,
                classes: vec!["result".into()],
                ..RError::default()
            }),
            WorkerFailure::Interrupted => ended(patience, false),
            WorkerFailure::Argument { argument, message } => {
                Failure::argument(format!("/{argument}"), message)
            }
            WorkerFailure::Unloaded => Failure::Crashed {
                cause: "The R process lost the script.".into(),
            },
        },
    )
}
