//! How a job ended, as text for the engine.

use crate::from_r::{self, Unsupported};
use extendr_ffi::{SEXP, SEXPTYPE, TYPEOF, XLENGTH};
use serde_json::json;

/// How a job ended, as the engine gets it.
#[derive(Default)]
pub(crate) struct Report {
    pub(crate) value: Vec<u8>,
    /// Which of the texts in it are dates and instants; empty when none is.
    pub(crate) calendar: Vec<u8>,
    /// JSON of the failure; empty when there is none.
    pub(crate) failure: Vec<u8>,
    pub(crate) warnings: Vec<u8>,
    pub(crate) messages: Vec<u8>,
    /// What was plotted, as SVG texts.
    pub(crate) artifacts: Vec<u8>,
    pub(crate) output: Vec<u8>,
}

impl Report {
    /// One that gave no value.
    pub(crate) fn failed(failure: &serde_json::Value) -> Self {
        Self {
            failure: failure.to_string().into_bytes(),
            ..Self::default()
        }
    }

    /// What goes before the value.
    pub(crate) fn header(&self, elapsed_us: u128) -> Vec<u8> {
        let mut head = format!("{{\"elapsed_us\":{elapsed_us}").into_bytes();
        let parts = [
            ("failure", &self.failure),
            ("warnings", &self.warnings),
            ("messages", &self.messages),
            ("artifacts", &self.artifacts),
            ("calendar", &self.calendar),
        ];
        for (name, json) in parts.into_iter().filter(|(_, json)| !json.is_empty()) {
            head.extend_from_slice(format!(",\"{name}\":").as_bytes());
            head.extend_from_slice(json);
        }
        if !self.output.is_empty() {
            let lines: Vec<_> = String::from_utf8_lossy(&self.output)
                .lines()
                .map(str::to_owned)
                .collect();
            head.extend_from_slice(format!(",\"output\":{}", json!(lines)).as_bytes());
        }
        head.push(b'}');
        head
    }
}

/// Writes the value of a job, or why it cannot be written.
pub(crate) unsafe fn write_value(value: SEXP, report: &mut Report) {
    // SAFETY: `value` is protected by the caller.
    let calendar = unsafe { from_r::calendar(value) };
    if !calendar.is_empty() {
        let kinds: serde_json::Map<_, _> = calendar
            .into_iter()
            .map(|(name, kind)| (name, kind.into()))
            .collect();
        report.calendar = json!(kinds).to_string().into_bytes();
    }
    // SAFETY: as before.
    if let Err(Unsupported { pointer, what }) = unsafe { from_r::write(value, &mut report.value) } {
        report.value.clear();
        let place = if pointer.is_empty() {
            String::new()
        } else {
            format!(" at {pointer}")
        };
        let message = format!(
            "The result holds {what}{place}, which has no JSON form. Return numbers, texts, lists, matrices or data frames."
        );
        report.failure = json!({ "kind": "result", "message": message, "pointer": pointer })
            .to_string()
            .into_bytes();
    }
}

/// A condition list or a vector of texts, always as object or array; nothing at all when it is empty.
pub(crate) unsafe fn write_list(value: SEXP, out: &mut Vec<u8>) {
    // SAFETY: `value` is part of the protected result.
    unsafe {
        let length = if TYPEOF(value) == SEXPTYPE::NILSXP {
            0
        } else {
            XLENGTH(value)
        };
        if length == 0 {
            return;
        }
        let single = TYPEOF(value) == SEXPTYPE::STRSXP && length == 1;
        if single {
            out.push(b'[');
        }
        if from_r::write(value, out).is_err() {
            out.extend_from_slice(b"null");
        }
        if single {
            out.push(b']');
        }
    }
}
