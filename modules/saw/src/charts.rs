//! Making and seeing charts.

use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use dcp::bus::Reaction;
use dcp::events;
use dcp::events::calc::{Call, CallFinished, Outcome};
use dcp::http::{Caller, Json, Path, Problem};
use dcp::params;
use dcp::store::{StoreError, Tx};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::ask::Ask;
use crate::chart::{self, Chart, Listed};
use crate::{MODULE, SCRIPT, Saw};

/// Longest calculation of a chart: it takes milliseconds once an engine has it.
pub const CALCULATION: Duration = Duration::from_mins(1);
/// How long an answer waits for its result before it says that the chart is still waiting.
const WAIT: Duration = Duration::from_secs(10);
/// Pause between two looks at the chart while an answer waits.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Makes an individuals and moving range chart. 201 with the result, or 202 when the engine takes longer.
#[utoipa::path(post, path = "/api/saw/charts", tag = "charts", request_body = Ask,
    responses((status = 201, body = Chart), (status = 202, body = Chart), (status = 422, body = Problem)))]
pub async fn create_chart(
    State(saw): State<Saw>,
    caller: Caller,
    Json(ask): Json<Ask>,
) -> Result<Response, Problem> {
    ask.check()?;
    let site = caller.site()?.as_str();
    let id = enqueue(&saw, &caller, &ask).await?;
    let end = saw
        .store
        .clock()
        .now()
        .checked_add(WAIT)
        .map_err(Problem::internal)?;
    loop {
        let chart = find(&saw, site, &id).await?;
        if chart.listed.state != chart::State::Queued {
            return Ok((StatusCode::CREATED, Json(chart)).into_response());
        }
        if saw.store.clock().now() >= end {
            return Ok((StatusCode::ACCEPTED, Json(chart)).into_response());
        }
        let pause = saw.store.clock().sleep(LOOK_EVERY);
        futures_util::future::select(pause, std::pin::pin!(saw.ready.notified())).await;
    }
}

async fn enqueue(saw: &Saw, caller: &Caller, ask: &Ask) -> Result<String, Problem> {
    let site = caller.site()?.as_str();
    let (now, actor) = (saw.store.clock().now(), caller.actor());
    let (id, call_id) = (
        saw.store.ids().next().to_string(),
        saw.store.ids().next().to_string(),
    );
    let deadline = now.checked_add(CALCULATION).map_err(Problem::internal)?;
    let by = events::Actor {
        id: actor.id.as_str().to_owned(),
        name: actor.name.clone(),
    };
    let call = call(ask, site, by, call_id.clone(), deadline);
    let request = serde_json::to_value(ask).map_err(Problem::internal)?;
    let mut tx = saw.store.begin().await?;
    let added = params![
        &id,
        site,
        ask.title.trim(),
        request,
        call_id,
        deadline,
        now,
        actor.id.as_str(),
        &actor.name
    ];
    tx.call("chart_add", added).await?;
    dcp::calc::request(&mut tx, &call).await?;
    tx.commit().await?;
    Ok(id)
}

/// The task for the engine.
pub fn call(
    ask: &Ask,
    site: &str,
    by: events::Actor,
    call_id: String,
    deadline: Timestamp,
) -> Call {
    Call {
        call_id,
        script: SCRIPT.name.to_owned(),
        function: "individuals".to_owned(),
        args: arguments(ask),
        requested_by: by,
        site: site.to_owned(),
        reply_to: MODULE.to_owned(),
        deadline: Some(deadline),
    }
}

fn arguments(ask: &Ask) -> Map<String, Value> {
    let mut arguments = Map::new();
    arguments.insert("values".into(), ask.values.clone().into());
    for (name, limit) in [("lsl", ask.lsl), ("usl", ask.usl)] {
        if let Some(limit) = limit {
            arguments.insert(name.into(), limit.into());
        }
    }
    arguments.insert("allow_unstable".into(), ask.allow_unstable.into());
    arguments
}

/// The charts of the site, newest first.
#[utoipa::path(get, path = "/api/saw/charts", tag = "charts", responses((status = 200, body = Vec<Listed>)))]
pub async fn list_charts(
    State(saw): State<Saw>,
    caller: Caller,
) -> Result<Json<Vec<Listed>>, Problem> {
    Ok(Json(
        chart::list(&saw.store, caller.site()?.as_str()).await?,
    ))
}

/// One chart with its values and its result.
#[utoipa::path(get, path = "/api/saw/charts/{id}", tag = "charts", params(("id" = String, Path, description = "The chart")),
    responses((status = 200, body = Chart), (status = 404, body = Problem)))]
pub async fn show_chart(
    State(saw): State<Saw>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<Chart>, Problem> {
    Ok(Json(find(&saw, caller.site()?.as_str(), &id).await?))
}

async fn find(saw: &Saw, site: &str, id: &str) -> Result<Chart, Problem> {
    Chart::find(&saw.store, site, id)
        .await?
        .ok_or_else(|| Problem::not_found(format!("chart {id}")))
}

/// Notes where the result is, so that it can be collected, or why there is none.
pub async fn take_outcome(
    saw: &Saw,
    tx: &mut Tx<'_>,
    event: &CallFinished,
) -> Result<(), Reaction> {
    if event.reply_to != MODULE {
        return Ok(());
    }
    match &event.outcome {
        Outcome::Ok(done) => {
            let provenance = json!({
                "script": SCRIPT.name, "script_hash": SCRIPT.version(), "script_version": done.script_version, "function": "individuals", "environment": done.environment, "node": done.node,
                "zone": saw.zone, "result_key": done.result_key, "computation_key": done.computation_key, "duration_ms": done.duration_ms, "warnings": done.warnings,
            });
            tx.call(
                "chart_calculated",
                params![&event.call_id, &done.result_key, provenance],
            )
            .await?;
            saw.to_collect.notify_one();
        }
        // At the start of a node a chart may be asked for before the script has reached the engine.
        Outcome::Error(failed) if failed.kind == "unknown-script" => {
            tx.call(
                "chart_postponed",
                params![&event.call_id, tx.store().ids().next()],
            )
            .await?;
        }
        Outcome::Error(failed) => fail(tx, &event.call_id, &failed.title, &failed.detail).await?,
    }
    Ok(())
}

/// Marks a chart as failed, unless it has ended already.
pub async fn fail(
    tx: &mut Tx<'_>,
    call_id: &str,
    title: &str,
    detail: &str,
) -> Result<(), StoreError> {
    tx.call("chart_failed", params![call_id, title, detail])
        .await?;
    Ok(())
}
