//! Fetches finished results from the engine and keeps them, and gives up on calculations past their deadline.
//!
//! A finished call leaves its model in the database as "to collect"; this task works that list off and starts with it
//! again after a crash. The change of state decides which of several instances keeps the result: the others find it done.

use std::time::Duration;

use dcp::calc::{CalcError, publish_scripts};
use dcp::events::calc::Failed;
use dcp::events::mvda::ModelCalculated;
use dcp::params;
use dcp::store::StoreError;
use serde::Deserialize;

use crate::model::Model;
use crate::provenance::SCRIPT;
use crate::{Mvda, limits, queue};

/// What ends an attempt to collect.
#[derive(Debug, thiserror::Error)]
enum CollectError {
    #[error("the engine does not give the result")]
    Engine(#[from] CalcError),
    #[error("the store does not take the result")]
    Store(#[from] StoreError),
    #[error("the result is not what the script promises")]
    Shape(#[from] serde_json::Error),
}

/// The parts of a result that lists show.
#[derive(Debug, Deserialize)]
struct Headline {
    #[serde(default)]
    r2y_total: Option<f64>,
    abnormal: u32,
}

#[derive(Debug, Deserialize)]
struct Waiting {
    id: String,
    site: String,
}

/// Works for as long as the process lives; woken by finished calls, and now and then to find what others left.
pub async fn collect(mvda: Mvda) {
    loop {
        if let Err(error) = round(&mvda).await {
            tracing::warn!(%error, "results cannot be collected at the moment");
        }
        let pause = mvda.store.clock().sleep(limits::COLLECT_EVERY);
        let woken = mvda.to_collect.notified();
        futures_util::future::select(pause, std::pin::pin!(woken)).await;
    }
}

async fn round(mvda: &Mvda) -> Result<(), StoreError> {
    for waiting in mvda
        .store
        .read("models_to_collect", params![])
        .await?
        .all::<Waiting>()?
    {
        if let Some(model) = Model::find(&mvda.store, &waiting.site, &waiting.id).await?
            && let Err(error) = keep(mvda, &model).await
        {
            tracing::warn!(
                model.id = waiting.id,
                error = dcp::chain(&error),
                "a result could not be collected yet"
            );
        }
    }
    ask_again(mvda).await?;
    give_up(mvda).await
}

/// Asks once more for models whose script the engine did not know.
async fn ask_again(mvda: &Mvda) -> Result<(), StoreError> {
    let now = mvda.store.clock().now();
    for waiting in mvda
        .store
        .read("models_to_ask_again", params![now])
        .await?
        .all::<Waiting>()?
    {
        let Some(model) = Model::find(&mvda.store, &waiting.site, &waiting.id).await? else {
            continue;
        };
        let source = match mvda.sources.find(&model.site, &model.ask.source).await {
            Ok(source) => source,
            Err(problem) => {
                tracing::warn!(
                    model.id = waiting.id,
                    ?problem,
                    "a model waits for its data source"
                );
                continue;
            }
        };
        publish_scripts(&mvda.store, &[SCRIPT]).await?;
        let mut tx = mvda.store.begin().await?;
        if tx
            .call("model_asked_again", params![&waiting.id])
            .await?
            .affected()
            > 0
        {
            let call = queue::call(
                &source,
                &model.ask,
                &waiting.site,
                model.author(),
                model.call_id.clone(),
                model.deadline,
            );
            dcp::calc::request(&mut tx, &call).await?;
        }
        tx.commit().await?;
    }
    Ok(())
}

async fn keep(mvda: &Mvda, model: &Model) -> Result<(), CollectError> {
    let key = model.result_key.as_deref().unwrap_or_default();
    let body = mvda.calc.result(&model.site, key).await?;
    let headline: Headline = serde_json::from_str(body.get())?;
    let mut tx = mvda.store.begin().await?;
    let now = tx.now();
    let id = &model.summary.id;
    let ready = tx
        .call(
            "model_ready",
            params![id, headline.r2y_total, headline.abnormal, now],
        )
        .await?;
    if ready.affected() == 0 {
        return Ok(());
    }
    tx.call("model_result_add", params![id, body.get()]).await?;
    tx.publish(&ModelCalculated {
        model: model.as_event(),
        site: model.site.to_string(),
        unit: model.ask.unit.name.clone(),
        by: model.author(),
        at: now,
        batches: model.summary.batches,
        abnormal: headline.abnormal,
        link: model.link(),
    })
    .await?;
    tx.commit().await?;
    tracing::info!(
        model.id = id,
        model.name = model.summary.name,
        abnormal = headline.abnormal,
        "a model is ready"
    );
    Ok(())
}

async fn give_up(mvda: &Mvda) -> Result<(), StoreError> {
    let grace = Duration::from_mins(1);
    let now = mvda.store.clock().now();
    let overdue = now.checked_sub(grace).unwrap_or(now);
    for late in mvda
        .store
        .read("models_overdue", params![overdue])
        .await?
        .all::<Waiting>()?
    {
        let failed = Failed {
            title: "The calculation did not end in time".to_owned(),
            detail: format!(
                "No engine answered within {} minutes.",
                limits::CALCULATION.as_secs() / 60
            ),
            kind: "timed-out".to_owned(),
        };
        let mut tx = mvda.store.begin().await?;
        if let Some(model) = Model::find_in(&mut tx, &late.site, &late.id).await? {
            queue::fail(&mut tx, &model, &failed).await?;
        }
        tx.commit().await?;
    }
    Ok(())
}
