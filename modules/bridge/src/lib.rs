//! The bridge between zones: the only way for an event of one zone into the other.
//!
//! It stands in the zone into which it brings. What may pass stands in its manifest, fits its contract, carries the zone it
//! comes from, and is recorded here for good. Deliberately absent: tasks, results, and any way back for what was brought.

use axum::extract::State;
use dcp::bus::{Envelope, Reaction};
use dcp::clock::Timestamp;
use dcp::config::BusSettings;
use dcp::http::{Json, Problem, Query, Routes, routes};
use dcp::model::{Permission, Zone};
use dcp::params;
use dcp::store::{Files, Store, Tx};
use dcp::{Module, Start};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// See what came from the other zone.
pub const READ: Permission = Permission::new("bridge.read");
const STORE: Files = dcp::store!();
/// Crossings of one page when the caller asks for nothing else, and at most.
const PAGE: u32 = 50;
const LARGEST_PAGE: u32 = 200;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Settings {
    /// The bus of the other zone, described as the own one is.
    other_bus: BusSettings,
}

/// Opens what the bridge needs and begins to bring what its manifest allows.
pub async fn start(start: Start) -> anyhow::Result<Module> {
    let Settings { other_bus } = start.settings()?;
    let store = start.store(STORE).await?;
    let other = start.other_bus(&other_bus).await?;
    let routes = Routes::new(store).allow(READ, routes!(list_crossings));
    Ok(start.routes(routes).bring(other, record))
}

async fn record(tx: &mut Tx<'_>, event: &Envelope) -> Result<(), Reaction> {
    let values = params![
        event.id,
        &event.name,
        event.key.as_str(),
        &event.source,
        event.zone.map(Zone::as_str),
        event.time,
        tx.now()
    ];
    tx.call("crossing_add", values).await?;
    Ok(())
}

/// An event that came from the other zone.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
struct Crossing {
    /// Its place among all crossings.
    seq: i64,
    /// The id of the event, the same in both zones.
    id: Uuid,
    /// Its type with the version.
    name: String,
    /// What it is about.
    key: String,
    /// The module that published it.
    source: String,
    /// The zone it came from.
    zone: Zone,
    /// When it was published there.
    #[schema(value_type = String, format = DateTime)]
    published_at: Timestamp,
    /// When it came.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
}

/// A page, newest first.
#[derive(Debug, Serialize, ToSchema)]
struct Crossings {
    items: Vec<Crossing>,
    /// Give it as `before` to get the next page; absent on the last one.
    next: Option<i64>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Page {
    /// `next` of the page before.
    before: Option<i64>,
    /// Items of the page, at most 200.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
}

/// What came from the other zone.
#[utoipa::path(get, path = "/api/bridge/crossings", tag = "crossings", params(Page),
    responses((status = 200, body = Crossings), (status = 422, body = Problem)))]
async fn list_crossings(
    State(store): State<Store>,
    Query(page): Query<Page>,
) -> Result<Json<Crossings>, Problem> {
    let limit = page.limit.unwrap_or(PAGE);
    if !(1..=LARGEST_PAGE).contains(&limit) {
        return Err(Problem::unprocessable("The page is not valid.")
            .part("limit", format!("Give 1 to {LARGEST_PAGE}.")));
    }
    let values = params![page.before.unwrap_or(i64::MAX), limit];
    let items: Vec<Crossing> = store.read("crossings_before", values).await?.all()?;
    let full = u32::try_from(items.len()).is_ok_and(|count| count == limit);
    let next = items.last().filter(|_| full).map(|last| last.seq);
    Ok(Json(Crossings { items, next }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documented_settings_are_those_of_the_code() {
        let kept = include_str!("../../../docs/configuration.md");
        assert!(dcp::config::is_documented::<Settings>("bridge", kept));
    }
}
