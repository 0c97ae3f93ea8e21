//! A channel: the server sends values over a WebSocket.

use std::time::Instant;

use futures_util::{SinkExt, StreamExt};
use reqwest::Url;
use reqwest::header::AUTHORIZATION;
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::StatusCode;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async_with_config};
use tokio_util::either::Either;

use super::super::answer::series_of;
use super::super::{PiClient, PiError};
use super::{Arrived, Break};
use crate::{limits, tls};

type Socket = Either<TcpStream, TlsStream<TcpStream>>;

pub(super) struct Channel {
    socket: WebSocketStream<Socket>,
    /// When the last message came; none before the first.
    heard: Option<Instant>,
}

impl Channel {
    /// Opens a channel for tags; the server sends what comes from then on.
    pub(super) async fn open(client: &PiClient, tags: &[String]) -> Result<Self, Break> {
        let mut query: Vec<(&str, &str)> = tags.iter().map(|tag| ("webId", tag.as_str())).collect();
        query.extend([("includeInitialValues", "false"), ("heartbeatRate", "5")]);
        let length: usize = tags.iter().map(|tag| tag.len() + "&webId=".len()).sum();
        if length > limits::PI_ADDRESS {
            return Err(Break::Never(
                "these are more tags than fit into one channel".to_owned(),
            ));
        }
        let url = client.url(&["streamsets", "channel"], &query)?;
        let mut used = client.authorization().await?;
        let mut renewed = false;
        loop {
            let opening = shake_hands(client, &url, used.clone());
            let opened = tokio::time::timeout(limits::PI_REQUEST, opening).await;
            match opened.unwrap_or(Err(PiError::Slow(limits::PI_REQUEST).into())) {
                Ok(socket) => {
                    return Ok(Self {
                        socket,
                        heard: None,
                    });
                }
                Err(Break::Fatal(PiError::Unauthorized))
                    if !std::mem::replace(&mut renewed, true)
                        && client.renew(used.as_ref()).await =>
                {
                    used = client.authorization().await?;
                }
                Err(failed) => return Err(failed),
            }
        }
    }

    /// The next values; a server that is silent is asked whether it is there. That it is there is not enough: heartbeats were asked
    /// for, so one that spoke before and sends none any more has lost what it was to tell.
    pub(super) async fn next(&mut self) -> Result<Arrived, Break> {
        let mut asked = false;
        loop {
            let quiet = self.heard.map(|at| at.elapsed()).unwrap_or_default();
            let left = limits::PI_LIVE_MUTE.saturating_sub(quiet);
            let message =
                tokio::time::timeout(limits::PI_LIVE_SILENCE.min(left), self.socket.next()).await;
            match message {
                Err(_) if left <= limits::PI_LIVE_SILENCE => {
                    return Err(Break::Again(
                        "the channel is open and says nothing any more".to_owned(),
                    ));
                }
                Err(_) if asked => return Err(Break::Again("the channel is silent".to_owned())),
                Err(_) => {
                    asked = true;
                    let ping = self.socket.send(Message::Ping(Vec::new().into())).await;
                    ping.map_err(|error| broken(&error))?;
                }
                Ok(None | Some(Ok(Message::Close(_)))) => {
                    return Err(Break::Again("the server closed the channel".to_owned()));
                }
                Ok(Some(Err(error))) => return Err(broken(&error)),
                Ok(Some(Ok(Message::Text(text)))) => return self.told(text.as_bytes()),
                Ok(Some(Ok(Message::Binary(bytes)))) => return self.told(&bytes),
                Ok(Some(Ok(_))) => asked = false,
            }
        }
    }

    fn told(&mut self, text: &[u8]) -> Result<Arrived, Break> {
        self.heard = Some(Instant::now());
        read(text)
    }
}

fn read(text: &[u8]) -> Result<Arrived, Break> {
    Ok(Arrived {
        series: series_of(text, "a message of the channel")?,
        ..Arrived::default()
    })
}

async fn shake_hands(
    client: &PiClient,
    url: &Url,
    authorization: Option<reqwest::header::HeaderValue>,
) -> Result<WebSocketStream<Socket>, Break> {
    let socket = dial(client, url).await?;
    // The same address under the name of the other protocol.
    let address = url.as_str().replacen("http", "ws", 1);
    let mut request = address
        .into_client_request()
        .map_err(|error| PiError::Misconfigured(error.to_string()))?;
    if let Some(header) = authorization {
        request.headers_mut().insert(AUTHORIZATION, header);
    }
    let config = WebSocketConfig::default()
        .max_message_size(Some(limits::PI_ANSWER_BYTES))
        .max_frame_size(Some(limits::PI_ANSWER_BYTES));
    let shaken = client_async_with_config(request, socket, Some(config)).await;
    match shaken {
        Ok((socket, _)) => Ok(socket),
        Err(Error::Http(response)) => Err(refused(response.status())),
        Err(error) => Err(broken(&error)),
    }
}

async fn dial(client: &PiClient, url: &Url) -> Result<Socket, Break> {
    let host = url.host_str().unwrap_or_default();
    let port = url.port_or_known_default().unwrap_or(443);
    let dialling = TcpStream::connect((host.trim_matches(['[', ']']), port));
    let socket = tokio::time::timeout(limits::PI_CONNECT, dialling)
        .await
        .map_err(|_| PiError::Slow(limits::PI_CONNECT))?
        .map_err(|error| Break::Again(format!("the PI Web API server does not answer: {error}")))?;
    let Some(trust) = client.trust() else {
        return Ok(Either::Left(socket));
    };
    let name = ServerName::try_from(host.to_owned())
        .map_err(|error| PiError::Misconfigured(error.to_string()))?;
    let encrypted = TlsConnector::from(trust).connect(name, socket).await;
    match encrypted {
        Ok(socket) => Ok(Either::Right(socket)),
        Err(error) => Err(match tls::failure(&error) {
            Some(error) => client.mistrusted(error).into(),
            None => Break::Again(error.to_string()),
        }),
    }
}

/// What a status instead of a channel means: the account, the server for the moment, or no channels at all.
fn refused(status: StatusCode) -> Break {
    match status.as_u16() {
        401 => Break::Fatal(PiError::Unauthorized),
        429 | 500 | 502..=504 => {
            Break::Again(format!("the server refuses the channel with {status}"))
        }
        _ => Break::Never(format!("the server opens no channel: {status}")),
    }
}

fn broken(error: &Error) -> Break {
    Break::Again(format!("the channel broke: {error}"))
}
