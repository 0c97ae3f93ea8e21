//! What the programs of this crate share: an event, a database, and how to wait.
//!
//! The framework is measured (`bench-bus`) and attacked (`chaos`, with `chaos-module` as victim) from outside: both judge
//! by what stands in databases and on the broker, never by what the framework says of itself.

#![expect(
    clippy::disallowed_methods,
    reason = "tools of their own, not modules: they wait on the time of the machine"
)]

pub mod figure;
pub mod sqlserver;

use std::time::Duration;

use anyhow::bail;
use dcp::clock::Timestamp;
use dcp::events::{Event, Key};
use dcp::store::Files;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The tables of writers and subscribers.
pub const FILES: Files = dcp::store!();

/// The module that writes; what it publishes begins with its name.
pub const WRITER: &str = "chaos";

/// A note that makes the reaction panic.
pub const PANICS: &str = "panics";
/// A note that makes the reaction refuse for ever.
pub const NEVER: &str = "never";
/// A note that makes the reaction fail at its first attempt in each process.
pub const FAILS_ONCE: &str = "fails once";
/// A note that makes the reaction fail each time.
pub const FAILS: &str = "fails";

/// The present.
pub fn now() -> Timestamp {
    Timestamp::now()
}

/// Something that a writer did: the `number`th change of `subject`.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Changed {
    /// This change.
    pub id: Uuid,
    /// What was changed: changes of one subject keep their order where the subscription is ordered.
    pub subject: String,
    /// Counts the changes of the subject.
    pub number: u64,
    /// Makes the message as long as messages are.
    pub note: String,
}

impl Event for Changed {
    const NAME: &'static str = "chaos.thing.changed";
    const VERSION: u16 = 1;

    fn key(&self) -> Key {
        (&self.subject).into()
    }
}

/// Waits until something is so, bounded; says what never was.
pub async fn until(
    what: &str,
    patience: Duration,
    mut is_so: impl AsyncFnMut() -> anyhow::Result<bool>,
) -> anyhow::Result<()> {
    let end = tokio::time::Instant::now() + patience;
    while !is_so().await? {
        if tokio::time::Instant::now() > end {
            bail!("never within {patience:?}: {what}");
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    Ok(())
}
