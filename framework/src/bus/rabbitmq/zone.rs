//! Whose virtual host it is. The mark is an exchange named after the zone, because whoever may declare queues may declare it.

use lapin::ExchangeKind;
use lapin::options::ExchangeDeleteOptions;
use lapin::types::FieldTable;

use super::link::Link;
use super::plan::zone_mark;
use super::topology::{durable, has_exchange};
use super::wire::short;
use crate::bus::BusError;
use crate::model::Zone;

/// Refuses a virtual host of the other zone and marks one of none. Of two zones that come at once none may win: each that
/// sees the other takes its own mark away and comes again.
pub(super) async fn claim(link: &Link, zone: Zone) -> Result<(), BusError> {
    check(link, zone).await?;
    let mark = short(&zone_mark(zone))?;
    let (kind, none) = (ExchangeKind::Fanout, FieldTable::default());
    link.channel()
        .await?
        .exchange_declare(mark.clone(), kind, durable(), none)
        .await?;
    if let Err(refusal) = check(link, zone).await {
        let channel = link.channel().await?;
        let options = ExchangeDeleteOptions::default();
        channel.exchange_delete(mark, options).await?;
        return Err(refusal);
    }
    Ok(())
}

/// Refuses a virtual host of the other zone.
pub(super) async fn check(link: &Link, zone: Zone) -> Result<(), BusError> {
    let other = zone.other();
    if has_exchange(link, &zone_mark(other)).await? {
        return Err(BusError::OtherZone(other));
    }
    Ok(())
}
