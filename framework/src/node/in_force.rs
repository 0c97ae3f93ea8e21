//! The settings that a node and its modules work with: the answer of `/api/node/settings` and of `dcp config show`.

use std::time::Duration;

use futures_util::future::join_all;
use serde::{Deserialize, Serialize};

use super::config::{HostedModule, NodeConfig};
use super::hand_over::hand_over;
use crate::config::Setting;
use crate::model::Zone;

/// How long a module's program may take to tell its settings: it opens nothing for that.
const TELL: Duration = Duration::from_secs(5);

/// The settings of a node and of its modules.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct InForce {
    /// Name of the node.
    pub node: String,
    /// Its zone; unknown where the node does not tell.
    pub zone: Option<Zone>,
    /// Its file; empty where the node does not tell.
    pub file: String,
    /// What it works with.
    pub settings: Vec<Setting>,
    /// Its modules.
    pub modules: Vec<ModuleInForce>,
    /// Why the node does not tell what it works with.
    #[serde(default)]
    pub problem: Option<String>,
}

impl InForce {
    /// A node that does not tell.
    pub(crate) fn silent(node: &str, problem: String) -> Self {
        Self {
            node: node.to_owned(),
            zone: None,
            file: String::new(),
            settings: Vec::new(),
            modules: Vec::new(),
            problem: Some(problem),
        }
    }
}

/// The own settings of a module.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ModuleInForce {
    /// The module.
    pub module: String,
    /// What it works with.
    pub settings: Vec<Setting>,
    /// Why it refuses them, or cannot be asked.
    pub problem: Option<String>,
}

impl NodeConfig {
    /// What the node works with since it was read, and what its modules make of theirs.
    pub async fn in_force(&self) -> InForce {
        let asked = self.modules.iter().map(|module| self.ask(module));
        InForce {
            node: self.node.name.clone(),
            zone: Some(self.node.zone),
            file: self.file.display().to_string(),
            settings: self.effective.clone(),
            modules: join_all(asked).await,
            problem: None,
        }
    }

    /// The module's program knows what it takes, and reads it as at its start.
    async fn ask(&self, module: &HostedModule) -> ModuleInForce {
        let (settings, problem) = match self.told(module).await {
            Ok(settings) => (settings, None),
            Err(problem) => (Vec::new(), Some(problem)),
        };
        ModuleInForce {
            module: module.name.clone(),
            settings,
            problem,
        }
    }

    async fn told(&self, module: &HostedModule) -> Result<Vec<Setting>, String> {
        let folder = self.deploy().join(&module.name);
        let program = folder.join(&module.name);
        let failed =
            |error: std::io::Error| format!("{} cannot be asked: {error}", program.display());
        let mut command = tokio::process::Command::new(&program);
        hand_over(&mut command, &self.environment(module)).map_err(failed)?;
        let asked = command
            .args(["--settings", "show"])
            .current_dir(&folder)
            .kill_on_drop(true)
            .output();
        let output = match tokio::time::timeout(TELL, asked).await {
            Ok(output) => output.map_err(failed)?,
            Err(_) => return Err(format!("{} does not answer", program.display())),
        };
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            let line = said.lines().last().unwrap_or("its program refused");
            let own = format!("{}: ", program.display());
            return Err(line.strip_prefix(&own).unwrap_or(line).to_owned());
        }
        let told: Option<Vec<Setting>> = serde_json::from_slice(&output.stdout).map_err(|_| {
            format!(
                "{} tells no settings; deploy its present version",
                program.display()
            )
        })?;
        Ok(told.unwrap_or_default())
    }
}
