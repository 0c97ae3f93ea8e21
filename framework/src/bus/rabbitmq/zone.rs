//! Whose virtual host it is. The mark is an exchange named after the zone, because whoever may declare queues may declare it.

use lapin::options::{ExchangeDeclareOptions, ExchangeDeleteOptions};
use lapin::protocol::{AMQPErrorKind, AMQPSoftError};
use lapin::types::FieldTable;
use lapin::{Channel, ErrorKind, ExchangeKind};

use super::link::Link;
use super::topology::durable;
use super::wire::short;
use crate::bus::BusError;
use crate::model::Zone;

/// Refuses a virtual host of the other zone and marks one of none. Of two zones that come at once none may win: each that
/// sees the other takes its own mark away and comes again.
pub(super) async fn claim(link: &Link, zone: Zone) -> Result<(), BusError> {
    let other = match zone {
        Zone::Gxp => Zone::NonGxp,
        Zone::NonGxp => Zone::Gxp,
    };
    if is_marked(link, other).await? {
        return Err(BusError::OtherZone(other));
    }
    declare(&link.channel().await?, zone, durable()).await?;
    if is_marked(link, other).await? {
        let channel = link.channel().await?;
        let options = ExchangeDeleteOptions::default();
        channel
            .exchange_delete(short(&mark(zone))?, options)
            .await?;
        return Err(BusError::OtherZone(other));
    }
    Ok(())
}

/// On a channel of its own, which a mark that is not there closes.
async fn is_marked(link: &Link, zone: Zone) -> Result<bool, BusError> {
    let channel = link.channel().await?;
    let passive = ExchangeDeclareOptions {
        passive: true,
        ..durable()
    };
    match declare(&channel, zone, passive).await {
        Ok(()) => Ok(true),
        Err(error) if is_missing(&error) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

async fn declare(
    channel: &Channel,
    zone: Zone,
    options: ExchangeDeclareOptions,
) -> Result<(), lapin::Error> {
    let (kind, none) = (ExchangeKind::Fanout, FieldTable::default());
    channel
        .exchange_declare(mark(zone).into(), kind, options, none)
        .await
}

fn mark(zone: Zone) -> String {
    format!("zone.{zone}")
}

fn is_missing(error: &lapin::Error) -> bool {
    matches!(error.kind(), ErrorKind::ProtocolError(error)
        if *error.kind() == AMQPErrorKind::Soft(AMQPSoftError::NOTFOUND))
}
