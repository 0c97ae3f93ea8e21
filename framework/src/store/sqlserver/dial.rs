//! One connection: dialled, logged in and set up, or not within a time.

use tiberius::{Client, Config};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_util::compat::{Compat, TokioAsyncWriteCompatExt};

use super::map;
use super::refusal::map_login;
use crate::limits::{SQLSERVER_CONNECT, STORE_ACQUIRE};
use crate::store::StoreError;

pub(super) type Connection = Client<Compat<TcpStream>>;

#[expect(
    clippy::disallowed_methods,
    reason = "this is the one place that connects"
)]
pub(super) async fn connect(config: &Config) -> Result<Connection, StoreError> {
    let dial = async {
        let place = config.get_addr();
        let stream = TcpStream::connect(&place).await.map_err(|error| {
            let words = format!(
                "nobody answers at {place}; start the server, or correct `server` in the connection string"
            );
            StoreError::unavailable(words, error.into())
        })?;
        stream
            .set_nodelay(true)
            .map_err(|error| StoreError::Unavailable(error.into()))?;
        let mut client = Box::pin(Client::connect(config.clone(), stream.compat_write()))
            .await
            .map_err(|error| map_login(error, &place))?;
        // An error ends the transaction; a lock is waited for no longer than a person waits.
        let settings = format!(
            "SET XACT_ABORT ON; SET LOCK_TIMEOUT {};",
            STORE_ACQUIRE.as_millis()
        );
        let set = client.simple_query(settings).await.map_err(map)?;
        set.into_results().await.map_err(map)?;
        Ok(client)
    };
    in_time(dial).await
}

/// A server that is silent is one that is not there.
pub(super) async fn in_time<T>(
    work: impl Future<Output = Result<T, StoreError>>,
) -> Result<T, StoreError> {
    let waited = timeout(SQLSERVER_CONNECT, Box::pin(work)).await;
    waited.map_err(|_| {
        let text = format!("no answer within {} s", SQLSERVER_CONNECT.as_secs());
        StoreError::Unavailable(text.into())
    })?
}
