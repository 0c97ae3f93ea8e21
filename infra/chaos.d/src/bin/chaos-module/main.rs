//! A small module to be killed: a real process on the framework, with its own database, that takes its name and its queues from
//! the manifest it is deployed with. It writes changes that it is asked for over HTTP and records what reaches it.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use axum::extract::State;
use dcp::bus::Reaction;
use dcp::http::{Json, Problem, Routes};
use dcp::params;
use dcp::store::{Store, StoreError, Tx};
use dcp_chaos::{Changed, FAILS, FAILS_ONCE, NEVER, PANICS};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::routes;
use uuid::Uuid;

fn main() -> std::process::ExitCode {
    let manifest = std::fs::read_to_string("module.toml").unwrap_or_default();
    dcp::run(&manifest, async |start| {
        let store = start.store(dcp_chaos::FILES).await?;
        let module = start.routes(Routes::new(store).public(routes!(change)));
        Ok(if start.manifest().name.as_str() == dcp_chaos::WRITER {
            module
        } else {
            module.on(record)
        })
    })
}

/// Says which change is committed.
#[derive(Serialize, ToSchema)]
struct Committed {
    id: Uuid,
}

#[utoipa::path(post, path = "/api/chaos/changes", request_body = Changed, responses((status = 200, body = Committed)))]
async fn change(
    State(store): State<Store>,
    Json(change): Json<Changed>,
) -> Result<Json<Committed>, Problem> {
    let written: Result<(), StoreError> = store
        .tx(async |tx| {
            tx.call("change_add", row(&change)).await?;
            tx.call("record_add", params![change.id]).await?;
            tx.publish(&change).await
        })
        .await;
    written?;
    Ok(Json(Committed { id: change.id }))
}

#[expect(clippy::panic, reason = "shows that a reaction may panic")]
async fn record(tx: &mut Tx<'_>, change: &Changed) -> Result<(), Reaction> {
    tx.call("effect_add", row(change)).await?;
    tx.call("record_add", params![change.id]).await?;
    match change.note.as_str() {
        PANICS => panic!("as the message asked"),
        NEVER => Err(Reaction::never("as the message asked")),
        FAILS_ONCE if is_new(change.id) => Err(Reaction::later("as the message asked")),
        FAILS => Err(Reaction::later("as the message asked")),
        _ => Ok(()),
    }
}

/// Whether this process has not yet seen the change.
fn is_new(id: Uuid) -> bool {
    static SEEN: Mutex<BTreeSet<Uuid>> = Mutex::new(BTreeSet::new());
    SEEN.lock()
        .unwrap_or_else(PoisonError::into_inner)
        .insert(id)
}

fn row(change: &Changed) -> Vec<dcp::store::Value> {
    params![change.id, &change.subject, change.number]
}
