//! What is forgotten: idle workers and the results of old calls by HTTP. Calls over the bus and their results stay.

use crate::Calc;
use dcp::clock::Timestamp;
use dcp::params;
use dcp::store::StoreError;
use std::time::Duration;

/// Between two looks at the workers.
const LOOK: Duration = Duration::from_secs(20);
/// Looks between two prunings of the store.
const LOOKS_PER_PRUNING: u32 = 30;
/// Rows deleted in one transaction, so that writers wait for little.
const ROWS: u32 = 500;

/// Runs as long as the engine.
pub(crate) async fn keep_house(calc: Calc) {
    let clock = calc.store.clock().clone();
    for look in 0_u32.. {
        if look.is_multiple_of(LOOKS_PER_PRUNING)
            && let Err(error) = prune(&calc, clock.now()).await
        {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "old results could not be removed"
            );
        }
        clock.sleep(LOOK).await;
        calc.pool.shrink();
    }
}

async fn prune(calc: &Calc, now: Timestamp) -> Result<(), StoreError> {
    let age = Duration::from_secs(u64::from(calc.settings.keep_hours) * 3600);
    let before = now.checked_sub(age).unwrap_or(now);
    for procedure in ["results_prune", "calls_prune"] {
        while calc
            .store
            .write(procedure, params![before, ROWS])
            .await?
            .affected()
            >= u64::from(ROWS)
        {}
    }
    Ok(())
}
