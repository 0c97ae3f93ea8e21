//! One file per promise of `docs/promises.md`: what is done to the platform, and what must hold after it.

mod backlog;
mod broker_dies;
mod database_dies;
mod hang_ups;
mod kills;
mod network;
mod order;
mod points;
mod poison;
mod restores;
mod server_dies;
mod stops;
mod time_jumps;

use std::path::PathBuf;

use futures_util::future::LocalBoxFuture;
use rand::SeedableRng;
use rand::rngs::StdRng;

use crate::broker::Broker;
use crate::check::Verdict;
use crate::stage::Stage;

/// A promise and how it is put to the test.
pub(crate) struct Promise {
    pub(crate) name: &'static str,
    /// Whether it can be tested on the local bus.
    pub(crate) local: bool,
    /// Whether it can be tested on RabbitMQ.
    pub(crate) rabbitmq: bool,
    /// Whether it can be tested with databases on a SQL Server.
    pub(crate) sqlserver: bool,
    pub(crate) keep: fn(Run) -> LocalBoxFuture<'static, anyhow::Result<Verdict>>,
}

/// Every promise that is tested here.
pub(crate) const ALL: &[Promise] = &[
    Promise {
        name: "P1",
        local: true,
        rabbitmq: true,
        sqlserver: true,
        keep: |run| Box::pin(kills::keep(run)),
    },
    Promise {
        name: "P6",
        local: true,
        rabbitmq: true,
        sqlserver: true,
        keep: |run| Box::pin(order::keep(run)),
    },
    Promise {
        name: "P3",
        local: false,
        rabbitmq: true,
        sqlserver: true,
        keep: |run| Box::pin(broker_dies::keep(run)),
    },
    Promise {
        name: "P2",
        local: true,
        rabbitmq: true,
        sqlserver: false,
        keep: |run| Box::pin(points::keep(run)),
    },
    Promise {
        name: "P7",
        local: true,
        rabbitmq: true,
        sqlserver: true,
        keep: |run| Box::pin(poison::keep(run)),
    },
    Promise {
        name: "P5",
        local: false,
        rabbitmq: true,
        sqlserver: true,
        keep: |run| Box::pin(network::keep(run)),
    },
    Promise {
        name: "P8",
        local: true,
        rabbitmq: true,
        sqlserver: true,
        keep: |run| Box::pin(backlog::keep(run)),
    },
    Promise {
        name: "P9",
        local: true,
        rabbitmq: true,
        sqlserver: true,
        keep: |run| Box::pin(stops::keep(run)),
    },
    Promise {
        name: "P11",
        local: true,
        rabbitmq: true,
        sqlserver: true,
        keep: |run| Box::pin(database_dies::keep(run)),
    },
    Promise {
        name: "P12",
        local: true,
        rabbitmq: true,
        sqlserver: false,
        keep: |run| Box::pin(restores::keep(run)),
    },
    Promise {
        name: "P33",
        local: true,
        rabbitmq: true,
        sqlserver: false,
        keep: |run| Box::pin(time_jumps::keep(run)),
    },
    Promise {
        name: "P34",
        local: true,
        rabbitmq: true,
        sqlserver: true,
        keep: |run| Box::pin(hang_ups::keep(run)),
    },
];

/// What a test of a promise gets.
pub(crate) struct Run {
    /// A folder of its own.
    pub(crate) folder: PathBuf,
    /// The repository.
    pub(crate) root: PathBuf,
    /// The first port it may use.
    pub(crate) port: u16,
    pub(crate) seed: u64,
    pub(crate) small: bool,
    /// The broker, when the bus is RabbitMQ.
    pub(crate) broker: Option<Broker>,
    /// The connection string of the SQL Server, when the databases are there.
    pub(crate) server: Option<String>,
}

impl Run {
    /// An empty stage on the bus of this run.
    pub(crate) fn stage(&self) -> anyhow::Result<Stage> {
        let local = || format!("local:{}", self.folder.join("bus.db").display());
        let bus = self.broker.as_ref().map(|broker| broker.address.clone());
        self.stage_on(&bus.unwrap_or_else(local))
    }

    /// An empty stage on a bus at another address.
    pub(crate) fn stage_on(&self, bus: &str) -> anyhow::Result<Stage> {
        Stage::new(&self.folder, bus, self.port, self.server.as_deref())
    }

    /// Lets the bus forget every message it holds, as a broker does that loses its disk. No module may run.
    pub(crate) async fn forget_messages(&self, stage: &Stage) -> anyhow::Result<()> {
        let Some(broker) = &self.broker else {
            let bus = rusqlite::Connection::open(self.folder.join("bus.db"))?;
            bus.execute("DELETE FROM message", [])?;
            return Ok(());
        };
        let properties = lapin::ConnectionProperties::default();
        let connection = lapin::Connection::connect(&broker.address, properties).await?;
        let channel = connection.create_channel().await?;
        for queue in stage.topology()?.queues() {
            let options = lapin::options::QueuePurgeOptions::default();
            channel.queue_purge(queue.into(), options).await?;
        }
        Ok(())
    }

    /// Chance that comes out the same for the same seed.
    pub(crate) fn chance(&self) -> StdRng {
        StdRng::seed_from_u64(self.seed)
    }

    /// The figure of each submission, or a hundredth of it.
    pub(crate) fn scaled(&self, figure: u64) -> u64 {
        if self.small {
            (figure / 100).max(2)
        } else {
            figure
        }
    }
}
