//! An `OpenBao` of a test's own, with everything it writes in a folder of the test.

use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use reqwest::{Method, StatusCode};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use tempfile::TempDir;

/// How long a test waits for what has to happen.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);
/// What is secret in these tests, and may be found nowhere.
pub(crate) const CANARY: &str = "canary-7f3a91";

/// A vault with the engine `dcp`, the login method `AppRole`, and the secret `pi/dryers`.
pub(crate) struct Bao {
    pub(crate) folder: TempDir,
    pub(crate) address: String,
    pub(crate) root: String,
    key: String,
    program: String,
    process: Option<Child>,
    pub(crate) http: reqwest::Client,
}

/// Waits until something is so, bounded, and says what never was.
pub(crate) async fn eventually(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let until = Instant::now() + PATIENCE;
    while !is_so().await {
        assert!(Instant::now() < until, "never: {what}");
        // Whoever has to act is another process: no wake-up comes from there.
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// A port that nobody listens on now.
pub(crate) fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

impl Bao {
    /// A vault that is set up, or none and a line that says so.
    pub(crate) async fn start(test: &str) -> Option<Self> {
        let Ok(program) = std::env::var("DCP_TEST_BAO") else {
            eprintln!("SKIPPED: {test}: DCP_TEST_BAO is not set");
            return None;
        };
        let mut bao = Self::configured(program);
        bao.boot().await;
        bao.initialise().await;
        bao.call(
            Method::POST,
            "sys/mounts/dcp",
            json!({"type": "kv", "options": {"version": "2"}}),
        )
        .await;
        bao.call(Method::POST, "sys/auth/approle", json!({"type": "approle"}))
            .await;
        // A fresh engine refuses until it has made itself ready.
        eventually("the engine takes secrets", async || {
            let secret = json!({"data": {"user": "reader", "password": CANARY}});
            bao.ask(&bao.root, Method::POST, "dcp/data/pi/dryers", secret)
                .await
                .0
                .is_success()
        })
        .await;
        Some(bao)
    }

    fn configured(program: String) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (port, cluster) = (free_port(), free_port());
        let place = folder.path().display();
        std::fs::create_dir(folder.path().join("data")).unwrap();
        let settings = format!(
            r#"
            storage "raft" {{
              path = "{place}/data"
              node_id = "one"
              performance_multiplier = "1"
            }}
            listener "tcp" {{
              address = "127.0.0.1:{port}"
              tls_disable = true
            }}
            audit "file" "witness" {{
              options {{
                file_path = "{place}/audit.log"
              }}
            }}
            api_addr = "http://127.0.0.1:{port}"
            cluster_addr = "http://127.0.0.1:{cluster}"
            "#
        );
        std::fs::write(folder.path().join("bao.hcl"), settings).unwrap();
        let http = reqwest::Client::builder()
            .timeout(Duration::from_secs(10))
            .build()
            .unwrap();
        Self {
            folder,
            address: format!("http://127.0.0.1:{port}"),
            root: String::new(),
            key: String::new(),
            program,
            process: None,
            http,
        }
    }

    /// Starts the process and waits until it answers.
    pub(crate) async fn boot(&mut self) {
        let log = std::fs::File::options()
            .append(true)
            .create(true)
            .open(self.folder.path().join("bao.log"))
            .unwrap();
        let process = Command::new(&self.program)
            .args(["server", "-config"])
            .arg(self.folder.path().join("bao.hcl"))
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        self.process = Some(process);
        eventually("the vault answers", async || {
            self.http
                .get(format!("{}/v1/sys/seal-status", self.address))
                .send()
                .await
                .is_ok()
        })
        .await;
    }

    async fn initialise(&mut self) {
        let shares = json!({"secret_shares": 1, "secret_threshold": 1});
        let made = self.call(Method::POST, "sys/init", shares).await;
        made["keys_base64"][0]
            .as_str()
            .unwrap()
            .clone_into(&mut self.key);
        made["root_token"]
            .as_str()
            .unwrap()
            .clone_into(&mut self.root);
        self.unseal().await;
    }

    /// One request: status and answer.
    pub(crate) async fn ask(
        &self,
        token: &str,
        method: Method,
        path: &str,
        body: Value,
    ) -> (StatusCode, Value) {
        let url = format!("{}/v1/{path}", self.address);
        let mut request = self
            .http
            .request(method, url)
            .header("X-Vault-Token", token);
        if !body.is_null() {
            request = request.json(&body);
        }
        match request.send().await {
            Ok(answer) => (answer.status(), answer.json().await.unwrap_or_default()),
            Err(error) => (
                StatusCode::GATEWAY_TIMEOUT,
                json!({"errors": [error.to_string()]}),
            ),
        }
    }

    /// One request of the administrator that must succeed.
    pub(crate) async fn call(&self, method: Method, path: &str, body: Value) -> Value {
        let (status, answer) = self.ask(&self.root, method, path, body).await;
        assert!(status.is_success(), "{path}: {status} {answer}");
        answer
    }

    pub(crate) async fn put(&self, path: &str, secret: Value) {
        self.call(
            Method::POST,
            &format!("dcp/data/{path}"),
            json!({"data": secret}),
        )
        .await;
    }

    pub(crate) async fn seal(&self) {
        self.call(Method::PUT, "sys/seal", Value::Null).await;
    }

    pub(crate) async fn unseal(&self) {
        self.call(Method::POST, "sys/unseal", json!({"key": self.key}))
            .await;
        eventually("the vault is active", async || {
            self.ask(
                &self.root,
                Method::GET,
                "auth/token/lookup-self",
                Value::Null,
            )
            .await
            .0
            .is_success()
        })
        .await;
    }

    /// Ends the process as a power cut does.
    pub(crate) fn stop(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().unwrap();
            process.wait().unwrap();
        }
    }

    pub(crate) fn signal(&self, signal: Signal) {
        let id = self.process.as_ref().unwrap().id();
        let id = Pid::from_raw(i32::try_from(id).unwrap()).unwrap();
        kill_process(id, signal).unwrap();
    }

    /// From now on the audit log cannot be written, and the vault answers nothing.
    pub(crate) async fn fill_audit_log(&self) {
        let log = self.folder.path().join("audit.log");
        std::fs::rename(&log, self.folder.path().join("audit.full")).unwrap();
        std::os::unix::fs::symlink("/dev/full", &log).unwrap();
        self.signal(Signal::HUP);
        eventually("the audit log is full", async || {
            !self
                .ask(
                    &self.root,
                    Method::GET,
                    "auth/token/lookup-self",
                    Value::Null,
                )
                .await
                .0
                .is_success()
        })
        .await;
    }

    pub(crate) async fn empty_audit_log(&self) {
        let log = self.folder.path().join("audit.log");
        std::fs::remove_file(&log).unwrap();
        self.signal(Signal::HUP);
        eventually("the audit log can be written", async || {
            self.ask(
                &self.root,
                Method::GET,
                "auth/token/lookup-self",
                Value::Null,
            )
            .await
            .0
            .is_success()
        })
        .await;
    }
}

impl Drop for Bao {
    fn drop(&mut self) {
        self.stop();
    }
}
