//! Order per key: it survives failures, whatever the bus does, and a key that fails holds up no other.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use dcp::bus::{Filter, Reaction, Subscriptions, dead_letters, discard, replay};
use dcp::events::wire_name;
use dcp::model::{EventQueue, Queues};
use dcp::params;
use dcp::store::{Store, Tx};
use uuid::Uuid;

use crate::setup::{Courier, Happened, Running, effects, eventually, outgoing, publish};

/// The manifest's word for an ordered subscription.
pub(crate) fn ordered() -> Queues {
    let mut queues = Queues::default();
    queues.events.insert(
        wire_name::<Happened>(),
        EventQueue {
            ordered: true,
            free: false,
        },
    );
    queues
}

fn step(key: Uuid, number: usize) -> Happened {
    Happened {
        id: key,
        how: number.to_string(),
    }
}

/// Records each event as `<key>/<number>`.
async fn note(tx: &mut Tx<'_>, event: &Happened) -> Result<(), Reaction> {
    tx.call("effect_add", params![format!("{}/{}", event.id, event.how)])
        .await?;
    Ok(())
}

/// What happened to each key, in the order of its effects.
async fn by_key(store: &Store) -> BTreeMap<String, Vec<usize>> {
    let mut keys: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for effect in effects(store).await {
        let (key, number) = effect.split_once('/').unwrap();
        keys.entry(key.to_owned())
            .or_default()
            .push(number.parse().unwrap());
    }
    keys
}

async fn letters(store: &Store) -> Vec<dcp::bus::DeadLetter> {
    dead_letters(store, &Filter::default(), 100).await.unwrap()
}

on_each_bus! {
    events_of_a_key_take_effect_in_their_order
    a_failing_key_waits_with_what_follows_it_and_others_go_on
    a_dead_letter_holds_up_its_key_until_somebody_decides
    a_message_waits_for_the_one_it_follows
    two_processes_keep_the_order_of_a_key_when_one_goes
}

async fn events_of_a_key_take_effect_in_their_order(courier: &Courier) {
    let bus = courier.connect().await;
    let store = courier.store("a").await;
    let reactions = Subscriptions::default().on(note).specified_by(&ordered());
    let runs = Running::start(&store, &bus, reactions).await;
    runs.settle().await;
    let keys: Vec<Uuid> = (0..20).map(|_| Uuid::now_v7()).collect();
    for number in 0..20 {
        for key in &keys {
            publish(&store, &step(*key, number)).await;
        }
    }
    runs.settle().await;
    let expected: Vec<usize> = (0..20).collect();
    let found = by_key(&store).await;
    assert_eq!(found.len(), keys.len());
    for (key, numbers) in found {
        assert_eq!(numbers, expected, "of {key}");
    }
    runs.stop().await;
}

async fn a_failing_key_waits_with_what_follows_it_and_others_go_on(courier: &Courier) {
    let bus = courier.connect().await;
    let store = courier.store("a").await;
    let (bad, good) = (Uuid::now_v7(), Uuid::now_v7());
    let repaired = Arc::new(AtomicBool::new(false));
    let asked = repaired.clone();
    let reactions = Subscriptions::default().on(async move |tx: &mut Tx<'_>, event: &Happened| {
        if event.id == bad && event.how == "1" && !asked.load(Ordering::SeqCst) {
            return Err(Reaction::later("not yet"));
        }
        note(tx, event).await
    });
    let runs = Running::start(&store, &bus, reactions.specified_by(&ordered())).await;
    runs.settle().await;
    for number in 0..5 {
        publish(&store, &step(bad, number)).await;
        publish(&store, &step(good, number)).await;
    }
    let others = async || by_key(&store).await.get(&good.to_string()).map(Vec::len) == Some(5);
    eventually("the other key goes on", others).await;
    assert_eq!(by_key(&store).await[&bad.to_string()], [0]);
    repaired.store(true, Ordering::SeqCst);
    runs.settle().await;
    assert_eq!(by_key(&store).await[&bad.to_string()], [0, 1, 2, 3, 4]);
    runs.stop().await;
}

async fn a_dead_letter_holds_up_its_key_until_somebody_decides(courier: &Courier) {
    let bus = courier.connect().await;
    let store = courier.store("a").await;
    let (tried, given_up) = (Uuid::now_v7(), Uuid::now_v7());
    let repaired = Arc::new(AtomicBool::new(false));
    let asked = repaired.clone();
    let reactions = Subscriptions::default().on(async move |tx: &mut Tx<'_>, event: &Happened| {
        if event.how == "1" && !asked.load(Ordering::SeqCst) {
            return Err(Reaction::never("the batch is unknown"));
        }
        note(tx, event).await
    });
    let runs = Running::start(&store, &bus, reactions.specified_by(&ordered())).await;
    runs.settle().await;
    for number in 0..4 {
        publish(&store, &step(tried, number)).await;
        publish(&store, &step(given_up, number)).await;
    }
    runs.settle().await;
    let found = by_key(&store).await;
    assert_eq!(
        (
            &found[&tried.to_string()][..],
            &found[&given_up.to_string()][..]
        ),
        (&[0][..], &[0][..])
    );
    repaired.store(true, Ordering::SeqCst);
    for letter in letters(&store).await {
        let decided = if letter.message_key == tried.to_string() {
            replay(&store, &letter, "ada", "the batch is known now").await
        } else {
            discard(&store, &letter, "ada", "the batch never was").await
        };
        assert!(decided.unwrap());
    }
    runs.settle().await;
    let found = by_key(&store).await;
    assert_eq!(found[&tried.to_string()], [0, 1, 2, 3]);
    assert_eq!(found[&given_up.to_string()], [0, 2, 3]);
    assert!(letters(&store).await.is_empty());
    runs.stop().await;
}

async fn a_message_waits_for_the_one_it_follows(courier: &Courier) {
    let bus = courier.connect().await;
    let store = courier.store("a").await;
    let reactions = Subscriptions::default().on(note).specified_by(&ordered());
    let runs = Running::start(&store, &bus, reactions).await;
    runs.settle().await;
    let key = Uuid::now_v7();
    let mut sent: Vec<_> = (0..3).map(|number| outgoing(&step(key, number))).collect();
    let ids: Vec<Uuid> = sent.iter().map(|_| Uuid::now_v7()).collect();
    for (at, message) in sent.iter_mut().enumerate() {
        message.envelope.id = ids[at];
        message.envelope.seq = i64::try_from(at).unwrap();
        message.envelope.follows = at.checked_sub(1).map(|before| ids[before]);
    }
    // As when the first one was lost and is sent again.
    for message in [&sent[2], &sent[1], &sent[0]] {
        let outcomes = bus.publish(std::slice::from_ref(message)).await;
        assert!(outcomes[0].is_ok());
    }
    runs.settle().await;
    assert_eq!(by_key(&store).await[&key.to_string()], [0, 1, 2]);
    runs.stop().await;
}

async fn two_processes_keep_the_order_of_a_key_when_one_goes(courier: &Courier) {
    let (bus, other_bus) = (courier.connect().await, courier.connect().await);
    let (store, other_store) = (courier.store("a").await, courier.store("a").await);
    let reactions = || Subscriptions::default().on(note).specified_by(&ordered());
    let runs = Running::start(&store, &bus, reactions()).await;
    runs.settle().await;
    let mut others: Vec<Running> =
        vec![Running::start(&other_store, &other_bus, reactions()).await];
    let keys: Vec<Uuid> = (0..8).map(|_| Uuid::now_v7()).collect();
    for number in 0..30 {
        for key in &keys {
            publish(&store, &step(*key, number)).await;
        }
        if number == 15
            && let Some(other) = others.pop()
        {
            other.stop().await;
        }
    }
    runs.settle().await;
    let expected: Vec<usize> = (0..30).collect();
    for (key, numbers) in by_key(&store).await {
        assert_eq!(numbers, expected, "of {key}");
    }
    runs.stop().await;
}
