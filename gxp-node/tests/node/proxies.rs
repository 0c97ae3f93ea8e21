//! Reverse proxies in front of the edge: what they say of the caller's address is believed of them, and of nobody else.

use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::platform::{Peer, Platform};

/// A node behind a proxy on the same machine.
async fn behind_a_proxy(peer: &str) -> Platform {
    let trusting = "[edge]\ntrusted_proxies = [\"127.0.0.1\", \"10.0.0.0/8\"]\n";
    let platform = Platform::begin(|text| text.replace("[edge]\n", trusting) + peer);
    platform.until("ready", Platform::is_ready).await;
    platform
}

/// From where the module of a path sees a request with these header lines, sent as they are.
async fn seen(platform: &Platform, path: &str, lines: &[u8]) -> String {
    let mut socket = TcpStream::connect(("127.0.0.1", platform.internal))
        .await
        .unwrap();
    let head = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n");
    let request = [head.as_bytes(), lines, b"\r\n"].concat();
    socket.write_all(&request).await.unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let (start, end) = (answer.find('{').unwrap(), answer.rfind('}').unwrap());
    let body: Value = serde_json::from_str(&answer[start..=end]).unwrap();
    body["headers"]["x-forwarded-for"]
        .as_str()
        .unwrap()
        .to_owned()
}

#[tokio::test]
async fn the_address_that_a_trusted_proxy_adds_is_the_callers_whatever_the_caller_claims() {
    let platform = behind_a_proxy("").await;
    let path = "/api/probe/show";
    for (lines, expected) in [
        (&b""[..], "127.0.0.1"),
        (b"x-forwarded-for: 192.0.2.7\r\n", "192.0.2.7"),
        (
            b"X-Forwarded-For: 8.8.8.8, 127.0.0.1, 192.0.2.7\r\n",
            "192.0.2.7",
        ),
        (
            b"x-forwarded-for: 8.8.8.8\r\nx-forwarded-for: 192.0.2.7\r\n",
            "192.0.2.7",
        ),
        (b"x-forwarded-for: 192.0.2.7, 10.1.1.1\r\n", "192.0.2.7"),
        (
            b"x-forwarded-for: \xff\xfe, 192.0.2.7:4711\r\n",
            "192.0.2.7",
        ),
        (b"x-forwarded-for: 192.0.2.7, \xff\r\n", "127.0.0.1"),
        (b"x-forwarded-for: 192.0.2.7,\r\n", "127.0.0.1"),
        (
            b"x-real-ip: 192.0.2.7\r\nforwarded: for=192.0.2.8\r\n",
            "127.0.0.1",
        ),
        // A header that the connection claims for itself is no other than any.
        (
            b"connection: x-forwarded-for\r\nx-forwarded-for: 192.0.2.7\r\n",
            "192.0.2.7",
        ),
    ] {
        let said = String::from_utf8_lossy(lines);
        assert_eq!(seen(&platform, path, lines).await, expected, "{said}");
    }
    let many = format!("x-forwarded-for: {}192.0.2.7\r\n", "8.8.8.8,".repeat(1500));
    assert_eq!(seen(&platform, path, many.as_bytes()).await, "192.0.2.7");
    platform
        .until("the access log names it too", async |platform| {
            let log = platform.home().join("log/gxp-node/access.log");
            std::fs::read_to_string(log).is_ok_and(|log| log.contains("192.0.2.7"))
        })
        .await;
}

#[tokio::test]
async fn a_node_that_trusts_the_other_one_sees_the_caller_of_that_one() {
    let peer = Peer::start_with(|text| {
        let trusting = text.replace("[edge]\n", "[edge]\ntrusted_proxies = [\"127.0.0.1\"]\n");
        trusting + "[[module]]\nname = \"probe\"\n"
    });
    let platform = behind_a_proxy(&peer.section()).await;
    let path = "/api/probe/show";
    platform
        .until("the other node answers", async |platform| {
            let asked = platform.http.get(platform.url(path));
            let answer = asked.header("dcp-node", "far-node").send().await;
            answer.is_ok_and(|answer| answer.status() == 200)
        })
        .await;
    let lines = b"dcp-node: far-node\r\nx-forwarded-for: 8.8.8.8, 192.0.2.7\r\n";
    assert_eq!(seen(&platform, path, lines).await, "192.0.2.7");
}

#[tokio::test]
async fn a_proxy_that_is_no_address_is_refused_with_its_line() {
    let wrong = "[edge]\ntrusted_proxies = [\"proxy.plant.example\"]\n";
    let mut platform = Platform::begin(|text| text.replace("[edge]\n", wrong));
    assert_eq!(platform.node.wait().unwrap().code(), Some(64));
    let log = std::fs::read_to_string(platform.home().join("node.log")).unwrap();
    assert!(
        log.contains("edge.trusted_proxies")
            && log.contains("proxy.plant.example")
            && log.contains("node.toml, line "),
        "{log}"
    );
}
