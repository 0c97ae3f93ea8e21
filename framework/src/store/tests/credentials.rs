//! The password of a module's login changes while the module writes.

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use super::rights::place;
use super::{ONE, SAMPLE, Store, add, count};
use crate::clock::{Ids, SystemClock};
use crate::secrets::{Held, Reading, Secret, SecretTable, Secrets};
use crate::store::{NewDatabase, as_administrator, opens, set_up_database};

const WRITERS: usize = 4;

/// One secret that changes.
struct One(Mutex<Secret<String>>);

impl Secrets for One {
    fn read<'a>(&'a self, _path: &'a str) -> Reading<'a> {
        let value = self.0.lock().unwrap().clone();
        let table = SecretTable::from([("gxp".to_owned(), value)]);
        Box::pin(std::future::ready(Ok(table)))
    }
}

/// The database, and the login with that password; with rights that a server without ownership chaining needs to run procedures.
async fn set_up(server: &str, name: &str, password: &str) -> Secret<String> {
    let _one = ONE.lock().await;
    let new = NewDatabase {
        name,
        password: &Secret::new(password.to_owned()),
        table_rights: true,
    };
    set_up_database(server, &new).await.unwrap()
}

async fn migrated(server: &str, name: &str) -> Secret<String> {
    let address = set_up(server, name, "Aa1-first").await;
    let administrator = as_administrator(server, address.expose()).unwrap();
    Store::migrate(&administrator, SAMPLE).await.unwrap();
    address
}

async fn write(store: Store, next: Arc<AtomicI64>, stop: Arc<AtomicBool>) {
    while !stop.load(Ordering::SeqCst) {
        let id = next.fetch_add(1, Ordering::SeqCst);
        add(&store, id).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_write_fails_while_the_password_changes() {
    let Some((server, name)) = place("store::credentials::no_write_fails") else {
        return;
    };
    let first = migrated(&server, &name).await;
    let (clock, ids) = (Arc::new(SystemClock), Ids::random());
    let opened = Store::open_migrated("sample", first.expose(), SAMPLE, clock, ids).await;
    let store = opened.unwrap();
    let secrets = Arc::new(One(Mutex::new(first.clone())));
    let held = Held::open(secrets.clone(), "store/sample", "gxp")
        .await
        .unwrap();
    let following = store.clone();
    let following = tokio::spawn(async move { following.follow(held, SAMPLE, &SystemClock).await });
    let before = store.present();
    let (next, stop) = (
        Arc::new(AtomicI64::new(1)),
        Arc::new(AtomicBool::new(false)),
    );
    let writers: Vec<_> = (0..WRITERS)
        .map(|_| tokio::spawn(write(store.clone(), next.clone(), stop.clone())))
        .collect();
    let second = set_up(&server, &name, "Aa1-second").await;
    assert!(opens(&first).await.is_err(), "the old password is refused");
    *secrets.0.lock().unwrap() = second;
    let until = Instant::now() + Duration::from_secs(30);
    while Arc::ptr_eq(&before, &store.present()) {
        assert!(Instant::now() < until, "the store has not moved");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let written = next.load(Ordering::SeqCst);
    while next.load(Ordering::SeqCst) < written + 100 {
        assert!(Instant::now() < until, "nothing is written any more");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    stop.store(true, Ordering::SeqCst);
    for writer in writers {
        writer.await.unwrap();
    }
    following.abort();
    assert_eq!(count(&store).await, next.load(Ordering::SeqCst) - 1);
    eprintln!(
        "{} writes, 0 failed, while the password changed",
        next.load(Ordering::SeqCst) - 1
    );
}
