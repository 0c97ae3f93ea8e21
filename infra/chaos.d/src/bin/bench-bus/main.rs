//! Measures the framework's bus, relay and store beside what they stand on, in turns, and prints one JSON line per figure.

#![expect(
    clippy::disallowed_methods,
    reason = "a tool: it waits on the time of the machine, starts its own tasks and publishes as a peer without framework"
)]

mod consume;
mod latency;
mod messages;
mod peer;
mod poison;
mod publish;
mod relay;
mod transactions;

use anyhow::Context as _;
use clap::Parser;

use dcp_chaos::figure::Figure;

/// Measures the framework beside raw lapin and raw rusqlite, in turns within one run.
#[derive(Debug, Parser)]
struct Arguments {
    /// A broker for this run alone: `amqp://user:password@host/vhost`.
    #[arg(long, env = "DCP_TEST_RABBITMQ")]
    rabbitmq: String,
    /// How often each figure is measured; the median of the rounds counts.
    #[arg(long, env = "ROUNDS", default_value_t = 5)]
    rounds: usize,
    /// Only figures whose names contain this.
    #[arg(long, default_value = "")]
    only: String,
}

// One thread for all tasks of both sides, as the delivery of a module has: no step is handed over between threads.
#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    // lapin calls it an error when a connection is closed while something is under way; dead letters are what one figure is about.
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_env_filter("warn,lapin=off,dcp::bus::dead_letters=off")
        .init();
    let arguments = Arguments::parse();
    let wants = |figure: &str| figure.contains(&arguments.only);
    let mut figures = Vec::new();
    if ["bus.publish", "bus.consume", "bus.own_cpu_us"]
        .into_iter()
        .any(wants)
    {
        figures.extend(messages(&arguments).await.context("throughput")?);
    }
    if wants("bus.end_to_end_p50") {
        figures.push(latency::end_to_end(&arguments.rabbitmq, arguments.rounds).await?);
    }
    if wants("bus.request_reply_p50") {
        figures.push(latency::request_reply(&arguments.rabbitmq, arguments.rounds).await?);
    }
    if wants("store.transactional") {
        figures.push(transactions::measure(arguments.rounds).await?);
    }
    if wants("bus.relay") {
        figures.push(relay::measure(&arguments.rabbitmq, arguments.rounds).await?);
    }
    if wants("bus.with_poison") {
        figures.push(poison::measure(&arguments.rabbitmq, arguments.rounds).await?);
    }
    for figure in figures {
        println!("{}", figure.line());
    }
    Ok(())
}

/// The figures of many messages: rates of publishing and consuming, and what both cost in computing time.
async fn messages(arguments: &Arguments) -> anyhow::Result<Vec<Figure>> {
    let mut publishing = Figure::rate("bus.publish", "1/s");
    let mut consuming = Figure::rate("bus.consume", "1/s");
    let mut cost = Figure::cost("bus.own_cpu_us", "us");
    let mut bench = messages::Bench::open(&arguments.rabbitmq).await?;
    for round in 0..=arguments.rounds {
        let (ours_out, peer_out) = publish::round(&mut bench).await?;
        let (ours_in, peer_in) = consume::round(&mut bench).await?;
        // The first round warms caches and connections of both.
        if round > 0 {
            publishing.add(ours_out.rate(), peer_out.rate());
            consuming.add(ours_in.rate(), peer_in.rate());
            cost.add(
                ours_out.cpu_us() + ours_in.cpu_us(),
                peer_out.cpu_us() + peer_in.cpu_us(),
            );
        }
    }
    bench.close().await;
    Ok(vec![publishing, consuming, cost])
}
