//! Delivery above the bus: what is published takes effect once, whatever the reaction says.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use dcp::bus::{
    DeadLetter, Filter, Reaction, Subscriptions, Topology, dead_letter_decisions, dead_letters,
    discard, replay,
};
use dcp::events::wire_name;
use dcp::limits::MAX_ATTEMPTS;
use dcp::params;
use dcp::store::{Store, StoreError, Tx};
use dcp::telemetry::TraceContext;

use crate::setup::{
    Courier, Happened, Please, Running, effect, effects, event, eventually, publish,
};

async fn parked(store: &Store) -> Vec<DeadLetter> {
    dead_letters(store, &Filter::default(), 100).await.unwrap()
}

on_each_bus! {
    an_event_takes_effect_once_in_every_subscriber
    what_is_rolled_back_is_not_sent
    a_message_that_comes_twice_has_one_effect
    a_reaction_that_fails_is_undone_and_tried_again
    a_message_that_can_never_succeed_is_parked_with_its_reason
    a_task_is_worked_on_and_finished_once
    what_no_queue_takes_waits_in_the_outbox
    the_trace_goes_with_the_message
    a_dead_letter_that_is_sent_again_takes_effect
    a_dead_letter_that_is_given_up_stays_away
    what_fails_once_too_often_is_parked_with_all_its_causes
    what_comes_after_its_deadline_is_parked_and_not_begun
    a_subscriber_that_was_never_started_loses_nothing
}

async fn an_event_takes_effect_once_in_every_subscriber(courier: &Courier) {
    let bus = courier.connect().await;
    let (a, b, c) = (
        courier.store("a").await,
        courier.store("b").await,
        courier.store("c").await,
    );
    let b_runs = Running::start(&b, &bus, Subscriptions::default().on(effect)).await;
    let c_runs = Running::start(&c, &bus, Subscriptions::default().on(effect)).await;
    b_runs.settle().await;
    c_runs.settle().await;
    let a_runs = Running::start(&a, &bus, Subscriptions::default()).await;
    let sent: Vec<_> = (0..50).map(|_| event()).collect();
    for event in &sent {
        publish(&a, event).await;
    }
    for runs in [&a_runs, &b_runs, &c_runs] {
        runs.settle().await;
    }
    let expected: Vec<_> = sent.iter().map(|event| event.id.to_string()).collect();
    assert_eq!(effects(&b).await, expected);
    assert_eq!(effects(&c).await, expected);
    for runs in [a_runs, b_runs, c_runs] {
        runs.stop().await;
    }
}

async fn what_is_rolled_back_is_not_sent(courier: &Courier) {
    let bus = courier.connect().await;
    let store = courier.store("a").await;
    let runs = Running::start(&store, &bus, Subscriptions::default().on(effect)).await;
    let (lost, kept) = (event(), event());
    let mut tx = store.begin().await.unwrap();
    tx.publish(&lost).await.unwrap();
    drop(tx);
    runs.settle().await;
    publish(&store, &kept).await;
    runs.settle().await;
    assert_eq!(effects(&store).await, [kept.id.to_string()]);
    runs.stop().await;
}

async fn a_message_that_comes_twice_has_one_effect(courier: &Courier) {
    let bus = courier.connect().await;
    let store = courier.store("a").await;
    let runs = Running::start(&store, &bus, Subscriptions::default().on(effect)).await;
    runs.settle().await;
    let event = event();
    let twice = crate::setup::outgoing(&event);
    for outcome in bus.publish(&[twice.clone(), twice]).await {
        outcome.unwrap();
    }
    runs.settle().await;
    assert_eq!(effects(&store).await, [event.id.to_string()]);
    runs.stop().await;
}

async fn a_reaction_that_fails_is_undone_and_tried_again(courier: &Courier) {
    let bus = courier.connect().await;
    let store = courier.store("a").await;
    let calls = Arc::new(AtomicU32::new(0));
    let counted = calls.clone();
    let subscriptions =
        Subscriptions::default().on(async move |tx: &mut Tx<'_>, event: &Happened| {
            effect(tx, event).await?;
            match counted.fetch_add(1, Ordering::SeqCst) {
                0 => Err(Reaction::later("not yet")),
                1 if event.how == "panic" => panic!("a bug"),
                _ => Ok(()),
            }
        });
    let runs = Running::start(&store, &bus, subscriptions).await;
    runs.settle().await;
    let event = event();
    publish(&store, &event).await;
    runs.settle().await;
    assert_eq!(effects(&store).await, [event.id.to_string()]);
    assert_eq!(calls.load(Ordering::SeqCst), 2);
    calls.store(1, Ordering::SeqCst);
    let panics = Happened {
        how: "panic".to_owned(),
        ..crate::setup::event()
    };
    publish(&store, &panics).await;
    runs.settle().await;
    assert_eq!(
        effects(&store).await,
        [event.id.to_string(), panics.id.to_string()]
    );
    runs.stop().await;
}

async fn a_message_that_can_never_succeed_is_parked_with_its_reason(courier: &Courier) {
    let bus = courier.connect().await;
    let store = courier.store("a").await;
    let subscriptions = Subscriptions::default().on(async |tx: &mut Tx<'_>, event: &Happened| {
        effect(tx, event).await?;
        if event.how == "badly" {
            Err(Reaction::never("the batch is unknown"))
        } else {
            Ok(())
        }
    });
    let runs = Running::start(&store, &bus, subscriptions).await;
    runs.settle().await;
    let (bad, good) = (
        Happened {
            how: "badly".to_owned(),
            ..event()
        },
        event(),
    );
    let mut undecodable = crate::setup::outgoing(&event());
    undecodable.envelope.data = serde_json::value::to_raw_value("no event").unwrap();
    bus.publish(&[undecodable.clone(), crate::setup::outgoing(&bad)])
        .await
        .into_iter()
        .for_each(|outcome| outcome.unwrap());
    publish(&store, &good).await;
    runs.settle().await;
    assert_eq!(effects(&store).await, [good.id.to_string()]);
    let parked = parked(&store).await;
    assert_eq!(parked.len(), 2, "{parked:?}");
    let of = |id: uuid::Uuid| {
        parked
            .iter()
            .find(|letter| letter.message_id == id)
            .unwrap()
    };
    assert_eq!(of(bad.id).reason, "the batch is unknown");
    assert_eq!(of(bad.id).attempts, 1);
    assert!(
        of(undecodable.envelope.id).reason.contains("invalid type"),
        "{parked:?}"
    );
    runs.stop().await;
}

async fn a_task_is_worked_on_and_finished_once(courier: &Courier) {
    let bus = courier.connect().await;
    let store = courier.store("a").await;
    let most = Arc::new(AtomicU32::new(0));
    let now = Arc::new(AtomicU32::new(0));
    let site = courier.mark.clone();
    let together = tokio::sync::Barrier::new(3);
    let (most_seen, running) = (most.clone(), now.clone());
    let subscriptions = Subscriptions::default().work(
        &site,
        3,
        async move |task: &Please| {
            most_seen.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            // Three must be at work together, or none gets on.
            together.wait().await;
            running.fetch_sub(1, Ordering::SeqCst);
            Ok(task.id.to_string())
        },
        async |tx: &mut Tx<'_>, _: &Please, outcome: String| {
            tx.call("effect_add", params![outcome]).await?;
            Ok(())
        },
    );
    let runs = Running::start(&store, &bus, subscriptions).await;
    runs.settle().await;
    let mut ids: Vec<_> = (0..9).map(|_| event().id.to_string()).collect();
    let done: Result<(), StoreError> = store
        .tx(async |tx| {
            for id in &ids {
                tx.enqueue(
                    &site,
                    &Please {
                        id: id.parse().unwrap(),
                    },
                )
                .await?;
            }
            Ok(())
        })
        .await;
    done.unwrap();
    runs.settle().await;
    let mut worked = effects(&store).await;
    worked.sort_unstable();
    ids.sort_unstable();
    assert_eq!(worked, ids);
    assert_eq!(most.load(Ordering::SeqCst), 3, "three at a time");
    runs.stop().await;
}

async fn what_no_queue_takes_waits_in_the_outbox(courier: &Courier) {
    let bus = courier.connect().await;
    let store = courier.store("a").await;
    let runs = Running::start(&store, &bus, Subscriptions::default().on(effect)).await;
    runs.settle().await;
    let (site, id) = (courier.mark.clone(), event().id);
    let done = store
        .tx(async |tx| tx.enqueue(&site, &Please { id }).await)
        .await;
    done.unwrap();
    let others = event();
    publish(&store, &others).await;
    // Others do not wait for it.
    let arrived = async || effects(&store).await == [others.id.to_string()];
    eventually("the other message is taken", arrived).await;
    let early = runs.delivery.settle(Duration::from_millis(300)).await;
    assert_eq!(
        early.unwrap_err().to_string(),
        "not settled after 300ms: 1 in the outbox"
    );
    bus.declare(&Topology::default().task(&wire_name::<Please>(), Some(&site)))
        .await
        .unwrap();
    runs.settle().await;
    runs.stop().await;
}

async fn the_trace_goes_with_the_message(courier: &Courier) {
    let bus = courier.connect().await;
    let store = courier.store("a").await;
    let subscriptions = Subscriptions::default().on(async |tx: &mut Tx<'_>, _: &Happened| {
        tx.call(
            "effect_add",
            params![TraceContext::current().map(|trace| trace.traceparent())],
        )
        .await?;
        Ok(())
    });
    let runs = Running::start(&store, &bus, subscriptions).await;
    runs.settle().await;
    let trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00".to_owned();
    let context = TraceContext::read(&trace).unwrap();
    context.scope(publish(&store, &event())).await;
    runs.settle().await;
    assert_eq!(effects(&store).await, [trace]);
    runs.stop().await;
}

async fn a_dead_letter_that_is_sent_again_takes_effect(courier: &Courier) {
    let bus = courier.connect().await;
    let store = courier.store("a").await;
    let known = Arc::new(AtomicU32::new(0));
    let asked = known.clone();
    let subscriptions =
        Subscriptions::default().on(async move |tx: &mut Tx<'_>, event: &Happened| {
            match asked.load(Ordering::SeqCst) {
                0 => Err(Reaction::never("the batch is unknown")),
                _ => effect(tx, event).await,
            }
        });
    let runs = Running::start(&store, &bus, subscriptions).await;
    runs.settle().await;
    let event = event();
    publish(&store, &event).await;
    runs.settle().await;
    let letter = parked(&store).await.remove(0);
    known.store(1, Ordering::SeqCst);
    replay(&store, &letter, "operator", "the batch was entered")
        .await
        .unwrap();
    runs.settle().await;
    assert_eq!(effects(&store).await, [event.id.to_string()]);
    assert!(parked(&store).await.is_empty());
    runs.stop().await;
}

async fn a_dead_letter_that_is_given_up_stays_away(courier: &Courier) {
    let bus = courier.connect().await;
    let store = courier.store("a").await;
    let calls = Arc::new(AtomicU32::new(0));
    let counted = calls.clone();
    let refuse = async move |_: &mut Tx<'_>, _: &Happened| {
        counted.fetch_add(1, Ordering::SeqCst);
        Err(Reaction::never("the batch is unknown"))
    };
    let runs = Running::start(&store, &bus, Subscriptions::default().on(refuse)).await;
    runs.settle().await;
    let sent = crate::setup::outgoing(&event());
    bus.publish(std::slice::from_ref(&sent))
        .await
        .remove(0)
        .unwrap();
    runs.settle().await;
    let letter = parked(&store).await.remove(0);
    assert!(
        discard(&store, &letter, "operator", "a trial batch")
            .await
            .unwrap()
    );
    assert!(!discard(&store, &letter, "operator", "again").await.unwrap());
    // Neither a copy of it nor somebody who is late brings it back.
    bus.publish(&[sent]).await.remove(0).unwrap();
    assert!(!replay(&store, &letter, "operator", "late").await.unwrap());
    runs.settle().await;
    assert_eq!(calls.load(Ordering::SeqCst), 1);
    assert!(parked(&store).await.is_empty());
    let decided = dead_letter_decisions(&store, 10).await.unwrap();
    let told: Vec<_> = decided
        .iter()
        .map(|one| {
            (
                one.message_id,
                one.decision.as_str(),
                one.decided_by.as_str(),
                one.why.as_str(),
            )
        })
        .collect();
    assert_eq!(
        told,
        [(letter.message_id, "discarded", "operator", "a trial batch")]
    );
    runs.stop().await;
}

async fn what_fails_once_too_often_is_parked_with_all_its_causes(courier: &Courier) {
    let bus = courier.connect().await;
    let store = courier.store("a").await;
    let fail = async |tx: &mut Tx<'_>, event: &Happened| {
        effect(tx, event).await?;
        let cause = std::io::Error::other("the disk is worn out");
        Err(Reaction::later(
            anyhow::Error::new(cause).context("the batch cannot be stored"),
        ))
    };
    let runs = Running::start(&store, &bus, Subscriptions::default().on(fail)).await;
    runs.settle().await;
    let mut worn = crate::setup::outgoing(&event());
    worn.envelope.attempts = MAX_ATTEMPTS - 1;
    bus.publish(&[worn]).await.remove(0).unwrap();
    runs.settle().await;
    let letter = parked(&store).await.remove(0);
    assert_eq!(letter.attempts, MAX_ATTEMPTS);
    assert_eq!(
        letter.reason,
        "the batch cannot be stored: the disk is worn out"
    );
    assert!(effects(&store).await.is_empty());
    runs.stop().await;
}

async fn what_comes_after_its_deadline_is_parked_and_not_begun(courier: &Courier) {
    let bus = courier.connect().await;
    let store = courier.store("a").await;
    let runs = Running::start(&store, &bus, Subscriptions::default().on(effect)).await;
    runs.settle().await;
    let (mut late, mut early) = (
        crate::setup::outgoing(&event()),
        crate::setup::outgoing(&event()),
    );
    late.envelope.deadline = Some("2026-01-01T00:00:00Z".parse().unwrap());
    early.envelope.deadline = Some("2096-01-01T00:00:00Z".parse().unwrap());
    for outcome in bus.publish(&[late.clone(), early.clone()]).await {
        outcome.unwrap();
    }
    runs.settle().await;
    assert_eq!(effects(&store).await, [early.envelope.id.to_string()]);
    let letter = parked(&store).await.remove(0);
    assert_eq!(letter.message_id, late.envelope.id);
    assert_eq!(
        (letter.reason.as_str(), letter.attempts),
        ("its deadline had passed", 0)
    );
    runs.stop().await;
}

async fn a_subscriber_that_was_never_started_loses_nothing(courier: &Courier) {
    let bus = courier.connect().await;
    let (a, b) = (courier.store("a").await, courier.store("b").await);
    // A deployment declares for all modules before any of them starts.
    let subscriptions = || Subscriptions::default().on(effect);
    bus.declare(&Topology::of(b.module(), &subscriptions()))
        .await
        .unwrap();
    let a_runs = Running::start(&a, &bus, Subscriptions::default()).await;
    let sent: Vec<_> = (0..5).map(|_| event()).collect();
    for event in &sent {
        publish(&a, event).await;
    }
    a_runs.stop().await;
    bus.close().await;
    let bus = courier.connect().await;
    let b_runs = Running::start(&b, &bus, subscriptions()).await;
    b_runs.settle().await;
    let expected: Vec<_> = sent.iter().map(|event| event.id.to_string()).collect();
    assert_eq!(effects(&b).await, expected);
    b_runs.stop().await;
}
