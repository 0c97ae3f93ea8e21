//! A node on ports and in a folder of its own, started as the real binary.

use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// The session of somebody who may operate the node.
pub(crate) const OPERATOR: &str = "__Host-dcp-session=operator-session";

/// A running node.
pub(crate) struct Platform {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) internal: u16,
    pub(crate) external: u16,
    pub(crate) node: Child,
    pub(crate) http: reqwest::Client,
}

/// First of twenty ports nobody holds; tests of one process never get the same.
pub(crate) fn free_ports() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let base = 20_000 + u16::try_from(std::process::id() % 60).unwrap() * 500;
    loop {
        let first = base + NEXT.fetch_add(20, Ordering::Relaxed);
        if (first..first + 20).all(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()) {
            return first;
        }
    }
}

fn probe() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    test.ancestors().nth(2).unwrap().join("examples/probe")
}

pub(crate) fn manifest(name: &str, exposure: &str) -> String {
    format!(
        "name = \"{name}\"\nversion = \"0.1.0\"\ntitle = {{ en = \"{name}\", de = \"{name}\" }}\nzone = \"gxp\"\nport = 1\nexposure = [{exposure}]\n[ui]\nentry = \"main.js\"\n[[ui.route]]\npath = \"{name}\"\ntitle = {{ en = \"{name}\", de = \"{name}\" }}\n"
    )
}

pub(crate) fn deploy(home: &Path, name: &str, exposure: &str) {
    let folder = home.join("deploy").join(name);
    std::fs::create_dir_all(folder.join("ui")).unwrap();
    std::fs::write(folder.join("module.toml"), manifest(name, exposure)).unwrap();
    std::fs::write(folder.join("ui/main.js"), format!("// {name}\n")).unwrap();
    std::fs::copy(probe(), folder.join(name)).unwrap();
}

fn secrets(file: &Path) {
    let (private, public) = dcp::identity::generate_keys().unwrap();
    let mut text = format!(
        "[identity]\nprivate_key = '''{}'''\n[identity.public]\nkey = '''{public}'''\n[edge]\nkey = \"edge-key\"\n",
        private.expose()
    );
    for module in ["probe", "login", "hidden"] {
        text.extend([
            "[\"service/",
            module,
            "\"]\ntoken = \"svc_",
            module,
            "_x\"\n",
        ]);
    }
    std::fs::write(file, text).unwrap();
    std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o600)).unwrap();
}

pub(crate) fn config(home: &Path, first: u16) -> String {
    let home = home.display();
    let end = first + 19;
    let (external, modules) = (first + 1, first + 2);
    format!(
        "[node]\nname = \"gxp-node\"\nzone = \"gxp\"\nhome = \"{home}\"\n\
         [edge]\ninternal = \"127.0.0.1:{first}\"\nexternal = \"127.0.0.1:{external}\"\npublic_url = \"http://localhost:{first}\"\nportal_url = \"http://localhost:{first}\"\nmodule_ports = \"{modules}-{end}\"\n\
         [bus]\nurl = \"local:{home}/state/bus.db\"\n[secrets]\nurl = \"file:{home}/secrets.toml\"\n[store]\nurl = \"sqlite:{home}/state\"\n\
         [[module]]\nname = \"login\"\n[[module]]\nname = \"probe\"\n[[module]]\nname = \"hidden\"\n"
    )
}

pub(crate) fn start_node(home: &Path) -> Child {
    let log = std::fs::File::create(home.join("node.log")).unwrap();
    Command::new(env!("CARGO_BIN_EXE_gxp-node"))
        .arg("--config")
        .arg(home.join("node.toml"))
        .env_remove("DCP_HOME")
        .stdin(Stdio::null())
        .stdout(log.try_clone().unwrap())
        .stderr(log)
        .spawn()
        .unwrap()
}

/// Another node, which hosts the module `far` and nothing else.
pub(crate) struct Peer {
    folder: tempfile::TempDir,
    port: u16,
    node: Child,
}

impl Peer {
    pub(crate) fn start() -> Self {
        Self::start_with(|text| text)
    }

    /// The same with other settings.
    pub(crate) fn start_with(settings: impl FnOnce(String) -> String) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let home = folder.path();
        for name in ["far", "probe"] {
            deploy(home, name, "\"internal\"");
        }
        std::fs::create_dir_all(home.join("state")).unwrap();
        secrets(&home.join("secrets.toml"));
        let port = free_ports();
        let text = config(home, port).replace("gxp-node", "far-node");
        let (head, _) = text.split_once("[[module]]").unwrap();
        let text = settings(format!("{head}[[module]]\nname = \"far\"\n"));
        std::fs::write(home.join("node.toml"), text).unwrap();
        let node = start_node(home);
        Self { folder, port, node }
    }

    /// Ends it as a loss of power does.
    pub(crate) fn kill(&mut self) {
        self.node.kill().unwrap();
        self.node.wait().unwrap();
    }

    pub(crate) fn start_again(&mut self) {
        self.node = start_node(self.folder.path());
    }

    /// How another node names it in its settings.
    pub(crate) fn section(&self) -> String {
        let url = format!("http://127.0.0.1:{}", self.port);
        format!("[[edge.peer]]\nname = \"far-node\"\nurl = \"{url}\"\npublic_url = \"{url}\"\n")
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.node.kill().unwrap_or_default();
        self.node.wait().unwrap();
    }
}

impl Platform {
    /// Starts a node that hosts `login`, `probe` (also outside) and `hidden` (inside only), and waits until it is ready.
    pub(crate) async fn start() -> Self {
        Self::start_with("").await
    }

    /// The same with a peer.
    pub(crate) async fn start_beside(peer: &Peer) -> Self {
        Self::start_with(&peer.section()).await
    }

    async fn start_with(settings: &str) -> Self {
        let platform = Self::begin(|text| text + settings);
        platform.until("ready", Self::is_ready).await;
        platform
    }

    /// Whether the node and all its modules are ready.
    pub(crate) async fn is_ready(&self) -> bool {
        let answer = self.get("/health/ready").await;
        answer.is_some_and(|answer| answer.status() == 200)
    }

    /// Starts a node with other settings and waits for nothing.
    pub(crate) fn begin(settings: impl FnOnce(String) -> String) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let home = folder.path();
        for (name, exposure) in [
            ("login", "\"internal\", \"external\""),
            ("probe", "\"internal\", \"external\""),
            ("hidden", "\"internal\""),
        ] {
            deploy(home, name, exposure);
        }
        std::fs::create_dir_all(home.join("deploy/shell")).unwrap();
        std::fs::write(
            home.join("deploy/shell/index.html"),
            "<!doctype html><title>portal</title>",
        )
        .unwrap();
        std::fs::create_dir_all(home.join("state")).unwrap();
        secrets(&home.join("secrets.toml"));
        let internal = free_ports();
        let text = settings(config(home, internal));
        std::fs::write(home.join("node.toml"), text).unwrap();
        let node = start_node(home);
        let http = reqwest::Client::builder()
            .timeout(Duration::from_secs(20))
            .build()
            .unwrap();
        Self {
            folder,
            internal,
            external: internal + 1,
            node,
            http,
        }
    }

    pub(crate) fn home(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.internal)
    }

    pub(crate) fn outside(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.external)
    }

    pub(crate) async fn get(&self, path: &str) -> Option<reqwest::Response> {
        self.http.get(self.url(path)).send().await.ok()
    }

    pub(crate) async fn json(&self, path: &str) -> Value {
        self.get(path).await.unwrap().json().await.unwrap()
    }

    /// Waits for something, bounded, and shows the node's log when it does not come.
    pub(crate) async fn until(&self, what: &str, mut is_so: impl AsyncFnMut(&Self) -> bool) {
        let end = Instant::now() + Duration::from_secs(30);
        while !is_so(self).await {
            if Instant::now() > end {
                let log = std::fs::read_to_string(self.home().join("node.log")).unwrap_or_default();
                panic!("never {what}; the node's log:\n{log}");
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Asks the control socket.
    pub(crate) async fn control(&self, request: &str) -> (u16, Value) {
        let mut socket =
            tokio::net::UnixStream::connect(self.home().join("state/gxp-node/control.sock"))
                .await
                .unwrap();
        socket
            .write_all(
                format!("{request} HTTP/1.1\r\nhost: node\r\nconnection: close\r\n\r\n").as_bytes(),
            )
            .await
            .unwrap();
        let mut answer = String::new();
        socket.read_to_string(&mut answer).await.unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (
            head[9..12].parse().unwrap(),
            serde_json::from_str(body).unwrap(),
        )
    }

    /// What the node says about one of its modules.
    pub(crate) async fn module(&self, name: &str) -> Value {
        let (_, status) = self.control("GET /status").await;
        status["modules"]
            .as_array()
            .unwrap()
            .iter()
            .find(|module| module["module"] == name)
            .unwrap()
            .clone()
    }

    pub(crate) fn signal(&self, signal: &str) {
        signal_process(self.node.id(), signal);
    }
}

pub(crate) fn signal_process(pid: u32, signal: &str) {
    assert!(
        Command::new("kill")
            .arg(signal)
            .arg(pid.to_string())
            .status()
            .unwrap()
            .success()
    );
}

pub(crate) fn is_alive(pid: u64) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    status
        .lines()
        .any(|line| line.starts_with("State:") && !line.contains('Z'))
}

impl Drop for Platform {
    fn drop(&mut self) {
        self.node.kill().unwrap_or_default();
        self.node.wait().unwrap();
    }
}
