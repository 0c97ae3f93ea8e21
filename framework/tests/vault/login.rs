//! How a process gets in, and in again.

use dcp::secrets::{SecretsSettings, get};
use reqwest::Method;
use serde_json::{Value, json};

use crate::roles::{open, password};
use crate::server::{Bao, CANARY, eventually};

#[tokio::test]
async fn a_role_reads_with_a_secret_id_that_may_be_rotated() {
    let Some(bao) = Bao::start("vault: a role").await else {
        return;
    };
    let settings = bao.role("mvda", "2s", "4s").await;
    let secrets = open(&settings).await.unwrap();
    assert_eq!(password(&secrets).await.unwrap(), CANARY);
    // A new secret id in the file; the old ones open nothing any more.
    let fresh = bao.secret_id("mvda").await;
    let file = settings.secret_id_file.as_ref().unwrap();
    let old = json!({"secret_id": std::fs::read_to_string(file).unwrap()});
    bao.call(
        Method::POST,
        "auth/approle/role/mvda/secret-id/destroy",
        old,
    )
    .await;
    std::fs::write(file, fresh).unwrap();
    let before = bao.granted("auth/approle/login");
    eventually("a login with the new secret id", async || {
        assert_eq!(password(&secrets).await.unwrap(), CANARY);
        bao.granted("auth/approle/login") > before
    })
    .await;
}

#[tokio::test]
async fn a_changed_secret_is_read_without_a_restart_and_a_missing_one_is_named() {
    let Some(bao) = Bao::start("vault: a changed secret").await else {
        return;
    };
    let secrets = open(&bao.role("mvda", "1h", "2h").await).await.unwrap();
    assert_eq!(password(&secrets).await.unwrap(), CANARY);
    bao.put("pi/dryers", json!({"password": "changed"})).await;
    assert_eq!(password(&secrets).await.unwrap(), "changed");
    bao.call(Method::DELETE, "dcp/data/pi/dryers", Value::Null)
        .await;
    for path in [
        "pi/dryers",
        "pi/nowhere",
        "pi/../pi/dryers",
        "pi/dryers?version=1",
        "",
    ] {
        let missing = get(&secrets, path, "password").await.unwrap_err();
        assert_eq!(missing.to_string(), format!("there is no secret {path}"));
    }
}

#[tokio::test]
async fn a_wrapped_secret_id_is_opened_once_and_stays_in_memory() {
    let Some(bao) = Bao::start("vault: a wrapped secret id").await else {
        return;
    };
    let role = bao.role("mvda", "2s", "4s").await;
    let file = bao.wrapped_secret_id("mvda").await;
    let settings = SecretsSettings {
        secret_id_file: None,
        wrapped_secret_id_file: Some(file.display().to_string()),
        ..role
    };
    let secrets = open(&settings).await.unwrap();
    assert_eq!(password(&secrets).await.unwrap(), CANARY);
    let refused = open(&settings).await.err().unwrap();
    assert!(
        refused.contains("was used before") && refused.contains("deliver a new one"),
        "{refused}"
    );
    std::fs::remove_file(file).unwrap();
    eventually("logins with what is in memory", async || {
        assert_eq!(password(&secrets).await.unwrap(), CANARY);
        bao.granted("auth/approle/login") >= 2
    })
    .await;
}

#[tokio::test]
async fn a_given_token_is_renewed_as_long_as_it_may_live_and_then_nothing_is_given_out() {
    let Some(bao) = Bao::start("vault: a token").await else {
        return;
    };
    bao.role("mvda", "1h", "1h").await;
    let wish =
        json!({"policies": ["mvda"], "ttl": "2s", "explicit_max_ttl": "5s", "no_parent": true});
    let made = bao.call(Method::POST, "auth/token/create", wish).await;
    let token = made["auth"]["client_token"].as_str().unwrap();
    let secrets = open(&bao.token_settings(token)).await.unwrap();
    let mut reads = 0;
    eventually("the token has ended", async || {
        match password(&secrets).await {
            Ok(read) => {
                reads += 1;
                read != CANARY
            }
            Err(error) => error.contains("403") || error.contains("the lease has ended"),
        }
    })
    .await;
    assert!(bao.granted("auth/token/renew-self") >= 2 && reads > 0);
    assert!(password(&secrets).await.is_err());
    // The lease ends here a moment earlier than at the vault.
    eventually("the vault refuses the token", async || {
        let opened = open(&bao.token_settings(token)).await;
        opened.is_err_and(|error| error.contains("check role, credential and policy"))
    })
    .await;
}

#[tokio::test]
async fn a_revoked_token_is_replaced_within_the_read_that_notices() {
    let Some(bao) = Bao::start("vault: a revoked token").await else {
        return;
    };
    let secrets = open(&bao.role("mvda", "1h", "2h").await).await.unwrap();
    assert_eq!(password(&secrets).await.unwrap(), CANARY);
    for _ in 0..3 {
        bao.call(
            Method::POST,
            "sys/leases/revoke-prefix/auth/approle",
            json!({}),
        )
        .await;
        let readers: Vec<_> = (0..20).map(|_| password(&secrets)).collect();
        for read in futures_util::future::join_all(readers).await {
            assert_eq!(read.unwrap(), CANARY);
        }
    }
    assert_eq!(
        bao.granted("auth/approle/login"),
        4,
        "one login for all who noticed"
    );
}

#[tokio::test]
async fn a_role_that_is_taken_away_and_given_back_reads_again_by_itself() {
    let Some(bao) = Bao::start("vault: a role taken away").await else {
        return;
    };
    let secrets = open(&bao.role("mvda", "1h", "2h").await).await.unwrap();
    assert_eq!(password(&secrets).await.unwrap(), CANARY);
    bao.call(Method::DELETE, "auth/approle/role/mvda", Value::Null)
        .await;
    bao.call(
        Method::POST,
        "sys/leases/revoke-prefix/auth/approle",
        json!({}),
    )
    .await;
    for _ in 0..3 {
        let refused = password(&secrets).await.unwrap_err();
        assert!(
            refused.contains("check role, credential and policy"),
            "{refused}"
        );
    }
    bao.role("mvda", "1h", "2h").await;
    eventually("the role reads again", async || {
        password(&secrets).await.is_ok_and(|read| read == CANARY)
    })
    .await;
}

#[tokio::test]
async fn a_wrong_credential_or_setting_is_refused_with_what_to_do() {
    let Some(bao) = Bao::start("vault: a wrong credential").await else {
        return;
    };
    let good = bao.role("mvda", "1h", "2h").await;
    std::fs::write(bao.folder.path().join("wrong"), CANARY).unwrap();
    let wrong = bao.folder.path().join("wrong").display().to_string();
    let refused = open(&SecretsSettings {
        secret_id_file: Some(wrong),
        ..good.clone()
    })
    .await
    .err()
    .unwrap();
    assert!(
        refused.contains("check role, credential and policy") && !refused.contains(CANARY),
        "{refused}"
    );
    let refused = open(&SecretsSettings {
        secret_id_file: Some("/nowhere/id".into()),
        ..good.clone()
    })
    .await
    .err()
    .unwrap();
    assert!(refused.contains("/nowhere/id cannot be read"), "{refused}");
    let refused = open(&SecretsSettings {
        login_mount: Some("elsewhere".into()),
        ..good.clone()
    })
    .await
    .err()
    .unwrap();
    assert!(
        refused.contains("infra/vault/setup") || refused.contains("check role"),
        "{refused}"
    );
    let refused = open(&SecretsSettings {
        kubernetes_role: Some("mvda".into()),
        ..good.clone()
    })
    .await
    .err()
    .unwrap();
    assert!(refused.contains("set one login"), "{refused}");
    let refused = open(&SecretsSettings {
        url: format!("vault:{}", bao.address),
        ..good
    })
    .await
    .err()
    .unwrap();
    assert!(refused.contains("vault:<url>/<mount>"), "{refused}");
}
