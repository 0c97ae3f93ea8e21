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
    /// No answer: it may be committed.
    Unknown,
    /// Half an answer, or one to another question: never right.
    Broken,
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
            Ok(Ok(Some(answer))) => {
                self.connection = Some(connection);
                match answer.status {
                    200 if answer.is_to(change) => Outcome::Acknowledged,
                    200 => Outcome::Broken,
                    status => Outcome::Refused(status),
                }
            }
            Ok(Ok(None)) => Outcome::Unknown,
            // Who takes too long breaks the answer as well.
            Ok(Err(_)) | Err(_) => Outcome::Broken,
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

/// A whole answer.
struct Answer {
    status: u16,
    body: Vec<u8>,
}

impl Answer {
    fn is_to(&self, change: &Changed) -> bool {
        String::from_utf8_lossy(&self.body).contains(&change.id.to_string())
    }
}

/// Sends one request and reads its answer: none when the server hung up before its first byte.
async fn ask(
    connection: &mut BufReader<TcpStream>,
    change: &Changed,
) -> anyhow::Result<Option<Answer>> {
    let mut line = String::new();
    // A kept connection may have been closed meanwhile, which shows in either step.
    if connection.write_all(&request(change)?).await.is_err()
        || !matches!(connection.read_line(&mut line).await, Ok(1..))
    {
        return if line.is_empty() {
            Ok(None)
        } else {
            bail!("half a line")
        };
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
    Ok(Some(Answer { status, body }))
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
