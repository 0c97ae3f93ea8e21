//! Asking the engine for a model, and what it tells on the way.

use std::collections::HashMap;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use dcp::bus::Reaction;
use dcp::events;
use dcp::events::calc::{Call, CallFinished, CallProgressed, Cancel, Failed, Outcome};
use dcp::events::mvda::ModelFailed;
use dcp::http::{Caller, Json, Path, Problem};
use dcp::params;
use dcp::store::{StoreError, Tx};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use crate::ask::{Ask, Interpolation};
use crate::check::Wrong;
use crate::model::{self, Model};
use crate::provenance::{Provenance, SCRIPT};
use crate::sources::Source;
use crate::{MODULE, Mvda, limits};

/// A model that was accepted.
#[derive(Debug, Serialize, ToSchema)]
pub struct Accepted {
    /// Its id.
    pub id: String,
    /// 1 for the first calculation under this name.
    pub version: u32,
    /// `queued`.
    pub state: model::State,
}

/// Asks for a model. The same name again makes its next version.
#[utoipa::path(post, path = "/api/mvda/models", tag = "models", request_body = Ask,
    responses((status = 202, description = "Waits for an engine", body = Accepted), (status = 422, description = "Names what is wrong", body = Problem)))]
pub async fn create_model(
    State(mvda): State<Mvda>,
    caller: Caller,
    Json(mut ask): Json<Ask>,
) -> Result<Response, Problem> {
    let site = caller.site()?;
    let now = mvda.store.clock().now();
    ask.check(now)?;
    let source = mvda
        .sources
        .find(site, &ask.source)
        .await
        .map_err(|problem| problem.part("/source", "This data source is not known."))?;
    know_tags(&mvda, &source, &mut ask).await?;
    ask.close_running(now);
    let id = mvda.store.ids().next().to_string();
    let accepted = enqueue(&mvda, &caller, &source, &ask, id).await?;
    tracing::info!(
        model.id = accepted.id,
        model.name = ask.name,
        batches = ask.batches.len(),
        "a model was asked for"
    );
    Ok((StatusCode::ACCEPTED, Json(accepted)).into_response())
}

/// Takes description and unit of every tag from the asset tree; a tag that is not there or has no numbers is refused.
async fn know_tags(mvda: &Mvda, source: &Source, ask: &mut Ask) -> Result<(), Problem> {
    let known = mvda.plant.tags(source, &ask.unit.web_id).await?;
    let by_id: HashMap<_, _> = known.iter().map(|tag| (tag.web_id.as_str(), tag)).collect();
    let mut wrong = Wrong::default();
    for (at, tag) in ask.tags.iter_mut().enumerate() {
        let found = by_id.get(tag.web_id.as_str());
        wrong.unless(found.is_some(), &format!("/tags/{at}/web_id"), || {
            format!("{} has no tag {}.", ask.unit.name, tag.name)
        });
        let Some(found) = found else { continue };
        wrong.unless(found.is_numeric(), &format!("/tags/{at}/web_id"), || {
            format!("The values of {} are not numbers.", tag.name)
        });
        tag.description.clone_from(&found.description);
        tag.unit.clone_from(&found.unit);
    }
    wrong.finish()
}

async fn enqueue(
    mvda: &Mvda,
    caller: &Caller,
    source: &Source,
    ask: &Ask,
    id: String,
) -> Result<Accepted, Problem> {
    let site = caller.site()?.as_str();
    let now = mvda.store.clock().now();
    let deadline = now.checked_add(limits::CALCULATION).unwrap_or(now);
    let call_id = mvda.store.ids().next().to_string();
    let actor = caller.actor();
    let by = events::Actor {
        id: actor.id.as_str().to_owned(),
        name: actor.name.clone(),
    };
    let call = call(source, ask, site, by, call_id.clone(), deadline);
    let request = serde_json::to_value(ask).map_err(Problem::internal)?;
    let origin = serde_json::to_value(source.origin()).map_err(Problem::internal)?;
    let mut tx = mvda.store.begin().await?;
    let version: u32 = tx
        .call("model_next_version", params![site, &ask.name])
        .await?
        .one()?;
    let added = params![
        &id,
        site,
        &ask.name,
        version,
        kind(ask),
        &ask.unit.web_id,
        request,
        origin,
        ask.components,
        ask.batches.len(),
        ask.reference().count(),
        call_id,
        deadline,
        now,
        actor.id.as_str(),
        &actor.name
    ];
    match tx.call("model_add", added).await {
        Err(StoreError::Duplicate(_)) => {
            return Err(Problem::conflict(
                "This name was used by somebody else at the same moment: try again.",
            ));
        }
        added => added?,
    };
    dcp::calc::request(&mut tx, &call).await?;
    tx.commit().await?;
    Ok(Accepted {
        id,
        version,
        state: model::State::Queued,
    })
}

fn kind(ask: &Ask) -> &'static str {
    match ask.kind {
        crate::ask::Kind::Evolution => "evolution",
        crate::ask::Kind::Level => "level",
    }
}

/// The task for the engine.
pub fn call(
    source: &Source,
    ask: &Ask,
    site: &str,
    by: events::Actor,
    call_id: String,
    deadline: Timestamp,
) -> Call {
    Call {
        call_id,
        script: SCRIPT.name.to_owned(),
        function: ask.kind.function().to_owned(),
        args: arguments(source, ask),
        requested_by: by,
        site: site.to_owned(),
        reply_to: MODULE.to_owned(),
        deadline: Some(deadline),
    }
}

fn arguments(source: &Source, ask: &Ask) -> Map<String, Value> {
    let ids = |chosen: &dyn Fn(&crate::ask::Batch) -> bool| -> Value {
        ask.batches
            .iter()
            .filter(|batch| chosen(batch))
            .map(|batch| batch.id.clone())
            .collect()
    };
    let mut arguments = Map::new();
    arguments.insert("data".into(), process_data(source, ask, &ask.batches));
    arguments.insert("reference".into(), ids(&|batch| batch.reference));
    arguments.insert("components".into(), ask.components.into());
    arguments.insert("alpha".into(), ask.alpha.into());
    if ask.batches.iter().any(|batch| batch.running) {
        arguments.insert("running".into(), ids(&|batch| batch.running));
    }
    arguments
}

/// A reference to process data that the engine reads near its source.
pub fn process_data(source: &Source, ask: &Ask, batches: &[crate::ask::Batch]) -> Value {
    let tags: Vec<_> = ask
        .tags
        .iter()
        .map(|tag| json!({ "name": tag.name, "web_id": tag.web_id }))
        .collect();
    let batches: Vec<_> = batches
        .iter()
        .map(|batch| json!({ "id": batch.id, "start": batch.start, "end": batch.end }))
        .collect();
    let interpolation = match &ask.interpolation {
        Interpolation::Every { interval } => json!({ "interval": interval }),
        Interpolation::Recorded(_) => json!("recorded"),
    };
    json!({ "$pi": {
        "source": source.as_pi(),
        "unit": ask.unit.web_id, "tags": tags, "batches": batches, "interpolation": interpolation,
    } })
}

/// Ends a calculation that nobody needs any more.
#[utoipa::path(post, path = "/api/mvda/models/{id}/cancel", tag = "models", params(("id" = String, Path, description = "The model")),
    responses((status = 204, description = "Cancelled"), (status = 409, description = "It has ended already", body = Problem)))]
pub async fn cancel_model(
    State(mvda): State<Mvda>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    let model = mvda.model(&caller, &id).await?;
    let now = mvda.store.clock().now();
    let mut tx = mvda.store.begin().await?;
    let cancelled = tx
        .call("model_cancelled", params![model.site.as_str(), &id, now])
        .await?;
    if cancelled.affected() == 0 {
        return Err(Problem::conflict("The model is not being calculated."));
    }
    let actor = caller.actor();
    let by = events::Actor {
        id: actor.id.as_str().to_owned(),
        name: actor.name,
    };
    let cancel = Cancel {
        call_id: model.call_id,
        by,
        at: now,
    };
    tx.enqueue(model.site.as_str(), &cancel).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Shows how far the engine is.
pub async fn show_progress(tx: &mut Tx<'_>, event: &CallProgressed) -> Result<(), Reaction> {
    if event.reply_to == MODULE {
        tx.call(
            "model_progressed",
            params![&event.call_id, event.fraction, &event.message],
        )
        .await?;
    }
    Ok(())
}

/// Notes where the result is, so that it can be collected, or why there is none.
pub async fn take_outcome(
    mvda: &Mvda,
    tx: &mut Tx<'_>,
    event: &CallFinished,
) -> Result<(), Reaction> {
    if event.reply_to != MODULE {
        return Ok(());
    }
    let Some(model) = of_call(tx, &event.call_id).await? else {
        return Ok(());
    };
    match &event.outcome {
        Outcome::Ok(calculated) => {
            let provenance = Provenance::new(&model.ask, &model.origin, calculated, &mvda.zone);
            let provenance = serde_json::to_value(provenance)?;
            tx.call(
                "model_calculated",
                params![&event.call_id, &calculated.result_key, provenance],
            )
            .await?;
            mvda.to_collect.notify_one();
        }
        // At the start of a node a model may be asked for before its script has reached the engine.
        Outcome::Error(failed) if failed.kind == "unknown-script" => {
            let again = tx
                .now()
                .checked_add(limits::ASK_AGAIN)
                .map_err(Reaction::never)?;
            tx.call(
                "model_postponed",
                params![&event.call_id, tx.store().ids().next(), again],
            )
            .await?;
        }
        Outcome::Error(failed) => fail(tx, &model, failed).await?,
    }
    Ok(())
}

async fn of_call(tx: &mut Tx<'_>, call_id: &str) -> Result<Option<Model>, StoreError> {
    #[derive(serde::Deserialize)]
    struct Found {
        id: String,
        site: String,
    }
    let found = tx
        .call("model_by_call", params![call_id])
        .await?
        .optional::<Found>()?;
    match found {
        Some(found) => Model::find_in(tx, &found.site, &found.id).await,
        None => Ok(None),
    }
}

/// Marks a model as failed and tells the platform; a model that has ended already stays as it is.
pub async fn fail(tx: &mut Tx<'_>, model: &Model, failed: &Failed) -> Result<(), StoreError> {
    let now = tx.now();
    let marked = tx
        .call(
            "model_failed",
            params![&model.call_id, &failed.title, &failed.detail, now],
        )
        .await?;
    if marked.affected() == 0 {
        return Ok(());
    }
    tracing::warn!(
        model.id = model.summary.id,
        reason = failed.detail,
        "a model could not be calculated"
    );
    let event = ModelFailed {
        model: model.as_event(),
        site: model.site.to_string(),
        unit: model.ask.unit.name.clone(),
        by: model.author(),
        at: now,
        reason: failed.detail.clone(),
        link: model.link(),
    };
    tx.publish(&event).await
}
