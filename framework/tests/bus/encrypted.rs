//! TLS to a real broker: who is trusted, and what an operator reads when it is not so.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use dcp::bus::{Bus, Subscriptions, Topology, connect_as};
use dcp::clock::SystemClock;
use dcp::config::BusSettings;
use dcp::events::wire_name;
use dcp::model::Zone;

use crate::setup::{
    Courier, Happened, Running, chain, ctl, effect, effects, event, eventually, publish,
};

/// The broker's port for TLS.
struct Encrypted {
    address: String,
    certificates: PathBuf,
    /// Keeps other tests from the broker.
    courier: Courier,
}

impl Encrypted {
    async fn broker(test: &str) -> Option<Self> {
        let courier = Courier::steered_rabbitmq(test).await?;
        let (Ok(address), Ok(certificates)) = (
            std::env::var("DCP_TEST_RABBITMQ_TLS"),
            std::env::var("DCP_TEST_RABBITMQ_CERTIFICATES"),
        ) else {
            eprintln!("SKIPPED: {test}: DCP_TEST_RABBITMQ_TLS is not set");
            return None;
        };
        Some(Self {
            address,
            certificates: certificates.into(),
            courier,
        })
    }

    fn file(&self, name: &str) -> PathBuf {
        self.certificates.join(name)
    }

    fn trusting(&self, ca: &str) -> BusSettings {
        BusSettings {
            ca: Some(self.file(ca)),
            ..BusSettings::at(&self.address)
        }
    }

    /// The server shows this certificate from now on.
    fn show(&self, certificate: &Path) {
        let shown = self.file("server.pem");
        std::fs::copy(certificate, shown).unwrap();
        ctl(&["eval", "ssl:clear_pem_cache()."]);
    }
}

async fn connected(settings: &BusSettings) -> Arc<dyn Bus> {
    connect_as(settings, None, Zone::Gxp, Arc::new(SystemClock))
        .await
        .unwrap()
}

/// What an operator reads.
async fn refusal(settings: &BusSettings) -> String {
    let bus = connected(settings).await;
    let topology = Topology::default().event("refused", &wire_name::<Happened>());
    let error = bus.declare(&topology).await.unwrap_err();
    bus.close().await;
    chain(&error)
}

#[tokio::test]
async fn messages_go_encrypted_and_the_broker_knows_the_certificate() {
    let Some(broker) = Encrypted::broker(module_path!()).await else {
        return;
    };
    let settings = BusSettings {
        certificate: Some(broker.file("client.pem")),
        key: Some(broker.file("client-key.pem")),
        ..broker.trusting("ca.pem")
    };
    let bus = connected(&settings).await;
    let store = broker.courier.store("a").await;
    let runs = Running::start(&store, &bus, Subscriptions::default().on(effect)).await;
    let happened = event();
    publish(&store, &happened).await;
    eventually("the event takes effect", async || {
        effects(&store).await == [happened.id.to_string()]
    })
    .await;
    let connections = ctl(&["list_connections", "-q", "ssl", "peer_cert_subject"]);
    let mine: Vec<_> = connections
        .lines()
        .filter(|line| line.starts_with("true"))
        .collect();
    assert_eq!(mine, ["true\tCN=module"; 2], "{connections}");
    runs.stop().await;
}

#[tokio::test]
async fn a_broker_that_is_not_who_it_should_be_is_refused_with_the_reason() {
    let Some(broker) = Encrypted::broker(module_path!()).await else {
        return;
    };
    let stranger = refusal(&broker.trusting("stranger.pem")).await;
    assert!(
        stranger.contains("has a certificate that is not signed by the CA in bus.ca"),
        "{stranger}"
    );
    let machine = refusal(&BusSettings::at(&broker.address)).await;
    assert!(
        machine.contains("not signed by a CA that this machine trusts"),
        "{machine}"
    );
    let renamed = BusSettings {
        url: broker.address.replace("localhost", "127.0.0.1"),
        ..broker.trusting("ca.pem")
    };
    let renamed = refusal(&renamed).await;
    assert!(
        renamed.contains("a certificate that is not for the name 127.0.0.1"),
        "{renamed}"
    );
    let valid = std::fs::read(broker.file("server.pem")).unwrap();
    broker.show(&broker.file("expired.pem"));
    let expired = refusal(&broker.trusting("ca.pem")).await;
    std::fs::write(broker.file("valid.pem"), valid).unwrap();
    broker.show(&broker.file("valid.pem"));
    assert!(
        expired.contains("has a certificate that has expired"),
        "{expired}"
    );
}

#[tokio::test]
async fn settings_that_cannot_work_are_named() {
    let Some(broker) = Encrypted::broker(module_path!()).await else {
        return;
    };
    let plain = std::env::var("DCP_TEST_RABBITMQ").unwrap();
    let trusting = broker.trusting("ca.pem");
    let at_plain = |scheme: &str| BusSettings {
        url: plain.replace("amqp://", scheme),
        ..trusting.clone()
    };
    let certificate = Some(broker.file("client.pem"));
    let half = BusSettings {
        certificate,
        ..trusting.clone()
    };
    for (settings, says) in [
        (at_plain("amqps://"), "is it the port for amqps?"),
        (at_plain("amqp://"), "are for amqps://"),
        (half, "bus.certificate and bus.key belong together"),
        (broker.trusting("none.pem"), "bus.ca cannot be read"),
        (broker.trusting("ca-key.pem"), "bus.ca holds no certificate"),
    ] {
        let said = refusal(&settings).await;
        assert!(said.contains(says), "{said}");
    }
}
