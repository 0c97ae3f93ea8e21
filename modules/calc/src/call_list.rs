//! Calls as the API shows them: those that run and those that are recorded.

use crate::Calc;
use crate::engine::Partial;
use crate::envelope::{self, CallFacts};
use crate::record::{CallRecord, Notes, Told};
use crate::request::Request;
use crate::states::Person;
use axum::extract::State;
use dcp::clock::Timestamp;
use dcp::http::{Caller, Json, Path, Problem, Query};
use dcp::params;
use dcp::store::{Rows, StoreError};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// Calls in a list when nothing else is asked for.
const COUNT: u32 = 50;
/// Calls in a list at most.
pub(crate) const MOST: u32 = 500;

/// How far a call is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum CallState {
    /// Waits for its arguments or for a worker.
    Queued,
    /// R works on it.
    Running,
    /// There is a result.
    Succeeded,
    /// There is none.
    Failed,
    /// Somebody cancelled it.
    Cancelled,
    /// It took too long.
    TimedOut,
}

impl CallState {
    fn of(failure: Option<&str>) -> Self {
        match failure {
            None => Self::Succeeded,
            Some("cancelled") => Self::Cancelled,
            Some("timed-out") => Self::TimedOut,
            Some(_) => Self::Failed,
        }
    }
}

/// How much of a call is done.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub(crate) struct Progressed {
    /// From 0 to 1.
    pub(crate) fraction: f64,
    /// What it is doing.
    pub(crate) text: String,
}

/// A call in a list.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct CallView {
    /// Its id.
    pub(crate) id: String,
    /// The script.
    pub(crate) script: String,
    /// Its version; empty until it is known.
    pub(crate) version: String,
    /// The function.
    pub(crate) function: String,
    /// How far it is.
    pub(crate) state: CallState,
    /// What its function tells of that.
    pub(crate) progress: Option<Progressed>,
    /// Who asked.
    pub(crate) asked_by: Person,
    /// `http`, or the module that asked over the bus.
    pub(crate) through: String,
    /// When it began.
    #[schema(value_type = String)]
    pub(crate) started_at: Timestamp,
    /// How long it took or has been taking.
    pub(crate) duration_ms: f64,
    /// What determines its value: version, function, arguments, R and platform. Known before the call ends, once its arguments are read.
    pub(crate) computation_key: Option<String>,
    /// The key of its value.
    pub(crate) result_key: Option<String>,
    /// Why there is no value.
    pub(crate) failure: Option<Told>,
    /// Whether it is a call of a draft.
    pub(crate) draft: bool,
}

impl CallView {
    /// A call that has just begun.
    pub(crate) fn begun(request: &Request, started_at: Timestamp) -> Self {
        let script = request.script.split('@').next().unwrap_or_default();
        Self {
            id: request.call_id.clone(),
            script: script.to_owned(),
            version: String::new(),
            function: request.function.clone(),
            state: CallState::Queued,
            progress: None,
            asked_by: request.requested_by.clone().into(),
            through: request.asked_by.clone(),
            started_at,
            duration_ms: 0.0,
            computation_key: None,
            result_key: None,
            failure: None,
            draft: request.draft,
        }
    }
}

/// A call as the store keeps it.
#[derive(Debug, Deserialize)]
struct Row {
    id: String,
    script: String,
    version: String,
    function: String,
    requested_by_id: String,
    requested_by_name: String,
    asked_by: String,
    started_at: Timestamp,
    duration_ms: f64,
    computation_key: String,
    result_key: Option<String>,
    failure: Option<String>,
    draft: bool,
    notes: Option<String>,
}

impl Row {
    /// A record that is on its way to the store.
    fn waiting(record: &CallRecord) -> Option<Self> {
        Some(Self {
            id: record.id.clone(),
            script: record.script.clone(),
            version: record.version.clone(),
            function: record.function.clone(),
            requested_by_id: record.requested_by_id.clone(),
            requested_by_name: record.requested_by_name.clone(),
            asked_by: record.asked_by.clone(),
            started_at: record.started_at.parse().ok()?,
            duration_ms: record.duration_ms,
            computation_key: record.computation_key.clone(),
            result_key: record.result_key.clone(),
            failure: record.failure.clone(),
            draft: record.draft,
            notes: record.notes.as_ref().map(|notes| notes.get().to_owned()),
        })
    }

    fn view(self) -> CallView {
        let mut notes = Notes::from_text(self.notes.as_deref());
        CallView {
            state: CallState::of(self.failure.as_deref()),
            failure: self.failure.map(|kind| {
                let unknown = || Told {
                    title: "It gave no value".into(),
                    detail: String::new(),
                    kind,
                };
                notes.failure.take().unwrap_or_else(unknown)
            }),
            id: self.id,
            script: self.script,
            version: self.version,
            function: self.function,
            progress: None,
            asked_by: Person {
                id: self.requested_by_id,
                name: self.requested_by_name,
            },
            through: self.asked_by,
            started_at: self.started_at,
            duration_ms: self.duration_ms,
            computation_key: Some(self.computation_key).filter(|key| !key.is_empty()),
            result_key: self.result_key,
            draft: self.draft,
        }
    }
}

/// The rows of a procedure that answers with calls.
pub(crate) fn views(rows: Rows) -> Result<Vec<CallView>, StoreError> {
    Ok(rows.all::<Row>()?.into_iter().map(Row::view).collect())
}

/// Which calls.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
pub(crate) struct Wish {
    /// `running` or `done`; both when absent.
    #[serde(default)]
    #[param(inline)]
    state: Option<Stage>,
    /// Only those the caller asked for.
    #[serde(default)]
    mine: bool,
    /// At most so many; 50 when absent.
    #[serde(default)]
    limit: Option<u32>,
}

/// Whether a call goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Stage {
    /// It is queued or running.
    Running,
    /// It has come to its end.
    Done,
}

/// Calls, the latest first: those that run on this engine, then those that are recorded.
#[utoipa::path(get, path = "/api/calc/calls", tag = "calls", params(Wish), responses((status = 200, body = Vec<CallView>)))]
pub(crate) async fn list_calls(
    State(calc): State<Calc>,
    Query(wish): Query<Wish>,
    caller: Caller,
) -> Result<Json<Vec<CallView>>, Problem> {
    let limit = wish.limit.unwrap_or(COUNT).clamp(1, MOST);
    let by = wish.mine.then(|| caller.id().to_string());
    let mut calls = Vec::new();
    if wish.state != Some(Stage::Done) {
        calls = calc.running.views();
        calls.retain(|call| by.as_ref().is_none_or(|by| call.asked_by.id == *by));
    }
    if wish.state != Some(Stage::Running) {
        let rows = calc.store.read("calls_recent", params![by, limit]).await?;
        calls.extend(views(rows)?);
    }
    calls.truncate(limit as usize);
    Ok(Json(calls))
}

/// A call with what came of it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct CallDetail {
    #[serde(flatten)]
    view: CallView,
    /// The answer, as the call by HTTP would have given it.
    #[schema(value_type = Option<envelope::Envelope>)]
    envelope: Option<Box<RawValue>>,
    /// What the function has told by `emit()`: while the call runs, and after it where it gave no value.
    partial: Vec<Partial>,
    /// The results that were arguments.
    inputs: Vec<String>,
}

/// One call: as it stands while it runs, with its answer when it is done.
#[utoipa::path(get, path = "/api/calc/calls/{id}", tag = "calls", params(("id" = String, Path, description = "the call's id")),
    responses((status = 200, body = CallDetail), (status = 404, body = Problem)))]
pub(crate) async fn call_by_id(
    State(calc): State<Calc>,
    Path(id): Path<String>,
) -> Result<Json<CallDetail>, Problem> {
    if let Some((view, partial)) = calc.running.view(&id) {
        return Ok(Json(CallDetail {
            view,
            envelope: None,
            partial,
            inputs: Vec::new(),
        }));
    }
    let (row, inputs) = calc.recorded(&id).await?;
    let envelope = calc.envelope_of(&row).await?;
    Ok(Json(CallDetail {
        envelope,
        partial: Notes::from_text(row.notes.as_deref()).partial,
        inputs,
        view: row.view(),
    }))
}

impl Calc {
    async fn recorded(&self, id: &str) -> Result<(Row, Vec<String>), Problem> {
        if let Some(record) = self.recorder.waiting(id)
            && let Some(row) = Row::waiting(&record)
        {
            return Ok((row, record.inputs.clone()));
        }
        let row = self.store.read("call_by_id", params![id]).await?;
        let row: Option<Row> = row.optional()?;
        let row = row.ok_or_else(|| Problem::not_found(format!("call {id}")))?;
        let inputs = self.store.read("inputs_of_call", params![id]).await?;
        Ok((row, inputs.all()?))
    }

    /// The answer of a recorded call, as long as its value is kept.
    async fn envelope_of(&self, row: &Row) -> Result<Option<Box<RawValue>>, Problem> {
        let Some(key) = &row.result_key else {
            return Ok(None);
        };
        let Some(found) = self.results.find(key).await? else {
            return Ok(None);
        };
        let script = self.scripts.version(&row.script, &row.version)?;
        let environment = serde_json::from_str(&script.environment);
        let facts = CallFacts {
            id: row.id.clone(),
            script: row.script.clone(),
            version: row.version.clone(),
            function: row.function.clone(),
            draft: row.draft,
            node: self.node.clone(),
            zone: self.zone.to_string(),
            started_at: row.started_at,
            duration_ms: row.duration_ms,
            computation_key: row.computation_key.clone(),
            result_key: key.clone(),
            cached: false,
            cached_from: None,
            computed_at: None,
            computed_by: None,
            deviates_from: None,
            environment: environment.map_err(Problem::internal)?,
        };
        let notes = Notes::from_text(row.notes.as_deref());
        let body = envelope::text(&found.value, &notes, &facts).map_err(Problem::internal)?;
        let body = String::from_utf8(body).map_err(Problem::internal)?;
        Ok(Some(
            RawValue::from_string(body).map_err(Problem::internal)?,
        ))
    }
}
