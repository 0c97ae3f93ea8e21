//! The backend with a calculation engine and a bus, each as its own process of a free node.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test says what went wrong by ending, and plays the machine around the module"
)]

#[path = "../../../framework/tests/support/database.rs"]
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

struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

fn free() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0")
        .expect("a free port")
        .local_addr()
        .expect("its address")
}

/// A program of the workspace, built when it is not there.
fn program(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_BIN_EXE_saw")).with_file_name(name);
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
    let grants = [("basel".to_owned(), granted)].into();
    let caller = Resolved {
        id: id.parse().expect("an id"),
        login: id.into(),
        name: "Ada Analyst".into(),
        kind,
        grants,
        session: String::new(),
    };
    signer
        .sign(&caller.claims(Zone::NonGxp, Timestamp::now()))
        .expect("a token")
}

#[derive(Clone)]
struct Edge {
    signer: Arc<Signer>,
    http: reqwest::Client,
    calc: SocketAddr,
}

/// The edge of the test signs this module as the real one does.
async fn edge(State(edge): State<Edge>, method: Method, uri: Uri, body: Bytes) -> Response {
    let token = sign(&edge.signer, "service:saw", Kind::Service, &[]);
    let request = edge
        .http
        .request(method, format!("http://{}{uri}", edge.calc))
        .bearer_auth(token)
        .header("dcp-site", "basel");
    let answer = request
        .header(header::CONTENT_TYPE, "application/json")
        .body(body)
        .send()
        .await
        .expect("the engine answers");
    (answer.status(), answer.bytes().await.expect("a body")).into_response()
}

fn start(program: &Path, folder: &Path, store: &str, at: SocketAddr, edge: SocketAddr) -> Process {
    let place = |name: &str| folder.join(name).to_string_lossy().into_owned();
    let mut command = Command::new(program);
    command
        .env("DCP__NODE__NAME", "free-node")
        .env("DCP__NODE__ZONE", "nongxp")
        .env("DCP__HTTP__LISTEN", at.to_string())
        .env("DCP__EDGE__URL", format!("http://{edge}"))
        .env("DCP__STORE__URL", store)
        .env("DCP__BUS__URL", format!("local:{}", place("bus.db")))
        .env(
            "DCP__SECRETS__URL",
            format!("file:{}", place("secrets.toml")),
        )
        .env("DCP__LOG__LEVEL", "warn")
        .env("DCP__LOG__FORMAT", "text")
        .current_dir(folder)
        .stdin(Stdio::null());
    Process(
        command
            .spawn()
            .unwrap_or_else(|error| panic!("{}: {error}", program.display())),
    )
}

fn write_secrets(folder: &Path, public: &str) {
    use std::os::unix::fs::PermissionsExt as _;
    let path = folder.join("secrets.toml");
    let text = format!(
        "[identity.public]\nkey = '''{public}'''\n[service.saw]\ntoken = \"svc_saw_x\"\n[service.calc]\ntoken = \"svc_calc_x\"\n"
    );
    std::fs::write(&path, text).expect("secrets are written");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600))
        .expect("only the owner reads them");
}

async fn until<T>(what: &str, look: impl AsyncFn() -> Option<T>) -> T {
    let end = Instant::now() + Duration::from_mins(2);
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(Instant::now() < end, "waited until {what}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

struct Stage {
    http: reqwest::Client,
    signer: Arc<Signer>,
    saw: SocketAddr,
    _processes: [Process; 2],
    _folder: tempfile::TempDir,
}

impl Stage {
    async fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let (private, public) = generate_keys().expect("keys");
        write_secrets(folder.path(), &public);
        let (signer, http) = (
            Arc::new(Signer::from_pem(&private).expect("a signer")),
            reqwest::Client::new(),
        );
        let (calc, saw) = (free(), free());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a port");
        let edge_at = listener.local_addr().expect("its address");
        let knows = Edge {
            signer: signer.clone(),
            http: http.clone(),
            calc,
        };
        tokio::spawn(
            axum::serve(listener, Router::new().fallback(edge).with_state(knows)).into_future(),
        );
        program("calc-worker");
        let stores = [
            database::store_url(folder.path()).await,
            database::store_url(folder.path()).await,
        ];
        let programs = [
            (program("calc"), &stores[0], calc),
            (PathBuf::from(env!("CARGO_BIN_EXE_saw")), &stores[1], saw),
        ];
        let processes =
            programs.map(|(program, store, at)| start(&program, folder.path(), store, at, edge_at));
        let stage = Self {
            http,
            signer,
            saw,
            _processes: processes,
            _folder: folder,
        };
        for at in [calc, saw] {
            let url = format!("http://{at}/health/ready");
            let ready = async || {
                stage
                    .http
                    .get(&url)
                    .send()
                    .await
                    .is_ok_and(|answer| answer.status().is_success())
                    .then_some(())
            };
            until("the modules are ready", ready).await;
        }
        stage
    }

    async fn ask(
        &self,
        method: Method,
        path: &str,
        permission: &str,
        body: &Value,
    ) -> (u16, Value) {
        let token = sign(&self.signer, "ada", Kind::User, &[permission]);
        let request = self
            .http
            .request(method, format!("http://{}/api/saw{path}", self.saw))
            .bearer_auth(token)
            .header("dcp-site", "basel");
        let answer = request.json(body).send().await.expect("an answer");
        (answer.status().as_u16(), answer.json().await.expect("JSON"))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pasted_values_become_a_chart_for_information_only() {
    let stage = Stage::new().await;
    // The flow rate of the NIST e-Handbook, and its limits.
    let flow = json!({ "title": "Flow rate", "values": [49.6, 47.6, 49.9, 51.3, 47.8, 51.2, 52.6, 52.4, 53.6, 52.1], "lsl": 40, "usl": 60 });
    let (status, made) = stage.ask(Method::POST, "/charts", "saw.use", &flow).await;
    assert!([201, 202].contains(&status), "{made}");
    let path = format!("/charts/{}", made["id"].as_str().unwrap());
    let chart = until("the chart is ready", async || {
        let (_, chart) = stage.ask(Method::GET, &path, "saw.use", &Value::Null).await;
        (chart["state"] != "queued").then_some(chart)
    })
    .await;
    assert_eq!(
        (
            &chart["state"],
            &chart["information_only"],
            &chart["label"]["en"]
        ),
        (
            &json!("ready"),
            &json!(true),
            &json!("For information only")
        ),
        "{chart}"
    );
    let upper = chart["result"]["individuals"]["upper"].as_f64().unwrap();
    assert!((upper / 55.8041 - 1.0).abs() < 1e-4, "{upper}");
    assert_eq!(
        (&chart["result"]["stable"], &chart["provenance"]["zone"]),
        (&json!(true), &json!("nongxp"))
    );
    let (_, listed) = stage
        .ask(Method::GET, "/charts", "saw.use", &Value::Null)
        .await;
    assert_eq!(
        (&listed[0]["id"], &listed[0]["created_by"]["name"]),
        (&chart["id"], &json!("Ada Analyst"))
    );

    let (status, problem) = stage
        .ask(
            Method::POST,
            "/charts",
            "saw.use",
            &json!({ "title": "pH", "values": [7.0, 7.1] }),
        )
        .await;
    assert_eq!(
        (status, &problem["errors"][0]["pointer"]),
        (422, &json!("/values"))
    );
    assert_eq!(
        stage
            .ask(Method::POST, "/charts", "mvda.read", &flow)
            .await
            .0,
        403
    );
}
