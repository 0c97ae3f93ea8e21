//! The record of a call: what was called, by whom, with what, and what it gave.

use crate::arguments::Argument;
use crate::engine::{Calendar, Failure, Partial};
use crate::given::{self, Written};
use crate::keeping::Class;
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::sync::Arc;

/// One call, as the audit of the engine keeps it.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct CallRecord {
    pub(crate) id: String,
    pub(crate) script: String,
    pub(crate) version: String,
    pub(crate) function: String,
    pub(crate) site: Option<String>,
    pub(crate) requested_by_id: String,
    pub(crate) requested_by_name: String,
    /// `http`, or the module that asked over the bus.
    pub(crate) asked_by: String,
    pub(crate) started_at: String,
    pub(crate) duration_ms: f64,
    pub(crate) computation_key: String,
    pub(crate) result_key: Option<String>,
    /// The kind of failure; absent when there is a result.
    pub(crate) failure: Option<String>,
    /// Whether it was a call of a draft.
    pub(crate) draft: bool,
    /// See [`Notes`].
    pub(crate) notes: Option<Box<RawValue>>,
    /// The outcome as told on the bus.
    pub(crate) outcome: Option<Box<RawValue>>,
    /// Its arguments; long ones by reference.
    pub(crate) arguments: Option<Box<RawValue>>,
    /// The keys of those.
    #[serde(skip)]
    pub(crate) kept: Vec<String>,
    /// How long its result is kept.
    #[serde(skip)]
    pub(crate) class: Class,
    /// The results that were arguments.
    #[serde(skip)]
    pub(crate) inputs: Vec<String>,
}

impl CallRecord {
    pub(crate) fn write_given(&mut self, written: Written) -> Vec<Stored> {
        (self.arguments, self.kept) = (written.text, written.keys);
        written.stored
    }

    /// Refers to arguments that are too long to stand in it; answers with what is to be kept of them.
    pub(crate) fn write_long(&mut self, long: &[Argument]) -> Vec<Stored> {
        if long.is_empty() {
            return Vec::new();
        }
        self.write_given(given::write(long))
    }
}

/// Bytes of partial results kept with the record of a call that gave no value.
const PARTIAL_ROOM: usize = 64 * 1024;

/// Media type of values.
pub(crate) const JSON: &str = "application/json";
/// Media type of plots.
pub(crate) const SVG: &str = "image/svg+xml";

/// Something kept under the hash of its content.
#[derive(Debug, Clone)]
pub(crate) struct Stored {
    pub(crate) key: Arc<str>,
    pub(crate) content: Bytes,
    pub(crate) media_type: &'static str,
}

/// Something a call gave beside its value.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
pub(crate) struct Artifact {
    /// `plot-1`, `plot-2`, ...
    pub(crate) name: String,
    /// `image/svg+xml`.
    pub(crate) media_type: String,
    /// Where it is kept: `/api/calc/artifacts/{key}`.
    pub(crate) key: String,
}

/// Why a call gave no value.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
pub(crate) struct Told {
    /// The problem's kind, such as `r-error`.
    pub(crate) kind: String,
    /// One sentence.
    pub(crate) title: String,
    /// What exactly.
    pub(crate) detail: String,
}

/// What a call said beside its value.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Notes {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) warnings: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) messages: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) output: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) artifacts: Vec<Artifact>,
    #[serde(skip_serializing_if = "Calendar::is_empty")]
    pub(crate) calendar: Calendar,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) failure: Option<Told>,
    /// Of a call without a value: what it told before it ended.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) partial: Vec<Partial>,
}

impl Notes {
    pub(crate) fn of_failure(failure: &Failure, mut partial: Vec<Partial>) -> Self {
        let mut room = PARTIAL_ROOM;
        // The latest first: what was told last is nearest to what the call was to give.
        let kept = partial.iter().rev().take_while(|one| {
            let left = room.checked_sub(one.value.get().len());
            room = left.unwrap_or_default();
            left.is_some()
        });
        let too_early = partial.len() - kept.count();
        partial.drain(..too_early);
        let failure = Some(Told {
            kind: failure.kind().into(),
            title: failure.title().into(),
            detail: failure.detail(),
        });
        Self {
            failure,
            partial,
            ..Self::default()
        }
    }

    /// As the store keeps them; nothing where nothing was said.
    pub(crate) fn to_raw(&self) -> Option<Box<RawValue>> {
        let is_silent = self.warnings.is_empty()
            && self.messages.is_empty()
            && self.output.is_empty()
            && self.artifacts.is_empty()
            && self.calendar.is_empty()
            && self.failure.is_none();
        if is_silent {
            return None;
        }
        serde_json::value::to_raw_value(self).ok()
    }

    pub(crate) fn from_text(text: Option<&str>) -> Self {
        text.and_then(|text| serde_json::from_str(text).ok())
            .unwrap_or_default()
    }
}
