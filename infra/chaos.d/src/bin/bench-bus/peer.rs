//! Raw lapin, as a good programmer uses it: two connections, quorum queues, mandatory, confirmed and pipelined publishing.

use std::collections::VecDeque;

use anyhow::{Context as _, bail};
use futures_util::StreamExt;
use lapin::options::{
    BasicAckOptions, BasicCancelOptions, BasicConsumeOptions, BasicGetOptions, BasicPublishOptions,
    BasicQosOptions, ConfirmSelectOptions, QueueDeclareOptions, QueueDeleteOptions,
    QueuePurgeOptions,
};
use lapin::types::{FieldTable, ShortString};
use lapin::{
    BasicProperties, Channel, Confirmation, Connection, ConnectionProperties, Consumer,
    PublisherConfirm, message::Delivery,
};

/// Messages without confirm that publishing lets stand: more were measured to bring nothing.
const WINDOW: usize = 2_000;

pub(crate) struct Peer {
    connections: [Connection; 2],
    pub(crate) publishing: Channel,
    pub(crate) consuming: Channel,
}

impl Peer {
    pub(crate) async fn open(rabbitmq: &str) -> anyhow::Result<Self> {
        let connect = async || Connection::connect(rabbitmq, ConnectionProperties::default()).await;
        let connections = [connect().await?, connect().await?];
        let publishing = connections[0].create_channel().await?;
        publishing
            .confirm_select(ConfirmSelectOptions::default())
            .await?;
        let consuming = connections[1].create_channel().await?;
        Ok(Self {
            connections,
            publishing,
            consuming,
        })
    }

    /// Ends both connections, and with them what they consume.
    pub(crate) async fn close(self) -> anyhow::Result<()> {
        for connection in self.connections {
            connection.close(200, "".into()).await?;
        }
        Ok(())
    }

    /// Publishes without waiting; the confirm is still to come.
    pub(crate) async fn send(
        &self,
        exchange: &ShortString,
        key: &ShortString,
        body: &[u8],
        properties: BasicProperties,
    ) -> anyhow::Result<PublisherConfirm> {
        let options = BasicPublishOptions {
            mandatory: true,
            ..BasicPublishOptions::default()
        };
        Ok(self
            .publishing
            .basic_publish(exchange.clone(), key.clone(), options, body, properties)
            .await?)
    }

    /// Publishes everything, pipelined, and waits for every confirm.
    pub(crate) async fn send_all<'m>(
        &self,
        exchange: &str,
        key: &str,
        messages: impl Iterator<Item = (&'m [u8], BasicProperties)>,
    ) -> anyhow::Result<()> {
        let (exchange, key) = (exchange.into(), key.into());
        let mut open = VecDeque::with_capacity(WINDOW);
        for (body, properties) in messages {
            if open.len() == WINDOW
                && let Some(confirm) = open.pop_front()
            {
                confirmed(confirm).await?;
            }
            open.push_back(self.send(&exchange, &key, body, properties).await?);
        }
        for confirm in open {
            confirmed(confirm).await?;
        }
        Ok(())
    }

    /// Consumes a queue with this prefetch.
    pub(crate) async fn consume(&self, queue: &str, prefetch: u16) -> anyhow::Result<Consumer> {
        self.consuming
            .basic_qos(prefetch, BasicQosOptions::default())
            .await?;
        let options = BasicConsumeOptions::default();
        Ok(self
            .consuming
            .basic_consume(queue.into(), "".into(), options, FieldTable::default())
            .await?)
    }

    /// Takes and acknowledges this many messages.
    pub(crate) async fn take(consumer: &mut Consumer, count: usize) -> anyhow::Result<()> {
        for _ in 0..count {
            let delivery = consumer.next().await.context("the consumer ended")??;
            delivery.ack(BasicAckOptions::default()).await?;
        }
        Ok(())
    }

    pub(crate) async fn cancel(&self, consumer: &Consumer) -> anyhow::Result<()> {
        let options = BasicCancelOptions::default();
        Ok(self.consuming.basic_cancel(consumer.tag(), options).await?)
    }

    /// The message at the head of the queue, which is taken.
    pub(crate) async fn first(&self, queue: &str) -> anyhow::Result<Delivery> {
        let got = self
            .consuming
            .basic_get(queue.into(), BasicGetOptions { no_ack: true })
            .await?;
        Ok(got.context("the queue is empty")?.delivery)
    }

    /// Messages waiting in the queue, and who consumes it.
    pub(crate) async fn look(&self, queue: &str) -> anyhow::Result<(u32, u32)> {
        let options = QueueDeclareOptions::durable().passive();
        let queue = self
            .consuming
            .queue_declare(queue.into(), options, FieldTable::default())
            .await?;
        Ok((queue.message_count(), queue.consumer_count()))
    }

    pub(crate) async fn delete(&self, queue: &str) -> anyhow::Result<()> {
        self.consuming
            .queue_delete(queue.into(), QueueDeleteOptions::default())
            .await?;
        Ok(())
    }

    pub(crate) async fn purge(&self, queue: &str) -> anyhow::Result<()> {
        self.consuming
            .queue_purge(queue.into(), QueuePurgeOptions::default())
            .await?;
        Ok(())
    }
}

/// Waits until the broker has stored the message in a queue.
pub(crate) async fn confirmed(confirm: PublisherConfirm) -> anyhow::Result<()> {
    match confirm.await? {
        Confirmation::Ack(None) => Ok(()),
        other => bail!("the broker did not store a message: {other:?}"),
    }
}
