//! Work that takes longer than RabbitMQ waits for an acknowledgement: the broker ends the channel and brings the task again.

use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use dcp::bus::{Subscriptions, task_queue};
use dcp::params;
use dcp::store::Tx;
use uuid::Uuid;

use crate::setup::{Courier, Please, Running, effects, eventually};

/// The `rabbitmqctl` of the test broker.
struct Ctl(String);

impl Ctl {
    fn run(&self, arguments: &[&str]) -> String {
        let done = Command::new(&self.0).args(arguments).output().unwrap();
        let said = String::from_utf8_lossy(&done.stderr);
        assert!(done.status.success(), "{arguments:?}: {said}");
        String::from_utf8_lossy(&done.stdout).into_owned()
    }

    /// How long the broker waits for an acknowledgement, and how often channels opened from now on look, in milliseconds.
    fn patience(&self, timeout: u32, look: u32) {
        let set = format!(
            "application:set_env(rabbit, consumer_timeout, {timeout}), application:set_env(rabbit, channel_tick_interval, {look})."
        );
        self.run(&["eval", &set]);
    }

    /// The channel over which `queue` is read.
    fn reader(&self, queue: &str) -> Option<String> {
        let all = self.run(&["list_consumers", "queue_name", "channel_pid", "--quiet"]);
        let line = all.lines().find(|line| line.starts_with(queue))?;
        line.split_whitespace().nth(1).map(str::to_owned)
    }
}

/// What the broker has when nobody sets anything.
impl Drop for Ctl {
    fn drop(&mut self) {
        self.patience(1_800_000, 60_000);
    }
}

#[tokio::test]
async fn a_task_that_takes_longer_than_the_broker_waits_is_done_once() {
    let Some(courier) = Courier::rabbitmq(module_path!()).await else {
        return;
    };
    let Ok(ctl) = std::env::var("DCP_TEST_RABBITMQ_CTL") else {
        eprintln!(
            "SKIPPED: {}: DCP_TEST_RABBITMQ_CTL is not set",
            module_path!()
        );
        return;
    };
    let ctl = Ctl(ctl);
    ctl.patience(1_000, 200);
    let bus = courier.connect().await;
    let store = courier.store("a").await;
    let (begun, site) = (Arc::new(AtomicU32::new(0)), courier.mark.clone());
    let (first, go_on) = (
        Arc::new(tokio::sync::Notify::new()),
        Arc::new(tokio::sync::Notify::new()),
    );
    let (counted, working, finish) = (begun.clone(), first.clone(), go_on.clone());
    let subscriptions = Subscriptions::default().work(
        &site,
        1,
        async move |task: &Please| {
            counted.fetch_add(1, Ordering::SeqCst);
            working.notify_one();
            finish.notified().await;
            Ok(task.id.to_string())
        },
        async |tx: &mut Tx<'_>, _: &Please, outcome: String| {
            tx.call("effect_add", params![outcome]).await?;
            Ok(())
        },
    );
    let runs = Running::start(&store, &bus, subscriptions).await;
    let task = Please { id: Uuid::now_v7() };
    let sent = store.tx(async |tx| tx.enqueue(&site, &task).await).await;
    sent.unwrap();
    first.notified().await;
    let queue = task_queue::<Please>(Some(&site));
    let before = ctl.reader(&queue);
    eventually(
        "the broker ends the channel and the task is read over another one",
        async || {
            let now = ctl.reader(&queue);
            now.is_some() && now != before
        },
    )
    .await;
    go_on.notify_one();
    runs.settle().await;
    assert_eq!(effects(&store).await, [task.id.to_string()]);
    assert_eq!(begun.load(Ordering::SeqCst), 1, "the copy joined the work");
    runs.stop().await;
}
