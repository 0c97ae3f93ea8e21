//! The vault goes away in every way it can: what was read serves until the lease ends, then nothing does, then all is well again.

use std::time::{Duration, Instant};

use dcp::secrets::Secrets as _;
use rustix::process::Signal;
use tokio::net::TcpListener;

use crate::roles::{open, password};
use crate::server::{Bao, CANARY, eventually};

/// Loses the vault, and finds it again.
async fn is_survived(mut bao: Bao, lose: impl AsyncFn(&mut Bao), find: impl AsyncFn(&mut Bao)) {
    let secrets = open(&bao.role("mvda", "4s", "1h").await).await.unwrap();
    assert_eq!(password(&secrets).await.unwrap(), CANARY);
    lose(&mut bao).await;
    assert_eq!(secrets.trouble(), None);
    let (mut served, mut closed) = (0, String::new());
    let mut told = String::new();
    eventually("nothing is given out", async || {
        match password(&secrets).await {
            Ok(read) => {
                assert_eq!(read, CANARY);
                served += 1;
                told = secrets.trouble().unwrap_or(told.clone());
            }
            Err(error) => {
                assert!(
                    secrets.lease_left().is_zero(),
                    "refused while the lease is good: {error}"
                );
                closed = error;
            }
        }
        !closed.is_empty()
    })
    .await;
    assert!(served > 10, "only {served} reads were served from memory");
    assert!(
        told.starts_with("the vault gives nothing: ") && told.ends_with(" s more"),
        "readiness said {told:?} while memory served"
    );
    let ended = secrets.trouble().unwrap_or_default();
    assert!(
        ended.starts_with("the lease of the secrets has ended"),
        "{ended}"
    );
    assert!(
        closed.contains("the lease has ended and no secret is given out until"),
        "{closed}"
    );
    let asked = Instant::now();
    assert!(password(&secrets).await.is_err());
    assert!(
        asked.elapsed() < Duration::from_millis(500),
        "who is refused must not wait"
    );
    find(&mut bao).await;
    eventually("secrets are given out again", async || {
        password(&secrets).await.is_ok_and(|read| read == CANARY)
    })
    .await;
    eventually("readiness says nothing more", async || {
        secrets.trouble().is_none()
    })
    .await;
}

#[tokio::test]
async fn a_vault_that_is_sealed_is_survived() {
    let Some(bao) = Bao::start("vault: sealed").await else {
        return;
    };
    is_survived(
        bao,
        async |bao| bao.seal().await,
        async |bao| bao.unseal().await,
    )
    .await;
}

#[tokio::test]
async fn a_vault_that_is_killed_is_survived() {
    let Some(bao) = Bao::start("vault: killed").await else {
        return;
    };
    let again = async |bao: &mut Bao| {
        bao.boot().await;
        bao.unseal().await;
    };
    is_survived(bao, async |bao| bao.stop(), again).await;
}

#[tokio::test]
async fn a_vault_that_hangs_is_survived() {
    let Some(bao) = Bao::start("vault: hanging").await else {
        return;
    };
    is_survived(
        bao,
        async |bao| bao.signal(Signal::STOP),
        async |bao| bao.signal(Signal::CONT),
    )
    .await;
}

#[tokio::test]
async fn a_vault_whose_audit_log_is_full_is_survived() {
    let Some(bao) = Bao::start("vault: audit log full").await else {
        return;
    };
    is_survived(
        bao,
        async |bao| bao.fill_audit_log().await,
        async |bao| bao.empty_audit_log().await,
    )
    .await;
}

#[tokio::test]
async fn a_start_without_the_vault_is_refused_in_three_seconds_with_what_to_do() {
    let Some(mut bao) = Bao::start("vault: a start without it").await else {
        return;
    };
    let settings = bao.role("mvda", "1h", "2h").await;
    let refused = async |what: &str| {
        let began = Instant::now();
        let error = open(&settings).await.err().unwrap();
        assert!(
            began.elapsed() < Duration::from_secs(3),
            "{:?}",
            began.elapsed()
        );
        assert!(error.contains(what) && !error.contains('\n'), "{error}");
    };
    bao.seal().await;
    refused("it is sealed (503); unseal it").await;
    bao.unseal().await;
    bao.signal(Signal::STOP);
    refused("start it, or correct secrets.url").await;
    bao.signal(Signal::CONT);
    bao.stop();
    refused("start it, or correct secrets.url").await;
    // Something else listens there, which takes connections and says nothing.
    let port = bao.address.rsplit(':').next().unwrap();
    let _silent = TcpListener::bind(format!("127.0.0.1:{port}"))
        .await
        .unwrap();
    refused("start it, or correct secrets.url").await;
}
