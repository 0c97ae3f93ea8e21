//! Fetches finished results from the engine and keeps them, and gives up on calculations past their deadline.
//!
//! A finished call leaves its chart in the database as "to collect": that list is worked off again after a crash.

use std::time::Duration;

use dcp::calc::CalcError;
use dcp::params;
use dcp::store::StoreError;
use serde::Deserialize;

use crate::charts::{CALCULATION, fail};
use crate::Saw;

/// Pause between two looks for what other instances left; a finished call wakes earlier.
const COLLECT_EVERY: Duration = Duration::from_secs(5);

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
    result_key: String,
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
    for waiting in saw.store.read("charts_to_collect", params![]).await?.all::<Waiting>()? {
        match keep(saw, &waiting).await {
            Ok(()) => saw.ready.notify_waiters(),
            Err(error) => tracing::warn!(chart.id = waiting.id, error = &error as &dyn std::error::Error, "a result could not be collected yet"),
        }
    }
    let overdue = saw.store.clock().now().checked_sub(CALCULATION).unwrap_or_default();
    for call_id in saw.store.read("charts_overdue", params![overdue]).await?.all::<String>()? {
        let detail = format!("No engine answered within {} seconds.", CALCULATION.as_secs());
        let mut tx = saw.store.begin().await?;
        fail(&mut tx, &call_id, "The calculation did not end in time", &detail).await?;
        tx.commit().await?;
    }
    Ok(())
}

async fn keep(saw: &Saw, waiting: &Waiting) -> Result<(), CollectError> {
    let result = saw.calc.result(&waiting.site, &waiting.result_key).await?;
    saw.store.write("chart_ready", params![&waiting.id, result.get()]).await?;
    Ok(())
}
