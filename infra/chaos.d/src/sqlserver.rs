//! SQL Server without the framework: what is measured beside it and what judges it must not go through it.

use std::net::SocketAddr;

use anyhow::Context as _;
use tiberius::{Client, Config, EncryptionLevel};
use tokio::net::TcpStream;
use tokio_util::compat::{Compat, TokioAsyncWriteCompatExt as _};

/// One connection of the driver alone.
pub type Connection = Client<Compat<TcpStream>>;

/// Where the server of an ADO connection string listens.
pub async fn place_of(server: &str) -> anyhow::Result<SocketAddr> {
    let place = Config::from_ado_string(server)?.get_addr();
    let mut found = tokio::net::lookup_host(&place).await?;
    found
        .next()
        .with_context(|| format!("{place} has no address"))
}

/// Connects to the database of an address of the store, `mssql:` and an ADO connection string.
pub async fn connect(address: &str) -> anyhow::Result<Connection> {
    let mut config = Config::from_ado_string(address.trim_start_matches("mssql:"))?;
    config.encryption(EncryptionLevel::Required);
    let stream = TcpStream::connect(config.get_addr()).await?;
    stream.set_nodelay(true)?;
    Ok(Box::pin(Client::connect(config, stream.compat_write())).await?)
}
