//! A small module for the tests of the node: a real process on the framework that takes its name from the manifest it is deployed with,
//! says what reaches it, and can be told to die, to hang on and to stream.

#![expect(
    clippy::disallowed_methods,
    reason = "a handler that waits as long as a test asks"
)]

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use axum::response::sse::{Event, Sse};
use dcp::http::{Caller, Json, Problem, Routes, ServiceClient};
use dcp::identity::{EDGE_KEY, Grants, Kind, Resolve, Resolved, SERVICE_PREFIX};
use dcp::model::Permission;
use dcp::secrets::{Held, Secrets};
use futures_util::{Stream, StreamExt};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;
use utoipa_axum::routes;

fn main() -> std::process::ExitCode {
    let manifest = std::fs::read_to_string("module.toml").unwrap_or_default();
    dcp::run(&manifest, async |start| {
        let probe = Probe {
            me: start.service("probe").await.ok(),
            secrets: start.secrets(),
            edge: Held::open(start.secrets(), "edge", "key")
                .await
                .ok()
                .map(Arc::new),
        };
        let routes = Routes::new(probe)
            .public(routes!(ping))
            .public(routes!(ask))
            .public(routes!(show))
            .public(routes!(echo))
            .public(routes!(wait))
            .public(routes!(die))
            .public(routes!(waiting))
            .public(routes!(stream))
            .allow(Permission::new("node.operate"), routes!(socket));
        Ok(start.routes(routes.authenticated(routes!(who)).public(routes!(resolve))))
    })
}

/// What the module has, where its secrets are there.
#[derive(Clone)]
struct Probe {
    me: Option<ServiceClient>,
    secrets: Arc<dyn Secrets>,
    edge: Option<Arc<Held>>,
}

/// Asks the module itself through the edge, as another module would: who is it for the one it asks?
#[utoipa::path(get, path = "/api/probe/ask", responses((status = 200, body = String)))]
async fn ask(State(probe): State<Probe>) -> Result<Json<Value>, Problem> {
    let me = probe
        .me
        .ok_or_else(|| Problem::unavailable("The credential"))?;
    let who: Value = me.get("/who", None).await?;
    Ok(Json(who["login"].clone()))
}

#[utoipa::path(get, path = "/api/probe/ping", responses((status = 200, body = String)))]
async fn ping() -> &'static str {
    "pong"
}

#[derive(Serialize, ToSchema)]
struct Seen {
    pid: u32,
    headers: BTreeMap<String, String>,
}

#[utoipa::path(get, path = "/api/probe/show", responses((status = 200, body = Seen)))]
async fn show(headers: HeaderMap) -> Json<Seen> {
    let headers = headers
        .iter()
        .map(|(name, value)| (name.to_string(), value.to_str().unwrap_or("?").to_owned()))
        .collect();
    Json(Seen {
        pid: std::process::id(),
        headers,
    })
}

#[utoipa::path(post, path = "/api/probe/echo", responses((status = 200, body = String)))]
async fn echo(body: String) -> String {
    body
}

#[derive(Deserialize)]
struct Wait {
    millis: u64,
}

#[utoipa::path(get, path = "/api/probe/wait", responses((status = 200, body = u32)))]
async fn wait(Query(wait): Query<Wait>) -> Json<u32> {
    WAITING.fetch_add(1, Ordering::SeqCst);
    tokio::time::sleep(Duration::from_millis(wait.millis)).await;
    WAITING.fetch_sub(1, Ordering::SeqCst);
    Json(std::process::id())
}

/// Requests that wait now.
static WAITING: AtomicU32 = AtomicU32::new(0);

#[utoipa::path(get, path = "/api/probe/waiting", responses((status = 200, body = u32)))]
async fn waiting() -> Json<u32> {
    Json(WAITING.load(Ordering::SeqCst))
}

/// Greets whoever connects and says everything twice.
#[utoipa::path(get, path = "/api/probe/socket", responses((status = 101)))]
async fn socket(caller: Caller, upgrade: WebSocketUpgrade) -> Response {
    let greeting = format!("hello {}", caller.login());
    upgrade.on_upgrade(async move |mut socket: WebSocket| {
        let mut answer = Some(Message::Text(greeting.into()));
        while let Some(message) = answer.take() {
            if socket.send(message).await.is_err() {
                return;
            }
            if let Some(Ok(Message::Text(text))) = socket.recv().await {
                answer = Some(Message::Text(format!("{text} {text}").into()));
            }
        }
    })
}

#[utoipa::path(post, path = "/api/probe/die", responses((status = 200)))]
async fn die() {
    std::process::exit(3);
}

#[utoipa::path(get, path = "/api/probe/stream", responses((status = 200, body = String)))]
async fn stream() -> Sse<impl Stream<Item = Result<Event, std::convert::Infallible>>> {
    let ticks = tokio_stream::wrappers::IntervalStream::new(tokio::time::interval(
        Duration::from_millis(50),
    ));
    Sse::new(ticks.map(|_| Ok(Event::default().data("tick"))))
}

#[utoipa::path(get, path = "/api/probe/who", responses((status = 200, body = Value)))]
async fn who(caller: Caller) -> Json<Value> {
    Json(json!({ "login": caller.login(), "name": caller.name() }))
}

/// What the login module answers to the edge: a person who may look, one who may also operate, and modules.
#[utoipa::path(post, path = "/internal/resolve", responses((status = 200, body = Resolved)))]
async fn resolve(
    State(probe): State<Probe>,
    headers: HeaderMap,
    Json(question): Json<Resolve>,
) -> Result<Json<Resolved>, Problem> {
    if let Some(edge) = &probe.edge {
        let shown = headers.get(EDGE_KEY).and_then(|key| key.to_str().ok());
        if !edge.is(shown.unwrap_or_default()).await {
            return Err(Problem::forbidden("Only the edge may ask this."));
        }
    }
    let credential = question.credential.as_str();
    if credential.starts_with(SERVICE_PREFIX) {
        return probe.service(credential).await;
    }
    let permissions: &[&str] = match credential {
        "analyst-session" => &["node.read"],
        token if token.starts_with("dcp_analyst") => &["node.read"],
        "operator-session" => &["node.read", "node.operate"],
        _ => return Err(unknown()),
    };
    let permissions = permissions.iter().map(|name| Permission::from(*name));
    let grants = Grants::from([("basel".to_owned(), permissions.collect())]);
    let id = "u1".parse().map_err(Problem::internal)?;
    Ok(Json(Resolved {
        id,
        login: "ada".into(),
        name: "Ada Analyst".into(),
        kind: Kind::User,
        grants,
        session: "s1".into(),
    }))
}

impl Probe {
    async fn service(&self, credential: &str) -> Result<Json<Resolved>, Problem> {
        let name = credential.split('_').nth(1).unwrap_or_default();
        let token = dcp::secrets::get(&*self.secrets, &format!("service/{name}"), "token").await;
        if token.map_err(|_| unknown())?.expose() != credential {
            return Err(unknown());
        }
        Ok(Json(Resolved {
            id: format!("service:{name}")
                .parse()
                .map_err(Problem::internal)?,
            login: name.to_owned(),
            name: name.to_owned(),
            kind: Kind::Service,
            grants: Grants::new(),
            session: String::new(),
        }))
    }
}

fn unknown() -> Problem {
    Problem::new(
        StatusCode::UNAUTHORIZED,
        "unknown-credential",
        "This credential is unknown",
    )
}
