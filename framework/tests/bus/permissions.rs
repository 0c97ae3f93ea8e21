//! What the broker itself forbids a module, with the users and permissions of the definitions that `dcp topology` writes.

use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use dcp::bus::{Bus, BusError, Topology, connect, definitions};
use dcp::clock::SystemClock;
use dcp::events::wire_name;
use dcp::model::{Manifest, Zone};
use uuid::Uuid;

use crate::setup::{
    Courier, Happened, PATIENCE, Running, chain, effect, effects, event, outgoing, to_queue,
};

/// A virtual host of its own on the test broker, with a user for each module.
pub(crate) struct Deployed {
    zone: Zone,
    ctl: String,
    vhost: String,
    address: String,
    folder: tempfile::TempDir,
}

impl Deployed {
    fn new(topology: &Topology, modules: &[&str]) -> Option<Self> {
        let modules: Vec<Manifest> = modules.iter().map(|name| manifest(name)).collect();
        Self::of(Zone::Gxp, topology, &modules)
    }

    /// The virtual host of a zone as its definitions describe it.
    pub(crate) fn of(zone: Zone, topology: &Topology, modules: &[Manifest]) -> Option<Self> {
        let (Ok(address), Ok(ctl)) = (
            std::env::var("DCP_TEST_RABBITMQ"),
            std::env::var("DCP_TEST_RABBITMQ_CTL"),
        ) else {
            eprintln!(
                "SKIPPED: {}: DCP_TEST_RABBITMQ_CTL is not set",
                module_path!()
            );
            return None;
        };
        let vhost = format!("deployed-{}", Uuid::now_v7().simple());
        let host = address
            .split_once('@')
            .unwrap()
            .1
            .split_once('/')
            .unwrap()
            .0;
        let deployed = Self {
            zone,
            ctl,
            address: host.to_owned(),
            folder: tempfile::tempdir().unwrap(),
            vhost,
        };
        for module in modules.iter().map(|module| module.name.as_str()) {
            // It stands already where the broker has seen this test before.
            drop(
                Command::new(&deployed.ctl)
                    .args(["add_user", module, "-"])
                    .output(),
            );
            deployed.run(&["change_password", module, "a-password"]);
        }
        deployed.deploy(topology, modules);
        Some(deployed)
    }

    fn deploy(&self, topology: &Topology, modules: &[Manifest]) {
        let all = definitions(topology, &self.vhost, self.zone, modules);
        let file = self.folder.path().join("definitions.json");
        std::fs::write(&file, all.to_string()).unwrap();
        self.run(&["import_definitions", file.to_str().unwrap()]);
    }

    fn run(&self, arguments: &[&str]) {
        let done = Command::new(&self.ctl).args(arguments).output().unwrap();
        let said = String::from_utf8_lossy(&done.stderr);
        assert!(done.status.success(), "{arguments:?}: {said}");
    }

    pub(crate) async fn connect(&self, module: &str) -> Arc<dyn Bus> {
        let address = format!("amqp://{module}:a-password@{}/{}", self.address, self.vhost);
        connect(&address, self.zone, Arc::new(SystemClock))
            .await
            .unwrap()
    }
}

impl Drop for Deployed {
    fn drop(&mut self) {
        drop(
            Command::new(&self.ctl)
                .args(["delete_vhost", &self.vhost])
                .output(),
        );
    }
}

fn manifest(name: &str) -> Manifest {
    let text = format!(
        "name = {name:?}\nversion = \"1\"\nzone = \"gxp\"\nport = 1\ntitle = {{ en = \"A\", de = \"A\" }}"
    );
    Manifest::parse(&text).unwrap()
}

#[tokio::test]
async fn a_module_works_with_what_a_deployment_has_declared() {
    let courier = Courier::local();
    let module = courier.module("a");
    let topology = Topology::default()
        .ordered_event(&module, &wire_name::<Happened>())
        .notices_of(&module);
    let Some(broker) = Deployed::new(&topology, &["test", &module]) else {
        return;
    };
    let bus = broker.connect(&module).await;
    let store = courier.store("a").await;
    let reactions = dcp::bus::Subscriptions::default()
        .on(effect)
        .specified_by(&crate::order::ordered());
    let runs = Running::start(&store, &bus, reactions).await;
    let publisher = broker.connect("test").await;
    let happened = event();
    let sent = publisher.publish(&[outgoing(&happened)]).await;
    // The first message finds out that this user may declare nothing; whoever relays sends it again.
    let sent = if sent[0].is_err() {
        publisher.publish(&[outgoing(&happened)]).await
    } else {
        sent
    };
    assert!(sent[0].is_ok(), "{sent:?}");
    crate::setup::eventually("the event takes effect", async || {
        effects(&store).await == [happened.id.to_string()]
    })
    .await;
    runs.stop().await;
    publisher.close().await;
}

#[tokio::test]
async fn a_module_whose_queues_are_missing_says_so_until_they_are_there() {
    let courier = Courier::local();
    let module = courier.module("a");
    let without = Topology::default().notices_of(&module);
    let Some(broker) = Deployed::new(&without, &["test", &module]) else {
        return;
    };
    let bus = broker.connect(&module).await;
    let store = courier.store("a").await;
    let reactions = dcp::bus::Subscriptions::default()
        .on(effect)
        .specified_by(&crate::order::ordered());
    let runs = Running::begin(&store, &bus, reactions);
    let unread = runs.delivery.unread();
    crate::setup::eventually("what is missing is told", async || {
        unread.trouble().is_some_and(|told| {
            told.contains(&wire_name::<Happened>()) && told.contains("`dcp topology apply`")
        })
    })
    .await;
    let told = unread.trouble().unwrap_or_default();
    assert!(!told.contains('\n'), "{told}");
    let whole = without.ordered_event(&module, &wire_name::<Happened>());
    broker.deploy(&whole, &["test", &module].map(manifest));
    crate::setup::eventually("all is read", async || unread.trouble().is_none()).await;
    runs.stop().await;
}

/// Puts a message into the queue in which `victim` hears from its subscribers, as everybody may, and shows that `other` gets nothing
/// out of it and `victim` does.
pub(crate) async fn only_its_own_module_reads(broker: &Deployed, victim: &str, other: &str) {
    let bus = broker.connect(other).await;
    let queue = format!("q.{victim}.delivery");
    // The first message finds out that this user may declare nothing.
    crate::setup::eventually("the message is there", async || {
        bus.publish(&[to_queue(&queue, &event())]).await[0].is_ok()
    })
    .await;
    let mut refused = bus.subscribe(&queue, 1).await.unwrap();
    let read = tokio::time::timeout(Duration::from_millis(700), refused.recv()).await;
    assert!(
        !matches!(read, Ok(Some(_))),
        "{other} reads {queue}: {read:?}"
    );
    bus.close().await;
    let own = broker.connect(victim).await;
    let mut inbound = own.subscribe(&queue, 1).await.unwrap();
    let read = tokio::time::timeout(PATIENCE, inbound.recv()).await;
    assert!(
        matches!(read, Ok(Some(_))),
        "{victim} reads {queue}: {read:?}"
    );
    own.close().await;
}

#[tokio::test]
async fn a_module_can_neither_publish_as_another_nor_read_its_queues() {
    let courier = Courier::local();
    let module = courier.module("a");
    let topology = Topology::default()
        .event("victim", &wire_name::<Happened>())
        .notices_of("victim");
    let Some(broker) = Deployed::new(&topology, &["victim", &module]) else {
        return;
    };
    let bus = broker.connect(&module).await;
    for _ in 0..2 {
        let outcomes = bus.publish(&[outgoing(&event())]).await;
        assert!(
            matches!(outcomes[0], Err(BusError::Unavailable(_))),
            "{outcomes:?}"
        );
    }
    only_its_own_module_reads(&broker, "victim", &module).await;
    let error = bus
        .declare(&topology)
        .await
        .err()
        .map(|error| chain(&error));
    assert_eq!(error, None, "what it needs is there");
    let unknown = Topology::default().event("victim", "test.other.happened.v1");
    let error = chain(&bus.declare(&unknown).await.unwrap_err());
    assert!(
        error.contains("dcp topology apply") && error.contains("q.victim.test.other"),
        "{error}"
    );
    bus.close().await;
}
