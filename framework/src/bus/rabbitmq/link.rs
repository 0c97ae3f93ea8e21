//! One connection to the broker, dialled when it is needed and thrown away when it fails.

use std::sync::Arc;
use std::time::Duration;

use lapin::{Channel, Connection};
use tokio::sync::Mutex;
use tokio::time::timeout;

use super::broker::{Broker, Login};
use super::dial::dial;
use crate::bus::BusError;
use crate::limits::BROKER_DIAL;

/// A connection for one purpose: a broker that throttles publishing must not stop consuming.
#[derive(Debug)]
pub(super) struct Link {
    broker: Arc<Broker>,
    name: &'static str,
    connection: Mutex<Option<Live>>,
}

/// A connection, and with what it was made.
#[derive(Debug)]
struct Live {
    connection: Connection,
    login: Login,
}

impl Link {
    pub(super) fn new(broker: Arc<Broker>, name: &'static str) -> Self {
        Self {
            broker,
            name,
            connection: Mutex::default(),
        }
    }

    /// A fresh channel. Who waits between two attempts is the caller.
    pub(super) async fn channel(&self) -> Result<Channel, BusError> {
        let mut slot = self.connection.lock().await;
        // Taken out meanwhile: whoever stops waiting for a connection that says nothing leaves none behind.
        if let Some(live) = slot
            .take()
            .filter(|live| live.connection.status().connected())
            // In whatever state it is: nothing is repaired, everything is dialled anew.
            && let Ok(Ok(channel)) = timeout(BROKER_DIAL, live.connection.create_channel()).await
        {
            *slot = Some(live);
            return Ok(channel);
        }
        let login = self.login().await?;
        let live = self.dial(login).await?;
        let channel = timeout(BROKER_DIAL, live.connection.create_channel())
            .await
            .map_err(BusError::unavailable)??;
        *slot = Some(live);
        Ok(channel)
    }

    /// Dials anew when the present connection was made with credentials of yesterday; says whether it did. What still works
    /// over the old connection keeps it until its last channel is closed.
    pub(super) async fn renew(&self) -> Result<bool, BusError> {
        let login = self.login().await?;
        let is_old = |live: &Live| live.login != login && live.connection.status().connected();
        if !self.connection.lock().await.as_ref().is_some_and(is_old) {
            return Ok(false);
        }
        // Others go on with the old one until this one stands.
        let live = self.dial(login).await?;
        *self.connection.lock().await = Some(live);
        Ok(true)
    }

    async fn login(&self) -> Result<Login, BusError> {
        timeout(BROKER_DIAL, self.broker.login())
            .await
            .map_err(BusError::unavailable)?
            .map_err(BusError::unavailable)
    }

    async fn dial(&self, login: Login) -> Result<Live, BusError> {
        let connection = timeout(BROKER_DIAL, dial(&login, self.name))
            .await
            .map_err(BusError::unavailable)?
            .map_err(BusError::unavailable)?;
        Ok(Live { connection, login })
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
        let Some(live) = self.connection.lock().await.take() else {
            return;
        };
        let closed = timeout(BROKER_DIAL, live.connection.close(200, "bye".into())).await;
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
