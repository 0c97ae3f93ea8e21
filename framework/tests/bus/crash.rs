//! A process that may die at any instruction: what was committed takes effect exactly once.

use std::collections::HashMap;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use dcp::bus::{Bus, Delivery, Local, Subscriptions, Topology};
use dcp::clock::SystemClock;
use dcp::events::wire_name;
use dcp::model::Zone;
use dcp::params;
use dcp::store::{Store, StoreError, Tx};
use tokio_util::sync::CancellationToken;

use crate::setup::{Courier, Happened, PATIENCE, event, store_in, to_queue};

/// How often the process is killed.
const KILLS: u32 = 40;
/// Names the folder to a process that is started to be killed.
const FOLDER: &str = "DCP_TEST_CRASH_FOLDER";
/// Said by the victim when it begins to publish.
const WORKING: &str = "working";
const BUS: &str = "DCP_TEST_CRASH_BUS";

#[tokio::test]
async fn killed_again_and_again_on_the_local_bus() {
    let courier = Courier::local();
    let address = format!("local:{}", courier.folder().join("bus.db").display());
    kill_again_and_again(courier.folder(), &address).await;
}

#[tokio::test]
async fn killed_again_and_again_on_rabbitmq() {
    let Some(courier) = Courier::rabbitmq("crash::killed_again_and_again_on_rabbitmq").await else {
        return;
    };
    let address = std::env::var("DCP_TEST_RABBITMQ").unwrap();
    kill_again_and_again(courier.folder(), &address).await;
}

/// Not a test of its own: the process that the tests above start and kill.
#[tokio::test]
async fn victim() {
    let (Ok(folder), Ok(bus)) = (std::env::var(FOLDER), std::env::var(BUS)) else {
        return;
    };
    let folder = PathBuf::from(folder);
    let (maker, _maker_runs) = run(&folder, &bus, "maker", Subscriptions::default()).await;
    let (_, _taker_runs) = run(&folder, &bus, "taker", reactions()).await;
    println!("{WORKING}");
    loop {
        let event = event();
        let made: Result<(), StoreError> = maker
            .tx(async |tx| {
                tx.call("made_add", params![event.id]).await?;
                tx.publish(&event).await
            })
            .await;
        made.unwrap();
    }
}

fn reactions() -> Subscriptions {
    Subscriptions::default().on(async |tx: &mut Tx<'_>, event: &Happened| {
        tx.call("effect_add", params![event.id]).await?;
        Ok(())
    })
}

/// One broker may serve several runs of this test: the folder makes the module's queues its own.
fn unique(folder: &Path, module: &str) -> String {
    let folder = folder.file_name().unwrap().to_str().unwrap();
    format!("{module}-{}", folder.trim_start_matches('.'))
}

async fn run(
    folder: &Path,
    bus: &str,
    module: &str,
    subscriptions: Subscriptions,
) -> (Store, Delivery) {
    let store = store_in(folder, &unique(folder, module)).await;
    let bus = dcp::bus::connect(bus, Zone::Gxp, Arc::new(SystemClock))
        .await
        .unwrap();
    let stop = CancellationToken::new();
    let runs = Delivery::start(
        store.clone(),
        bus,
        subscriptions,
        Arc::new(SystemClock),
        stop,
    )
    .unwrap();
    (store, runs)
}

fn start(folder: &Path, bus: &str) -> Child {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["--exact", "crash::victim", "--nocapture"])
        .env(FOLDER, folder)
        .env(BUS, bus);
    command
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// Waits until the victim is in the midst of its work.
fn wait_for_work(victim: &mut Child) {
    let lines = BufReader::new(victim.stdout.as_mut().unwrap()).lines();
    let mut lines = lines.map(Result::unwrap);
    assert!(
        lines.any(|line| line == WORKING),
        "the victim ended by itself"
    );
}

async fn kill_again_and_again(folder: &Path, bus: &str) {
    // Queues are there before anybody publishes, as a deployment sees to.
    let taker = unique(folder, "taker");
    let courier = dcp::bus::connect(bus, Zone::Gxp, Arc::new(SystemClock))
        .await
        .unwrap();
    courier
        .declare(&Topology::default().event(&taker, &wire_name::<Happened>()))
        .await
        .unwrap();
    courier.close().await;
    for kill in 0..KILLS {
        let mut victim = start(folder, bus);
        // Every fourth dies somewhere in its start, the others somewhere in their work.
        if kill % 4 > 0 {
            wait_for_work(&mut victim);
        }
        tokio::time::sleep(Duration::from_millis(u64::from(kill * 97 % 180))).await;
        assert!(
            victim.try_wait().unwrap().is_none(),
            "the victim ended by itself"
        );
        victim.kill().unwrap();
        victim.wait().unwrap();
    }
    let (maker, maker_runs) = run(folder, bus, "maker", Subscriptions::default()).await;
    let (taker, taker_runs) = run(folder, bus, "taker", reactions()).await;
    maker_runs.settle(Duration::from_secs(30)).await.unwrap();
    taker_runs.settle(Duration::from_secs(30)).await.unwrap();
    let made: Vec<String> = maker
        .read("made_all", params![])
        .await
        .unwrap()
        .all()
        .unwrap();
    let effects: Vec<String> = taker
        .read("effect_all", params![])
        .await
        .unwrap()
        .all()
        .unwrap();
    let mut counts: HashMap<&str, u32> = effects.iter().map(|id| (id.as_str(), 0)).collect();
    for id in &effects {
        *counts.entry(id).or_default() += 1;
    }
    let lost = made
        .iter()
        .filter(|id| !counts.contains_key(id.as_str()))
        .count();
    let doubled = counts.values().filter(|count| **count > 1).count();
    eprintln!(
        "{KILLS} kills, {} committed, {} effects, {lost} lost, {doubled} doubled",
        made.len(),
        effects.len()
    );
    assert_eq!((lost, doubled, effects.len()), (0, 0, made.len()));
    assert!(
        made.len() > 100,
        "the victims hardly worked: {}",
        made.len()
    );
}

/// A process that hangs lives, so only the end of the lease gives its messages to others.
#[test]
fn a_hanging_process_loses_its_messages_when_the_lease_ends() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("bus.db");
    let queue = "q.test.task.please.v1";
    let topology = Topology::default().task("test.please.v1", None);
    let connect = async || {
        let bus = Local::open(file.to_str().unwrap(), Zone::Gxp, Arc::new(SystemClock))
            .await
            .unwrap();
        bus.with_lease(Duration::from_millis(300))
    };
    let hanging = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let _held = hanging.block_on(async {
        let bus = connect().await;
        bus.declare(&topology).await.unwrap();
        bus.publish(&[to_queue(queue, &event())])
            .await
            .remove(0)
            .unwrap();
        let mut inbound = bus.subscribe(queue, 1).await.unwrap();
        (inbound.recv().await.unwrap(), inbound, bus)
    });
    // From here on nobody drives the first runtime: its dispatcher hangs.
    let other = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    other.block_on(async {
        let bus = connect().await;
        let mut inbound = bus.subscribe(queue, 1).await.unwrap();
        let delivered = tokio::time::timeout(PATIENCE, inbound.recv())
            .await
            .unwrap()
            .unwrap();
        assert_eq!(delivered.deliveries, 2);
    });
}
