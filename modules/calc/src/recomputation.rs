//! Calculating a result again from its record, and comparing: also one whose value is no longer kept.

use crate::Calc;
use crate::caching::{Before, CacheUse};
use crate::calculation::Calculated;
use crate::calls::calculated_and_recorded;
use crate::engine::{Failure, Lane};
use crate::given;
use crate::keeping::Class;
use crate::request::Request;
use axum::extract::State;
use dcp::http::{Caller, Json, Path, Problem};
use dcp::params;
use dcp::telemetry::carried;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// What calculating a result again gave.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct Recomputed {
    /// The result that was asked for.
    expected: String,
    /// What it is now; kept again.
    result_key: String,
    /// Whether both are the same.
    same: bool,
    /// Whether everything that determines the value is the same as then: script, arguments, R, packages. Where it is not, another
    /// value is no deviation.
    same_computation: bool,
    /// Whether another value was recorded as a deviation: of the same computation, by a function that does not declare itself volatile.
    deviation: bool,
    /// The call that calculated it now.
    call_id: String,
    /// The call that calculated it then.
    before_call_id: String,
}

/// The record of the call that gave a result.
#[derive(Deserialize)]
struct Maker {
    id: String,
    script: String,
    version: String,
    function: String,
    draft: bool,
    computation_key: String,
    arguments: Option<String>,
}

/// Calculates a result again as its record says, keeps it again and tells whether it is the same. Another value of the same computation is
/// a deviation, unless the function is volatile.
#[utoipa::path(post, path = "/api/calc/results/{key}/recomputation", tag = "results", params(("key" = String, Path)),
    responses((status = 200, body = Recomputed), (status = 404, description = "no call is recorded that gave it", body = Problem),
        (status = 409, description = "its record does not hold its arguments", body = Problem),
        (status = 410, description = "a result that it was made of was removed", body = Problem)))]
pub(crate) async fn recompute_result(
    State(calc): State<Calc>,
    Path(key): Path<String>,
    caller: Caller,
) -> Result<Json<Recomputed>, Problem> {
    calc.recorder.settled().await;
    let rows = calc.store.read("maker_of_result", params![&key]).await?;
    let maker: Option<Maker> = rows.optional()?;
    let maker = maker.ok_or_else(|| Failure::UnknownResult(key.clone()))?;
    let request = calc.request_again(&maker, &caller)?;
    let entry = calc.running.enter(&request, calc.store.clock().now());
    let engine = calc.clone();
    let work = async move {
        let mut request = request;
        let done = calculated_and_recorded(&engine, &mut request, &entry).await?;
        engine.compared(&request, &done, &maker, key).await
    };
    // In a task of its own, as calls are: a client that hangs up must not take the worker with it.
    let done = calc.calls.spawn(carried(work)).await;
    Ok(Json(done.map_err(Problem::internal)??))
}

impl Calc {
    fn request_again(&self, maker: &Maker, caller: &Caller) -> Result<Request, Problem> {
        let Some(given) = &maker.arguments else {
            let reference = format!("{}@{:.8}/{}", maker.script, maker.version, maker.function);
            let detail = format!(
                "The record of the call {} does not hold its arguments. Call {reference} with the same arguments again: the same value has the same key.",
                maker.id
            );
            return Err(Problem::conflict(detail));
        };
        let script = self.scripts.version(&maker.script, &maker.version)?;
        Ok(Request {
            call_id: self.store.ids().next().to_string(),
            script: format!("{}@{}", maker.script, maker.version),
            function: maker.function.clone(),
            arguments: given::read(given.clone())?,
            given: None,
            requested_by: caller.actor(),
            site: caller.named_site().map(ToString::to_string),
            asked_by: "http".into(),
            draft: maker.draft && !script.state.is_in_force(),
            again: true,
            keep: Class::Ephemeral,
            lane: Lane::Short,
            allowed: Duration::from_secs(self.settings.call_seconds),
        })
    }

    async fn compared(
        &self,
        request: &Request,
        done: &Calculated,
        maker: &Maker,
        expected: String,
    ) -> Result<Recomputed, Failure> {
        let same = *done.result_key == *expected;
        let same_computation = done.computation_key == maker.computation_key;
        let deviation = !same && same_computation && matches!(done.cache, CacheUse::Forced(_));
        // One that differs from a value in the store has been told already.
        if deviation && matches!(done.cache, CacheUse::Forced(None)) {
            let before = Before {
                call_id: &maker.id,
                result_key: &expected,
            };
            let key = &done.computation_key;
            self.tell_deviation(request, &done.script, key, &before, &done.result_key)
                .await?;
        }
        Ok(Recomputed {
            result_key: done.result_key.to_string(),
            expected,
            same,
            same_computation,
            deviation,
            call_id: request.call_id.clone(),
            before_call_id: maker.id.clone(),
        })
    }
}
