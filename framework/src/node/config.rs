//! Settings of a node: one TOML file, and `DCP__` variables above it.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::Deserialize;

use super::network::Network;
use super::ports::PortRange;
use crate::config::{
    BusSettings, Layers, PiSettings, Setting, SettingsError, StoreSettings, TelemetrySettings,
};
use crate::model::Zone;
use crate::secrets::SecretsSettings;

/// Everything a node needs to know before it opens a socket.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
pub struct NodeConfig {
    /// Who this node is.
    pub node: NodeSection,
    /// Where it listens and how it is reached.
    pub edge: EdgeSection,
    /// Bus of the modules.
    pub bus: BusSettings,
    /// Secrets of the node and the modules.
    pub secrets: SecretsSettings,
    /// Databases of the modules: a folder for `SQLite`, each module takes its own file in it.
    pub store: StoreSettings,
    /// How modules and the node log.
    #[serde(default)]
    pub log: LogSection,
    /// Traces of the node and its modules.
    #[serde(default)]
    pub telemetry: TelemetrySettings,
    /// Process data that modules keep.
    #[serde(default)]
    pub pi: PiSettings,
    /// Modules this node hosts, in start order.
    #[serde(default, rename = "module")]
    pub modules: Vec<HostedModule>,
    /// The file it was read from, in full.
    #[serde(skip)]
    pub file: PathBuf,
    /// Each setting as it may be shown, with its source.
    #[serde(skip)]
    pub effective: Vec<Setting>,
}

/// Identity of the node.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
pub struct NodeSection {
    /// Name, unique in the platform; also the name of its folders.
    pub name: String,
    /// Whether what it hosts is validated.
    #[schemars(with = "String")]
    pub zone: Zone,
    /// Folder of deployments, state and logs.
    pub home: PathBuf,
    /// What people read.
    #[serde(default)]
    pub title: String,
}

/// Listeners, public addresses and peers.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
pub struct EdgeSection {
    /// Listener for the company's own network: everything.
    #[schemars(with = "String")]
    pub internal: SocketAddr,
    /// Listener for outside: only what manifests expose.
    #[schemars(with = "String")]
    pub external: SocketAddr,
    /// How browsers reach this node.
    pub public_url: String,
    /// How browsers reach the portal, which may be another node.
    pub portal_url: String,
    /// Ports of module instances on loopback, `first-last`.
    #[schemars(with = "String")]
    pub module_ports: PortRange,
    /// File with the certificates (PEM) of the CA that signs those of modules at `https` addresses; what the machine trusts when absent.
    #[serde(default)]
    pub ca: Option<PathBuf>,
    /// Addresses or networks (`10.0.0.0/8`) of reverse proxies, and of other nodes: of a request from there the last other address in
    /// `X-Forwarded-For` is the caller's. Nobody's header is believed when absent.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub trusted_proxies: Vec<Network>,
    /// Other nodes of the platform.
    #[serde(default, rename = "peer")]
    pub peers: Vec<PeerSection>,
}

/// Another node of the platform.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
pub struct PeerSection {
    /// Its name.
    pub name: String,
    /// Where this node reaches it.
    pub url: String,
    /// Where browsers reach it.
    pub public_url: String,
}

/// Logging.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(default)]
pub struct LogSection {
    /// Level or filter.
    pub level: String,
    /// `json` or `text`.
    pub format: String,
}

impl Default for LogSection {
    fn default() -> Self {
        Self {
            level: "info".into(),
            format: "text".into(),
        }
    }
}

/// One module this node hosts.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
pub struct HostedModule {
    /// Name, the same as its folder in `deploy`.
    pub name: String,
    /// How many processes run it.
    #[serde(default = "one")]
    pub instances: u32,
    /// Where it answers when others start it, `http://host:port` or `https://host:port` each; the node then starts no process of it.
    #[serde(default)]
    pub addresses: Vec<String>,
    /// Its own settings, handed over as `DCP__MODULE__` variables.
    #[serde(default)]
    #[schemars(with = "std::collections::BTreeMap<String, String>")]
    pub settings: toml::Table,
}

fn one() -> u32 {
    1
}

/// What is wrong with the settings, readable alone.
#[derive(Debug, thiserror::Error)]
pub enum NodeConfigError {
    /// The file or a variable does not parse.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// A value parses and still cannot be used.
    #[error("{0}")]
    Value(String),
}

impl NodeConfig {
    /// Reads `file` and the `DCP__` variables above it.
    pub fn load(file: &Path) -> Result<Self, NodeConfigError> {
        let file = std::path::absolute(file).unwrap_or_else(|_| file.to_owned());
        let layers = Layers::read(Some(&file))?;
        let mut settings: Self = layers.all()?;
        settings.check()?;
        settings.effective = layers.effective::<Self>();
        settings.file = file;
        Ok(settings)
    }

    /// Folder with one folder per deployed module.
    pub fn deploy(&self) -> PathBuf {
        self.node.home.join("deploy")
    }

    /// Folder of a module: what is deployed, or what one that runs elsewhere has brought.
    pub fn folder(&self, module: &HostedModule) -> PathBuf {
        if module.addresses.is_empty() {
            self.deploy().join(&module.name)
        } else {
            self.state().join("elsewhere").join(&module.name)
        }
    }

    /// Folder of this node's databases and its control socket.
    pub fn state(&self) -> PathBuf {
        self.node.home.join("state").join(&self.node.name)
    }

    /// Folder of this node's and its modules' logs.
    pub fn logs(&self) -> PathBuf {
        self.node.home.join("log").join(&self.node.name)
    }

    /// Whether this node serves the portal's shell.
    pub fn is_portal(&self) -> bool {
        self.edge.public_url == self.edge.portal_url
    }

    fn check(&self) -> Result<(), NodeConfigError> {
        let refuse = |text: String| Err(NodeConfigError::Value(text));
        if !is_name(&self.node.name) {
            return refuse(format!(
                "node.name `{}` may hold only a-z, 0-9 and `-`",
                self.node.name
            ));
        }
        for module in &self.modules {
            if !is_name(&module.name) || module.name == "node" {
                return refuse(format!("`{}` cannot be the name of a module", module.name));
            }
            if let Some(wrong) = module.addresses.iter().find(|it| Address::of(it).is_none()) {
                return refuse(format!(
                    "module `{}`: the address `{wrong}` must be http://host:port or https://host:port",
                    module.name
                ));
            }
            if !module.addresses.is_empty() && module.instances != 1 {
                return refuse(format!(
                    "module `{}` has addresses, so `instances` says nothing; whoever starts it says how many run",
                    module.name
                ));
            }
            if self
                .modules
                .iter()
                .filter(|other| other.name == module.name)
                .count()
                > 1
            {
                return refuse(format!(
                    "module `{}` is listed twice; use `instances` to run it more than once",
                    module.name
                ));
            }
        }
        Ok(())
    }
}

/// `http://host:port` or `https://host:port`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Address<'a> {
    /// Whether whoever answers there proves its name, and nobody else can read along.
    pub(crate) is_secure: bool,
    /// `host:port`.
    pub(crate) authority: &'a str,
}

impl<'a> Address<'a> {
    pub(crate) fn of(url: &'a str) -> Option<Self> {
        let secure = url.strip_prefix("https://");
        let authority = secure.or_else(|| url.strip_prefix("http://"))?;
        let authority = authority.trim_end_matches('/');
        let (host, port) = authority.rsplit_once(':')?;
        let plain = !host.is_empty() && !host.contains(['/', '@', '?', '#', ' ']);
        (plain && port.parse::<u16>().is_ok()).then_some(Self {
            is_secure: secure.is_some(),
            authority,
        })
    }
}

/// `host:port` of an address `http://host:port`, when it is one.
pub(crate) fn authority(url: &str) -> Option<&str> {
    let address = Address::of(url).filter(|address| !address.is_secure);
    address.map(|address| address.authority)
}

/// Names stand in paths, URLs and variables, so they stay plain.
pub(crate) fn is_name(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 64
        && text
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(text: &str) -> Result<NodeConfig, NodeConfigError> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("node.toml");
        std::fs::write(&file, text).unwrap();
        NodeConfig::load(&file)
    }

    const PLAIN: &str = r#"
        [node]
        name = "gxp-node"
        zone = "gxp"
        home = "/srv/dcp"
        [edge]
        internal = "127.0.0.1:7400"
        external = "127.0.0.1:7401"
        public_url = "http://localhost:7400"
        portal_url = "http://localhost:7400"
        module_ports = "7430-7469"
        [[edge.peer]]
        name = "nongxp-node"
        url = "http://127.0.0.1:7410"
        public_url = "http://localhost:7410"
        [bus]
        url = "local:bus.db"
        [secrets]
        url = "file:secrets.toml"
        [store]
        url = "sqlite:state"
        [[module]]
        name = "administration"
        settings = { demo = true }
    "#;

    #[test]
    fn a_file_is_read() {
        let config = load(PLAIN).unwrap();
        assert!(config.is_portal());
        assert_eq!(config.modules[0].instances, 1);
        assert_eq!(config.state(), Path::new("/srv/dcp/state/gxp-node"));
        assert_eq!(config.edge.peers[0].name, "nongxp-node");
    }

    #[test]
    fn an_unknown_key_is_refused_with_its_line() {
        let wrong = load(&PLAIN.replace("[bus]", "[bus]\nuser_name = \"a\""))
            .unwrap_err()
            .to_string();
        assert!(
            wrong.starts_with("setting bus.user_name: unknown field"),
            "{wrong}"
        );
        assert!(wrong.ends_with(", line 17)"), "{wrong}");
        let wrong = load(&PLAIN.replace(
            "settings = { demo",
            "instances = \"two\"\nsettings = { demo",
        ));
        let wrong = wrong.unwrap_err().to_string();
        assert!(
            wrong.starts_with("setting module.0.instances: invalid type"),
            "{wrong}"
        );
        assert!(wrong.ends_with(", line 24)"), "{wrong}");
    }

    #[test]
    fn a_module_that_runs_elsewhere_has_addresses_and_nothing_of_a_process() {
        let with = |lines: &str| load(&PLAIN.replace("settings = { demo", lines));
        let config = with("addresses = [\"http://administration:8080/\"]\nsettings = { demo");
        let config = config.unwrap();
        assert_eq!(
            config.folder(&config.modules[0]),
            Path::new("/srv/dcp/state/gxp-node/elsewhere/administration")
        );
        for wrong in [
            "ftp://a:1",
            "https://a",
            "http://a",
            "a:1",
            "http://a:1/b",
            "http://:1",
            "http://u@a:1",
        ] {
            let text = format!("addresses = [\"{wrong}\"]\nsettings = {{ demo");
            let said = with(&text).unwrap_err().to_string();
            assert!(said.contains(wrong), "{said}");
        }
        let said = with("instances = 2\naddresses = [\"http://a:1\"]\nsettings = { demo");
        let said = said.unwrap_err().to_string();
        assert!(said.contains("`instances`"), "{said}");
    }

    #[test]
    fn a_wrong_zone_and_a_wrong_name_are_named() {
        let wrong = load(&PLAIN.replace("zone = \"gxp\"", "zone = \"free\"")).unwrap_err();
        let wrong = format!("{:#}", anyhow::Error::from(wrong));
        assert!(wrong.contains("`free`"), "{wrong}");
        let wrong = load(&PLAIN.replace("\"administration\"", "\"../x\""))
            .unwrap_err()
            .to_string();
        assert!(wrong.contains("../x"), "{wrong}");
    }
}
