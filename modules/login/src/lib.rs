//! Proves who is calling: passwords, sessions, API tokens. Who exists and what they may do is the administration
//! module's business; this module keeps a copy of it, fed by `administration.user.changed`.
//!
//! Invariants: no secret is stored, only its hash. An unknown user costs the same work as a known one. Failed attempts
//! make the next one wait and lock nobody out. A credential that has ended resolves to nobody.

mod accounts;
mod activation;
mod address;
mod attempts;
mod demo;
mod first_administrator;
mod limits;
mod password;
mod passwords;
mod resolve;
mod sessions;
mod tokens;

use std::sync::Arc;

use dcp::Start;
use dcp::clock::{Clock, Ids, Timestamp};
use dcp::http::{Problem, Routes, routes};
use dcp::identity::FirstAdministrator;
use dcp::model::Permission;
use dcp::secrets::{Held, Secrets};
use dcp::store::{Files, Store};
use schemars::JsonSchema;
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use self::passwords::Hasher;

/// The module's SQL.
pub const STORE: Files = dcp::store!();
/// Held by those who manage users; defined by the administration module.
const MANAGE: Permission = Permission::new("administration.manage");

/// Section `[module]` of the settings.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
struct Settings {
    /// Gives the demo users the passwords of the secret `demo/users`.
    demo: bool,
}

/// State of the module.
#[derive(Clone)]
pub struct Login {
    store: Store,
    clock: Arc<dyn Clock>,
    ids: Ids,
    secrets: Arc<dyn Secrets>,
    edge_key: Arc<Held>,
    hasher: Hasher,
    demo: bool,
    first: Option<Arc<FirstAdministrator>>,
}

impl Login {
    /// Opens the module's database and reads its secrets.
    pub async fn open(start: &Start) -> anyhow::Result<Self> {
        let settings: Settings = start.settings()?;
        Ok(Self {
            store: start.store(STORE).await?,
            clock: start.clock(),
            ids: start.ids(),
            first: first_administrator::read(start.secrets().as_ref())
                .await?
                .map(Arc::new),
            secrets: start.secrets(),
            edge_key: Arc::new(Held::open(start.secrets(), "edge", "key").await?),
            hasher: Hasher::new()?,
            demo: settings.demo,
        })
    }

    /// All routes.
    pub fn routes(&self) -> Routes<Self> {
        Routes::new(self.clone())
            .public(routes!(sessions::sign_in))
            .authenticated(routes!(sessions::current))
            .authenticated(routes!(sessions::sign_out))
            .authenticated(routes!(password::change))
            .authenticated(routes!(tokens::list, tokens::make))
            .authenticated(routes!(tokens::end))
            .allow_everywhere(MANAGE, routes!(activation::issue))
            .public(routes!(activation::activate))
            .public(routes!(resolve::resolve))
    }

    /// Removes from time to time what has ended.
    pub fn tidy(&self, start: &Start) {
        let login = self.clone();
        start.spawn("tidy", async move {
            loop {
                if let Err(error) = login.prune().await {
                    tracing::warn!(
                        error = dcp::chain(&error),
                        "ended sessions could not be removed"
                    );
                }
                login.clock.sleep(limits::TIDY).await;
            }
        });
    }

    async fn prune(&self) -> Result<(), dcp::store::StoreError> {
        let now = self.now();
        let mut tx = self.store.begin().await?;
        tx.call("sessions_prune", dcp::params![now, now - limits::IDLE])
            .await?;
        tx.call("attempts_prune", dcp::params![now - limits::ATTEMPT_MEMORY])
            .await?;
        tx.call("addresses_prune", dcp::params![now - limits::KNOWN_ADDRESS])
            .await?;
        tx.commit().await
    }

    fn now(&self) -> Timestamp {
        self.clock.now()
    }
}

/// How a secret is stored. It has 256 random bits, so a plain hash cannot be guessed back.
fn fingerprint(secret: &str) -> String {
    hex::encode(Sha256::digest(secret.as_bytes()))
}

/// The problem of everyone who is no person.
fn only_people() -> Problem {
    Problem::forbidden("Only people can do this.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documented_settings_are_those_of_the_code() {
        let kept = include_str!("../../../docs/configuration.md");
        assert!(dcp::config::is_documented::<Settings>("login", kept));
    }
}
