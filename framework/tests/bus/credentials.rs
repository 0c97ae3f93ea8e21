//! Users and passwords of a real broker that change while a module works.

use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use dcp::bus::{Bus, Subscriptions, connect_as};
use dcp::clock::SystemClock;
use dcp::config::BusSettings;
use dcp::model::Zone;
use dcp::params;
use dcp::secrets::FileSecrets;
use dcp::store::Tx;
use tokio::sync::Semaphore;
use tokio::time::Instant;
use uuid::Uuid;

use crate::setup::{
    Courier, Please, Running, chain, ctl, effect, effects, event, eventually, outgoing, publish,
};

/// Old credentials are noticed after five seconds, and asking the broker takes one.
const PATIENCE: Duration = Duration::from_secs(40);

/// A virtual host of its own, and a file with the credentials for it.
struct Place {
    vhost: String,
    url: String,
    file: PathBuf,
    _folder: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        let vhost = format!("credentials-{}", Uuid::now_v7().simple());
        ctl(&["add_vhost", &vhost]);
        let address = std::env::var("DCP_TEST_RABBITMQ").unwrap();
        let (_, host) = address.split_once('@').unwrap();
        let (host, _) = host.split_once('/').unwrap();
        let folder = tempfile::tempdir().unwrap();
        Self {
            url: format!("amqp://{host}/{vhost}"),
            file: folder.path().join("secrets.toml"),
            vhost,
            _folder: folder,
        }
    }

    /// A user of this name in this place alone.
    async fn add(&self, user: &str, password: &str) -> String {
        let user = format!("{user}-{}", self.vhost);
        beside(&["add_user", &user, password]).await;
        let all = [".*"; 3];
        beside(&[&["set_permissions", "-p", &self.vhost, &user], &all[..]].concat()).await;
        user
    }

    /// What the provider of secrets says from now on.
    fn tell(&self, user: &str, password: &str) {
        let next = self.file.with_extension("next");
        let text = format!("[bus]\nuser = \"{user}\"\npassword = \"{password}\"\n");
        std::fs::write(&next, text).unwrap();
        std::fs::set_permissions(&next, std::fs::Permissions::from_mode(0o600)).unwrap();
        std::fs::rename(&next, &self.file).unwrap();
    }

    async fn connect(&self) -> Arc<dyn Bus> {
        let secrets = Arc::new(FileSecrets::open(&self.file).unwrap());
        let settings: BusSettings = serde_json::from_value(serde_json::json!({
            "url": self.url, "user": "secret://bus#user", "password": "secret://bus#password",
        }))
        .unwrap();
        connect_as(&settings, Some(secrets), Zone::Gxp, Arc::new(SystemClock))
            .await
            .unwrap()
    }

    /// The users of all connections here.
    async fn users(&self) -> Vec<String> {
        let all = beside(&["list_connections", "-q", "vhost", "user"]).await;
        let here = all.lines().filter_map(|line| line.split_once('\t'));
        here.filter(|(vhost, _)| *vhost == self.vhost)
            .map(|(_, user)| user.to_owned())
            .collect()
    }

    /// Waits until exactly these have the connections.
    async fn until_users(&self, wanted: &[String]) {
        let until = Instant::now() + PATIENCE;
        loop {
            let mut users = self.users().await;
            users.sort();
            if users == wanted {
                return;
            }
            assert!(Instant::now() < until, "{users:?} instead of {wanted:?}");
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        ctl(&["delete_vhost", &self.vhost]);
    }
}

/// Lets the test go on while `rabbitmqctl` runs: it takes longer than a publisher waits.
async fn beside(arguments: &[&str]) -> String {
    let arguments: Vec<String> = arguments.iter().map(ToString::to_string).collect();
    let run = move || ctl(&arguments.iter().map(String::as_str).collect::<Vec<_>>());
    tokio::task::spawn_blocking(run).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_user_takes_over_under_load_and_nothing_is_lost_or_refused() {
    let Some(courier) = Courier::steered_rabbitmq(module_path!()).await else {
        return;
    };
    let place = Place::new();
    let first = place.add("first", "one").await;
    place.tell(&first, "one");
    let (bus, direct) = (place.connect().await, place.connect().await);
    let store = courier.store("a").await;
    let runs = Running::start(&store, &bus, Subscriptions::default().on(effect)).await;
    let ends = AtomicBool::new(false);
    let stored = async {
        let mut ids = Vec::new();
        while !ends.load(Ordering::SeqCst) {
            let event = event();
            publish(&store, &event).await;
            ids.push(event.id.to_string());
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        ids
    };
    // What is sent without an outbox shows whether anything was refused for a moment.
    let sent =
        async {
            let mut outcomes = Vec::new();
            while !ends.load(Ordering::SeqCst) {
                let event = event();
                outcomes.extend(direct.publish(&[outgoing(&event)]).await.into_iter().map(
                    |outcome| {
                        outcome
                            .map(|()| event.id.to_string())
                            .map_err(|e| chain(&e))
                    },
                ));
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
            outcomes
        };
    let changed = async {
        let second = place.add("second", "two").await;
        place.tell(&second, "two");
        // Publishing and consuming of the module, and publishing and nothing else of the other.
        let three = [second.clone(), second.clone(), second.clone()];
        place.until_users(&three).await;
        beside(&["delete_user", &first]).await;
        let users = place.users().await;
        ends.store(true, Ordering::SeqCst);
        (second, users)
    };
    let (stored, sent, (second, users)) = tokio::join!(stored, sent, changed);
    assert_eq!(users, [second.as_str(), &second, &second]);
    let sent: Result<Vec<String>, String> = sent.into_iter().collect();
    let mut expected = [stored, sent.expect("nothing is refused")].concat();
    assert!(expected.len() > 500, "{}", expected.len());
    eventually("everything takes effect", async || {
        effects(&store).await.len() >= expected.len()
    })
    .await;
    runs.settle().await;
    let mut done = effects(&store).await;
    done.sort();
    expected.sort();
    assert_eq!(done, expected, "once each");
    runs.stop().await;
    direct.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn work_under_way_is_finished_over_the_old_connection_and_begun_once() {
    let Some(courier) = Courier::steered_rabbitmq(module_path!()).await else {
        return;
    };
    let place = Place::new();
    let first = place.add("first", "one").await;
    place.tell(&first, "one");
    let (bus, store) = (place.connect().await, courier.store("a").await);
    let (begun, may_end) = (Arc::new(AtomicU32::new(0)), Arc::new(Semaphore::new(0)));
    let (counts, waits) = (begun.clone(), may_end.clone());
    let work = async move |_: &Please| {
        counts.fetch_add(1, Ordering::SeqCst);
        drop(waits.acquire().await?);
        Ok(())
    };
    let finish = async |tx: &mut Tx<'_>, please: &Please, (): ()| {
        tx.call("effect_add", params![please.id]).await?;
        Ok(())
    };
    let site = courier.mark.clone();
    let reactions = Subscriptions::default().work(&site, 2, work, finish);
    let runs = Running::start(&store, &bus, reactions).await;
    let please = Please { id: Uuid::now_v7() };
    let enqueued = store.tx(async |tx| tx.enqueue(&site, &please).await).await;
    enqueued.unwrap();
    eventually("the work begins", async || {
        begun.load(Ordering::SeqCst) == 1
    })
    .await;
    let second = place.add("second", "two").await;
    place.tell(&second, "two");
    // The first one's connection for publishing goes, the one that the verdict needs stays.
    let mixed = [first.clone(), second.clone(), second.clone()];
    place.until_users(&mixed).await;
    may_end.add_permits(1);
    place.until_users(&[second.clone(), second]).await;
    assert_eq!(begun.load(Ordering::SeqCst), 1);
    assert_eq!(effects(&store).await, [please.id.to_string()]);
    runs.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_password_that_is_refused_is_read_again_and_then_everything_goes_out() {
    let Some(courier) = Courier::steered_rabbitmq(module_path!()).await else {
        return;
    };
    let place = Place::new();
    let user = place.add("user", "old").await;
    place.tell(&user, "old");
    let bus = place.connect().await;
    let store = courier.store("a").await;
    let runs = Running::start(&store, &bus, Subscriptions::default().on(effect)).await;
    let before = event();
    publish(&store, &before).await;
    runs.settle().await;
    beside(&["change_password", &user, "new"]).await;
    beside(&["close_all_connections", "--vhost", &place.vhost, "test"]).await;
    let waits = event();
    publish(&store, &waits).await;
    let refused = place.connect().await;
    let refused = refused.publish(&[outgoing(&event())]).await.remove(0);
    let refused = chain(&refused.unwrap_err());
    assert!(
        refused.contains(&format!("refuses the user {user} or its password")),
        "{refused}"
    );
    assert_eq!(effects(&store).await, [before.id.to_string()]);
    place.tell(&user, "new");
    eventually("what waited takes effect", async || {
        effects(&store).await == [before.id.to_string(), waits.id.to_string()]
    })
    .await;
    runs.stop().await;
}
