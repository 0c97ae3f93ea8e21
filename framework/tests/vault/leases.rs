//! Promise P21: leases of two seconds are kept under constant reads, while the vault is sealed, killed and started again.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use dcp::secrets::{SecretsSettings, VaultSecrets};
use futures_util::future::join_all;

use crate::roles::{open, password};
use crate::server::{Bao, CANARY, eventually};

const CLIENTS: usize = 30;
const LEASES: usize = 500;

/// What the readers saw.
#[derive(Default)]
struct Seen {
    read: AtomicUsize,
    refused: AtomicUsize,
    /// Refused although the lease that was good at the beginning of the read was still good at its end.
    broken: AtomicUsize,
    stop: AtomicBool,
}

async fn read_constantly(secrets: Arc<VaultSecrets>, seen: Arc<Seen>) {
    while !seen.stop.load(Ordering::SeqCst) {
        let good_until = Instant::now() + secrets.lease_left();
        match password(&secrets).await {
            Ok(read) => {
                assert_eq!(read, CANARY);
                seen.read.fetch_add(1, Ordering::SeqCst);
            }
            Err(error) => {
                if Instant::now() < good_until {
                    eprintln!("with a good lease: {error}");
                    seen.broken.fetch_add(1, Ordering::SeqCst);
                }
                seen.refused.fetch_add(1, Ordering::SeqCst);
            }
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

async fn clients(settings: &SecretsSettings) -> Vec<Arc<VaultSecrets>> {
    let opened = join_all((0..CLIENTS).map(|_| open(settings))).await;
    opened
        .into_iter()
        .map(|secrets| Arc::new(secrets.unwrap()))
        .collect()
}

/// Loses the vault for longer than a lease, and waits until every client has a lease again.
async fn lose(bao: &mut Bao, clients: &[Arc<VaultSecrets>], seen: &Seen, kill: bool) {
    if kill {
        bao.stop();
    } else {
        bao.seal().await;
    }
    eventually("every lease has ended", async || {
        clients.iter().all(|client| client.lease_left().is_zero())
    })
    .await;
    let refused = seen.refused.load(Ordering::SeqCst);
    eventually("every reader is refused", async || {
        seen.refused.load(Ordering::SeqCst) > refused + CLIENTS
    })
    .await;
    if kill {
        bao.boot().await;
    }
    bao.unseal().await;
    let found = Instant::now();
    for client in clients {
        eventually("a lease again", async || !client.lease_left().is_zero()).await;
    }
    eprintln!("every client had a lease again {:?} later", found.elapsed());
}

async fn until_granted(bao: &Bao, leases: usize) {
    eventually("so many renewals and logins", async || {
        // The vault's own record is long.
        tokio::time::sleep(Duration::from_millis(500)).await;
        bao.granted("auth/token/renew-self") + bao.granted("auth/approle/login") >= leases
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn leases_of_two_seconds_are_kept_and_no_read_fails_while_a_lease_is_good() {
    let Some(mut bao) = Bao::start("vault: leases").await else {
        return;
    };
    let settings = bao.role("mvda", "2s", "6s").await;
    let clients = clients(&settings).await;
    let seen = Arc::new(Seen::default());
    let readers: Vec<_> = clients
        .iter()
        .map(|client| tokio::spawn(read_constantly(client.clone(), seen.clone())))
        .collect();
    until_granted(&bao, LEASES * 2 / 5).await;
    lose(&mut bao, &clients, &seen, false).await;
    until_granted(&bao, LEASES * 4 / 5).await;
    lose(&mut bao, &clients, &seen, true).await;
    until_granted(&bao, LEASES).await;
    seen.stop.store(true, Ordering::SeqCst);
    for reader in readers {
        reader.await.unwrap();
    }
    let number = |of: &AtomicUsize| of.load(Ordering::SeqCst);
    let (renewals, logins) = (
        bao.granted("auth/token/renew-self"),
        bao.granted("auth/approle/login"),
    );
    eprintln!(
        "{renewals} renewals and {logins} logins of {CLIENTS} clients, {} reads, {} refused after the end of a lease, {} refused with a good lease",
        number(&seen.read),
        number(&seen.refused) - number(&seen.broken),
        number(&seen.broken),
    );
    assert_eq!(number(&seen.broken), 0, "refused while the lease was good");
    assert!(number(&seen.read) > CLIENTS * 50, "too few reads");
    assert!(renewals > CLIENTS && logins > CLIENTS * 2);
}
