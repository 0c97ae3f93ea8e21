//! Latencies at rest: `bus.end_to_end_p50` and `bus.request_reply_p50`, each in microseconds.

use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use dcp::bus::{Destination, Inbound, Topology, Verdict, event_queue};
use dcp::events::{Kind, wire_name};
use dcp_chaos::Changed;
use futures_util::StreamExt;
use lapin::Consumer;
use lapin::options::BasicAckOptions;

use crate::messages::{Bench, MODULE, connect, outgoing};
use crate::peer::{Peer, confirmed};
use dcp_chaos::figure::{Figure, median};

/// Messages of one round, and their distance: 200 a second.
const MESSAGES: usize = 200;
const DISTANCE: Duration = Duration::from_millis(5);
/// Requests of one round, one at a time.
const REQUESTS: usize = 300;
const PREFETCH: u16 = 16;
/// The task of requests, and who waits for the answers.
const TASK: &str = "bench.ask.v1";
const TASK_QUEUE: &str = "q.bench.task.ask.v1";
const ASKER: &str = "asker";

/// From the call that publishes to the hand of the subscriber, at 200 messages a second: ours through `Bus::publish` and
/// `Bus::subscribe`, the peer through `basic_publish` and a consumer, on the same queue.
pub(crate) async fn end_to_end(rabbitmq: &str, rounds: usize) -> anyhow::Result<Figure> {
    let mut figure = Figure::rate("bus.end_to_end_p50", "us");
    let bench = Bench::open(rabbitmq).await?;
    for round in 0..=2 * rounds {
        let inbound = bench.bus.subscribe(&bench.queue, PREFETCH.into()).await?;
        let (sent, come) = tokio::try_join!(ours_out(&bench), ours_in(inbound))?;
        let ours = middle(&sent, &come);
        bench.clear().await?;
        let consumer = bench.peer.consume(&bench.queue, PREFETCH).await?;
        let tag = consumer.tag();
        let (sent, come) = tokio::try_join!(peer_out(&bench), peer_in(consumer))?;
        let peer = middle(&sent, &come);
        bench
            .peer
            .consuming
            .basic_cancel(tag, lapin::options::BasicCancelOptions::default())
            .await?;
        bench.clear().await?;
        if round > 0 {
            figure.add(ours, peer);
        }
    }
    bench.close().await;
    Ok(figure)
}

async fn ours_out(bench: &Bench) -> anyhow::Result<Vec<Instant>> {
    let mut ticks = tokio::time::interval(DISTANCE);
    let mut sent = Vec::new();
    for _ in 0..MESSAGES {
        ticks.tick().await;
        let message = [outgoing()];
        sent.push(Instant::now());
        bench.bus.publish(&message).await.remove(0)?;
    }
    Ok(sent)
}

async fn ours_in(mut inbound: Inbound) -> anyhow::Result<Vec<Instant>> {
    let mut come = Vec::new();
    while come.len() < MESSAGES {
        receive(&mut inbound).await?;
        come.push(Instant::now());
    }
    Ok(come)
}

async fn receive(inbound: &mut Inbound) -> anyhow::Result<()> {
    let delivered = inbound.recv().await.context("the subscription ended")?;
    delivered
        .message
        .map_err(|undecodable| anyhow::anyhow!(undecodable.reason))?;
    // An error says that the subscription has gone, which the next message shows.
    drop(delivered.verdict.send(Verdict::Done));
    Ok(())
}

async fn peer_out(bench: &Bench) -> anyhow::Result<Vec<Instant>> {
    let mut ticks = tokio::time::interval(DISTANCE);
    let mut sent = Vec::new();
    let (exchange, key) = (bench.exchange.as_str().into(), bench.key.as_str().into());
    for _ in 0..MESSAGES {
        ticks.tick().await;
        let (message, properties) = (outgoing(), bench.properties());
        let body = message.envelope.data.get().as_bytes();
        sent.push(Instant::now());
        confirmed(bench.peer.send(&exchange, &key, body, properties).await?).await?;
    }
    Ok(sent)
}

async fn peer_in(mut consumer: Consumer) -> anyhow::Result<Vec<Instant>> {
    let mut come = Vec::new();
    while come.len() < MESSAGES {
        let delivery = consumer.next().await.context("the consumer ended")??;
        come.push(Instant::now());
        delivery.ack(BasicAckOptions::default()).await?;
    }
    Ok(come)
}

#[expect(
    clippy::cast_precision_loss,
    reason = "latencies are far below 2^52 nanoseconds"
)]
fn middle(sent: &[Instant], come: &[Instant]) -> f64 {
    let each = sent
        .iter()
        .zip(come)
        .map(|(sent, come)| come.duration_since(*sent).as_nanos() as f64 / 1000.0);
    median(each.collect())
}

/// A task to a worker and its answer back as an event, one at a time, four connections: ours over `Bus`, the peer with
/// the same two quorum queues. Both workers publish the answer, wait for the confirm and then acknowledge the task.
pub(crate) async fn request_reply(rabbitmq: &str, rounds: usize) -> anyhow::Result<Figure> {
    let mut figure = Figure::rate("bus.request_reply_p50", "us");
    let asker = Bench::open(rabbitmq).await?;
    let answers = event_queue(ASKER, &wire_name::<Changed>());
    let topology = Topology::default()
        .event(ASKER, &wire_name::<Changed>())
        .task(TASK, None);
    asker.bus.declare(&topology).await?;
    for round in 0..=2 * rounds {
        let ours = ours_asking(rabbitmq, &asker, &answers).await?;
        asker.peer.purge(&asker.queue).await?;
        let peer = peer_asking(rabbitmq, &asker, &answers).await?;
        asker.peer.purge(&asker.queue).await?;
        if round > 0 {
            figure.add(ours, peer);
        }
    }
    // It would take the messages of the other figures too.
    asker.peer.delete(&answers).await?;
    asker.close().await;
    Ok(figure)
}

async fn ours_asking(rabbitmq: &str, asker: &Bench, answers: &str) -> anyhow::Result<f64> {
    let worker = connect(rabbitmq).await?;
    let mut tasks = worker.subscribe(TASK_QUEUE, PREFETCH.into()).await?;
    let answering = worker.clone();
    let answerer = tokio::spawn(async move {
        while let Some(task) = tasks.recv().await {
            for outcome in answering.publish(&[outgoing()]).await {
                outcome?;
            }
            drop(task.verdict.send(Verdict::Done));
        }
        anyhow::Ok(())
    });
    let mut inbound = asker.bus.subscribe(answers, PREFETCH.into()).await?;
    let mut times = Vec::new();
    for _ in 0..REQUESTS {
        let mut task = [outgoing()];
        task[0].to = Destination::Queue(TASK_QUEUE.to_owned());
        task[0].envelope.kind = Kind::Task;
        let began = Instant::now();
        asker.bus.publish(&task).await.remove(0)?;
        receive(&mut inbound).await?;
        times.push(began.elapsed().as_secs_f64() * 1e6);
    }
    drop(inbound);
    worker.close().await;
    answerer.await??;
    left(asker, answers).await?;
    Ok(median(times))
}

async fn peer_asking(rabbitmq: &str, asker: &Bench, answers: &str) -> anyhow::Result<f64> {
    let worker = Peer::open(rabbitmq).await?;
    let mut tasks = worker.consume(TASK_QUEUE, PREFETCH).await?;
    let (exchange, key) = (asker.exchange.as_str().into(), asker.key.as_str().into());
    let properties = asker.properties();
    let answering = async {
        while let Some(task) = tasks.next().await {
            let body = outgoing().envelope.data;
            let sent = worker.send(&exchange, &key, body.get().as_bytes(), properties.clone());
            confirmed(sent.await?).await?;
            task?.ack(BasicAckOptions::default()).await?;
        }
        anyhow::Ok(())
    };
    let times = tokio::select! {
        ended = answering => bail!("the worker ended: {ended:?}"),
        times = peer_requests(asker, answers) => times?,
    };
    worker.close().await?;
    left(asker, answers).await?;
    Ok(median(times))
}

/// How long each of the peer's requests waits for its answer.
async fn peer_requests(asker: &Bench, answers: &str) -> anyhow::Result<Vec<f64>> {
    let mut consumer = asker.peer.consume(answers, PREFETCH).await?;
    let (default, queue) = ("".into(), TASK_QUEUE.into());
    let mut times = Vec::new();
    for _ in 0..REQUESTS {
        let (message, properties) = (outgoing(), asker.properties());
        let body = message.envelope.data.get().as_bytes();
        let began = Instant::now();
        confirmed(asker.peer.send(&default, &queue, body, properties).await?).await?;
        Peer::take(&mut consumer, 1).await?;
        times.push(began.elapsed().as_secs_f64() * 1e6);
    }
    asker.peer.cancel(&consumer).await?;
    Ok(times)
}

/// Waits until nobody consumes any more: the next side must not share its messages.
async fn left(asker: &Bench, answers: &str) -> anyhow::Result<()> {
    let what = format!("{TASK_QUEUE} and {answers} of {MODULE} are left");
    dcp_chaos::until(&what, Duration::from_secs(10), async || {
        Ok(asker.peer.look(answers).await?.1 == 0 && asker.peer.look(TASK_QUEUE).await?.1 == 0)
    })
    .await
}
