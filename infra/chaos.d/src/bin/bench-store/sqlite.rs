//! The store on SQLite: how many simple procedures a second, and how long a module waits for its database at the start.

use std::time::Instant;

use dcp::params;
use dcp_chaos::figure::{Figure, Stopwatch};

use super::store;

/// Calls of one round.
const CALLS: usize = 50_000;
/// Calls of one transaction.
const AT_ONCE: usize = 100;
/// Openings of one round.
const OPENINGS: usize = 20;
/// What opening may take, in milliseconds.
const GOAL_MS: f64 = 50.0;

/// Simple procedures, one after the other; the peer is rusqlite with a prepared statement on this thread.
pub(crate) async fn calls(rounds: usize) -> anyhow::Result<Figure> {
    let folder = tempfile::tempdir()?;
    let path = |name: &str| folder.path().join(name);
    let ours = store(&format!("sqlite:{}", path("ours.db").display())).await?;
    drop(store(&format!("sqlite:{}", path("peer.db").display())).await?);
    let peer = rusqlite::Connection::open(path("peer.db"))?;
    peer.execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL")?;
    let mut figure = Figure::rate("store.sqlite_calls", "1/s");
    for round in 0..=rounds {
        let watch = Stopwatch::start();
        for _ in 0..CALLS / AT_ONCE {
            let mut tx = ours.begin().await?;
            for number in 0..AT_ONCE {
                tx.call("effect_add", params!["id", "subject", number])
                    .await?;
            }
            tx.commit().await?;
        }
        let mine = watch.stop(CALLS);
        let watch = Stopwatch::start();
        for _ in 0..CALLS / AT_ONCE {
            peer.execute_batch("BEGIN IMMEDIATE")?;
            for number in 0..AT_ONCE {
                let mut prepared = peer.prepare_cached(
                    "INSERT INTO effect (id, subject, number) VALUES (?1, ?2, ?3)",
                )?;
                prepared.execute(("id", "subject", i64::try_from(number)?))?;
            }
            peer.execute_batch("COMMIT")?;
        }
        let theirs = watch.stop(CALLS);
        // The first round warms the caches of both.
        if round > 0 {
            figure.add(mine.rate(), theirs.rate());
        }
    }
    Ok(figure)
}

/// Opening a migrated database until its first answer; the peer is the goal.
pub(crate) async fn open(rounds: usize) -> anyhow::Result<Figure> {
    let folder = tempfile::tempdir()?;
    let address = format!("sqlite:{}", folder.path().join("open.db").display());
    drop(store(&address).await?);
    let mut figure = Figure::rate("store.open_ms", "ms");
    for _ in 0..rounds {
        let began = Instant::now();
        for _ in 0..OPENINGS {
            store(&address)
                .await?
                .read("dcp_migrations", params![])
                .await?;
        }
        let took = began.elapsed().as_secs_f64() * 1000.0;
        figure.add(took / f64::from(u32::try_from(OPENINGS)?), GOAL_MS);
    }
    Ok(figure)
}
