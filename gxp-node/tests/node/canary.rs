//! Promise P20 where a node's own settings hold secrets: a module gets them, and nobody else sees them.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::elsewhere::is_listening;
use crate::platform::{Platform, is_alive, signal_process};

/// Passwords as somebody might write them into the settings of a node.
const CANARIES: [&str; 4] = [
    "canary-of-the-bus",
    "canary-of-the-other-bus",
    "canary-of-the-database",
    "canary-of-a-module",
];

fn with_passwords(text: &str) -> String {
    let bus = format!(
        "[bus]\nurl = \"amqp://dcp:{}@127.0.0.1:1/gxp\"\n",
        CANARIES[0]
    );
    let (before, rest) = text.split_once("[bus]\n").unwrap();
    let (_, after) = rest.split_once('\n').unwrap();
    let text = format!("{before}{bus}{after}");
    let (before, rest) = text.split_once("[store]\n").unwrap();
    let (_, after) = rest.split_once('\n').unwrap();
    let store = format!(
        "[store]\nurl = \"mssql:server=tcp:127.0.0.1,1;user id=dcp;password={}\"\n",
        CANARIES[2]
    );
    let own = format!(
        "name = \"hidden\"\nsettings = {{ token = \"{}\", other_bus = {{ url = \"amqp://dcp:{}@127.0.0.1:1/nongxp\" }} }}\n",
        CANARIES[3], CANARIES[1]
    );
    format!("{before}{store}{after}").replace("name = \"hidden\"\n", &own)
}

/// What a process shows of itself, as long as it lives.
fn shown(pid: u64) -> String {
    ["cmdline", "environ"]
        .map(|file| std::fs::read(format!("/proc/{pid}/{file}")).unwrap())
        .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
        .concat()
}

async fn pid(platform: &Platform, module: &str) -> Option<u64> {
    platform.module(module).await["instances"][0]["pid"].as_u64()
}

#[tokio::test]
async fn passwords_in_the_settings_of_a_node_are_shown_nowhere() {
    let platform = Platform::begin(|text| with_passwords(&text));
    // The module `hidden` has settings that it does not know: it ends, and says so without their values.
    let refused = async |platform: &Platform| {
        let log = platform.home().join("log/gxp-node/hidden-1.log");
        std::fs::read_to_string(log).is_ok_and(|log| log.contains("module"))
    };
    platform.until("listening", is_listening).await;
    platform
        .until("probe ready", async |platform| {
            platform.module("probe").await["state"] == "ready" && refused(platform).await
        })
        .await;
    let mut said = Vec::new();
    for module in ["probe", "login"] {
        let pid = pid(&platform, module).await.unwrap();
        said.push((format!("the process of {module}"), shown(pid)));
    }
    said.push((
        "the node's process".into(),
        shown(platform.node.id().into()),
    ));
    let operator = platform.http.get(platform.url("/api/node/settings"));
    let operator = operator.header("cookie", "__Host-dcp-session=operator-session");
    let settings = operator.send().await.unwrap().text().await.unwrap();
    assert!(settings.contains("(hidden)"), "{settings}");
    said.push(("the effective settings".into(), settings));
    let (_, status) = platform.control("GET /status").await;
    said.push(("the status".into(), status.to_string()));
    for path in ["/health/ready", "/portal.json", "/api/hidden/ping"] {
        let answer = platform.get(path).await.unwrap();
        said.push((path.into(), answer.text().await.unwrap()));
    }
    for folder in ["log/gxp-node", "state", "."] {
        let entries = std::fs::read_dir(platform.home().join(folder)).unwrap();
        for file in entries.map(|entry| entry.unwrap().path()) {
            let is_settings = file.ends_with("node.toml") || file.ends_with("secrets.toml");
            if file.is_file() && !is_settings {
                let bytes = std::fs::read(&file).unwrap();
                said.push((
                    file.display().to_string(),
                    String::from_utf8_lossy(&bytes).into_owned(),
                ));
            }
        }
    }
    assert!(said.len() > 8);
    let log = &said.iter().find(|(place, _)| place.ends_with("node.log"));
    assert!(log.unwrap().1.contains("could not be declared"), "{log:?}");
    for (place, text) in &said {
        for canary in CANARIES {
            assert!(!text.contains(canary), "{canary} is in {place}: {text}");
        }
    }
    eprintln!(
        "P20: {} passwords looked for in {} places: 0 hits",
        CANARIES.len(),
        said.len()
    );
}

#[tokio::test]
async fn the_memory_of_a_process_that_dies_is_written_nowhere() {
    // The node is started where core files are allowed, as on many machines.
    let maximum = getrlimit(Resource::Core).maximum;
    if maximum == Some(0) {
        eprintln!("SKIPPED: P20: the machine allows no core files");
        return;
    }
    let allowed = Rlimit {
        current: maximum,
        maximum,
    };
    setrlimit(Resource::Core, allowed).unwrap();
    let platform = Platform::start().await;
    let before = pid(&platform, "probe").await.unwrap();
    let limits = std::fs::read_to_string(format!("/proc/{before}/limits")).unwrap();
    let core = limits
        .lines()
        .find(|line| line.starts_with("Max core file size"));
    let words: Vec<&str> = core.unwrap().split_whitespace().collect();
    assert_eq!(words[4..6], ["0", "0"], "{core:?}");
    signal_process(u32::try_from(before).unwrap(), "-ABRT");
    platform
        .until("started again", async |platform| {
            let now = pid(platform, "probe").await;
            !is_alive(before) && now.is_some_and(|now| now != before)
        })
        .await;
    let folder = std::fs::read_dir(platform.home().join("deploy/probe")).unwrap();
    let names: Vec<_> = folder.map(|entry| entry.unwrap().file_name()).collect();
    let is_core = |name: &std::ffi::OsString| name.to_string_lossy().starts_with("core");
    assert!(!names.iter().any(is_core), "{names:?}");
    let log = std::fs::read_to_string(platform.home().join("node.log")).unwrap();
    assert!(log.contains("signal 6"), "{log}");
}
