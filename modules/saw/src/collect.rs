//! Fetches finished results from the engine and keeps them, and gives up on calculations past their deadline.
//!
//! A finished call leaves its chart in the database as "to collect": that list is worked off again after a crash.

use std::time::Duration;

use dcp::calc::{CalcError, publish_scripts};
use dcp::events::Actor;
use dcp::events::saw::{Chart, ChartCalculated};
use dcp::params;
use dcp::store::StoreError;
use jiff::Timestamp;
use serde::Deserialize;

use crate::ask::Ask;
use crate::charts::{CALCULATION, call, fail};
use crate::{SCRIPT, Saw};

/// Pause between two looks for what other instances left; a finished call wakes earlier.
const COLLECT_EVERY: Duration = Duration::from_secs(3);

#[derive(Debug, thiserror::Error)]
enum CollectError {
    #[error("the engine does not give the result")]
    Engine(#[from] CalcError),
    #[error("the store does not take the result")]
    Store(#[from] StoreError),
}

#[derive(Debug, Deserialize)]
struct Waiting {
    id: String,
    site: dcp::model::SiteId,
    title: String,
    result_key: String,
    created_by_id: String,
    created_by_name: String,
}

impl Waiting {
    fn calculated(&self, at: Timestamp) -> ChartCalculated {
        ChartCalculated {
            chart: Chart {
                id: self.id.clone(),
                title: self.title.clone(),
            },
            site: self.site.to_string(),
            by: Actor {
                id: self.created_by_id.clone(),
                name: self.created_by_name.clone(),
            },
            at,
            link: format!("/app/{}/saw?chart={}", self.site, self.id),
        }
    }
}

#[derive(Debug, Deserialize)]
struct Postponed {
    id: String,
    site: String,
    request: Ask,
    call_id: String,
    deadline: Timestamp,
    created_by_id: String,
    created_by_name: String,
}

/// Works for as long as the process lives.
pub async fn collect(saw: Saw) {
    loop {
        if let Err(error) = round(&saw).await {
            tracing::warn!(%error, "results cannot be collected at the moment");
        }
        let pause = saw.store.clock().sleep(COLLECT_EVERY);
        futures_util::future::select(pause, std::pin::pin!(saw.to_collect.notified())).await;
    }
}

async fn round(saw: &Saw) -> Result<(), StoreError> {
    for waiting in saw
        .store
        .read("charts_to_collect", params![])
        .await?
        .all::<Waiting>()?
    {
        match keep(saw, &waiting).await {
            Ok(()) => saw.ready.notify_waiters(),
            Err(error) => tracing::warn!(
                chart.id = waiting.id,
                error = dcp::chain(&error),
                "a result could not be collected yet"
            ),
        }
    }
    ask_again(saw).await?;
    let overdue = saw
        .store
        .clock()
        .now()
        .checked_sub(CALCULATION)
        .unwrap_or_default();
    for call_id in saw
        .store
        .read("charts_overdue", params![overdue])
        .await?
        .all::<String>()?
    {
        let detail = format!(
            "No engine answered within {} seconds.",
            CALCULATION.as_secs()
        );
        let mut tx = saw.store.begin().await?;
        fail(
            &mut tx,
            &call_id,
            "The calculation did not end in time",
            &detail,
        )
        .await?;
        tx.commit().await?;
    }
    Ok(())
}

/// Asks once more for charts whose script the engine did not know.
async fn ask_again(saw: &Saw) -> Result<(), StoreError> {
    for late in saw
        .store
        .read("charts_to_ask_again", params![])
        .await?
        .all::<Postponed>()?
    {
        publish_scripts(&saw.store, &[SCRIPT]).await?;
        let mut tx = saw.store.begin().await?;
        if tx
            .call("chart_asked_again", params![&late.id])
            .await?
            .affected()
            > 0
        {
            let by = Actor {
                id: late.created_by_id,
                name: late.created_by_name,
            };
            dcp::calc::request(
                &mut tx,
                &call(&late.request, &late.site, by, late.call_id, late.deadline),
            )
            .await?;
        }
        tx.commit().await?;
    }
    Ok(())
}

async fn keep(saw: &Saw, waiting: &Waiting) -> Result<(), CollectError> {
    let result = saw.calc.result(&waiting.site, &waiting.result_key).await?;
    let mut tx = saw.store.begin().await?;
    let kept = tx
        .call("chart_ready", params![&waiting.id, result.get()])
        .await?;
    if kept.affected() > 0 {
        tx.publish(&waiting.calculated(tx.now())).await?;
    }
    Ok(tx.commit().await?)
}
