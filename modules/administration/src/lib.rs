//! Who may use the platform, in which roles, at which sites.
//!
//! Invariants: people are deactivated, never deleted; no id or login is given twice. Every change that matters to others
//! is told as `administration.user.changed` in the transaction that makes it. There is always an active administrator.

mod demo;
mod grants;
mod people;
mod permissions;
mod roles;
mod telling;

use std::sync::Arc;

use dcp::Start;
use dcp::clock::{Clock, Ids};
use dcp::http::{Problem, Routes, routes};
use dcp::model::Permission;
use dcp::secrets::Secrets;
use dcp::store::{Files, Store};
use schemars::JsonSchema;
use serde::Deserialize;

/// The module's SQL.
pub const STORE: Files = dcp::store!();
/// Sees users and roles.
const READ: Permission = Permission::new("administration.read");
/// Changes them.
const MANAGE: Permission = Permission::new("administration.manage");

/// Section `[module]` of the settings.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
struct Settings {
    /// Makes the demo users on a platform that has no users.
    demo: bool,
}

/// State of the module.
#[derive(Clone)]
pub struct Administration {
    store: Store,
    clock: Arc<dyn Clock>,
    ids: Ids,
    start: Start,
    secrets: Arc<dyn Secrets>,
    settings: Arc<Settings>,
}

impl Administration {
    /// Opens the module's database.
    pub async fn open(start: &Start) -> anyhow::Result<Self> {
        let settings: Settings = start.settings()?;
        Ok(Self {
            store: start.store(STORE).await?,
            clock: start.clock(),
            ids: start.ids(),
            start: start.clone(),
            secrets: start.secrets(),
            settings: Arc::new(settings),
        })
    }

    /// Makes the first users and tells what a new version of the built-in roles changes.
    pub async fn prepare(&self) -> anyhow::Result<()> {
        self.make_first_users().await?;
        self.tell_differences().await?;
        Ok(())
    }

    /// All routes.
    pub fn routes(&self) -> Routes<Self> {
        Routes::new(self.clone())
            .allow_everywhere(READ, routes!(people::list))
            .allow_everywhere(MANAGE, routes!(people::create))
            .allow_everywhere(MANAGE, routes!(people::update))
            .allow_everywhere(MANAGE, routes!(grants::replace))
            .allow_everywhere(READ, routes!(roles::list))
            .allow_everywhere(MANAGE, routes!(roles::create))
            .allow_everywhere(MANAGE, routes!(roles::update))
            .allow_everywhere(READ, routes!(permissions::list))
    }
}

/// A text of the input within its length, trimmed.
fn text(value: &str, longest: usize, pointer: &str) -> Result<String, Problem> {
    let trimmed = value.trim();
    if trimmed.is_empty()
        || trimmed.chars().count() > longest
        || trimmed.chars().any(char::is_control)
    {
        return Err(Problem::unprocessable("The input is not valid.")
            .part(pointer, format!("Give 1 to {longest} characters.")));
    }
    Ok(trimmed.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documented_settings_are_those_of_the_code() {
        let kept = include_str!("../../../docs/configuration.md");
        assert!(dcp::config::is_documented::<Settings>(
            "administration",
            kept
        ));
    }
}
