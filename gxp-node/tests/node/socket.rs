//! Web sockets through the edge: the upgrade, both directions, who may, and how they end.

use reqwest::Upgraded;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::platform::Platform;

const ANALYST: &str = "__Host-dcp-session=analyst-session";
const OPERATOR: &str = "__Host-dcp-session=operator-session";
/// A text in one frame, and the end of the conversation (RFC 6455).
const TEXT: u8 = 0x81;
const CLOSE: u8 = 0x88;
const MASKED: u8 = 0x80;

/// Asks for a WebSocket of the module, from the page `origin`.
async fn ask(platform: &Platform, cookie: &str, origin: &str) -> reqwest::Response {
    platform
        .http
        .get(platform.url("/api/probe/socket"))
        .header("connection", "Upgrade")
        .header("upgrade", "websocket")
        .header("sec-websocket-version", "13")
        .header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==")
        .header("cookie", cookie)
        .header("origin", origin)
        .send()
        .await
        .unwrap()
}

fn portal(platform: &Platform) -> String {
    format!("http://localhost:{}", platform.internal)
}

async fn open(platform: &Platform) -> Upgraded {
    let answer = ask(platform, OPERATOR, &portal(platform)).await;
    assert_eq!(answer.status(), 101);
    let header = |name: &str| {
        answer.headers()[name]
            .to_str()
            .unwrap()
            .to_ascii_lowercase()
    };
    assert_eq!(header("upgrade"), "websocket");
    assert_eq!(header("connection"), "upgrade");
    assert_eq!(
        header("sec-websocket-accept"),
        "s3pplmbitxaq9kygzzhzrbk+xoo=",
        "the answer is the module's own"
    );
    let mut socket = answer.upgrade().await.unwrap();
    assert_eq!(read(&mut socket).await, Some("hello ada".to_owned()));
    socket
}

/// The next text, short enough for one byte of length; `None` when the other side has ended.
async fn read(socket: &mut Upgraded) -> Option<String> {
    let mut head = [0; 2];
    socket.read_exact(&mut head).await.ok()?;
    if head[0] == CLOSE {
        return None;
    }
    assert_eq!(head[0], TEXT);
    let mut text = vec![0; usize::from(head[1])];
    socket.read_exact(&mut text).await.ok()?;
    Some(String::from_utf8(text).unwrap())
}

/// Sends a text as a browser does, masked.
async fn write(socket: &mut Upgraded, text: &str) {
    let mask = [7, 77, 177, 27];
    let length = u8::try_from(text.len()).unwrap();
    let mut frame = vec![TEXT, MASKED | length];
    frame.extend(mask);
    frame.extend(
        text.bytes()
            .zip(mask.iter().cycle())
            .map(|(byte, mask)| byte ^ mask),
    );
    socket.write_all(&frame).await.unwrap();
}

#[tokio::test]
async fn a_web_socket_carries_both_ways_for_whoever_may() {
    let platform = Platform::start().await;
    let own = portal(&platform);
    assert_eq!(ask(&platform, "", &own).await.status(), 401);
    assert_eq!(ask(&platform, ANALYST, &own).await.status(), 403);
    let foreign = ask(&platform, OPERATOR, "http://evil.example").await;
    assert_eq!(foreign.status(), 403, "a foreign page must not listen in");

    let mut socket = open(&platform).await;
    let mut other = open(&platform).await;
    for text in ["one", "two", "three"] {
        write(&mut socket, text).await;
        assert_eq!(read(&mut socket).await, Some(format!("{text} {text}")));
    }
    write(&mut other, "x").await;
    assert_eq!(read(&mut other).await, Some("x x".to_owned()));
}

#[tokio::test]
async fn a_web_socket_ends_with_its_module_and_with_its_node() {
    let mut platform = Platform::start().await;
    let mut socket = open(&platform).await;
    let (status, _) = platform.control("POST /modules/probe/stop").await;
    assert_eq!(status, 200, "an open connection holds up no stop");
    assert_eq!(read(&mut socket).await, None);

    let (status, _) = platform.control("POST /modules/probe/start").await;
    assert_eq!(status, 200);
    let mut socket = open(&platform).await;
    platform.signal("-TERM");
    assert_eq!(read(&mut socket).await, None);
    let status = tokio::task::spawn_blocking(move || platform.node.wait().unwrap());
    assert!(status.await.unwrap().success());
}
