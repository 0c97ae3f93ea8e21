//! What is forgotten: idle workers, results that nobody has used for long or that take too much room, and the records of old calls by
//! HTTP with their arguments. What is retained stays, as do calls over the bus.

use crate::Calc;
use crate::keeping::Class;
use dcp::clock::Timestamp;
use dcp::params;
use dcp::store::{StoreError, Value};
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
                error = dcp::chain(&error),
                "old results could not be removed"
            );
        }
        clock.sleep(LOOK).await;
        calc.pool.shrink();
    }
}

async fn prune(calc: &Calc, now: Timestamp) -> Result<(), StoreError> {
    let settings = &calc.settings;
    let ago = |time: Duration| now.checked_sub(time).unwrap_or(now);
    let end_of = |class| ago(settings.kept(class).unwrap_or_default());
    let (ephemeral, session) = (end_of(Class::Ephemeral), end_of(Class::Session));
    let bytes = i64::from(settings.keep_mb) << 20;
    let recorded = ago(Duration::from_secs(u64::from(settings.record_days) * 86400));
    let work: [(&str, Vec<Value>); 5] = [
        ("results_prune", params![ephemeral, session, now, ROWS]),
        ("results_prune_size", params![bytes, now, ROWS]),
        ("calls_prune", params![recorded, ROWS]),
        ("arguments_prune", params![ROWS]),
        ("pruned_forget", params![recorded, ROWS]),
    ];
    for (procedure, values) in work {
        while calc
            .store
            .write(procedure, values.clone())
            .await?
            .affected()
            >= u64::from(ROWS)
        {}
    }
    Ok(())
}
