//! A deployment where the vault makes the users of the broker: set up by infra/vault, with the real manifests and policies.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use dcp::bus::{Bus, Reaction, Subscriptions, Topology, connect_as, definitions};
use dcp::clock::{Clock as _, SystemClock};
use dcp::config::BusSettings;
use dcp::events::mvda::{Model, ModelFailed};
use dcp::events::{Actor, Event as _, wire_name};
use dcp::model::{Manifest, Zone};
use dcp::params;
use dcp::secrets::{Secrets as _, SecretsSettings};
use dcp::store::Tx;
use serde_json::json;

use crate::broker::Broker;
use crate::policies::{policies, root, run_set_up};
use crate::roles::open;
use crate::server::{Bao, eventually};
use crate::setup::{Running, chain, effects, store_in};

/// The manifests of the modules that the node of a zone hosts.
fn hosted(zone: Zone) -> Vec<Manifest> {
    let node = root().join(format!("{zone}-node")).join("node.toml");
    let settings: toml::Table = toml::from_str(&std::fs::read_to_string(node).unwrap()).unwrap();
    let modules = settings["module"].as_array().unwrap().iter();
    let file = |name: &str| root().join("modules").join(name).join("module.toml");
    modules
        .map(|module| file(module["name"].as_str().unwrap()))
        .map(|file| Manifest::parse(&std::fs::read_to_string(file).unwrap()).unwrap())
        .collect()
}

/// What `dcp topology plan --format definitions` writes for a zone, in a file.
fn plan(zone: Zone, folder: &Path) -> String {
    let (here, there) = (hosted(zone), hosted(zone.other()));
    let bridges: Vec<Manifest> = there
        .into_iter()
        .filter(|one| !one.bridge.brings_into(zone.other()).is_empty())
        .collect();
    let topology = here.iter().fold(Topology::default(), |topology, one| {
        topology
            .manifest(one, &["basel".to_owned()])
            .bridge_into(zone, one)
    });
    let topology = bridges
        .iter()
        .fold(topology, |topology, one| topology.bridge_out_of(zone, one));
    let users = [here, bridges].concat();
    let all = definitions(&topology, zone.as_str(), zone, &users);
    let file = folder.join(format!("{zone}.json"));
    std::fs::write(&file, all.to_string()).unwrap();
    file.display().to_string()
}

/// The queues of both zones on the broker, and the vault that makes its users, as docs/operations.md describes it.
fn deploy(bao: &Bao, broker: &Broker, lease: &str) -> SecretsSettings {
    let folder = bao.folder.path();
    let mut command = Command::new(root().join("infra/vault/setup"));
    command.arg("--secret-ids").arg(folder.join("ids"));
    command
        .arg("--rabbitmq")
        .arg(&broker.said["DCP_TEST_RABBITMQ_API"]);
    for zone in [Zone::Gxp, Zone::NonGxp] {
        let file = plan(zone, folder);
        command.arg("--definitions").arg(&file);
        // There is nobody yet to whom the broker could permit anything.
        let text = std::fs::read_to_string(&file).unwrap();
        let mut queues: serde_json::Value = serde_json::from_str(&text).unwrap();
        for users in ["permissions", "topic_permissions"] {
            queues.as_object_mut().unwrap().remove(users).unwrap();
        }
        let queues_file = format!("{file}.queues");
        std::fs::write(&queues_file, queues.to_string()).unwrap();
        broker.run(&["import_definitions", &queues_file]);
    }
    command
        .env("DCP_RABBITMQ_USER", "guest")
        .env("DCP_RABBITMQ_PASSWORD", "guest")
        .env("DCP_RABBITMQ_LEASE", lease);
    run_set_up(bao, &mut command);
    SecretsSettings {
        role_id: Some("{module}".into()),
        secret_id_file: Some(folder.join("ids/{module}").display().to_string()),
        ..bao.settings()
    }
}

/// The bus as a module of the controlled zone connects to it.
async fn bus_of(module: &str, broker: &Broker, settings: &SecretsSettings) -> Arc<dyn Bus> {
    let secrets = open(&settings.of_reader(module)).await.unwrap();
    let bus: BusSettings = serde_json::from_value(json!({
        "url": broker.url("gxp"),
        "user": format!("secret://dynamic/rabbitmq/creds/{module}#username"),
        "password": format!("secret://dynamic/rabbitmq/creds/{module}#password"),
    }))
    .unwrap();
    let connected = connect_as(
        &bus,
        Some(Arc::new(secrets)),
        Zone::Gxp,
        Arc::new(SystemClock),
    );
    connected.await.unwrap()
}

fn failed(id: &str) -> ModelFailed {
    ModelFailed {
        model: Model {
            id: id.to_owned(),
            name: "Dryer".to_owned(),
            version: 1,
            kind: "level".to_owned(),
        },
        site: "basel".to_owned(),
        unit: "Dryer 1".to_owned(),
        by: Actor {
            id: "u-1".to_owned(),
            name: "Ada".to_owned(),
        },
        at: SystemClock.now(),
        reason: "no batch".to_owned(),
        link: String::new(),
    }
}

async fn note(tx: &mut Tx<'_>, event: &ModelFailed) -> Result<(), Reaction> {
    tx.call("effect_add", params![event.model.id.as_str()])
        .await?;
    Ok(())
}

#[tokio::test]
async fn each_role_gets_users_of_its_own_and_those_of_nobody_else() {
    let test = "vault: users of each role";
    let (Some(bao), Some(broker)) = (Bao::start(test).await, Broker::start(test)) else {
        return;
    };
    let settings = deploy(&bao, &broker, "1h");
    let all = policies();
    for name in &all {
        let secrets = open(&settings.of_reader(name)).await.unwrap();
        for other in &all {
            let path = format!("dynamic/rabbitmq/creds/{other}");
            let read = secrets.read(&path).await.map_err(|error| chain(&error));
            assert_eq!(read.is_ok(), name == other, "{name} for {other}");
            let refused = read.err().unwrap_or_default();
            assert!(
                name == other || refused.contains("its policy does not let this role"),
                "{refused}"
            );
        }
    }
}

#[tokio::test]
async fn a_module_works_as_the_users_that_the_vault_makes_for_it_one_after_the_other() {
    let test = "vault: a module with users of the vault";
    let (Some(bao), Some(broker)) = (Bao::start(test).await, Broker::start(test)) else {
        return;
    };
    let settings = deploy(&bao, &broker, "15s");
    let folder = tempfile::tempdir().unwrap();
    let (mvda, framework) = (
        store_in(folder.path(), "mvda").await,
        store_in(folder.path(), "framework").await,
    );
    let reads = Running::start(
        &framework,
        &bus_of("framework", &broker, &settings).await,
        Subscriptions::default().on(note),
    )
    .await;
    let bus = bus_of("mvda", &broker, &settings).await;
    let publishes = Running::start(&mvda, &bus, Subscriptions::default()).await;
    let publish = async |id: &str| {
        let event = failed(id);
        let done = mvda.tx(async |tx| tx.publish(&event).await).await;
        done.unwrap();
    };
    publish("first").await;
    eventually("the event takes effect", async || {
        effects(&framework).await == ["first"]
    })
    .await;
    let before = broker.users_of_connections().await;
    eventually("all connections have other users", async || {
        let now = broker.users_of_connections().await;
        now.len() >= 3 && now.iter().all(|user| !before.contains(user))
    })
    .await;
    publish("second").await;
    eventually("the next event takes effect", async || {
        effects(&framework).await == ["first", "second"]
    })
    .await;
    // What is published as somebody else is refused to these users too.
    let forged = json!({
        "id": uuid::Uuid::now_v7(), "source": "mvda", "type": wire_name::<ModelFailed>(), "kind": "event",
        "key": failed("forged").key(), "time": SystemClock.now(), "data": failed("forged"),
    });
    let other = bus_of("calc", &broker, &settings).await;
    for _ in 0..2 {
        let forged = dcp::bus::Outgoing {
            to: dcp::bus::Destination::Topic,
            envelope: serde_json::from_value(forged.clone()).unwrap(),
        };
        let outcome = other.publish(&[forged]).await.remove(0);
        assert!(
            matches!(outcome, Err(dcp::bus::BusError::Unavailable(_))),
            "{outcome:?}"
        );
    }
    assert_eq!(effects(&framework).await, ["first", "second"]);
    publishes.stop().await;
    reads.stop().await;
}
