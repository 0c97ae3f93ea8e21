//! What is asked of the engine, and the record of what came of it.

use crate::arguments::Argument;
use crate::calculation::Calculated;
use crate::engine::{Failure, Lane, Partial};
use crate::given;
use crate::keeping::Class;
use crate::record::{CallRecord, Notes};
use dcp::clock::Timestamp;
use dcp::events::Actor;
use dcp::store::time_text;
use std::time::Duration;

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
    /// Whether a version that is not in force is meant.
    pub(crate) draft: bool,
    /// Whether to calculate again what is known, and to compare.
    pub(crate) again: bool,
    /// How long its result is kept.
    pub(crate) keep: Class,
    /// Its arguments as they were given, for the record; known once it is prepared.
    pub(crate) given: Option<Vec<Argument>>,
    pub(crate) lane: Lane,
    pub(crate) allowed: Duration,
}

impl Request {
    /// Writes its arguments into its record; answers with those that are too long for that and are to be kept beside it.
    pub(crate) fn write_given(
        &mut self,
        record: &mut CallRecord,
        keeps_long: bool,
    ) -> Vec<Argument> {
        let given = self.given.take();
        match given {
            Some(given) if given::long(&given) == 0 => {
                record.write_given(given::write(&given));
                Vec::new()
            }
            Some(given) if keeps_long => given,
            _ => Vec::new(),
        }
    }

    /// The record of a call that gave a value.
    pub(crate) fn record_of(&self, calculated: &Calculated) -> CallRecord {
        CallRecord {
            version: calculated.script.version.to_string(),
            script: calculated.script.name.clone(),
            computation_key: calculated.computation_key.clone(),
            result_key: Some(calculated.result_key.to_string()),
            notes: calculated.notes.to_raw(),
            inputs: calculated.inputs.clone(),
            ..self.record(calculated.started_at, calculated.duration)
        }
    }

    /// The record of a call that gave none, but may have told something before.
    pub(crate) fn record_of_failure(
        &self,
        failure: &Failure,
        partial: Vec<Partial>,
        started_at: Timestamp,
        duration: Duration,
    ) -> CallRecord {
        CallRecord {
            failure: Some(failure.kind().to_owned()),
            notes: Notes::of_failure(failure, partial).to_raw(),
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
            draft: self.draft,
            notes: None,
            outcome: None,
            class: self.keep,
            arguments: None,
            kept: Vec::new(),
            inputs: Vec::new(),
        }
    }
}
