//! Another module asks over the bus: publish, call, progress, outcome, once.

use crate::support::Engine;
use dcp::bus::{Delivery, Subscriptions, Topology, connect};
use dcp::calc::{Script, publish_scripts, request};
use dcp::clock::{Ids, SystemClock};
use dcp::events::Actor;
use dcp::events::calc::{
    Call, CallFinished, CallProgressed, Outcome, ResultDeviated, ScriptPublished,
};
use dcp::store::{Files, Store, Tx, include_dir::Dir};
use serde_json::{Map, Value, json};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

const SCRIPT: Script = Script {
    name: "steps",
    source: "steps <- function(n) { for (i in 1:n) { progress(i / n, paste('step', i)); Sys.sleep(0.1) }; n }\n\
             bad <- function() stop('no')\nasleep <- function() Sys.sleep(60)\n",
};

/// A module without tables of its own.
const NO_SQL: Files = {
    static NOTHING: Dir<'static> = Dir::new("", &[]);
    Files {
        owner: "asker",
        sqlite: &NOTHING,
        mssql: &NOTHING,
    }
};

#[derive(Debug)]
enum Heard {
    Published(ScriptPublished),
    Progressed(CallProgressed),
    Finished(CallFinished),
    Deviated(ResultDeviated),
}

/// A module that asks: its own store, the same bus.
pub(crate) struct Asker {
    store: Store,
    heard: mpsc::UnboundedReceiver<Heard>,
    stop: CancellationToken,
    _delivery: Delivery,
}

impl Asker {
    /// Publishes its script and waits until that is done.
    pub(crate) async fn publish_steps(mut self) {
        publish_scripts(&self.store, &[SCRIPT]).await.unwrap();
        assert!(matches!(self.next().await, Heard::Published(_)));
    }

    /// The next deviation it hears of.
    pub(crate) async fn deviation(&mut self) -> ResultDeviated {
        loop {
            if let Heard::Deviated(event) = self.next().await {
                return event;
            }
        }
    }

    pub(crate) async fn beside(engine: &Engine) -> Self {
        let clock = Arc::new(SystemClock);
        let place = engine.folder().display();
        let store = Store::open(
            "asker",
            &format!("sqlite:{place}/asker.db"),
            NO_SQL,
            clock.clone(),
            Ids::random(),
        )
        .await
        .unwrap();
        let bus = connect(
            &format!("local:{place}/bus.db"),
            engine.zone(),
            clock.clone(),
        )
        .await
        .unwrap();
        let (tell, heard) = mpsc::unbounded_channel();
        let (published, progressed, finished, deviated) =
            (tell.clone(), tell.clone(), tell.clone(), tell);
        let subscriptions = Subscriptions::default()
            .on(async move |_: &mut Tx<'_>, event: &ScriptPublished| {
                published.send(Heard::Published(event.clone())).unwrap();
                Ok(())
            })
            .on(async move |_: &mut Tx<'_>, event: &CallProgressed| {
                progressed.send(Heard::Progressed(event.clone())).unwrap();
                Ok(())
            })
            .on(async move |_: &mut Tx<'_>, event: &CallFinished| {
                finished.send(Heard::Finished(event.clone())).unwrap();
                Ok(())
            })
            .on(async move |_: &mut Tx<'_>, event: &ResultDeviated| {
                deviated.send(Heard::Deviated(event.clone())).unwrap();
                Ok(())
            });
        // As a node does before its modules start: what is told before there is a queue reaches nobody.
        let topology = Topology::of("asker", &subscriptions);
        bus.declare(&topology).await.unwrap();
        let stop = CancellationToken::new();
        let delivery =
            Delivery::start(store.clone(), bus, subscriptions, clock, stop.clone()).unwrap();
        Self {
            store,
            heard,
            stop,
            _delivery: delivery,
        }
    }

    async fn next(&mut self) -> Heard {
        tokio::time::timeout(Duration::from_secs(30), self.heard.recv())
            .await
            .expect("nothing was heard")
            .unwrap()
    }

    async fn ask(&self, id: &str, function: &str, args: Value) {
        let call = Call {
            call_id: id.into(),
            script: "steps".into(),
            function: function.into(),
            args: args.as_object().cloned().unwrap_or_else(Map::new),
            requested_by: Actor {
                id: "u-1".into(),
                name: "Ada".into(),
            },
            site: "basel".into(),
            reply_to: "asker".into(),
            deadline: None,
        };
        self.store
            .tx(async |tx| request(tx, &call).await)
            .await
            .unwrap();
    }

    /// The outcome of the call and the progress told before it.
    async fn outcome(&mut self, id: &str) -> (Outcome, Vec<f64>) {
        let mut progress = Vec::new();
        loop {
            match self.next().await {
                Heard::Progressed(event) if event.call_id == id => progress.push(event.fraction),
                Heard::Finished(event) if event.call_id == id => return (event.outcome, progress),
                _ => {}
            }
        }
    }
}

impl Drop for Asker {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

#[tokio::test]
async fn a_module_publishes_and_calls_over_the_bus_and_hears_the_outcome_once() {
    let engine = Engine::start_validated().await;
    let mut asker = Asker::beside(&engine).await;
    publish_scripts(&asker.store, &[SCRIPT]).await.unwrap();
    let Heard::Published(published) = asker.next().await else {
        panic!("a script was to be published first")
    };
    assert_eq!(
        (published.name.as_str(), published.version.clone()),
        ("steps", SCRIPT.version())
    );

    asker.ask("c-1", "steps", json!({ "n": 10 })).await;
    let (outcome, progress) = asker.outcome("c-1").await;
    let Outcome::Ok(calculated) = outcome else {
        panic!("{outcome:?}")
    };
    // A second of work, told at most four times a second.
    assert!((2..=6).contains(&progress.len()), "{progress:?}");
    assert!(progress.is_sorted(), "{progress:?}");
    assert_eq!(
        engine
            .get(&format!("/results/{}", calculated.result_key))
            .await
            .text,
        "10"
    );
    assert_eq!(
        (calculated.script_version, calculated.node.as_str()),
        (SCRIPT.version(), "test-node")
    );

    // The same call again: answered from its record. Progress of the first may still come, which has a queue of its own.
    asker.ask("c-1", "steps", json!({ "n": 10 })).await;
    let (again, _) = asker.outcome("c-1").await;
    let Outcome::Ok(again) = again else {
        panic!("{again:?}")
    };
    assert_eq!(
        (again.result_key, again.duration_ms),
        (calculated.result_key, calculated.duration_ms)
    );
}

#[tokio::test]
async fn a_call_that_fails_or_is_cancelled_says_so() {
    let engine = Engine::start_validated().await;
    let mut asker = Asker::beside(&engine).await;
    publish_scripts(&asker.store, &[SCRIPT]).await.unwrap();
    asker.next().await;
    for (id, function, kind) in [
        ("c-2", "bad", "r-error"),
        ("c-3", "nope", "unknown-function"),
    ] {
        asker.ask(id, function, json!({})).await;
        let (Outcome::Error(failed), _) = asker.outcome(id).await else {
            panic!("{function} gave a value")
        };
        assert_eq!(failed.kind, kind, "{failed:?}");
    }
    asker.ask("c-4", "asleep", json!({})).await;
    while engine
        .send(engine.request("DELETE", "/calls/c-4"))
        .await
        .status
        != 202
    {}
    let (Outcome::Error(failed), _) = asker.outcome("c-4").await else {
        panic!("it was cancelled")
    };
    assert_eq!(failed.kind, "cancelled");
}

/// Which of two engines works on a call, once one does.
async fn at_work(engines: [&Engine; 2], id: &str) -> usize {
    let since = std::time::Instant::now();
    loop {
        for (index, engine) in engines.into_iter().enumerate() {
            let call = engine.get(&format!("/calls/{id}")).await;
            if call.status == 200 && call.json()["progress"]["fraction"].is_number() {
                return index;
            }
        }
        assert!(
            since.elapsed() < Duration::from_secs(30),
            "nobody works on {id}"
        );
    }
}

#[tokio::test]
async fn a_call_whose_engine_is_killed_is_done_by_another_and_has_one_result() {
    let mut first = Engine::start_validated().await;
    let mut second = first.beside().await;
    let mut asker = Asker::beside(&first).await;
    publish_scripts(&asker.store, &[SCRIPT]).await.unwrap();
    while !matches!(asker.next().await, Heard::Published(_)) {}
    asker.ask("c-9", "steps", json!({ "n": 30 })).await;
    let survivor = if at_work([&first, &second], "c-9").await == 0 {
        first.kill();
        &second
    } else {
        second.kill();
        &first
    };
    let (outcome, _) = asker.outcome("c-9").await;
    let Outcome::Ok(calculated) = outcome else {
        panic!("{outcome:?}")
    };
    let result = format!("/results/{}", calculated.result_key);
    assert_eq!(survivor.get(&result).await.text, "30");
    // One that comes after it is heard after it, so that a second outcome of the first would be among what is heard until then.
    asker.ask("c-10", "steps", json!({ "n": 1 })).await;
    loop {
        match asker.next().await {
            Heard::Finished(event) if event.call_id == "c-10" => break,
            Heard::Finished(event) => panic!("{} was told twice", event.call_id),
            _ => {}
        }
    }
    let made = survivor.get(&format!("{result}/lineage")).await.json();
    let ids: Vec<&Value> = made["made_by"]
        .as_array()
        .unwrap()
        .iter()
        .map(|call| &call["id"])
        .collect();
    assert_eq!(ids, [&json!("c-9")]);
}
