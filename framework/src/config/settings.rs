//! The sections every process has.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::Zone;
use crate::secrets::{Secret, SecretsSettings, of_reader};

/// `[node]`: where this process runs.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct NodeSettings {
    /// Name of the node.
    pub name: String,
    /// Zone of the node; a module runs in no other than its manifest's.
    #[schemars(with = "Option<String>")]
    pub zone: Option<Zone>,
    /// Which of the module's instances this is.
    pub instance: String,
}

impl Default for NodeSettings {
    fn default() -> Self {
        Self {
            name: "local".into(),
            zone: None,
            instance: "1".into(),
        }
    }
}

/// `[http]`: the module's own listener.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct HttpSettings {
    /// Address and port; the manifest's port on loopback when absent.
    #[schemars(with = "Option<String>")]
    pub listen: Option<std::net::SocketAddr>,
    /// File with the certificates (PEM) that the listener shows: it then speaks TLS alone. Read again when it changes.
    pub certificate: Option<PathBuf>,
    /// File with the private key of that certificate (PEM).
    pub key: Option<PathBuf>,
}

/// `[edge]`: the way to other modules.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct EdgeSettings {
    /// Internal address of this node's edge.
    pub url: String,
}

impl Default for EdgeSettings {
    fn default() -> Self {
        Self {
            url: "http://127.0.0.1:7400".into(),
        }
    }
}

/// `[store]`: the module's database.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct StoreSettings {
    /// `sqlite:<folder>`, in which each module has a file of its own, or `mssql:<ADO connection string>`. `{module}` stands for
    /// the module's name.
    pub url: String,
    /// Who brings the database up to date: each start, or only `dcp migrate apply`.
    pub migrate: Migrate,
    /// ADO connection string of an administrator of SQL Server, only for `--migrate`; `dcp migrate` sets it from `DCP_SQLSERVER`.
    #[schemars(with = "Option<String>")]
    pub owner: Option<Secret<String>>,
}

/// Who brings a database up to date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Migrate {
    /// Each start.
    #[default]
    Start,
    /// `dcp migrate apply`; a start refuses a database that is behind.
    Command,
}

impl Default for StoreSettings {
    fn default() -> Self {
        Self {
            url: "sqlite:.dcp/state".into(),
            migrate: Migrate::Start,
            owner: None,
        }
    }
}

/// `[bus]`: where messages go. What is a reference `secret://path#key` is read again for every connection.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BusSettings {
    /// `local:<file>` or `amqp(s)://user:password@host/vhost`.
    pub url: String,
    /// The user, instead of the address's.
    pub user: Option<String>,
    /// Its password.
    #[schemars(with = "Option<String>")]
    pub password: Option<Secret<String>>,
    /// File with the certificates (PEM) of the CA that signs the broker's; what the machine trusts when absent.
    pub ca: Option<PathBuf>,
    /// File with the certificate (PEM) that this process shows to the broker.
    pub certificate: Option<PathBuf>,
    /// File with the private key of that certificate (PEM).
    pub key: Option<PathBuf>,
}

impl BusSettings {
    /// Only an address.
    pub fn at(url: &str) -> Self {
        Self {
            url: url.to_owned(),
            user: None,
            password: None,
            ca: None,
            certificate: None,
            key: None,
        }
    }

    /// The name of the reader in the place of `{module}`.
    #[must_use]
    pub(crate) fn of_reader(&self, name: &str) -> Self {
        let with_name = |text: &String| of_reader(text, name);
        let password = self.password.as_ref();
        Self {
            url: with_name(&self.url),
            user: self.user.as_ref().map(with_name),
            password: password.map(|password| Secret::new(with_name(password.expose()))),
            ..self.clone()
        }
    }
}

impl Default for BusSettings {
    fn default() -> Self {
        Self::at("local:.dcp/state/bus/local.db")
    }
}

/// Silent in every log: what the broker, the database or the vault refuses is an answer, which who asked logs if it is an error.
pub(crate) const QUIET: &str = "lapin=off,tiberius::tds=off,vaultrs=off,rustify=off";

/// `[log]`: what is logged, and how.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct LogSettings {
    /// A level, or directives such as `info,dcp::bus=debug`.
    pub level: String,
    /// For machines or for people.
    pub format: LogFormat,
}

/// Format of log lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// One JSON object a line.
    Json,
    /// Readable text.
    Text,
}

impl Default for LogSettings {
    fn default() -> Self {
        Self {
            level: "info".into(),
            format: LogFormat::Json,
        }
    }
}

/// `[telemetry]`: where traces go. Without a collector nothing is recorded.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TelemetrySettings {
    /// Address of a collector that takes OTLP by HTTP, such as `http://127.0.0.1:4318`.
    pub otlp: Option<String>,
    /// The share of the traces that begin here and are recorded, from 0 to 1.
    pub ratio: f64,
    /// What the collector shows as the service; the module's name when absent.
    pub service: Option<String>,
}

impl Default for TelemetrySettings {
    fn default() -> Self {
        Self {
            otlp: None,
            ratio: 1.0,
            service: None,
        }
    }
}

/// `[pi]`: history that was read from PI, kept on disk. Without a folder nothing is kept.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PiSettings {
    /// Folder of the kept history; modules of one zone share it.
    pub cache: Option<PathBuf>,
    /// Room it may take, in MiB.
    pub cache_mib: u64,
    /// Values younger than this are never kept, in minutes: what a site's interfaces may still send late.
    pub settled_minutes: u64,
}

impl Default for PiSettings {
    fn default() -> Self {
        Self {
            cache: None,
            cache_mib: 2048,
            settled_minutes: 60,
        }
    }
}

/// What every module's process is told.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Where this process runs.
    #[serde(default)]
    pub node: NodeSettings,
    /// Its listener.
    #[serde(default)]
    pub http: HttpSettings,
    /// The way to other modules.
    #[serde(default)]
    pub edge: EdgeSettings,
    /// Its database.
    #[serde(default)]
    pub store: StoreSettings,
    /// The bus of the zone.
    #[serde(default)]
    pub bus: BusSettings,
    /// Provider of secrets.
    #[serde(default)]
    pub secrets: SecretsSettings,
    /// Logging.
    #[serde(default)]
    pub log: LogSettings,
    /// Traces.
    #[serde(default)]
    pub telemetry: TelemetrySettings,
    /// Kept process data.
    #[serde(default)]
    pub pi: PiSettings,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_reader_reaches_the_bus_under_its_own_name() {
        let bus = BusSettings {
            user: Some("secret://bus/{module}#user".into()),
            password: Some(Secret::new("secret://bus/{module}#password".into())),
            ..BusSettings::at("amqp://host/gxp")
        };
        let of_node = bus.of_reader("gxp-node");
        assert_eq!(of_node.url, bus.url);
        assert_eq!(of_node.user.as_deref(), Some("secret://bus/gxp-node#user"));
        let password = of_node.password.unwrap();
        assert_eq!(password.expose(), "secret://bus/gxp-node#password");
    }
}
