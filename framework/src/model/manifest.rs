//! `module.toml`: what a module is, offers and needs. Read at build time by the module and at run time by the node.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use super::{ModuleName, Permission, Zone};

/// A manifest that cannot be used, and why.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    /// The text is not TOML of the right shape.
    #[error("module.toml: {0}")]
    Shape(String),
    /// A name breaks a rule.
    #[error("module.toml: {0}")]
    Rule(String),
}

/// A text in the languages of the portal.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Text {
    /// English.
    pub en: String,
    /// German.
    pub de: String,
}

impl Text {
    /// The text in both languages.
    pub fn new(en: impl Into<String>, de: impl Into<String>) -> Self {
        Self {
            en: en.into(),
            de: de.into(),
        }
    }
}

/// From where a module may be reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Exposure {
    /// Through the node's internal listener.
    Internal,
    /// Through the node's external listener.
    External,
}

/// One route of the portal under `/app/:site/`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UiRoute {
    /// First segment of the path after the site.
    pub path: String,
    /// Text of the menu entry.
    pub title: Text,
    /// Name of an icon of the portal's set.
    #[serde(default)]
    pub icon: Option<String>,
    /// Place in the menu, small first.
    #[serde(default)]
    pub order: i32,
    /// Permission without which the entry is not shown.
    #[serde(default)]
    pub permission: Option<Permission>,
    /// Whether the route has a menu entry.
    #[serde(default)]
    pub menu: bool,
}

/// The micro-frontend of a module.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ui {
    /// File that single-spa loads: `main.js` (`SystemJS`) or `main.mjs` (native module).
    pub entry: String,
    /// Its routes.
    #[serde(default, rename = "route")]
    pub routes: Vec<UiRoute>,
}

/// The queues of a module: what it publishes, the events it reacts to, and the tasks it does. Names as `name.vN`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Queues {
    /// Events published by this module and by no other, for any number of subscribers.
    pub publishes: Vec<String>,
    /// Events it reacts to: each has a queue of this module alone.
    pub events: IndexMap<String, EventQueue>,
    /// Tasks it does: each has one queue, whose messages its workers share.
    pub tasks: IndexMap<String, TaskQueue>,
}

/// How a module takes one event.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct EventQueue {
    /// Whether the events of one key take effect in the order in which they were committed.
    pub ordered: bool,
    /// Whether a validated module takes it also when the bridge has brought it from the free zone.
    pub free: bool,
}

/// Events that a bridge brings from the other zone into its own: nothing else passes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Bridge {
    /// Into the controlled zone.
    pub gxp: Vec<String>,
    /// Into the free zone.
    pub nongxp: Vec<String>,
}

impl Bridge {
    /// Whether it brings nothing.
    pub fn is_empty(&self) -> bool {
        self.gxp.is_empty() && self.nongxp.is_empty()
    }

    /// What it brings into `zone`.
    pub fn brings_into(&self, zone: Zone) -> &[String] {
        match zone {
            Zone::Gxp => &self.gxp,
            Zone::NonGxp => &self.nongxp,
        }
    }
}

/// A work queue the module owns.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TaskQueue {
    /// Whether every site has a queue of its own.
    pub per_site: bool,
}

/// R scripts a module brings.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Scripts {
    /// Paths below the module's folder.
    pub scripts: Vec<String>,
}

/// The whole of `module.toml`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Name: lower case letters, digits and `-`; also the first segment of its API and the prefix of its permissions.
    pub name: ModuleName,
    /// Version of the module.
    pub version: String,
    /// What people call it.
    pub title: Text,
    /// What it is for.
    #[serde(default)]
    pub description: Text,
    /// What it is validated for.
    pub zone: Zone,
    /// Port when run by hand.
    pub port: u16,
    /// From where it may be reached.
    #[serde(default = "internal_only")]
    pub exposure: Vec<Exposure>,
    /// Own permissions that every service of the platform holds, so that modules can ask without a person.
    #[serde(default)]
    pub services: Vec<Permission>,
    /// Permissions it defines, with what each allows.
    #[serde(default)]
    pub permissions: IndexMap<Permission, Text>,
    /// Its micro-frontend.
    #[serde(default)]
    pub ui: Option<Ui>,
    /// Events and tasks.
    #[serde(default)]
    pub queues: Queues,
    /// What it brings from the other zone, if it is a bridge.
    #[serde(default)]
    pub bridge: Bridge,
    /// R scripts it brings.
    #[serde(default)]
    pub r: Scripts,
}

fn internal_only() -> Vec<Exposure> {
    vec![Exposure::Internal]
}

impl Manifest {
    /// Reads a manifest and checks the rules that TOML cannot express.
    pub fn parse(text: &str) -> Result<Self, ManifestError> {
        let manifest: Self =
            toml::from_str(text).map_err(|error| ManifestError::Shape(error.to_string()))?;
        manifest.check()?;
        Ok(manifest)
    }

    fn check(&self) -> Result<(), ManifestError> {
        let name = self.name.as_str();
        if !name
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        {
            return Err(ManifestError::Rule(format!(
                "name {name:?} may hold lower case letters, digits and '-' only"
            )));
        }
        for permission in self.permissions.keys() {
            // `node.*` guards the edge itself, which has no module of its own; administration declares it.
            let own = permission
                .as_str()
                .strip_prefix(name)
                .is_some_and(|rest| rest.starts_with('.'));
            let of_node = name == "administration" && permission.as_str().starts_with("node.");
            if !own && !of_node {
                return Err(ManifestError::Rule(format!(
                    "permission {permission} must begin with {name:?} and a dot"
                )));
            }
        }
        if let Some(foreign) = self
            .services
            .iter()
            .find(|permission| !self.permissions.contains_key(*permission))
        {
            return Err(ManifestError::Rule(format!(
                "services names {foreign}, which [permissions] does not define"
            )));
        }
        self.check_queues()
    }

    fn check_queues(&self) -> Result<(), ManifestError> {
        let queues = &self.queues;
        let events = queues.publishes.iter().chain(queues.events.keys());
        for name in events.chain(queues.tasks.keys()) {
            let version = name
                .rsplit_once(".v")
                .map(|(_, version)| version.parse::<u16>());
            if !matches!(version, Some(Ok(1..))) {
                return Err(ManifestError::Rule(format!(
                    "[queues]: {name:?} needs its version at the end, such as \".v1\""
                )));
            }
        }
        let owned = queues.publishes.iter().chain(queues.tasks.keys());
        let mut foreign = owned.filter(|name| name.split('.').next() != Some(self.name.as_str()));
        foreign.next().map_or(Ok(()), |name| {
            Err(ManifestError::Rule(format!(
                "[queues]: {name:?} belongs to another module; what a module publishes or does begins with its name"
            )))
        })
    }

    /// Whether the module may be reached through that listener.
    pub fn is_exposed(&self, exposure: Exposure) -> bool {
        self.exposure.contains(&exposure)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"
name = "mvda"
version = "0.1.0"
title = { en = "Batches", de = "Chargen" }
zone = "gxp"
port = 7433
services = ["mvda.read"]
[permissions]
"mvda.read" = { en = "See batches", de = "Chargen sehen" }
[ui]
entry = "main.js"
[[ui.route]]
path = "mvda"
title = { en = "Batches", de = "Chargen" }
permission = "mvda.read"
menu = true
[queues]
publishes = ["mvda.model.calculated.v1"]
events = { "calc.call.finished.v1" = { ordered = true } }
tasks = { "mvda.fit.v1" = { per_site = true } }
"#;

    #[test]
    fn a_manifest_is_read_whole() {
        let manifest = Manifest::parse(GOOD).unwrap();
        assert_eq!(manifest.zone, Zone::Gxp);
        assert!(
            manifest.is_exposed(Exposure::Internal) && !manifest.is_exposed(Exposure::External)
        );
        assert!(manifest.queues.tasks["mvda.fit.v1"].per_site);
        assert!(manifest.queues.events["calc.call.finished.v1"].ordered);
    }

    #[test]
    fn what_breaks_a_rule_is_named() {
        for (from, to, names) in [
            ("zone = \"gxp\"", "zone = \"gmp\"", "gmp"),
            ("port = 7433", "prot = 7433", "prot"),
            ("name = \"mvda\"", "name = \"MVDA\"", "MVDA"),
            ("\"mvda.read\" = {", "\"saw.read\" = {", "saw.read"),
            ("calculated.v1", "calculated", "mvda.model.calculated"),
            ("mvda.model.c", "saw.model.c", "saw.model.calculated"),
            ("mvda.fit", "calc.fit", "calc.fit"),
        ] {
            let error = Manifest::parse(&GOOD.replace(from, to))
                .unwrap_err()
                .to_string();
            assert!(error.contains(names), "{error}");
        }
    }
}
