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

/// Events a module publishes and consumes, as `name.vN`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Events {
    /// Published by this module and by no other.
    pub publishes: Vec<String>,
    /// Those it reacts to.
    pub consumes: Vec<String>,
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
    /// Events.
    #[serde(default)]
    pub events: Events,
    /// Work queues it owns.
    #[serde(default)]
    pub tasks: IndexMap<String, TaskQueue>,
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
        self.check_events()
    }

    fn check_events(&self) -> Result<(), ManifestError> {
        for event in self.events.publishes.iter().chain(&self.events.consumes) {
            let version = event
                .rsplit_once(".v")
                .map(|(_, version)| version.parse::<u16>());
            if !matches!(version, Some(Ok(1..))) {
                return Err(ManifestError::Rule(format!(
                    "event {event:?} needs its version at the end, such as \".v1\""
                )));
            }
        }
        Ok(())
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
[events]
publishes = ["mvda.model.calculated.v1"]
[tasks]
"calc.call" = { per_site = true }
"#;

    #[test]
    fn a_manifest_is_read_whole() {
        let manifest = Manifest::parse(GOOD).unwrap();
        assert_eq!(manifest.zone, Zone::Gxp);
        assert!(
            manifest.is_exposed(Exposure::Internal) && !manifest.is_exposed(Exposure::External)
        );
        assert!(manifest.tasks["calc.call"].per_site);
    }

    #[test]
    fn what_breaks_a_rule_is_named() {
        for (from, to, names) in [
            ("zone = \"gxp\"", "zone = \"gmp\"", "gmp"),
            ("port = 7433", "prot = 7433", "prot"),
            ("name = \"mvda\"", "name = \"MVDA\"", "MVDA"),
            ("\"mvda.read\" = {", "\"saw.read\" = {", "saw.read"),
            ("calculated.v1", "calculated", "mvda.model.calculated"),
        ] {
            let error = Manifest::parse(&GOOD.replace(from, to))
                .unwrap_err()
                .to_string();
            assert!(error.contains(names), "{error}");
        }
    }
}
