//! Secrets in Vault or `OpenBao`: a KV version 2 engine, read with a token, an `AppRole` or a service account of Kubernetes.
//!
//! Each read asks the vault, so that a changed secret needs no restart; of credentials
//! that the vault makes for the reader it gives the same until two thirds of their lease. While the vault is away (stopped, sealed, hanging,
//! not able to write its audit log) what was read before serves until the lease ends; after that nothing is given out.

mod dynamic;
mod keeper;
mod lease;
mod login;
mod push;
mod server;
mod state;
mod transit;
mod trouble;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::task::JoinSet;

use self::lease::Lease;
pub use self::login::{SecretId, VaultLogin, Wrapped};
pub use self::push::push;
use self::server::{ANSWER, Server};
use self::state::State;
pub use self::transit::TransitKey;
use self::trouble::Trouble;
use super::{Reading, SecretTable, Secrets, SecretsError, Signing};
use crate::identity::PUBLIC_KEY;

/// A start without the vault is refused after this time.
const START: Duration = Duration::from_millis(2500);

/// A reader of the vault, which keeps its lease by itself.
pub struct VaultSecrets {
    vault: Arc<Vault>,
    /// Ends with the reader; there is no `Start` yet whose task it could be.
    _keeper: JoinSet<()>,
}

struct Vault {
    server: Server,
    login: VaultLogin,
    /// The key that signs, if it is one of the vault.
    transit: Option<TransitKey>,
    state: Mutex<State>,
    /// One renewal or login at a time.
    turn: tokio::sync::Mutex<()>,
    /// One at a time asks for credentials that the vault makes: two readers of a pair get the same.
    making: tokio::sync::Mutex<()>,
    met_trouble: Notify,
}

impl VaultSecrets {
    /// Connects to `<url>/<mount>` and logs in, so that a wrong credential or a vault that is away is noticed at start.
    pub async fn open(
        place: &str,
        login: VaultLogin,
        transit: Option<TransitKey>,
    ) -> Result<Self, SecretsError> {
        let vault = Arc::new(Vault {
            server: Server::at(place)?,
            login,
            transit,
            state: Mutex::default(),
            turn: tokio::sync::Mutex::default(),
            making: tokio::sync::Mutex::default(),
            met_trouble: Notify::new(),
        });
        let first = tokio::time::timeout(START, vault.log_in()).await;
        first
            .unwrap_or_else(|_| {
                Err(Trouble::Away(
                    "it does not answer in time; start it, or correct secrets.url (variable DCP__SECRETS__URL)".to_owned(),
                ))
            })
            .map_err(|trouble| vault.unavailable(&trouble.reason()))?;
        let mut keeper = JoinSet::new();
        keeper.spawn(keeper::keep(vault.clone()));
        Ok(Self {
            vault,
            _keeper: keeper,
        })
    }

    /// What is left of the lease; nothing when it has ended.
    pub fn lease_left(&self) -> Duration {
        self.vault
            .lease()
            .as_ref()
            .map(Lease::left)
            .unwrap_or_default()
    }
}

impl Secrets for VaultSecrets {
    fn read<'a>(&'a self, path: &'a str) -> Reading<'a> {
        Box::pin(self.vault.read(path))
    }

    fn signs(&self) -> bool {
        self.vault.transit.is_some()
    }

    fn sign<'a>(&'a self, version: u64, content: &'a [u8]) -> Signing<'a> {
        Box::pin(self.vault.sign(version, content))
    }

    fn trouble(&self) -> Option<String> {
        self.vault.present_trouble()
    }
}

impl Vault {
    async fn read(&self, path: &str) -> Result<SecretTable, SecretsError> {
        if !is_path(path) {
            return Err(SecretsError::Missing(path.to_owned()));
        }
        let _alone = match dynamic::engine(path) {
            Some(_) => Some(self.making.lock().await),
            None => None,
        };
        let Some(known) = self.known(path) else {
            return Err(self.closed());
        };
        if let (Some(table), true) = (&known.table, known.is_fresh) {
            return Ok(table.clone());
        }
        let (lease, table) = (known.lease, known.table);
        if let (Some(table), true) = (&table, known.is_away) {
            return Ok(table.clone());
        }
        // Somebody who has a value to go on with waits only so long that the lease is still good afterwards.
        let patience = table
            .as_ref()
            .map_or(ANSWER, |_| ANSWER.min(lease.left() / 2));
        match self.ask_as(&lease, path, patience).await {
            Ok(table) => {
                self.remember(path, &table);
                Ok(table)
            }
            Err(Trouble::Missing) => {
                self.forget(path);
                Err(SecretsError::Missing(path.to_owned()))
            }
            Err(Trouble::Refused(reason) | Trouble::Unusable(reason)) => {
                self.forget(path);
                Err(self.unavailable(&reason))
            }
            Err(Trouble::Away(reason)) => {
                self.note(Trouble::Away(reason.clone()));
                let good = self.lease().is_some_and(|lease| lease.is_good());
                match table.filter(|_| good) {
                    Some(table) => Ok(table),
                    None if good => Err(self.unavailable(&reason)),
                    None => Err(self.closed()),
                }
            }
        }
    }

    /// Asks with this lease and, when the vault no longer takes it, with a new one.
    async fn ask_as(
        &self,
        lease: &Lease,
        path: &str,
        patience: Duration,
    ) -> Result<SecretTable, Trouble> {
        match self.ask(lease, path, patience).await {
            Err(Trouble::Refused(_)) => {
                let lease = self.after_refusal(lease, &format!("read {path}")).await?;
                self.ask(&lease, path, ANSWER).await
            }
            answer => answer,
        }
    }

    /// Another lease, when the vault refused because it no longer takes this one; otherwise that the role may not `do_that`.
    async fn after_refusal(&self, lease: &Lease, do_that: &str) -> Result<Lease, Trouble> {
        match vaultrs::token::lookup_self(&*lease.client)
            .await
            .map_err(Trouble::from)
        {
            Ok(_) => Err(Trouble::Refused(format!(
                "its policy does not let this role {do_that}; see infra/vault/policies"
            ))),
            Err(Trouble::Away(reason)) => Err(Trouble::Away(reason)),
            Err(_) => self.instead_of(lease).await,
        }
    }

    async fn ask(
        &self,
        lease: &Lease,
        path: &str,
        patience: Duration,
    ) -> Result<SecretTable, Trouble> {
        let asked = async {
            match (dynamic::engine(path), &self.transit) {
                (Some(engine), _) => self.make(lease, path, engine).await,
                (None, Some(key)) if path == PUBLIC_KEY => key.public(lease).await,
                _ => Ok(vaultrs::kv2::read(&*lease.client, &self.server.mount, path).await?),
            }
        };
        match tokio::time::timeout(patience, asked).await {
            Ok(answer) => answer,
            Err(_) => Err(Trouble::Away("it does not answer in time".to_owned())),
        }
    }
}

/// Part of the path may come from outside: nothing in it may lead elsewhere.
fn is_path(path: &str) -> bool {
    path.split('/').all(|part| {
        !part.is_empty()
            && !part.starts_with('.')
            && part
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
    })
}
