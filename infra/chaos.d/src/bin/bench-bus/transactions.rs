//! `store.transactional`: transactions a second on SQLite, one after the other.
//!
//! Half of them write a business row and publish (a change with its outbox row), half write an inbox row and an effect.
//! Ours goes through `Store`, `Tx` and procedures. The peer runs the same statements, prepared once, on rusqlite with the
//! same settings on its own thread, with the texts of the messages made beforehand.

use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use dcp::clock::{Ids, SystemClock};
use dcp::events::wire_name;
use dcp::params;
use dcp::store::{Catalog, FRAMEWORK, Store, StoreError, time_text};
use dcp_chaos::{Changed, FILES, now};
use rusqlite::{Connection, named_params};
use uuid::Uuid;

use crate::messages::{MODULE, envelope, event};
use dcp_chaos::figure::{Figure, Stopwatch};

/// Transactions of each kind in one round.
const TRANSACTIONS: usize = 5_000;
const SUBSCRIBER: &str = "q.bench.chaos.thing.changed.v1";

/// Rates of both.
pub(crate) async fn measure(rounds: usize) -> anyhow::Result<Figure> {
    let mut figure = Figure::rate("store.transactional", "1/s");
    for round in 0..=rounds {
        let folder = tempfile::tempdir()?;
        let ours = ours(folder.path()).await?;
        let file = folder.path().join("peer.db");
        // Makes the tables; what it keeps open is idle meanwhile.
        open(&file).await?;
        let peer = tokio::task::spawn_blocking(move || peer(&file)).await??;
        if round > 0 {
            figure.add(ours, peer);
        }
    }
    Ok(figure)
}

/// The store of a file.
pub(crate) async fn open(file: &Path) -> anyhow::Result<Store> {
    let address = format!("sqlite:{}", file.display());
    let (clock, ids) = (Arc::new(SystemClock), Ids::random());
    Ok(Store::open(MODULE, &address, FILES, clock, ids).await?)
}

async fn ours(folder: &Path) -> anyhow::Result<f64> {
    let store = open(&folder.join("ours.db")).await?;
    let watch = Stopwatch::start();
    for _ in 0..TRANSACTIONS {
        let event = event();
        let changed: Result<(), StoreError> = store
            .tx(async |tx| {
                tx.call("change_add", row(&event)).await?;
                tx.publish(&event).await
            })
            .await;
        changed?;
        let taken: Result<(), StoreError> = store
            .tx(async |tx| {
                let recorded = params![SUBSCRIBER, event.id, tx.now()];
                tx.call("dcp_inbox_add", recorded).await?;
                tx.call("effect_add", row(&event)).await?;
                Ok(())
            })
            .await;
        taken?;
    }
    Ok(watch.stop(2 * TRANSACTIONS).rate())
}

fn row(event: &Changed) -> Vec<dcp::store::Value> {
    params![event.id, &event.subject, event.number]
}

fn peer(file: &Path) -> anyhow::Result<f64> {
    let connection = Connection::open(file)?;
    connection.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON; PRAGMA cache_size = -1024;",
    )?;
    let catalog = Catalog::read(&[FRAMEWORK, FILES])?;
    let statement = |name: &str| -> anyhow::Result<String> {
        let procedure = catalog.get(name)?;
        procedure.statements.first().cloned().context("a statement")
    };
    let (change, effect) = (statement("change_add")?, statement("effect_add")?);
    let (outbox, inbox) = (statement("dcp_outbox_add")?, statement("dcp_inbox_add")?);
    let ready: Vec<_> = (0..TRANSACTIONS)
        .map(|_| {
            let event = event();
            let text = serde_json::to_string(&envelope(&event)).unwrap_or_default();
            (event, Uuid::now_v7().to_string(), text)
        })
        .collect();
    let watch = Stopwatch::start();
    for (event, message, text) in &ready {
        let now = time_text(now());
        let id = event.id.to_string();
        let number = i64::try_from(event.number)?;
        let row = named_params! { ":id": id, ":subject": event.subject, ":number": number };
        connection.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
        connection.prepare_cached(&change)?.execute(row)?;
        let sent = named_params! { ":id": message, ":destination": "topic", ":name": wire_name::<Changed>(), ":message_key": event.subject, ":envelope": text, ":now": now };
        connection.prepare_cached(&outbox)?.execute(sent)?;
        connection.prepare_cached("COMMIT")?.execute([])?;
        connection.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
        let taken =
            named_params! { ":subscriber": SUBSCRIBER, ":message_id": message, ":now": now };
        connection.prepare_cached(&inbox)?.execute(taken)?;
        connection.prepare_cached(&effect)?.execute(row)?;
        connection.prepare_cached("COMMIT")?.execute([])?;
    }
    Ok(watch.stop(2 * TRANSACTIONS).rate())
}
