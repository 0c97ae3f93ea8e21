//! A key that signs and never leaves the vault: whoever may sign signs, everybody verifies, and nobody signs while the vault is away.

use std::sync::Arc;
use std::time::Instant;

use dcp::identity::{PUBLIC_KEY, Signatory, Verifier};
use dcp::secrets::{Secrets, SecretsSettings};
use reqwest::Method;
use serde_json::json;

use crate::policies::{policies, set_up};
use crate::roles::open;
use crate::server::{Bao, eventually};

/// The settings with which a reader of a vault that is set up signs or verifies.
fn settings(bao: &Bao, name: &str) -> SecretsSettings {
    let settings = SecretsSettings {
        role_id: Some("{module}".into()),
        secret_id_file: Some(bao.folder.path().join("ids/{module}").display().to_string()),
        transit: Some("transit/dcp-identity".into()),
        ..bao.settings()
    };
    settings.of_reader(name)
}

async fn secrets_of(bao: &Bao, name: &str) -> Arc<dyn Secrets> {
    Arc::new(open(&settings(bao, name)).await.unwrap())
}

async fn verifier_of(bao: &Bao, name: &str) -> Verifier {
    let keys = secrets_of(bao, name).await.read(PUBLIC_KEY).await;
    Verifier::from_table(&keys.unwrap()).unwrap()
}

async fn begin(test: &str) -> Option<Bao> {
    let bao = Bao::start(test).await?;
    set_up(&bao, &bao.folder.path().join("ids"));
    Some(bao)
}

async fn rotate(bao: &Bao) {
    bao.call(Method::POST, "transit/keys/dcp-identity/rotate", json!({}))
        .await;
}

#[tokio::test]
async fn only_nodes_sign_and_everybody_verifies() {
    let Some(bao) = begin("vault: transit").await else {
        return;
    };
    let mut signers = Vec::new();
    for name in policies() {
        let secrets = secrets_of(&bao, &name).await;
        let signatory = Signatory::open(secrets).await.unwrap();
        match signatory.document(b"report").await {
            Ok(signature) => {
                for reader in policies() {
                    let verifier = verifier_of(&bao, &reader).await;
                    assert!(verifier.check_document(b"report", &signature).is_ok());
                    assert!(verifier.check_document(b"another", &signature).is_err());
                }
                signers.push(name);
            }
            Err(refused) => {
                let said = refused.to_string();
                let words = "its policy does not let this role sign with version 1 of transit/dcp-identity; see infra/vault/policies";
                assert!(said.ends_with(words), "{name}: {said}");
            }
        }
    }
    assert_eq!(signers, ["gxp-node", "nongxp-node"]);
}

#[tokio::test]
async fn no_role_takes_the_key_away_changes_it_or_signs_with_another() {
    let Some(bao) = begin("vault: the key stays").await else {
        return;
    };
    let other = json!({"type": "ed25519"});
    bao.call(Method::POST, "transit/keys/other", other).await;
    let input = json!({"input": "cmVwb3J0"});
    for name in policies() {
        let id = std::fs::read_to_string(bao.folder.path().join("ids").join(&name)).unwrap();
        let login = json!({"role_id": name, "secret_id": id.trim()});
        let granted = bao.call(Method::POST, "auth/approle/login", login).await;
        let token = granted["auth"]["client_token"].as_str().unwrap();
        for (method, path) in [
            (Method::GET, "transit/export/signing-key/dcp-identity"),
            (Method::GET, "transit/backup/dcp-identity"),
            (Method::POST, "transit/keys/dcp-identity/rotate"),
            (Method::POST, "transit/keys/dcp-identity/config"),
            (Method::DELETE, "transit/keys/dcp-identity"),
            (Method::POST, "transit/sign/other"),
            (Method::GET, "transit/keys?list=true"),
        ] {
            let (status, _) = bao.ask(token, method.clone(), path, input.clone()).await;
            assert_eq!(status, 403, "{name}: {method} {path}");
        }
    }
    let export = "transit/export/signing-key/dcp-identity";
    let (status, _) = bao
        .ask(&bao.root, Method::GET, export, serde_json::Value::Null)
        .await;
    assert_eq!(status, 400, "not even the administrator gets it");
}

#[tokio::test]
async fn a_start_after_a_rotation_signs_with_what_the_others_know() {
    let Some(bao) = begin("vault: transit, a start").await else {
        return;
    };
    let before = verifier_of(&bao, "mvda").await;
    rotate(&bao).await;
    let signatory = Signatory::open(secrets_of(&bao, "gxp-node").await)
        .await
        .unwrap();
    let signed = signatory.document(b"report").await.unwrap();
    assert!(before.check_document(b"report", &signed).is_ok());
    // What the version before has signed stays good until the vault no longer shows it.
    assert!(
        verifier_of(&bao, "mvda")
            .await
            .check_document(b"report", &signed)
            .is_ok()
    );
    let least = json!({"min_decryption_version": 2});
    bao.call(Method::POST, "transit/keys/dcp-identity/config", least)
        .await;
    let after = verifier_of(&bao, "mvda").await;
    assert!(after.check_document(b"report", &signed).is_err());
    let signatory = Signatory::open(secrets_of(&bao, "gxp-node").await)
        .await
        .unwrap();
    let signed = signatory.document(b"report").await.unwrap();
    assert!(after.check_document(b"report", &signed).is_ok());
}

#[tokio::test]
async fn nothing_is_signed_while_the_vault_is_sealed_and_everything_is_verified() {
    let Some(bao) = begin("vault: transit, sealed").await else {
        return;
    };
    let (secrets, verifier) = (
        secrets_of(&bao, "gxp-node").await,
        verifier_of(&bao, "mvda").await,
    );
    let signatory = Signatory::open(secrets.clone()).await.unwrap();
    let signed = signatory.document(b"report").await.unwrap();
    bao.seal().await;
    for _ in 0..3 {
        let asked = Instant::now();
        let refused = signatory.document(b"report").await.unwrap_err().to_string();
        assert!(
            refused.contains("it is sealed (503); unseal it"),
            "{refused}"
        );
        assert!(asked.elapsed().as_secs() < 3);
    }
    assert!(verifier.check_document(b"report", &signed).is_ok());
    // What was read is read on, so that a verifier that starts now has the keys too.
    assert!(secrets.read(PUBLIC_KEY).await.is_ok());
    bao.unseal().await;
    eventually("it signs again", async || {
        signatory.document(b"report").await.is_ok()
    })
    .await;
}

#[tokio::test]
async fn a_wrong_key_is_refused_at_the_start_in_words() {
    let Some(bao) = begin("vault: transit, a wrong key").await else {
        return;
    };
    let symmetric = json!({"type": "aes256-gcm96"});
    bao.call(Method::POST, "transit/keys/symmetric", symmetric)
        .await;
    let opened = async |transit: &str| {
        let settings = SecretsSettings {
            transit: Some(transit.to_owned()),
            ..bao.token_settings(&bao.root)
        };
        let secrets = open(&settings).await?;
        let opened = Signatory::open(Arc::new(secrets)).await;
        opened.map(drop).map_err(|error| error.to_string())
    };
    let said = opened("transit/symmetric").await.unwrap_err();
    assert!(said.contains("is not of the type ed25519"), "{said}");
    let said = opened("transit/nothing").await.unwrap_err();
    assert!(
        said.contains("there is no key transit/nothing; make it with infra/vault/setup"),
        "{said}"
    );
    let said = opened("nothing").await.unwrap_err();
    assert!(said.contains("must be <mount>/<name of the key>"), "{said}");
}

/// What a token costs beside a key in the process: printed, and bounded by what nobody notices at a sign-in.
#[tokio::test]
async fn a_signature_costs_one_round_trip() {
    let Some(bao) = begin("vault: transit, its cost").await else {
        return;
    };
    let secrets = secrets_of(&bao, "gxp-node").await;
    let mut spent = Vec::new();
    for _ in 0..300 {
        let asked = Instant::now();
        assert_eq!(secrets.sign(1, b"token").await.unwrap().len(), 64);
        spent.push(asked.elapsed());
    }
    spent.sort_unstable();
    let (half, most) = (spent[150], spent[297]);
    eprintln!("a signature of the vault: p50 {half:?}, p99 {most:?}");
    assert!(half.as_millis() < 100, "{half:?}");
}
