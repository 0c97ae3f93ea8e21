//! A real engine: its binary, its workers, its store and bus in a folder of its own.

#[path = "../../../../framework/tests/support/database.rs"]
mod database;

use dcp::identity::{Claims, Grants, Kind, Signer, generate_keys};
use dcp::model::{Permission, Zone};
use serde_json::Value;
use std::collections::HashMap;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A running engine, ended with the test.
pub(crate) struct Engine {
    child: Child,
    environment: HashMap<String, String>,
    base: String,
    zone: Zone,
    signer: Arc<Signer>,
    folder: Arc<tempfile::TempDir>,
    client: reqwest::Client,
}

/// Status and body of an answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    /// The kind of problem, without its prefix.
    pub(crate) fn problem(&self) -> String {
        self.json()["type"]
            .as_str()
            .unwrap_or_default()
            .trim_start_matches("urn:dcp:problem:")
            .to_owned()
    }

    pub(crate) fn value(&self) -> Value {
        assert_eq!(self.status, 200, "{}", self.text);
        self.json()["value"].clone()
    }
}

impl Engine {
    /// In the free zone, where what is published is effective at once.
    pub(crate) async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// In the validated zone, where somebody has said that this R is good enough.
    pub(crate) async fn start_validated() -> Self {
        Self::start_validated_with(&[("registered_only", "false")]).await
    }

    /// In the validated zone, with settings of the module.
    pub(crate) async fn start_validated_with(settings: &[(&str, &str)]) -> Self {
        Self::start_in(Zone::Gxp, settings).await
    }

    /// Starts with settings of the module.
    pub(crate) async fn start_with(settings: &[(&str, &str)]) -> Self {
        Self::start_in(Zone::NonGxp, settings).await
    }

    /// An engine that pulls results from others, with the credential that they know.
    pub(crate) async fn start_peer_of(zone: Zone, urls: &str, token: &str) -> Self {
        let secret = format!("[service.calc]\ntoken = \"{token}\"\n");
        Self::start_knowing(zone, &[("peers", urls)], &secret).await
    }

    async fn start_in(zone: Zone, settings: &[(&str, &str)]) -> Self {
        Self::start_knowing(zone, settings, "").await
    }

    async fn start_knowing(zone: Zone, settings: &[(&str, &str)], secrets: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (private, public) = generate_keys().unwrap();
        write_secrets(folder.path(), &public, secrets);
        let place = folder.path().display().to_string();
        let store = database::store_url(folder.path()).await;
        let mut environment = HashMap::from(
            [
                ("DCP__NODE__NAME", "test-node".into()),
                ("DCP__NODE__ZONE", zone.as_str().into()),
                ("DCP__STORE__URL", store),
                ("DCP__BUS__URL", format!("local:{place}/bus.db")),
                ("DCP__SECRETS__URL", format!("file:{place}/secrets.toml")),
                ("DCP__LOG__LEVEL", "warn,dcp::access=off".into()),
                ("DCP__MODULE__WORKER", worker().display().to_string()),
                ("DCP__MODULE__SCRATCH", format!("{place}/scratch")),
            ]
            .map(|(name, value)| (name.to_owned(), value)),
        );
        for (key, value) in settings {
            let name = format!("DCP__MODULE__{}", key.to_uppercase());
            environment.insert(name, (*value).to_owned());
        }
        let signer = Arc::new(Signer::from_pem(&private).unwrap());
        Self::run(environment, zone, signer, Arc::new(folder)).await
    }

    /// Another instance on the same store and bus.
    pub(crate) async fn beside(&self) -> Self {
        self.beside_with(&[]).await
    }

    /// Another instance with other settings of the module.
    pub(crate) async fn beside_with(&self, settings: &[(&str, &str)]) -> Self {
        let (mut environment, folder) = (self.environment.clone(), self.folder.clone());
        for (key, value) in settings {
            let name = format!("DCP__MODULE__{}", key.to_uppercase());
            environment.insert(name, (*value).to_owned());
        }
        Self::run(environment, self.zone, self.signer.clone(), folder).await
    }

    async fn run(
        mut environment: HashMap<String, String>,
        zone: Zone,
        signer: Arc<Signer>,
        folder: Arc<tempfile::TempDir>,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let listen = listener.local_addr().unwrap().to_string();
        drop(listener);
        environment.insert("DCP__HTTP__LISTEN".into(), listen.clone());
        let engine = Self {
            child: spawn(&environment),
            environment,
            base: format!("http://{listen}"),
            zone,
            signer,
            folder,
            client: reqwest::Client::new(),
        };
        engine.until_ready().await;
        engine
    }

    /// Stops it as an operator does and starts it again on the same store.
    pub(crate) async fn restart(&mut self) {
        self.stop();
        self.child = spawn(&self.environment);
        self.until_ready().await;
    }

    /// Stops it as an operator does.
    pub(crate) fn stop(&mut self) {
        let stopped = Command::new("kill")
            .arg(self.child.id().to_string())
            .status()
            .unwrap();
        assert!(stopped.success());
        assert!(
            self.child.wait().unwrap().success(),
            "the engine did not drain"
        );
    }

    /// Ends it as a power cut does.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    async fn until_ready(&self) {
        let since = Instant::now();
        while since.elapsed() < Duration::from_mins(1) {
            if let Ok(answer) = self
                .client
                .get(format!("{}/health/ready", self.base))
                .send()
                .await
                && answer.status().is_success()
            {
                return;
            }
            tokio::task::yield_now().await;
        }
        panic!("the engine did not become ready");
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn base(&self) -> &str {
        &self.base
    }

    /// What its edge would send with a request of the scientist.
    pub(crate) fn token(&self) -> String {
        token(&self.signer, self.zone, ("u-1", "Sam Scientist"))
    }

    pub(crate) fn zone(&self) -> Zone {
        self.zone
    }

    pub(crate) fn request(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        self.request_by(("u-1", "Sam Scientist"), method, path)
    }

    /// A request of somebody else, who may do the same.
    pub(crate) fn request_by(
        &self,
        person: (&str, &str),
        method: &str,
        path: &str,
    ) -> reqwest::RequestBuilder {
        let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
        self.client
            .request(method, format!("{}/api/calc{path}", self.base))
            .bearer_auth(token(&self.signer, self.zone, person))
    }

    /// A request of the scientist, who may do nothing but this.
    pub(crate) fn request_with(
        &self,
        permission: &'static str,
        method: &str,
        path: &str,
    ) -> reqwest::RequestBuilder {
        let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
        let person = ("u-1", "Sam Scientist");
        let token = token_for(&self.signer, self.zone, person, &[permission]);
        let url = format!("{}/api/calc{path}", self.base);
        self.client.request(method, url).bearer_auth(token)
    }

    pub(crate) async fn send(&self, request: reqwest::RequestBuilder) -> Answer {
        let response = request.send().await.unwrap();
        Answer {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            text: response.text().await.unwrap(),
        }
    }

    pub(crate) async fn publish(&self, name: &str, source: &str) -> Answer {
        self.send(
            self.request("PUT", &format!("/scripts/{name}"))
                .body(source.to_owned()),
        )
        .await
    }

    pub(crate) async fn call(&self, function: &str, body: impl Into<String>) -> Answer {
        self.send(
            self.request("POST", &format!("/r/{function}"))
                .body(body.into()),
        )
        .await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(self.request("GET", path)).await
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        if let Err(error) = self.child.kill().and_then(|()| self.child.wait().map(drop)) {
            eprintln!("the engine could not be ended: {error}");
        }
    }
}

fn spawn(environment: &HashMap<String, String>) -> Child {
    Command::new(env!("CARGO_BIN_EXE_calc"))
        .envs(environment)
        .stdout(Stdio::null())
        .spawn()
        .unwrap()
}

fn write_secrets(folder: &Path, public: &str, more: &str) {
    use std::os::unix::fs::PermissionsExt;
    let file = folder.join("secrets.toml");
    std::fs::write(
        &file,
        format!("[identity.public]\nkey = \"\"\"\n{public}\"\"\"\n{more}"),
    )
    .unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
}

fn token(signer: &Signer, zone: Zone, person: (&str, &str)) -> String {
    let all = ["calc.approve", "calc.call", "calc.publish", "calc.read"];
    token_for(signer, zone, person, &all)
}

fn token_for(
    signer: &Signer,
    zone: Zone,
    (id, name): (&str, &str),
    permissions: &[&'static str],
) -> String {
    let all = permissions.iter().copied().map(Permission::new).collect();
    let now = i64::try_from(std::time::UNIX_EPOCH.elapsed().unwrap().as_secs()).unwrap();
    let claims = Claims {
        iss: "dcp-edge".into(),
        sub: id.parse().unwrap(),
        login: "scientist".into(),
        name: name.into(),
        kind: Kind::User,
        zone,
        grants: Grants::from([("*".to_owned(), all)]),
        exp: now + 3600,
        iat: now,
        jti: "1".into(),
        sid: "1".into(),
    };
    signer.sign(&claims).unwrap()
}

/// The worker stands beside the engine; it is built where a test was started for this crate alone.
fn worker() -> PathBuf {
    let worker = Path::new(env!("CARGO_BIN_EXE_calc")).with_file_name("calc-worker");
    if !worker.exists() {
        let built = Command::new(env!("CARGO"))
            .args(["build", "-p", "calc-worker"])
            .status()
            .unwrap();
        assert!(built.success());
    }
    worker
}
