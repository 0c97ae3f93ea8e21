//! Runs a module's real program with a database, a bus and secrets of its own. Included by the tests of modules.

#[path = "database.rs"]
mod database;

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use dcp::bus::{Bus, Delivery, Subscriptions, Topology, connect};
use dcp::clock::{Clock as _, Ids, SystemClock};
use dcp::events::Event;
use dcp::identity::{Claims, Grants, ISSUER, Kind, Signer, generate_keys};
use dcp::model::{Manifest, Zone};
use dcp::store::Store;
use reqwest::{Method, RequestBuilder, Response, StatusCode};
use serde_json::Value;

/// Patience with a program or a queue on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// A module's program and what it needs.
pub(crate) struct Module {
    pub(crate) folder: tempfile::TempDir,
    name: String,
    program: String,
    store: String,
    base: String,
    signer: Signer,
    process: Option<Child>,
    settings: Vec<(String, String)>,
    pub(crate) http: reqwest::Client,
}

impl Module {
    /// Starts the program; `secrets` is added to the secrets file.
    pub(crate) async fn start(
        name: &str,
        program: &str,
        secrets: &str,
        settings: &[(&str, &str)],
    ) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (private, public) = generate_keys().unwrap();
        let file = folder.path().join("secrets.toml");
        let text = format!(
            "[identity.public]\nkey = '''{public}'''\n[edge]\nkey = \"edge-key\"\n{secrets}"
        );
        std::fs::write(&file, text).unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
        let port = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let mut module = Self {
            name: name.to_owned(),
            program: program.to_owned(),
            store: database::store_url(folder.path()).await,
            base: format!("http://127.0.0.1:{port}"),
            signer: Signer::from_pem(&private).unwrap(),
            process: None,
            settings: settings
                .iter()
                .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
                .collect(),
            http: reqwest::Client::builder()
                .redirect(reqwest::redirect::Policy::none())
                .build()
                .unwrap(),
            folder,
        };
        module.run().await;
        module
    }

    fn url(&self, of: &str) -> String {
        match of {
            "secrets" => format!("file:{}/secrets.toml", self.folder.path().display()),
            "bus" => format!("local:{}/bus.db", self.folder.path().display()),
            _ => self.store.clone(),
        }
    }

    /// Starts the program and waits until it is ready.
    pub(crate) async fn run(&mut self) {
        let mut command = Command::new(&self.program);
        for of in ["secrets", "bus", "store"] {
            command.env(format!("DCP__{}__URL", of.to_uppercase()), self.url(of));
        }
        command
            .env("DCP__HTTP__LISTEN", self.base.trim_start_matches("http://"))
            .env("DCP__LOG__FORMAT", "text")
            .env("DCP__LOG__LEVEL", "warn");
        command
            .envs(self.settings.iter().map(|(key, value)| (key, value)))
            .stderr(Stdio::inherit());
        self.process = Some(command.spawn().unwrap());
        let since = Instant::now();
        while !matches!(self.http.get(format!("{}/health/ready", self.base)).send().await, Ok(answer) if answer.status() == 200)
        {
            assert!(
                since.elapsed() < PATIENCE,
                "{} was not ready in time",
                self.name
            );
            tokio::task::yield_now().await;
        }
    }

    /// Asks the program to stop; its exit code.
    pub(crate) fn stop(&mut self) -> Option<i32> {
        let mut process = self.process.take()?;
        assert!(
            Command::new("kill")
                .arg(process.id().to_string())
                .status()
                .unwrap()
                .success()
        );
        process.wait().unwrap().code()
    }

    /// A token of the edge for a person with these permissions by site.
    pub(crate) fn token(&self, id: &str, grants: &[(&str, &[&str])]) -> String {
        self.sign(id, Kind::User, grants, "")
    }

    pub(crate) fn sign(
        &self,
        id: &str,
        kind: Kind,
        grants: &[(&str, &[&str])],
        session: &str,
    ) -> String {
        let now = SystemClock.now().as_second();
        let held = |names: &[&str]| names.iter().map(|name| (*name).into()).collect();
        let grants: Grants = grants
            .iter()
            .map(|(site, names)| ((*site).to_owned(), held(names)))
            .collect();
        let (login, name) = (id.to_owned(), format!("Test {id}"));
        let (iss, sub, jti, sid) = (
            ISSUER.to_owned(),
            id.parse().unwrap(),
            now.to_string(),
            session.to_owned(),
        );
        self.signer
            .sign(&Claims {
                iss,
                sub,
                login,
                name,
                kind,
                zone: Zone::Gxp,
                grants,
                exp: now + 60,
                iat: now,
                jti,
                sid,
            })
            .unwrap()
    }

    /// A request to the program; an empty token sends none.
    pub(crate) fn request(&self, method: Method, path: &str, token: &str) -> RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.base));
        if token.is_empty() {
            request
        } else {
            request.bearer_auth(token)
        }
    }

    pub(crate) async fn get(&self, path: &str, token: &str) -> (StatusCode, Value) {
        read(self.request(Method::GET, path, token).send().await.unwrap()).await
    }

    pub(crate) async fn send(
        &self,
        method: Method,
        path: &str,
        token: &str,
        body: &Value,
    ) -> (StatusCode, Value) {
        read(
            self.request(method, path, token)
                .json(body)
                .send()
                .await
                .unwrap(),
        )
        .await
    }

    pub(crate) async fn bus(&self) -> Arc<dyn Bus> {
        connect(&self.url("bus"), Zone::Gxp, Arc::new(SystemClock))
            .await
            .unwrap()
    }

    /// Publishes an event as another module would, and waits until this module has reacted.
    pub(crate) async fn publish<E: Event>(&self, event: &E) {
        let clock: Arc<SystemClock> = Arc::default();
        let file = format!("sqlite:{}/publisher.db", self.folder.path().display());
        let store = Store::open(
            "publisher",
            &file,
            dcp::store!(),
            clock.clone(),
            Ids::random(),
        )
        .await
        .unwrap();
        let bus = self.bus().await;
        let topology = topology();
        bus.declare(&topology).await.unwrap();
        let stop = tokio_util::sync::CancellationToken::new();
        let delivery = Delivery::start(
            store.clone(),
            bus,
            Subscriptions::default(),
            clock,
            stop.clone(),
        )
        .unwrap();
        let mut tx = store.begin().await.unwrap();
        tx.publish(event).await.unwrap();
        tx.commit().await.unwrap();
        delivery.settle(PATIENCE).await.unwrap();
        for queue in topology.queues() {
            self.wait_for_queue(queue).await;
        }
        stop.cancel();
    }

    async fn wait_for_queue(&self, queue: &str) {
        let (bus, since) = (self.bus().await, Instant::now());
        while bus.depth(queue).await.unwrap() > 0 {
            assert!(since.elapsed() < PATIENCE, "{queue} was not empty in time");
            tokio::task::yield_now().await;
        }
    }

    pub(crate) async fn openapi(&self) -> Value {
        self.get("/openapi.json", "").await.1
    }

    /// Every operation refuses who is not signed in, and who holds no permission, unless its document says otherwise.
    pub(crate) async fn refuses_strangers(&self) {
        let document = self.openapi().await;
        let nobody = self.token("nobody", &[]);
        for (path, item) in document["paths"].as_object().unwrap() {
            for (method, operation) in item.as_object().unwrap() {
                let needs = operation["x-permission"]
                    .as_str()
                    .expect("every operation says who may call it");
                let place = format!("{method} {path} ({needs})");
                let address = path
                    .split('/')
                    .map(|part| if part.starts_with('{') { "x" } else { part })
                    .collect::<Vec<_>>()
                    .join("/");
                let ask = |token: &str| {
                    let method = method.to_uppercase().parse::<Method>().unwrap();
                    self.request(method, &format!("{address}?site=basel"), token)
                        .json(&serde_json::json!({}))
                        .send()
                };
                if needs == "public" {
                    continue;
                }
                assert_eq!(ask("").await.unwrap().status(), 401, "{place}");
                assert_eq!(ask("not.a.token").await.unwrap().status(), 401, "{place}");
                if needs != "authenticated" {
                    assert_eq!(ask(&nobody).await.unwrap().status(), 403, "{place}");
                }
            }
        }
    }
}

impl Drop for Module {
    fn drop(&mut self) {
        if let Some(mut process) = self.process.take() {
            // It may have ended by itself.
            process.kill().unwrap_or_default();
            process.wait().ok();
        }
    }
}

pub(crate) async fn read(answer: Response) -> (StatusCode, Value) {
    let status = answer.status();
    let body = answer.bytes().await.unwrap();
    (status, serde_json::from_slice(&body).unwrap_or(Value::Null))
}

/// The queues that the module's manifest specifies.
fn topology() -> Topology {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/module.toml");
    let manifest = Manifest::parse(&std::fs::read_to_string(file).expect("module.toml"));
    Topology::default().manifest(&manifest.expect("a manifest"), &[])
}

/// A problem without what differs from run to run.
pub(crate) fn stable(mut problem: Value) -> Value {
    if let Some(problem) = problem.as_object_mut() {
        problem
            .remove("trace_id")
            .expect("every problem carries its trace id");
    }
    problem
}

/// Grants of an event.
pub(crate) fn grants(of: &[(&str, &[&str])]) -> BTreeMap<String, Vec<String>> {
    of.iter()
        .map(|(site, names)| {
            (
                (*site).to_owned(),
                names.iter().map(|name| (*name).to_owned()).collect(),
            )
        })
        .collect()
}

/// The value with these members hidden wherever they stand: what differs from run to run.
pub(crate) fn hide(mut value: Value, members: &[&str]) -> Value {
    match &mut value {
        Value::Object(object) => {
            for (name, inner) in object {
                *inner = if members.contains(&name.as_str()) {
                    "[hidden]".into()
                } else {
                    hide(inner.take(), members)
                };
            }
        }
        Value::Array(items) => items
            .iter_mut()
            .for_each(|item| *item = hide(item.take(), members)),
        _ => {}
    }
    value
}
