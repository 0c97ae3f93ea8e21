//! Channels: new values of streams over a WebSocket.

use std::time::Duration;

use futures_util::SinkExt;
use futures_util::StreamExt;
use futures_util::stream::{SplitSink, SplitStream};
use hyper::Request as HttpRequest;
use hyper::body::Incoming;
use hyper::header::{SEC_WEBSOCKET_KEY, UPGRADE};
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role};

use crate::Simulator;
use crate::access::Caller;
use crate::context::{Context, Request};
use crate::faults::Kind;
use crate::plant::Object;
use crate::refusal::Refusal;
use crate::stream::Stream;
use crate::streams;
use crate::time::Micros;

/// How often a channel looks for new values; the heartbeat counts in these.
const POLL: Duration = Duration::from_millis(250);

type Socket = WebSocketStream<TokioIo<Upgraded>>;

/// How a fault ends what a channel sends.
#[derive(Debug, Clone, Copy)]
enum End {
    Close(u16),
    Break,
    Stall,
}

/// A channel that was asked for, before its connection is one.
#[derive(Debug)]
pub struct Opening {
    /// What the answer's `Sec-WebSocket-Accept` says.
    pub accept: String,
    upgrade: OnUpgrade,
    request: Request,
    caller: Caller,
    objects: Vec<Object>,
    initial: bool,
    heartbeat: usize,
    ends: Option<(u32, End)>,
}

/// Checks a request for a channel.
pub fn open(
    simulator: &Simulator,
    request: &Request,
    caller: Caller,
    http: &mut HttpRequest<Incoming>,
    met: &[Kind],
) -> Result<Opening, Refusal> {
    let headers = http.headers();
    let wants = headers
        .get(UPGRADE)
        .is_some_and(|upgrade| upgrade.as_bytes().eq_ignore_ascii_case(b"websocket"));
    let key = headers
        .get(SEC_WEBSOCKET_KEY)
        .filter(|_| wants)
        .ok_or_else(|| Refusal::bad_request("A channel needs a WebSocket request."))?;
    let accept = derive_accept_key(key.as_bytes());
    let context = Context::new(simulator, request, &caller)?;
    let objects = match request.segments.as_slice() {
        [_, _] => context.objects()?,
        [set, id, _] if set.eq_ignore_ascii_case("streamsets") => {
            streams::of_owner(&context, id, true)?
        }
        [_, id, _] => vec![context.object(id)?],
        _ => Vec::new(),
    };
    for object in &objects {
        Stream::of(&context, *object)?.view(&context)?;
    }
    let initial = request.query.flag("includeInitialValues", false)?;
    // Zero and negative numbers stand for no heartbeat.
    let heartbeat = request.query.get("heartbeatRate");
    Ok(Opening {
        accept,
        upgrade: hyper::upgrade::on(http),
        request: request.clone(),
        objects,
        initial,
        heartbeat: heartbeat.and_then(|rate| rate.parse().ok()).unwrap_or(0),
        ends: met.iter().find_map(|fault| match fault {
            Kind::ChannelCloses { messages, code } => {
                Some((*messages, code.map_or(End::Break, End::Close)))
            }
            Kind::ChannelStalls { messages } => Some((*messages, End::Stall)),
            _ => None,
        }),
        caller,
    })
}

/// Sends values until either side closes.
pub async fn run(simulator: &Simulator, mut opening: Opening) -> anyhow::Result<()> {
    let upgraded = TokioIo::new((&mut opening.upgrade).await?);
    let socket = WebSocketStream::from_raw_socket(upgraded, Role::Server, None).await;
    let (mut sender, mut receiver) = socket.split();
    tokio::select! {
        sent = send(simulator, &opening, &mut sender) => sent,
        () = closed(&mut receiver) => Ok(sender.close().await?),
    }
}

/// Ends when the other side closes; what it sends does not matter.
async fn closed(receiver: &mut SplitStream<Socket>) {
    while let Some(Ok(message)) = receiver.next().await {
        if message.is_close() {
            return;
        }
    }
}

async fn send(
    simulator: &Simulator,
    opening: &Opening,
    sender: &mut SplitSink<Socket, Message>,
) -> anyhow::Result<()> {
    let mut since = simulator.now();
    let mut quiet = 0;
    let mut left = opening.ends.map(|(messages, _)| messages);
    let mut first = opening.initial;
    let mut tick = tokio::time::interval(POLL);
    loop {
        if left == Some(0) {
            return end(opening, sender).await;
        }
        tick.tick().await;
        let until = simulator.now();
        let items = if first {
            initial(simulator, opening, until)
        } else {
            news(simulator, opening, since, until)
        }
        .map_err(|refusal| anyhow::anyhow!(refusal.errors.join(" ")))?;
        since = until;
        first = false;
        quiet += 1;
        if !items.is_empty() || (opening.heartbeat > 0 && quiet >= opening.heartbeat) {
            let message = json!({ "Links": {}, "Items": items }).to_string();
            sender.send(Message::text(message)).await?;
            quiet = 0;
            left = left.map(|left| left - 1);
        }
    }
}

async fn end(opening: &Opening, sender: &mut SplitSink<Socket, Message>) -> anyhow::Result<()> {
    match opening.ends {
        Some((_, End::Close(code))) => {
            let frame = CloseFrame {
                code: CloseCode::from(code),
                reason: "A fault was asked for.".into(),
            };
            Ok(sender.send(Message::Close(Some(frame))).await?)
        }
        Some((_, End::Stall)) => std::future::pending().await,
        _ => Ok(()),
    }
}

fn initial(simulator: &Simulator, opening: &Opening, now: Micros) -> Result<Vec<Value>, Refusal> {
    let context = Context::at(simulator, &opening.request, &opening.caller, now)?;
    let items = opening.objects.iter().map(|object| {
        let stream = Stream::of(&context, *object)?;
        let value = stream.timed(&context, &stream.view(&context)?.snapshot())?;
        Ok(stream.series_item(&context, json!([value])))
    });
    items.collect()
}

/// The values that arrived after `since`.
fn news(
    simulator: &Simulator,
    opening: &Opening,
    since: Micros,
    until: Micros,
) -> Result<Vec<Value>, Refusal> {
    let context = Context::at(simulator, &opening.request, &opening.caller, until)?;
    let mut items = Vec::new();
    for object in &opening.objects {
        let stream = Stream::of(&context, *object)?;
        let arrivals = stream.arrivals(since, until)?;
        let values: Result<Vec<Value>, Refusal> = arrivals
            .iter()
            .map(|arrival| stream.timed(&context, &arrival.sample))
            .collect();
        let values = values?;
        if !values.is_empty() {
            items.push(stream.series_item(&context, json!(values)));
        }
    }
    Ok(items)
}
