//! A node whose key never leaves the vault: it changes under constant sign-ins, and without the vault nobody new is let in.

use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use dcp::clock::{Clock as _, SystemClock};
use dcp::identity::{PUBLIC_KEY, Verifier};
use dcp::secrets::{Secrets as _, SecretsSettings};
use reqwest::Method;
use serde_json::{Value, json};

use crate::platform::Platform;
use crate::roles::open;
use crate::server::Bao;

const CLIENTS: usize = 4;

/// A vault that is set up, with roles for the modules of a test.
async fn vault(test: &str) -> Option<Bao> {
    let bao = Bao::start(test).await?;
    let done = Command::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../infra/vault/setup"))
        .arg("--secret-ids")
        .arg(bao.folder.path())
        .env("DCP_VAULT_ADDR", &bao.address)
        .env("DCP_VAULT_TOKEN", &bao.root)
        .output()
        .unwrap();
    assert!(done.status.success(), "{done:?}");
    for name in ["probe", "hidden"] {
        bao.role(name, "1h", "1h").await;
        let policy =
            json!({"policy": "path \"transit/keys/dcp-identity\" { capabilities = [\"read\"] }"});
        bao.call(Method::PUT, &format!("sys/policies/acl/{name}"), policy)
            .await;
    }
    bao.put("edge", json!({"key": "edge-key"})).await;
    Some(bao)
}

async fn node(bao: &Bao) -> Platform {
    let secrets = format!(
        "[secrets]\nurl = \"vault:{}/dcp\"\ntransit = \"transit/dcp-identity\"\nrole_id = \"{{module}}\"\nsecret_id_file = \"{}/{{module}}\"\n",
        bao.address,
        bao.folder.path().display()
    );
    let platform = Platform::begin(|text| {
        let (before, rest) = text.split_once("[secrets]\n").unwrap();
        let (_, after) = rest.split_once('\n').unwrap();
        format!("{before}{secrets}{after}")
    });
    platform.until("ready", Platform::is_ready).await;
    platform
}

/// A caller nobody has seen before, who needs a token of its own: the answer's status, and what it says.
pub(crate) async fn newcomer(platform: &Platform) -> (u16, Value) {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let credential = format!("dcp_analyst-{}", NEXT.fetch_add(1, Ordering::Relaxed));
    let asked = platform.http.get(platform.url("/api/probe/show"));
    let asked = asked.bearer_auth(credential).send().await.unwrap();
    (asked.status().as_u16(), asked.json().await.unwrap())
}

/// The signed token that a module gets for a newcomer.
async fn token(platform: &Platform) -> String {
    let (status, seen) = newcomer(platform).await;
    assert_eq!(status, 200, "{seen}");
    let header = seen["headers"]["authorization"].as_str().unwrap();
    header.strip_prefix("Bearer ").unwrap().to_owned()
}

async fn believed(platform: &Platform, token: &str) -> u16 {
    let asked = platform.http.get(platform.url("/api/probe/who"));
    let answer = asked.bearer_auth(token).send().await.unwrap();
    answer.status().as_u16()
}

/// Whether that version of the key has signed.
async fn is_of_version(bao: &Bao, token: &str, version: &str) -> bool {
    let settings = SecretsSettings {
        transit: Some("transit/dcp-identity".into()),
        ..bao.token_settings(&bao.root)
    };
    let keys = open(&settings).await.unwrap().read(PUBLIC_KEY).await;
    let keys = keys.unwrap();
    let key = Verifier::from_pem(keys[version].expose()).unwrap();
    key.verify(token, SystemClock.now()).is_ok()
}

async fn rotate(bao: &Bao) {
    bao.call(Method::POST, "transit/keys/dcp-identity/rotate", json!({}))
        .await;
}

#[derive(Default)]
struct Seen {
    good: AtomicUsize,
    stop: AtomicBool,
}

async fn sign_in_constantly(platform: Arc<Platform>, seen: Arc<Seen>) {
    while !seen.stop.load(Ordering::SeqCst) {
        let token = token(&platform).await;
        // What another edge has signed is verified by this one and by the module.
        assert_eq!(believed(&platform, &token).await, 200);
        seen.good.fetch_add(1, Ordering::SeqCst);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_key_changes_under_constant_sign_ins_and_no_request_fails() {
    let Some(bao) = vault("node: the key of the vault changes").await else {
        return;
    };
    let (platform, seen) = (Arc::new(node(&bao).await), Arc::new(Seen::default()));
    let before = token(&platform).await;
    assert!(is_of_version(&bao, &before, "1").await);
    let clients: Vec<_> = (0..CLIENTS)
        .map(|_| tokio::spawn(sign_in_constantly(platform.clone(), seen.clone())))
        .collect();
    rotate(&bao).await;
    platform
        .until("signed with the new version", async |platform| {
            let token = token(platform).await;
            is_of_version(&bao, &token, "2").await
        })
        .await;
    let made = seen.good.load(Ordering::SeqCst);
    assert_eq!(
        believed(&platform, &before).await,
        200,
        "an old token is good until it ends"
    );
    platform
        .until("signed on", async |_| {
            seen.good.load(Ordering::SeqCst) > made + 50
        })
        .await;
    seen.stop.store(true, Ordering::SeqCst);
    for client in clients {
        client.await.unwrap();
    }
    let good = seen.good.load(Ordering::SeqCst);
    eprintln!("{good} sign-ins, 0 refused, while the key changed");
    assert!(good > 100, "{good}");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_vault_nobody_new_is_let_in_and_whoever_is_in_goes_on() {
    let Some(bao) = vault("node: the vault that signs is sealed").await else {
        return;
    };
    let platform = node(&bao).await;
    let token = token(&platform).await;
    bao.seal().await;
    let (status, problem) = newcomer(&platform).await;
    assert_eq!(
        (status, &problem["title"]),
        (503, &json!("The node cannot sign who is calling")),
        "{problem}"
    );
    assert!(!problem.to_string().contains(&bao.address), "{problem}");
    assert_eq!(believed(&platform, &token).await, 200);
    assert_eq!(platform.get("/api/probe/ping").await.unwrap().status(), 200);
    let log = std::fs::read_to_string(platform.home().join("node.log")).unwrap();
    assert!(
        log.contains("nobody is let in until the provider signs again")
            && log.contains("it is sealed (503); unseal it: bao operator unseal"),
        "{log}"
    );
    bao.unseal().await;
    platform
        .until("signing again", async |platform| {
            newcomer(platform).await.0 == 200
        })
        .await;
}
