//! A module that the node does not start: served while it answers, missed while it is away, and trusted no more than the others.

use std::process::{Child, Command, Stdio};

use dcp::node::NodeConfig;
use serde_json::{Value, json};

use crate::platform::{Platform, deploy, free_ports};

/// The module `probe` in a folder of its own, as a container or another machine runs it.
pub(crate) struct Apart {
    folder: tempfile::TempDir,
    pub(crate) port: u16,
    process: Option<Child>,
}

impl Apart {
    pub(crate) fn deployed_as(name: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        deploy(folder.path(), name, "\"internal\"");
        let deployed = folder.path().join("deploy");
        if name != "probe" {
            std::fs::rename(deployed.join(name), deployed.join("probe")).unwrap();
            std::fs::rename(
                deployed.join("probe").join(name),
                deployed.join("probe/probe"),
            )
            .unwrap();
        }
        Self {
            folder,
            port: free_ports(),
            process: None,
        }
    }

    /// A node that is told where the module answers, and has nothing of it.
    fn node(&self) -> Platform {
        let known = "name = \"probe\"\n";
        let section = format!("{known}addresses = [\"http://127.0.0.1:{}\"]\n", self.port);
        Platform::begin(|text| text.replace(known, &section))
    }

    fn ui(&self) -> std::path::PathBuf {
        self.folder.path().join("deploy/probe/ui")
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// Starts it with what its node's settings say for it.
    fn start(&mut self, platform: &Platform) {
        self.start_with(platform, Vec::new());
    }

    /// The same with settings of its own.
    pub(crate) fn start_with(&mut self, platform: &Platform, own: Vec<(&str, String)>) {
        let process = self.command(platform, own).stderr(Stdio::null()).spawn();
        self.process = Some(process.unwrap());
    }

    /// How a start that fails ends, and what it says.
    pub(crate) fn end_of_start(
        &mut self,
        platform: &Platform,
        own: Vec<(&str, String)>,
    ) -> (Option<i32>, String) {
        let ended = self.command(platform, own).output().unwrap();
        let said = String::from_utf8_lossy(&ended.stderr).into_owned();
        (ended.status.code(), said)
    }

    fn command(&self, platform: &Platform, own: Vec<(&str, String)>) -> Command {
        let config = NodeConfig::load(&platform.home().join("node.toml")).unwrap();
        let hosted = config.modules.iter().find(|module| module.name == "probe");
        let folder = self.folder.path().join("deploy/probe");
        let mut command = Command::new(folder.join("probe"));
        command
            .current_dir(&folder)
            .envs(config.environment(hosted.unwrap()))
            .env("DCP__HTTP__LISTEN", format!("127.0.0.1:{}", self.port))
            .envs(own)
            .stdin(Stdio::null())
            .stdout(Stdio::null());
        command
    }

    /// Ends it as the loss of its machine does.
    fn stop(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().unwrap();
            process.wait().unwrap();
        }
    }
}

impl Drop for Apart {
    fn drop(&mut self) {
        self.stop();
    }
}

pub(crate) async fn status(platform: &Platform, path: &str) -> u16 {
    platform.get(path).await.unwrap().status().as_u16()
}

pub(crate) async fn is_listening(platform: &Platform) -> bool {
    platform.get("/health/live").await.is_some()
}

pub(crate) async fn until_problem(platform: &Platform, what: &str) {
    let said = async |platform: &Platform| {
        let module = platform.module("probe").await;
        let problem = module["instances"][0]["problem"].as_str();
        problem.is_some_and(|problem| problem.contains(what))
    };
    platform.until(what, said).await;
}

#[tokio::test]
async fn a_module_apart_is_served_then_missed_then_served_again() {
    let mut apart = Apart::deployed_as("probe");
    let platform = apart.node();
    platform.until("listening", is_listening).await;
    let away = platform.get("/api/probe/ping").await.unwrap();
    assert_eq!(away.status(), 503);
    assert!(away.headers().contains_key("retry-after"));

    apart.start(&platform);
    platform.until("served", Platform::is_ready).await;
    assert_eq!(status(&platform, "/api/probe/ping").await, 200);
    let module = platform.module("probe").await;
    let address = format!("127.0.0.1:{}", apart.port);
    assert_eq!(
        (&module["health"], &module["instances"][0]["address"]),
        (&json!("ready"), &json!(address))
    );

    apart.stop();
    let away = platform.get("/api/probe/ping").await.unwrap();
    assert_eq!(away.status(), 503, "also before the node has looked");
    assert!(away.headers().contains_key("retry-after"));
    until_problem(&platform, "does not answer").await;
    let problem: Value = platform.json("/api/probe/ping").await;
    let detail = problem["detail"].as_str().unwrap();
    assert!(
        problem["module"] == "probe" && detail.contains("runs elsewhere and is away"),
        "{problem}"
    );
    assert_eq!(
        status(&platform, "/portal.json").await,
        200,
        "the others go on"
    );

    apart.start(&platform);
    platform.until("served again", Platform::is_ready).await;
    assert_eq!(status(&platform, "/api/probe/ping").await, 200);
}

#[tokio::test]
async fn a_module_apart_takes_nobodys_word_for_who_calls() {
    let mut apart = Apart::deployed_as("probe");
    let platform = apart.node();
    apart.start(&platform);
    platform.until("served", Platform::is_ready).await;
    let through = platform.http.get(platform.url("/api/probe/who"));
    let through = through.bearer_auth("dcp_analyst").send().await.unwrap();
    assert_eq!(through.json::<Value>().await.unwrap()["login"], "ada");
    // Past the edge neither a session nor a token of somebody else says anything.
    let past = platform.http.get(apart.url("/api/probe/who"));
    for request in [
        past.try_clone().unwrap(),
        past.try_clone().unwrap().bearer_auth("dcp_analyst"),
        past.header("cookie", "__Host-dcp-session=analyst-session"),
    ] {
        assert_eq!(request.send().await.unwrap().status(), 401);
    }
}

#[tokio::test]
async fn a_module_apart_brings_its_micro_frontend_and_the_next_version_of_it() {
    let mut apart = Apart::deployed_as("probe");
    std::fs::create_dir(apart.ui().join("chunks")).unwrap();
    std::fs::write(apart.ui().join("chunks/part.js"), "// part\n").unwrap();
    let platform = apart.node();
    apart.start(&platform);
    platform.until("served", Platform::is_ready).await;
    let shown = async |path: &str| platform.get(path).await.unwrap().text().await.unwrap();
    assert_eq!(shown("/ui/probe/main.js").await, "// probe\n");
    assert_eq!(shown("/ui/probe/chunks/part.js").await, "// part\n");
    let map = platform.json("/importmap.json").await;
    let entry = map["imports"]["@dcp/probe"].as_str().unwrap().to_owned();
    assert!(map["integrity"][&entry].is_string(), "{map}");

    apart.stop();
    std::fs::write(apart.ui().join("main.js"), "// the next version\n").unwrap();
    until_problem(&platform, "does not answer").await;
    apart.start(&platform);
    platform.until("served again", Platform::is_ready).await;
    assert_eq!(shown("/ui/probe/main.js").await, "// the next version\n");
    let map = platform.json("/importmap.json").await;
    assert_ne!(map["imports"]["@dcp/probe"], entry.as_str());
}

#[tokio::test]
async fn another_module_at_the_address_is_refused() {
    let mut apart = Apart::deployed_as("hidden");
    let platform = apart.node();
    apart.start(&platform);
    platform.until("listening", is_listening).await;
    until_problem(&platform, "it belongs to module `hidden`").await;
    assert_eq!(status(&platform, "/api/probe/ping").await, 503);
}

#[tokio::test]
async fn orders_for_a_module_apart_are_refused_with_the_place_where_it_runs() {
    let apart = Apart::deployed_as("probe");
    let platform = apart.node();
    platform.until("listening", is_listening).await;
    for order in ["stop", "start", "restart", "scale?instances=2"] {
        let (status, answer) = platform
            .control(&format!("POST /modules/probe/{order}"))
            .await;
        let problem = answer["problem"].as_str().unwrap();
        assert!(
            status == 422 && problem.contains(&apart.port.to_string()),
            "{order}: {answer}"
        );
    }
}
