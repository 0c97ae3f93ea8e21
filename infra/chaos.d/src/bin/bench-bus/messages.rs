//! What both sides send: one body, one set of properties, one queue.

use std::sync::Arc;
use std::time::Duration;

use dcp::bus::{Bus, Destination, Envelope, Outgoing, Topology, event_queue};
use dcp::clock::SystemClock;
use dcp::events::{Event, wire_name};
use dcp::model::Zone;
use dcp_chaos::{Changed, now, until};
use lapin::BasicProperties;
use uuid::Uuid;

use crate::peer::Peer;

/// Characters that bring a body to the 256 bytes of the measured table in the design.
const NOTE: usize = 130;

/// The module whose queue is used.
pub(crate) const MODULE: &str = "bench";

/// The framework and the peer on the same queue.
pub(crate) struct Bench {
    pub(crate) bus: Arc<dyn Bus>,
    pub(crate) peer: Peer,
    pub(crate) queue: String,
    /// Exchange, routing key and properties as the framework sends them.
    pub(crate) exchange: String,
    pub(crate) key: String,
    pub(crate) properties: BasicProperties,
}

impl Bench {
    pub(crate) async fn open(rabbitmq: &str) -> anyhow::Result<Self> {
        let bus = connect(rabbitmq).await?;
        let name = wire_name::<Changed>();
        bus.declare(&Topology::default().event(MODULE, &name))
            .await?;
        let peer = Peer::open(rabbitmq).await?;
        let queue = event_queue(MODULE, &name);
        peer.purge(&queue).await?;
        bus.publish(&[outgoing()]).await.remove(0)?;
        let sent = peer.first(&queue).await?;
        Ok(Self {
            bus,
            peer,
            queue,
            exchange: sent.exchange.to_string(),
            key: sent.routing_key.to_string(),
            properties: sent.properties,
        })
    }

    /// The properties of another message.
    pub(crate) fn properties(&self) -> BasicProperties {
        let id = Uuid::now_v7().to_string();
        self.properties.clone().with_message_id(id.into())
    }

    /// Waits until nobody consumes the queue, then empties it.
    pub(crate) async fn clear(&self) -> anyhow::Result<()> {
        until("the queue is left", Duration::from_secs(10), async || {
            Ok(self.peer.look(&self.queue).await?.1 == 0)
        })
        .await?;
        self.peer.purge(&self.queue).await
    }

    pub(crate) async fn close(self) {
        self.bus.close().await;
    }
}

/// The framework's bus at the broker.
pub(crate) async fn connect(rabbitmq: &str) -> anyhow::Result<Arc<dyn Bus>> {
    Ok(dcp::bus::connect(rabbitmq, Zone::Gxp, Arc::new(SystemClock)).await?)
}

/// An event with a body of 256 bytes.
pub(crate) fn event() -> Changed {
    Changed {
        id: Uuid::now_v7(),
        subject: "tank-17".to_owned(),
        number: 1_000_000,
        note: "x".repeat(NOTE),
    }
}

/// An event as the bus gets it.
pub(crate) fn outgoing() -> Outgoing {
    Outgoing {
        to: Destination::Topic,
        envelope: envelope(&event()),
    }
}

/// An envelope as the framework makes it of an event.
pub(crate) fn envelope<E: Event>(event: &E) -> Envelope {
    Envelope {
        id: Uuid::now_v7(),
        source: MODULE.to_owned(),
        name: wire_name::<E>(),
        kind: E::KIND,
        key: event.key(),
        zone: None,
        site: None,
        time: now(),
        traceparent: Some("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".to_owned()),
        deadline: None,
        attempts: 0,
        follows: None,
        seq: 0,
        data: serde_json::value::to_raw_value(event).unwrap_or_default(),
    }
}
