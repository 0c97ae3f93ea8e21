//! The bridge between zones: events of an allow-list are read from the bus of the other zone, labelled with it, and published on
//! the bus of this one. Each passes once, in the transaction that records it; whatever fits no contract becomes a dead letter.

use std::collections::BTreeSet;
use std::sync::Arc;

use futures_util::future::LocalBoxFuture;

use super::inbox::Inbox;
use super::subscriptions::{Source, Subscription};
use super::{Envelope, Reaction, Subscriptions};
use crate::contracts;
use crate::events::Kind;
use crate::model::Zone;
use crate::store::Tx;

impl Subscriptions {
    /// Brings the events `names` from the zone `from`; `record` keeps what passes.
    #[must_use]
    pub fn bring<F>(self, names: &[String], from: Zone, record: F) -> Self
    where
        F: AsyncFn(&mut Tx<'_>, &Envelope) -> Result<(), Reaction> + Send + Sync + 'static,
    {
        let record = Arc::new(record);
        names.iter().fold(self, |all, name| {
            let record = record.clone();
            let run = move |inbox: Inbox,
                            envelope: Arc<Envelope>|
                  -> LocalBoxFuture<'static, Result<(), Reaction>> {
                let record = record.clone();
                Box::pin(async move { pass(&*record, &inbox, &envelope, from).await })
            };
            // Some subscriber may need the order of the keys, so that it is kept for all.
            let source = Source::Event {
                name: name.clone(),
                ordered: true,
            };
            all.add(Subscription::quick(source, Arc::new(run)))
        })
    }
}

/// The modules that own the events: their subscribers tell them, in this zone the bridge, what they have recorded.
pub(crate) fn owners<'n>(names: impl IntoIterator<Item = &'n str>) -> BTreeSet<&'n str> {
    let owner = |name: &'n str| name.split('.').next().unwrap_or_default();
    names.into_iter().map(owner).collect()
}

async fn pass<F>(record: &F, inbox: &Inbox, envelope: &Envelope, from: Zone) -> Result<(), Reaction>
where
    F: AsyncFn(&mut Tx<'_>, &Envelope) -> Result<(), Reaction>,
{
    check(envelope)?;
    let labelled = Envelope {
        zone: Some(from),
        attempts: 0,
        follows: None,
        seq: 0,
        ..envelope.clone()
    };
    let both = async |tx: &mut Tx<'_>| {
        record(tx, &labelled).await?;
        Ok(tx.forward(&labelled).await?)
    };
    inbox.take(envelope, both).await
}

/// What passes is an event as its contract describes it, from its own zone.
fn check(envelope: &Envelope) -> Result<(), Reaction> {
    if let Some(zone) = envelope.zone {
        let reason = format!("it was brought from the zone {zone} already");
        return Err(Reaction::never(reason));
    }
    let contracts = contracts::all();
    let mut fitting = contracts
        .iter()
        .filter(|contract| contract.kind == Kind::Event && contract.wire_name() == envelope.name);
    let Some(contract) = fitting.next() else {
        let reason = format!("{} is no event that this bridge knows", envelope.name);
        return Err(Reaction::never(reason));
    };
    let echo = contract.echo(envelope.data.get()).map_err(|error| {
        Reaction::never(format!(
            "it does not fit its contract {}: {error}",
            envelope.name
        ))
    })?;
    if echo.key != envelope.key {
        let reason = format!("its key is {} and should be {}", envelope.key, echo.key);
        return Err(Reaction::never(reason));
    }
    Ok(())
}
