//! Users of a real broker that the vault makes for a module and takes away again.

use std::sync::Arc;

use dcp::bus::connect_as;
use dcp::clock::SystemClock;
use dcp::config::BusSettings;
use dcp::model::Zone;
use dcp::secrets::Secrets;
use reqwest::Method;
use serde_json::json;

use crate::broker::Broker;
use crate::roles::open;
use crate::server::{Bao, eventually};

const PATH: &str = "dynamic/rabbitmq/creds/mvda";

/// The engine `rabbitmq` for this broker, and the role `mvda` that may use it.
async fn set_up(bao: &Bao, broker: &Broker) {
    bao.call(
        Method::POST,
        "sys/mounts/rabbitmq",
        json!({"type": "rabbitmq"}),
    )
    .await;
    let connection = json!({
        "connection_uri": broker.said["DCP_TEST_RABBITMQ_API"], "username": "guest", "password": "guest",
    });
    bao.call(Method::POST, "rabbitmq/config/connection", connection)
        .await;
    let lease = json!({"ttl": 20, "max_ttl": 60});
    bao.call(Method::POST, "rabbitmq/config/lease", lease).await;
    let all = json!({"gxp": {"configure": ".*", "write": ".*", "read": ".*"}});
    let role = json!({"vhosts": all.to_string()});
    bao.call(Method::POST, "rabbitmq/roles/mvda", role).await;
    let policy = "path \"rabbitmq/creds/mvda\" { capabilities = [\"read\"] }";
    bao.call(
        Method::PUT,
        "sys/policies/acl/mvda",
        json!({"policy": policy}),
    )
    .await;
}

#[tokio::test]
async fn the_bus_changes_to_a_new_user_before_the_vault_takes_the_old_one_away() {
    let test = "vault: users of the broker";
    let Some(bao) = Bao::start(test).await else {
        return;
    };
    let Some(broker) = Broker::start(test) else {
        return;
    };
    let settings = bao.role("mvda", "1h", "2h").await;
    set_up(&bao, &broker).await;
    let secrets = Arc::new(open(&settings).await.unwrap());
    let (one, two) = tokio::join!(secrets.read(PATH), secrets.read(PATH));
    let first = one.unwrap()["username"].expose().clone();
    assert_eq!(
        &first,
        two.unwrap()["username"].expose(),
        "a pair belongs together"
    );
    let bus: BusSettings = serde_json::from_value(json!({
        "url": broker.url("gxp"),
        "user": format!("secret://{PATH}#username"),
        "password": format!("secret://{PATH}#password"),
    }))
    .unwrap();
    let held = connect_as(
        &bus,
        Some(secrets.clone()),
        Zone::Gxp,
        Arc::new(SystemClock),
    )
    .await;
    let held = held.unwrap();
    // Any question makes it connect; there is no such queue.
    assert!(held.depth("nobody").await.is_err());
    eventually("the first user has the connection", async || {
        broker.users_of_connections().await == [first.as_str()]
    })
    .await;
    eventually("another user has the connections", async || {
        let users = broker.users_of_connections().await;
        !users.is_empty() && users.iter().all(|user| *user != first)
    })
    .await;
    eventually("the first user is gone", async || {
        broker
            .ask("users")
            .await
            .iter()
            .all(|user| user["name"] != first.as_str())
    })
    .await;
    eventually("a connection stands", async || {
        !broker.users_of_connections().await.is_empty()
    })
    .await;
}
