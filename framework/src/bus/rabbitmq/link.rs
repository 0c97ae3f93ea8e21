//! One connection to the broker, dialled when it is needed and thrown away when it fails.

use std::time::Duration;

use lapin::{Channel, Connection, ConnectionProperties};
use tokio::sync::Mutex;
use tokio::time::timeout;

use crate::bus::BusError;
use crate::limits::{BROKER_DIAL, BROKER_HEARTBEAT};

/// A connection for one purpose: a broker that throttles publishing must not stop consuming.
#[derive(Debug)]
pub(super) struct Link {
    address: String,
    name: &'static str,
    connection: Mutex<Option<Connection>>,
}

impl Link {
    pub(super) fn new(address: &str, name: &'static str) -> Self {
        let joint = if address.contains('?') { '&' } else { '?' };
        let address = if address.contains("heartbeat=") {
            address.to_owned()
        } else {
            format!("{address}{joint}heartbeat={BROKER_HEARTBEAT}")
        };
        Self {
            address,
            name,
            connection: Mutex::default(),
        }
    }

    /// A fresh channel. Who waits between two attempts is the caller.
    pub(super) async fn channel(&self) -> Result<Channel, BusError> {
        let mut slot = self.connection.lock().await;
        // Taken out meanwhile: whoever stops waiting for a connection that says nothing leaves none behind.
        if let Some(connection) = slot
            .take()
            .filter(|connection| connection.status().connected())
            // In whatever state it is: nothing is repaired, everything is dialled anew.
            && let Ok(Ok(channel)) = timeout(BROKER_DIAL, connection.create_channel()).await
        {
            *slot = Some(connection);
            return Ok(channel);
        }
        let properties = ConnectionProperties::default().with_connection_name(self.name.into());
        let dial = async {
            let connection = Connection::connect(&self.address, properties).await?;
            let channel = connection.create_channel().await?;
            Ok::<_, lapin::Error>((connection, channel))
        };
        let (connection, channel) = timeout(BROKER_DIAL, dial)
            .await
            .map_err(BusError::unavailable)??;
        *slot = Some(connection);
        Ok(channel)
    }

    /// Gives up the connection: one that does not answer may never say that it has ended.
    pub(super) async fn abandon(&self) {
        *self.connection.lock().await = None;
    }

    /// The outcome of `work` at the broker. What fails or takes too long takes the connection with it.
    pub(super) async fn within<T>(
        &self,
        time: Duration,
        work: impl Future<Output = Result<T, BusError>>,
    ) -> Result<T, BusError> {
        let outcome = timeout(time, work)
            .await
            .map_err(BusError::unavailable)
            .and_then(|done| done);
        if matches!(outcome, Err(BusError::Unavailable(_))) {
            self.abandon().await;
        }
        outcome
    }

    pub(super) async fn close(&self) {
        let Some(connection) = self.connection.lock().await.take() else {
            return;
        };
        let closed = timeout(BROKER_DIAL, connection.close(200, "bye".into())).await;
        if !matches!(closed, Ok(Ok(()))) {
            tracing::debug!(
                link = self.name,
                "the broker was gone before the connection was closed"
            );
        }
    }
}

impl From<lapin::Error> for BusError {
    fn from(error: lapin::Error) -> Self {
        Self::unavailable(error)
    }
}
