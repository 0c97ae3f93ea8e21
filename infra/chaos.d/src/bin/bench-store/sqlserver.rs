//! The store on SQL Server beside tiberius without a framework, and how evenly its pool serves.

use std::time::{Duration, Instant};

use dcp::params;
use dcp::store::{Store, create_database};
use dcp_chaos::figure::Figure;
use dcp_chaos::sqlserver::connect;
use tiberius::Command;

use super::store;

/// Calls of one round.
const CALLS: usize = 1000;
/// Who calls at once on the pool of eight.
const CALLERS: usize = 64;
/// Calls of each of them in one round.
const EACH: usize = 20;

/// Both figures, on a database of their own.
pub(crate) async fn measure(
    server: &str,
    rounds: usize,
    wants: impl Fn(&str) -> bool,
) -> anyhow::Result<Vec<Figure>> {
    let name = format!("dcp_bench_{}", uuid::Uuid::now_v7().simple());
    let address = create_database(server, &name).await?;
    let store = store(&address).await?;
    let mut figures = Vec::new();
    if wants("store.procedure_p50_vs_tiberius") {
        figures.push(Box::pin(procedure(&store, &address, rounds)).await?);
    }
    if wants("store.pool_p99_vs_p50") {
        figures.push(pool(&store, rounds).await?);
    }
    Ok(figures)
}

/// One call in an open transaction on both sides, in turns.
async fn procedure(store: &Store, address: &str, rounds: usize) -> anyhow::Result<Figure> {
    let mut peer = connect(address).await?;
    let mut figure = Figure::rate("store.procedure_p50_vs_tiberius", "us");
    for round in 0..=rounds {
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        let mut tx = store.begin().await?;
        peer.begin_transaction().await?;
        for number in 0..i64::try_from(CALLS)? {
            let began = Instant::now();
            tx.call("effect_add", params!["id", "subject", number])
                .await?;
            ours.push(began.elapsed());
            let began = Instant::now();
            let mut call = Command::new("dbo.effect_add");
            call.bind_param("@id", "id");
            call.bind_param("@subject", "subject");
            call.bind_param("@number", number);
            call.exec(&mut peer).await?.into_command_result().await?;
            theirs.push(began.elapsed());
        }
        tx.commit().await?;
        peer.commit_transaction().await?;
        // The first round warms both.
        if round > 0 {
            figure.add(share(ours, 50), share(theirs, 50));
        }
    }
    Ok(figure)
}

/// How long the slowest of a hundred waits beside the middle one: whether anybody is left standing.
async fn pool(store: &Store, rounds: usize) -> anyhow::Result<Figure> {
    let mut figure = Figure::rate("store.pool_p99_vs_p50", "us");
    for round in 0..=rounds {
        let callers = (0..CALLERS).map(|_| {
            let store = store.clone();
            tokio::spawn(async move {
                let mut times = Vec::new();
                for number in 0..EACH {
                    let began = Instant::now();
                    let row = params!["id", "subject", number];
                    store.write("effect_add", row).await?;
                    times.push(began.elapsed());
                }
                anyhow::Ok(times)
            })
        });
        let mut all = Vec::new();
        for times in futures_util::future::join_all(callers).await {
            all.extend(times??);
        }
        if round > 0 {
            figure.add(share(all.clone(), 99), share(all, 50));
        }
    }
    Ok(figure)
}

/// The time that so many of a hundred stay below, in microseconds.
fn share(mut times: Vec<Duration>, percent: usize) -> f64 {
    times.sort();
    let at = (times.len() * percent / 100).min(times.len().saturating_sub(1));
    times
        .get(at)
        .map_or(f64::NAN, |time| time.as_secs_f64() * 1e6)
}
