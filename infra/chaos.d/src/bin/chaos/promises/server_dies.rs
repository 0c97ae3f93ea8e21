//! P11 on a SQL Server: it is gone, a lock keeps every connection of the pool, or transactions stand in each other's way.

use std::time::Duration;

use anyhow::bail;
use dcp_chaos::WRITER;
use dcp_chaos::sqlserver::place_of;

use super::Run;
use super::database_dies::{OUTAGE, OUTAGES, none_hung, recovery};
use crate::check::{PATIENCE, Verdict, judge, settle};
use crate::database::{Database, Held};
use crate::load::{Load, Plan};
use crate::proxy::{Blow, Proxy, Weather};

/// How long a lock is waited for: longer than the server takes to find a deadlock.
const LOCK: Duration = Duration::from_secs(10);
/// Time for a transaction to come as far as the table that is held.
const COMES_BY: Duration = Duration::from_millis(200);

pub(super) async fn keep(run: Run, server: &str) -> anyhow::Result<Verdict> {
    let proxy = Proxy::start(place_of(server).await?)?;
    let mut stage = run.stage()?;
    stage.put_before_server(proxy.address);
    stage.add_writer(1)?;
    stage.add_subscriber("chaos-a", 1)?;
    stage.open().await?;
    let Database::SqlServer(writer) = stage.database(WRITER) else {
        bail!("this is about a SQL Server")
    };
    // More than there are connections in the pool of a process.
    let plan = Plan {
        clients: 12,
        subjects: 100,
        enough: 100,
        pace: Duration::from_millis(20),
    };
    let load = Load::start(&stage.writers(), plan);
    let outages = run.scaled(OUTAGES);
    let mut slowest = Duration::ZERO;
    for number in 0..outages {
        let refused = load.ledger.refused();
        let what = match number % 3 {
            0 => go_away(&proxy).await,
            1 => take_all_connections(&writer).await?,
            _ => stand_in_the_way(&writer).await?,
        };
        let what = format!("outage {number}: {what}");
        slowest = slowest.max(recovery(&load, refused, &what).await?);
    }
    let ledger = load.end().await;
    settle(&stage, PATIENCE).await?;
    let mut verdict = judge(&stage, &ledger, &[]).await?;
    let answer = none_hung(&mut verdict, &ledger);
    verdict.note(format!(
        "{outages} outages of a SQL Server, {} refused, slowest answer {} ms, recovered in {} ms",
        ledger.refused(),
        answer.as_millis(),
        slowest.as_millis()
    ));
    Ok(verdict)
}

/// Every connection ends, in whatever it was doing, and nobody gets a new one for a while.
async fn go_away(proxy: &Proxy) -> &'static str {
    proxy.set(Weather::Gone);
    proxy.strike(Blow::Reset);
    tokio::time::sleep(OUTAGE).await;
    proxy.set(Weather::Fine);
    "the server was gone"
}

/// Whoever writes waits for a table until no connection is left.
async fn take_all_connections(writer: &str) -> anyhow::Result<&'static str> {
    let _held = Held::table(writer, "change", LOCK).await?;
    tokio::time::sleep(OUTAGE).await;
    Ok("every connection was taken")
}

/// Takes the tables of a change in the other order.
async fn stand_in_the_way(writer: &str) -> anyhow::Result<&'static str> {
    let mut held = Held::table(writer, "record", LOCK).await?;
    tokio::time::sleep(COMES_BY).await;
    // Refused when this side is the victim; then the others go on, but they have waited for nothing wrong.
    if held.take("change").await.is_err() {
        drop(held);
        return take_all_connections(writer).await;
    }
    Ok("transactions stood in each other's way")
}
