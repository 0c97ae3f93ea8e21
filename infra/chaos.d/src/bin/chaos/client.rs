//! A client that asks the writing module over HTTP and knows what it was told.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context as _, bail};
use dcp_chaos::Changed;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

/// No answer may take longer, whatever is broken.
const PATIENCE: Duration = Duration::from_secs(30);

/// What a client learned about its request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// 200: it is committed.
    Acknowledged,
    /// Another answer: it is not committed.
    Refused(u16),
    /// No connection: it was never sent.
    Unsent,
    /// No or half an answer: it may be committed.
    Unknown,
}

/// One client with one kept connection.
#[derive(Debug)]
pub(crate) struct Client {
    servers: Vec<SocketAddr>,
    next: usize,
    connection: Option<BufReader<TcpStream>>,
}

impl Client {
    pub(crate) fn new(servers: Vec<SocketAddr>) -> Self {
        Self {
            servers,
            next: 0,
            connection: None,
        }
    }

    /// Asks for one change.
    pub(crate) async fn change(&mut self, change: &Changed) -> Outcome {
        let Some(mut connection) = self.connect().await else {
            return Outcome::Unsent;
        };
        match tokio::time::timeout(PATIENCE, ask(&mut connection, change)).await {
            Ok(Ok(status)) => {
                self.connection = Some(connection);
                if status == 200 {
                    Outcome::Acknowledged
                } else {
                    Outcome::Refused(status)
                }
            }
            Ok(Err(_)) | Err(_) => Outcome::Unknown,
        }
    }

    /// The kept connection, or one to the next server that takes it.
    async fn connect(&mut self) -> Option<BufReader<TcpStream>> {
        if let Some(connection) = self.connection.take() {
            return Some(connection);
        }
        self.next += 1;
        let server = self.servers[self.next % self.servers.len()];
        let stream = TcpStream::connect(server).await.ok()?;
        stream.set_nodelay(true).ok()?;
        Some(BufReader::new(stream))
    }
}

/// Sends one request and reads its whole answer; its status.
pub(crate) async fn ask(
    connection: &mut BufReader<TcpStream>,
    change: &Changed,
) -> anyhow::Result<u16> {
    connection.write_all(&request(change)?).await?;
    let mut line = String::new();
    if connection.read_line(&mut line).await? == 0 {
        bail!("hung up");
    }
    let status = line.split(' ').nth(1).context("no status")?.parse()?;
    let mut length = 0;
    loop {
        line.clear();
        if connection.read_line(&mut line).await? == 0 {
            bail!("hung up within the head");
        }
        let line = line.trim().to_ascii_lowercase();
        if line.is_empty() {
            break;
        }
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse()?;
        }
    }
    let mut body = vec![0; length];
    connection.read_exact(&mut body).await?;
    Ok(status)
}

/// The request as it is on the wire.
pub(crate) fn request(change: &Changed) -> anyhow::Result<Vec<u8>> {
    let body = serde_json::to_string(change)?;
    let head = format!(
        "POST /api/chaos/changes HTTP/1.1\r\nhost: chaos\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    Ok((head + &body).into_bytes())
}
