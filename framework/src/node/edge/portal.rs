//! What the portal is made of, generated from the manifests: `/portal.json`, `/importmap.json` and the layout.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Edge;
use crate::model::{Exposure, Manifest, Permission, Text, UiRoute, Zone};
use crate::node::module::Module;
use crate::node::status::State;

/// One module as the portal sees it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct PortalModule {
    pub(crate) name: String,
    pub(crate) title: Text,
    pub(crate) description: Text,
    /// Zone in which it works on its node.
    pub(crate) zone: Zone,
    pub(crate) version: String,
    pub(crate) node: String,
    /// Where browsers reach its node.
    pub(crate) origin: String,
    pub(crate) state: State,
    pub(crate) routes: Vec<PortalRoute>,
    /// Permissions it defines, with what each allows: for whoever puts roles together.
    #[serde(default)]
    pub(crate) permissions: IndexMap<Permission, Text>,
    /// Path and version of its micro-frontend.
    pub(crate) entry: Option<String>,
    pub(crate) integrity: Option<String>,
}

/// One route of the portal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct PortalRoute {
    pub(crate) path: String,
    pub(crate) title: Text,
    pub(crate) icon: Option<String>,
    pub(crate) order: i32,
    pub(crate) permission: Option<Permission>,
    pub(crate) menu: bool,
}

impl From<&UiRoute> for PortalRoute {
    fn from(route: &UiRoute) -> Self {
        Self {
            path: route.path.clone(),
            title: route.title.clone(),
            icon: route.icon.clone(),
            order: route.order,
            permission: route.permission.clone(),
            menu: route.menu,
        }
    }
}

/// The import map that the shell's build brings.
#[derive(Debug, Default, Deserialize)]
struct ShellMap {
    imports: BTreeMap<String, String>,
}

impl Edge {
    /// The modules of this node, as far as they are deployed.
    pub(crate) fn own_modules(&self) -> Vec<PortalModule> {
        self.supervisor
            .modules
            .values()
            .filter_map(|module| Some(self.portal_module(module, module.manifest()?.as_ref())))
            .collect()
    }

    fn portal_module(&self, module: &Module, manifest: &Manifest) -> PortalModule {
        let ui = manifest.ui.as_ref();
        let asset = ui.and_then(|ui| self.assets.get(&module.folder().join("ui"), &ui.entry));
        PortalModule {
            name: module.name.clone(),
            title: manifest.title.clone(),
            description: manifest.description.clone(),
            zone: self.zone,
            version: manifest.version.clone(),
            node: self.config.node.name.clone(),
            origin: self.config.edge.public_url.clone(),
            state: module.state(),
            routes: ui
                .map(|ui| ui.routes.iter().map(PortalRoute::from).collect())
                .unwrap_or_default(),
            permissions: manifest.permissions.clone(),
            entry: ui.zip(asset.as_ref()).map(|(ui, asset)| {
                format!("/ui/{}/{}?version={}", module.name, ui.entry, asset.version)
            }),
            integrity: asset.map(|asset| asset.integrity.clone()),
        }
    }

    /// The modules of this node and, on the portal's node, of its peers; outside only what manifests expose.
    pub(crate) fn portal_modules(&self, exposed_only: bool) -> Vec<PortalModule> {
        let mut modules = self.own_modules();
        if exposed_only {
            modules.retain(|shown| self.is_exposed(&shown.name));
        } else if self.config.is_portal() {
            modules.extend(self.peers.modules());
        }
        modules
    }

    pub(crate) fn is_exposed(&self, module: &str) -> bool {
        let manifest = self
            .supervisor
            .modules
            .get(module)
            .and_then(|module| module.manifest());
        // Whatever its manifest says, users and roles are not administered from outside.
        module != "administration"
            && manifest.is_some_and(|manifest| manifest.is_exposed(Exposure::External))
    }

    /// `/portal.json`.
    pub(crate) fn portal(&self, exposed_only: bool) -> Value {
        let modules = self.portal_modules(exposed_only);
        json!({
            "node": { "name": self.config.node.name, "title": self.config.node.title, "zone": self.zone, "version": env!("CARGO_PKG_VERSION") },
            "layout": layout(&modules),
            "modules": modules,
        })
    }

    /// `/importmap.json`: every entry with the version of its content and its digest.
    pub(crate) fn import_map(&self, exposed_only: bool) -> Value {
        let mut imports = BTreeMap::new();
        let mut integrity = BTreeMap::new();
        let shell = self.config.deploy().join("shell");
        let base: ShellMap = self
            .assets
            .get(&shell, "importmap.json")
            .and_then(|file| file.json())
            .unwrap_or_default();
        for (name, address) in base.imports {
            let Some(asset) = self
                .assets
                .get(&shell, address.trim_start_matches(['.', '/']))
            else {
                imports.insert(name, address);
                continue;
            };
            let url = format!(
                "/{}?version={}",
                address.trim_start_matches(['.', '/']),
                asset.version
            );
            integrity.insert(url.clone(), asset.integrity.clone());
            imports.insert(name, url);
        }
        for module in self.portal_modules(exposed_only) {
            let Some(entry) = module.entry else { continue };
            let own = module.origin == self.config.edge.public_url;
            let url = if own {
                entry
            } else {
                format!("{}{entry}", module.origin)
            };
            if let Some(digest) = module.integrity {
                integrity.insert(url.clone(), digest);
            }
            imports
                .entry(format!("@dcp/{}", module.name))
                .or_insert(url);
        }
        json!({ "imports": imports, "integrity": integrity })
    }
}

fn page(path: &str, application: &str) -> Value {
    json!({ "type": "route", "path": path, "routes": [{ "type": "application", "name": format!("@dcp/{application}") }] })
}

/// The layout for single-spa-layout, in the frame of the shell's page: each module's routes below the site, and the two pages outside sites.
fn layout(modules: &[PortalModule]) -> Value {
    let mut taken: Vec<&str> = Vec::new();
    let mut pages = Vec::new();
    for (module, route) in modules
        .iter()
        .flat_map(|module| module.routes.iter().map(move |route| (module, route)))
    {
        // The first node that hosts a module shows it.
        if !taken.contains(&route.path.as_str()) {
            taken.push(&route.path);
            pages.push(page(&route.path, &module.name));
        }
    }
    let sites = json!({ "type": "route", "path": "app/:site", "routes": pages });
    json!({ "mode": "history", "base": "/", "containerEl": "#main", "routes": [page("login", "login"), page("sites", "framework"), sites] })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn module(name: &str, paths: &[&str]) -> PortalModule {
        let text = Text::new(name, name);
        let route = |path: &&str| PortalRoute {
            path: (*path).to_owned(),
            title: text.clone(),
            icon: None,
            order: 1,
            permission: None,
            menu: true,
        };
        PortalModule {
            name: name.into(),
            title: text.clone(),
            description: text.clone(),
            zone: Zone::Gxp,
            version: "0.1.0".into(),
            node: "gxp-node".into(),
            origin: "http://localhost:7400".into(),
            state: State::Ready,
            routes: paths.iter().map(route).collect(),
            permissions: IndexMap::new(),
            entry: Some(format!("/ui/{name}/main.js?version=1")),
            integrity: None,
        }
    }

    #[test]
    fn the_layout_follows_the_manifests() {
        let modules = [
            module("framework", &["home"]),
            module("login", &[]),
            module("mvda", &["mvda", "models"]),
            module("mvda", &["mvda"]),
        ];
        let layout = layout(&modules).to_string();
        assert_eq!(layout.matches(r#""path":"mvda""#).count(), 1, "{layout}");
        assert!(
            layout.contains(r#""path":"app/:site""#) && layout.contains(r#""path":"models""#),
            "{layout}"
        );
    }
}
