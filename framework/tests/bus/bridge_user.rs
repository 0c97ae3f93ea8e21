//! A bridge with a user of its own in both zones: it may do what the definitions of the real modules grant it, and events pass.

use std::path::Path;
use std::sync::Arc;

use dcp::bus::{
    BusError, Crossing, Delivery, Destination, Envelope, Outgoing, Reaction, Subscriptions,
    Topology,
};
use dcp::clock::{Clock, SystemClock};
use dcp::events::saw::{Chart, ChartCalculated};
use dcp::events::{Actor, Event as _, wire_name};
use dcp::model::{Manifest, Zone};
use dcp::params;
use dcp::store::Tx;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::permissions::{Deployed, only_its_own_module_reads};
use crate::setup::{PATIENCE, Running, effects, eventually, store_in};

/// The manifest of a module of the platform.
fn manifest(name: &str) -> Manifest {
    let file = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../modules")
        .join(name)
        .join("module.toml");
    Manifest::parse(&std::fs::read_to_string(file).unwrap()).unwrap()
}

/// Both zones as `dcp topology plan` describes them: the free one with the workbench, the controlled one with the inbox of people.
struct Zones {
    free: Deployed,
    controlled: Deployed,
}

impl Zones {
    fn deploy() -> Option<Self> {
        let (bridge, saw, framework) = (manifest("bridge"), manifest("saw"), manifest("framework"));
        let free = Topology::default()
            .manifest(&saw, &[])
            .bridge_out_of(Zone::NonGxp, &bridge);
        let controlled = Topology::default()
            .manifest(&framework, &[])
            .manifest(&bridge, &[])
            .bridge_into(Zone::Gxp, &bridge);
        Some(Self {
            free: Deployed::of(Zone::NonGxp, &free, &[saw, bridge.clone()])?,
            controlled: Deployed::of(Zone::Gxp, &controlled, &[framework, bridge])?,
        })
    }
}

fn calculated(chart: &str) -> ChartCalculated {
    ChartCalculated {
        chart: Chart {
            id: chart.to_owned(),
            title: "Yield".to_owned(),
        },
        site: "basel".to_owned(),
        by: Actor {
            id: "u-1".to_owned(),
            name: "Ada".to_owned(),
        },
        at: SystemClock.now(),
        link: String::new(),
    }
}

async fn note(tx: &mut Tx<'_>, event: &ChartCalculated) -> Result<(), Reaction> {
    let from = tx.brought_from().map_or("here", Zone::as_str);
    let line = format!("{from} {}", event.chart.id);
    tx.call("effect_add", params![line]).await?;
    Ok(())
}

async fn bridge(zones: &Zones, folder: &Path, stop: &CancellationToken) -> Delivery {
    let events = vec![wire_name::<ChartCalculated>()];
    let record = async |tx: &mut Tx<'_>, event: &Envelope| {
        tx.call("effect_add", params![event.key.as_str()]).await?;
        Ok(())
    };
    let brings = Subscriptions::default().bring(&events, Zone::NonGxp, record);
    let crossing = Crossing {
        from: zones.free.connect("bridge").await,
        to: zones.controlled.connect("bridge").await,
        events,
    };
    let store = store_in(folder, "bridge").await;
    Delivery::bridge(store, crossing, brings, Arc::new(SystemClock), stop.clone()).unwrap()
}

#[tokio::test]
async fn an_event_passes_a_bridge_that_may_do_what_is_planned_for_it_and_no_more() {
    let Some(zones) = Zones::deploy() else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let stop = CancellationToken::new();
    let mut brings = bridge(&zones, folder.path(), &stop).await;
    let (reader, workbench) = (
        store_in(folder.path(), "framework").await,
        store_in(folder.path(), "saw").await,
    );
    let reactions = Subscriptions::default()
        .on(note)
        .specified_by(&manifest("framework").queues);
    let reads = Running::start(
        &reader,
        &zones.controlled.connect("framework").await,
        reactions,
    )
    .await;
    let free = zones.free.connect("saw").await;
    let publishes = Running::start(&workbench, &free, Subscriptions::default()).await;
    let charts: Vec<String> = (0..20).map(|number| format!("chart-{number}")).collect();
    for chart in &charts {
        let event = calculated(chart);
        let done = workbench.tx(async |tx| tx.publish(&event).await).await;
        done.unwrap();
    }
    eventually("everything has passed", async || {
        effects(&reader).await.len() >= charts.len()
    })
    .await;
    // Each publisher has heard of its subscriber what that has recorded: the workbench of the bridge, and the bridge of the reader.
    publishes.settle().await;
    brings.settle(PATIENCE).await.unwrap();
    reads.settle().await;
    let (mut taken, mut brought) = (effects(&reader).await, charts.clone());
    for chart in &mut brought {
        chart.insert_str(0, "nongxp ");
    }
    taken.sort();
    brought.sort();
    assert_eq!(taken, brought, "once each, with the label of its zone");
    stop.cancel();
    brings.stopped().await;
    publishes.stop().await;
    reads.stop().await;
}

#[tokio::test]
async fn a_bridge_can_publish_nothing_in_the_free_zone_and_there_read_nothing_but_what_it_takes() {
    let Some(zones) = Zones::deploy() else {
        return;
    };
    let event = calculated("forged");
    let document = serde_json::json!({
        "id": Uuid::now_v7(), "source": "saw", "type": wire_name::<ChartCalculated>(), "kind": "event", "key": event.key(),
        "time": SystemClock.now(), "data": event,
    });
    let forged = [Outgoing {
        to: Destination::Topic,
        envelope: serde_json::from_value(document).unwrap(),
    }];
    let free = zones.free.connect("bridge").await;
    // The first message finds out that this user may declare nothing, the second what it may publish.
    for _ in 0..2 {
        let outcome = free.publish(&forged).await.remove(0);
        assert!(
            matches!(outcome, Err(BusError::Unavailable(_))),
            "{outcome:?}"
        );
    }
    only_its_own_module_reads(&zones.free, "saw", "bridge").await;
    free.close().await;
}
