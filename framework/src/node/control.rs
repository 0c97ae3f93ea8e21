//! The operator's door: HTTP over a Unix socket that only the node's own account can open.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use jiff::Timestamp;
use serde_json::json;
use tokio::net::UnixListener;

use super::config::NodeConfig;
use super::module::Command;
use super::status::{NodeStatus, own_memory};
use super::supervisor::Supervisor;
use crate::model::Zone;

/// What the door shows and moves.
#[derive(Debug)]
pub(crate) struct Control {
    pub(crate) config: Arc<NodeConfig>,
    pub(crate) zone: Zone,
    pub(crate) supervisor: Arc<Supervisor>,
    pub(crate) since: Timestamp,
}

/// Opens the socket; one that another node of the same name still serves is refused.
pub(crate) async fn bind(path: &Path) -> Result<UnixListener, String> {
    let failed = |error: std::io::Error| {
        format!(
            "the control socket {} cannot be opened: {error}",
            path.display()
        )
    };
    if tokio::net::UnixStream::connect(path).await.is_ok() {
        return Err(format!(
            "a node already runs with {}; `infra/down` stops it",
            path.display()
        ));
    }
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(failed)?;
    }
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(failed(error)),
        _ => {}
    }
    let listener = UnixListener::bind(path).map_err(failed)?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).map_err(failed)?;
    Ok(listener)
}

/// Serves the socket until the task is dropped.
pub(crate) async fn serve(listener: UnixListener, control: Arc<Control>) {
    while let Ok((stream, _)) = listener.accept().await {
        let control = Arc::clone(&control);
        let service = service_fn(move |request| {
            let control = Arc::clone(&control);
            async move { Ok::<_, std::convert::Infallible>(control.answer(&request).await) }
        });
        tokio::spawn(async move {
            // An operator who hangs up is no event.
            http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service)
                .await
                .unwrap_or_default();
        });
    }
}

impl Control {
    pub(crate) fn status(&self) -> NodeStatus {
        let pid = std::process::id();
        NodeStatus {
            node: self.config.node.name.clone(),
            zone: self.zone,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            pid,
            since: self.since,
            internal: self.config.edge.internal.to_string(),
            memory_bytes: own_memory(pid),
            modules: self
                .supervisor
                .modules
                .values()
                .map(|module| module.status())
                .collect(),
        }
    }

    async fn answer(&self, request: &Request<Incoming>) -> Response<Full<Bytes>> {
        let path: Vec<&str> = request.uri().path().trim_matches('/').split('/').collect();
        let order = match (request.method(), path.as_slice()) {
            (&Method::GET, ["status"]) => return json_answer(StatusCode::OK, &serde_json::to_value(self.status()).unwrap_or_default()),
            (&Method::POST, ["modules", module, command]) => command_of(command, request.uri().query()).map(|command| (*module, command)),
            _ => Err("the control socket knows GET /status and POST /modules/{module}/{start|stop|restart|scale?instances=N}".to_owned()),
        };
        let done = match order {
            Ok((module, command)) => self.supervisor.order(module, command).await,
            Err(problem) => Err(problem),
        };
        match done {
            Ok(state) => json_answer(StatusCode::OK, &json!({ "state": state })),
            Err(problem) => json_answer(
                StatusCode::UNPROCESSABLE_ENTITY,
                &json!({ "problem": problem }),
            ),
        }
    }
}

fn command_of(command: &str, query: Option<&str>) -> Result<Command, String> {
    match command {
        "start" => Ok(Command::Start),
        "stop" => Ok(Command::Stop),
        "restart" => Ok(Command::Restart),
        "scale" => {
            let instances = query
                .and_then(|query| query.strip_prefix("instances="))
                .and_then(|number| number.parse().ok());
            instances
                .map(Command::Scale)
                .ok_or_else(|| "scale needs ?instances=N".to_owned())
        }
        other => Err(format!("`{other}` is none of start, stop, restart, scale")),
    }
}

fn json_answer(status: StatusCode, value: &serde_json::Value) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::from(value.to_string()));
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
