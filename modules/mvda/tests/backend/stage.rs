//! A platform for one test: simulator, calculation engine and this module as their own processes over one local bus.
//!
//! The edge in between is the test's own: it signs callers as the real one does, and knows two data sources.

#[path = "../../../../framework/tests/support/database.rs"]
mod database;

use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{Method, Uri, header};
use axum::response::{IntoResponse, Response};
use dcp::identity::{Kind, Resolved, Signer, generate_keys};
use dcp::model::{Permission, Timestamp, Zone};
use serde_json::{Value, json};
use tempfile::TempDir;

/// A process that ends with the test.
pub(crate) struct Process(Child);

impl Process {
    /// Ends at once, as a power cut would.
    pub(crate) fn kill(&mut self) {
        self.0.kill().expect("the process can be killed");
        self.0.wait().expect("the process ends");
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

pub(crate) struct Stage {
    pub(crate) http: reqwest::Client,
    pub(crate) folder: TempDir,
    pub(crate) simulator: Process,
    pub(crate) simulator_at: SocketAddr,
    _calc: Process,
    pub(crate) mvda: Process,
    mvda_at: SocketAddr,
    store: String,
    edge_at: SocketAddr,
    signer: Arc<Signer>,
}

/// What the edge of the test knows.
#[derive(Clone)]
struct Edge {
    signer: Arc<Signer>,
    http: reqwest::Client,
    calc: SocketAddr,
    simulator: SocketAddr,
}

fn free() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0")
        .expect("a free port")
        .local_addr()
        .expect("its address")
}

/// A program of the workspace, built when it is not there.
fn program(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_BIN_EXE_mvda")).with_file_name(name);
    if !path.exists() {
        let built = Command::new(env!("CARGO"))
            .args(["build", "-p", name])
            .status()
            .expect("cargo runs");
        assert!(built.success(), "{name} is built");
    }
    path
}

fn sign(signer: &Signer, id: &str, kind: Kind, permissions: &[&str]) -> String {
    let granted: Vec<Permission> = permissions
        .iter()
        .map(|name| Permission::from(*name))
        .collect();
    let grants = if granted.is_empty() {
        [].into()
    } else {
        [("basel".to_owned(), granted)].into()
    };
    let caller = Resolved {
        id: id.parse().expect("an id"),
        login: id.into(),
        name: "Ada Analyst".into(),
        kind,
        grants,
        session: String::new(),
    };
    signer
        .sign(&caller.claims(Zone::Gxp, Timestamp::now()))
        .expect("a token")
}

async fn edge(State(edge): State<Edge>, method: Method, uri: Uri, body: Bytes) -> Response {
    let path = uri.path_and_query().map_or("", |path| path.as_str());
    if path.starts_with("/api/framework/data-sources") {
        let url = format!("http://{}/piwebapi", edge.simulator);
        let source = |id: &str, name: &str, database: &str| json!({ "id": id, "site": "basel", "name": name, "kind": "pi-web-api", "url": url, "asset_server": "PIAF", "database": database, "data_server": "PIMAM", "credentials": "pi/dryers" });
        let sources = [
            source("dryers", "Dryers", "Basel"),
            source("skids", "Chromatography", "Stein"),
        ];
        return axum::Json(json!(sources)).into_response();
    }
    let token = sign(&edge.signer, "service:mvda", Kind::Service, &[]);
    let request = edge
        .http
        .request(method, format!("http://{}{path}", edge.calc))
        .bearer_auth(token)
        .header("dcp-site", "basel");
    let answer = request
        .header(header::CONTENT_TYPE, "application/json")
        .body(body)
        .send()
        .await
        .expect("the engine answers");
    let status = answer.status();
    (status, answer.bytes().await.expect("a body")).into_response()
}

impl Stage {
    pub(crate) async fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let (private, public) = generate_keys().expect("keys");
        write_secrets(folder.path(), &public);
        let signer = Arc::new(Signer::from_pem(&private).expect("a signer"));
        let http = reqwest::Client::new();
        let (simulator_at, calc_at, mvda_at) = (free(), free(), free());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a port");
        let edge_at = listener.local_addr().expect("its address");
        let knows = Edge {
            signer: signer.clone(),
            http: http.clone(),
            calc: calc_at,
            simulator: simulator_at,
        };
        tokio::spawn(
            axum::serve(listener, Router::new().fallback(edge).with_state(knows)).into_future(),
        );
        let simulator = start_simulator(simulator_at);
        let calc = start(
            &program("calc"),
            folder.path(),
            &database::store_url(folder.path()).await,
            calc_at,
            edge_at,
            &[
                (
                    "DCP__MODULE__WORKER",
                    program("calc-worker").to_string_lossy().as_ref(),
                ),
                (
                    "DCP__PI__CACHE",
                    folder.path().join("kept").to_string_lossy().as_ref(),
                ),
                // What R this machine has is not what is tested here.
                ("DCP__MODULE__REGISTERED_ONLY", "false"),
            ],
        );
        let store = database::store_url(folder.path()).await;
        let mvda = start(
            Path::new(env!("CARGO_BIN_EXE_mvda")),
            folder.path(),
            &store,
            mvda_at,
            edge_at,
            &[],
        );
        let stage = Self {
            http,
            folder,
            simulator,
            simulator_at,
            _calc: calc,
            mvda,
            mvda_at,
            store,
            edge_at,
            signer,
        };
        stage.ready(calc_at).await;
        stage.ready(mvda_at).await;
        stage
    }

    /// Starts this module again after it was killed; it keeps what it reads from PI where the engine does too.
    pub(crate) async fn restart_with_cache(&mut self) {
        let kept = self.folder.path().join("kept");
        self.restart_with(&[("DCP__PI__CACHE", kept.to_string_lossy().as_ref())])
            .await;
    }

    /// Starts this module again after it was killed.
    pub(crate) async fn restart(&mut self) {
        self.restart_with(&[]).await;
    }

    async fn restart_with(&mut self, more: &[(&str, &str)]) {
        self.mvda = start(
            Path::new(env!("CARGO_BIN_EXE_mvda")),
            self.folder.path(),
            &self.store,
            self.mvda_at,
            self.edge_at,
            more,
        );
        self.ready(self.mvda_at).await;
    }

    async fn ready(&self, at: SocketAddr) {
        let url = format!("http://{at}/health/ready");
        let asked = async || {
            self.http
                .get(&url)
                .send()
                .await
                .is_ok_and(|answer| answer.status().is_success())
                .then_some(())
        };
        until(&format!("{at} is ready"), Duration::from_mins(1), asked).await;
    }

    pub(crate) fn request(
        &self,
        method: Method,
        path: &str,
        permissions: &[&str],
    ) -> reqwest::RequestBuilder {
        let token = sign(&self.signer, "ada", Kind::User, permissions);
        let request = self
            .http
            .request(method, format!("http://{}/api/mvda{path}", self.mvda_at));
        request.bearer_auth(token).header("dcp-site", "basel")
    }

    pub(crate) async fn get(&self, path: &str) -> Value {
        let (status, body) = self.try_get(path).await;
        assert_eq!(status, 200, "{path}: {body}");
        body
    }

    /// An answer of which each line is a document.
    pub(crate) async fn get_lines(&self, path: &str) -> Vec<Value> {
        let answer = self.request(Method::GET, path, &["mvda.read"]);
        let answer = answer.send().await.expect("an answer");
        assert_eq!(answer.status(), 200, "{path}");
        let text = answer.text().await.expect("all of it");
        text.lines()
            .map(|line| serde_json::from_str(line).expect("JSON"))
            .collect()
    }

    pub(crate) async fn try_get(&self, path: &str) -> (u16, Value) {
        let answer = self
            .request(Method::GET, path, &["mvda.read"])
            .send()
            .await
            .expect("an answer");
        (answer.status().as_u16(), answer.json().await.expect("JSON"))
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        let answer = self
            .request(Method::POST, path, &["mvda.read", "mvda.model"])
            .json(body)
            .send()
            .await
            .expect("an answer");
        let status = answer.status().as_u16();
        (status, answer.json().await.unwrap_or_default())
    }

    /// Waits until the model has ended and answers how.
    pub(crate) async fn ended(&self, id: &str) -> Value {
        let look = async || {
            let model = self.get(&format!("/models/{id}")).await;
            ["ready", "failed", "cancelled"]
                .contains(&model["state"].as_str().unwrap_or_default())
                .then_some(model)
        };
        until("the model has ended", Duration::from_mins(4), look).await
    }
}

/// Looks again and again until there is an answer; says what it waited for when there is none in time.
pub(crate) async fn until<T>(what: &str, most: Duration, look: impl AsyncFn() -> Option<T>) -> T {
    let end = Instant::now() + most;
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(Instant::now() < end, "waited {most:?} until {what}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

fn write_secrets(folder: &Path, public: &str) {
    use std::os::unix::fs::PermissionsExt as _;
    let path = folder.join("secrets.toml");
    let text = format!(
        "[identity.public]\nkey = '''{public}'''\n[service.mvda]\ntoken = \"svc_mvda_x\"\n[service.calc]\ntoken = \"svc_calc_x\"\n[pi.dryers]\nuser = \"dcp\"\npassword = \"dryer\"\n"
    );
    std::fs::write(&path, text).expect("secrets are written");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600))
        .expect("only the owner reads them");
}

pub(crate) fn start_simulator(at: SocketAddr) -> Process {
    let mut command = Command::new(program("pi-simulator"));
    command.args([
        "--listen",
        &at.to_string(),
        "--origin",
        "2026-03-01T12:00:00Z",
        "--user",
        "dcp",
        "--password",
        "dryer",
    ]);
    Process(
        command
            .env("RUST_LOG", "warn")
            .stdin(Stdio::null())
            .spawn()
            .expect("the simulator starts"),
    )
}

fn start(
    program: &Path,
    folder: &Path,
    store: &str,
    at: SocketAddr,
    edge: SocketAddr,
    more: &[(&str, &str)],
) -> Process {
    let place = |name: &str| folder.join(name).to_string_lossy().into_owned();
    let mut command = Command::new(program);
    command
        .env("DCP__NODE__NAME", "test-node")
        .env("DCP__NODE__ZONE", "gxp")
        .env("DCP__HTTP__LISTEN", at.to_string())
        .env("DCP__EDGE__URL", format!("http://{edge}"))
        .env("DCP__STORE__URL", store)
        .env("DCP__BUS__URL", format!("local:{}", place("bus.db")))
        .env(
            "DCP__SECRETS__URL",
            format!("file:{}", place("secrets.toml")),
        )
        .env("DCP__LOG__LEVEL", "warn,mvda=info")
        .env("DCP__LOG__FORMAT", "text")
        .envs(more.iter().copied())
        .current_dir(folder)
        .stdin(Stdio::null());
    Process(
        command
            .spawn()
            .unwrap_or_else(|error| panic!("{}: {error}", program.display())),
    )
}
