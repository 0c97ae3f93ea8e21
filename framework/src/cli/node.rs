//! Orders to nodes, through their control sockets.

use std::io::ErrorKind;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, bail};
use bytes::Bytes;
use dcp::node::NodeStatus;
use http_body_util::{BodyExt, Empty};
use hyper::{Method, Request};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::UnixStream;

use super::home::{home, nodes};

/// Asks a node's control socket; the answer is JSON, or a problem readable alone.
pub(crate) async fn ask(
    home: &Path,
    node: &str,
    method: Method,
    path: &str,
) -> anyhow::Result<Value> {
    let socket = home.join("state").join(node).join("control.sock");
    let stream = UnixStream::connect(&socket).await;
    let stream = stream.map_err(|error| anyhow::anyhow!(not_there(node, &socket, &error)))?;
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header("host", "node")
        .body(Empty::<Bytes>::new())?;
    let answer = sender.send_request(request).await?;
    let good = answer.status().is_success();
    let value: Value = serde_json::from_slice(&answer.into_body().collect().await?.to_bytes())?;
    if good {
        Ok(value)
    } else {
        bail!(
            "{}",
            value["problem"].as_str().unwrap_or("the node refuses")
        )
    }
}

/// Why a node does not answer, and what to do.
fn not_there(node: &str, socket: &Path, error: &std::io::Error) -> String {
    let socket = socket.display();
    if error.kind() == ErrorKind::PermissionDenied {
        return format!("the node {node} answers its own user and root only ({socket}: {error})");
    }
    format!(
        "the node {node} does not run ({socket}: {error}); infra/up starts it, or `systemctl start` of its unit"
    )
}

/// What a node says about itself.
pub(crate) async fn status(home: &Path, node: &str) -> anyhow::Result<NodeStatus> {
    Ok(serde_json::from_value(
        ask(home, node, Method::GET, "/status").await?,
    )?)
}

/// Gives an order to every node that hosts the module, or to the one named.
pub(crate) async fn order(module: &str, node: Option<&str>, command: &str) -> anyhow::Result<()> {
    let home = home()?;
    let all = nodes(&home);
    if let Some(name) = node
        && !all.iter().any(|known| known == name)
    {
        bail!("there is no node `{name}`; there are {}", all.join(", "));
    }
    let mut reached = 0;
    for name in all
        .iter()
        .filter(|name| node.is_none_or(|only| only == *name))
    {
        let hosts = match status(&home, name).await {
            Ok(status) => status.modules.iter().any(|hosted| hosted.module == module),
            Err(error) if node.is_some() => return Err(error),
            Err(_) => false,
        };
        if !hosts {
            continue;
        }
        let answer = ask(
            &home,
            name,
            Method::POST,
            &format!("/modules/{module}/{command}"),
        )
        .await?;
        println!(
            "{module} on {name}: {}",
            answer["state"].as_str().unwrap_or("done")
        );
        reached += 1;
    }
    if reached == 0 {
        bail!("no running node hosts a module `{module}`; `dcp status` shows what there is");
    }
    Ok(())
}

/// Shows the ends of the module's log files.
pub(crate) fn logs(
    module: &str,
    node: Option<&str>,
    lines: u32,
    follow: bool,
) -> anyhow::Result<()> {
    let home = home()?;
    let mut files = Vec::new();
    for name in nodes(&home)
        .iter()
        .filter(|name| node.is_none_or(|only| only == *name))
    {
        let folder = home.join("log").join(name);
        let entries = std::fs::read_dir(folder)
            .into_iter()
            .flatten()
            .flatten()
            .map(|entry| entry.path());
        files.extend(entries.filter(|file| {
            file.file_name()
                .and_then(|name| name.to_str())
                .is_some_and(|name| is_log_of(name, module))
        }));
    }
    files.sort();
    if files.is_empty() {
        bail!(
            "there is no log of a module `{module}` below {}",
            home.join("log").display()
        );
    }
    let mut tail = Command::new("tail");
    tail.arg("-n").arg(lines.to_string());
    if follow {
        tail.arg("-F");
    }
    tail.args(files)
        .status()
        .context("`tail` cannot be started")?;
    Ok(())
}

fn is_log_of(file: &str, module: &str) -> bool {
    let instance = file
        .strip_suffix(".log")
        .and_then(|stem| stem.strip_prefix(module)?.strip_prefix('-'));
    instance.is_some_and(|number| number.bytes().all(|byte| byte.is_ascii_digit()))
        || (module == "node" && matches!(file, "node.log" | "access.log"))
}
