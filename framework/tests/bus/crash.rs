//! A process that may die at any instruction: what was committed takes effect exactly once.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use dcp::bus::{Delivery, Subscriptions};
use dcp::clock::SystemClock;
use dcp::params;
use dcp::store::{Store, StoreError, Tx};
use tokio_util::sync::CancellationToken;

use crate::setup::{Courier, Happened, event, store_in};

/// How often the process is killed.
const KILLS: u32 = 40;
/// Names the folder to a process that is started to be killed.
const FOLDER: &str = "DCP_TEST_CRASH_FOLDER";
const BUS: &str = "DCP_TEST_CRASH_BUS";

#[tokio::test]
async fn killed_again_and_again_on_the_local_bus() {
    let courier = Courier::local();
    let address = format!("local:{}", courier.folder().join("bus.db").display());
    kill_again_and_again(courier.folder(), &address).await;
}

#[tokio::test]
async fn killed_again_and_again_on_rabbitmq() {
    let Some(courier) = Courier::rabbitmq("crash::killed_again_and_again_on_rabbitmq").await else { return };
    let address = std::env::var("DCP_TEST_RABBITMQ").unwrap();
    kill_again_and_again(courier.folder(), &address).await;
}

/// Not a test of its own: the process that the tests above start and kill.
#[tokio::test]
async fn victim() {
    let (Ok(folder), Ok(bus)) = (std::env::var(FOLDER), std::env::var(BUS)) else { return };
    let folder = PathBuf::from(folder);
    let (maker, _maker_runs) = run(&folder, &bus, "maker", Subscriptions::default()).await;
    let (_, _taker_runs) = run(&folder, &bus, "taker", reactions()).await;
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

async fn run(folder: &Path, bus: &str, module: &str, subscriptions: Subscriptions) -> (Store, Delivery) {
    // One broker may serve several runs of this test: the folder makes the module's queues its own.
    let unique = format!("{module}-{}", folder.file_name().unwrap().to_str().unwrap().trim_start_matches('.'));
    let store = store_in(folder, &unique).await;
    let bus = dcp::bus::connect(bus, Arc::new(SystemClock)).await.unwrap();
    let stop = CancellationToken::new();
    let runs = Delivery::start(store.clone(), bus, subscriptions, Arc::new(SystemClock), stop).unwrap();
    (store, runs)
}

fn start(folder: &Path, bus: &str) -> Child {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "crash::victim", "--nocapture"]).env(FOLDER, folder).env(BUS, bus);
    command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

async fn kill_again_and_again(folder: &Path, bus: &str) {
    for kill in 0..KILLS {
        let mut victim = start(folder, bus);
        // From before its first statement to well into its work.
        tokio::time::sleep(Duration::from_millis(40 + u64::from(kill * 97 % 260))).await;
        assert!(victim.try_wait().unwrap().is_none(), "the victim ended by itself");
        victim.kill().unwrap();
        victim.wait().unwrap();
    }
    let (maker, maker_runs) = run(folder, bus, "maker", Subscriptions::default()).await;
    let (taker, taker_runs) = run(folder, bus, "taker", reactions()).await;
    maker_runs.settle(Duration::from_secs(30)).await.unwrap();
    taker_runs.settle(Duration::from_secs(30)).await.unwrap();
    let made: Vec<String> = maker.read("made_all", params![]).await.unwrap().all().unwrap();
    let effects: Vec<String> = taker.read("effect_all", params![]).await.unwrap().all().unwrap();
    let mut counts: HashMap<&str, u32> = effects.iter().map(|id| (id.as_str(), 0)).collect();
    effects.iter().for_each(|id| *counts.entry(id).or_default() += 1);
    let lost = made.iter().filter(|id| !counts.contains_key(id.as_str())).count();
    let doubled = counts.values().filter(|count| **count > 1).count();
    eprintln!("{KILLS} kills, {} committed, {} effects, {lost} lost, {doubled} doubled", made.len(), effects.len());
    assert_eq!((lost, doubled, effects.len()), (0, 0, made.len()));
    assert!(made.len() > 100, "the victims hardly worked: {}", made.len());
}
