//! Secrets in Vault or `OpenBao`: a KV version 2 engine, read with a token or an `AppRole`.

use std::time::{Duration, Instant};

use tokio::sync::RwLock;
use vaultrs::api::AuthInfo;
use vaultrs::auth::approle;
use vaultrs::client::{Client as _, VaultClient, VaultClientSettingsBuilder};
use vaultrs::error::ClientError;

use super::{Reading, Secret, SecretTable, Secrets, SecretsError, SecretsSettings};

/// A vault that does not answer in this time counts as down.
const ANSWER: Duration = Duration::from_secs(5);

/// How a module proves itself to the vault.
#[derive(Debug)]
pub enum VaultLogin {
    /// A token given to the process.
    Token(Secret<String>),
    /// A role; its secret id is read again at each login, so that it can be rotated.
    AppRole {
        /// Id of the role.
        role_id: String,
        /// File with the secret id.
        secret_id_file: std::path::PathBuf,
    },
}

impl VaultLogin {
    /// The login that the settings describe.
    pub fn of(settings: &SecretsSettings) -> Result<Self, SecretsError> {
        match (&settings.token, &settings.role_id, &settings.secret_id_file) {
            (Some(token), None, None) => Ok(Self::Token(token.clone())),
            (None, Some(role_id), Some(file)) => Ok(Self::AppRole {
                role_id: role_id.clone(),
                secret_id_file: file.clone(),
            }),
            _ => Err(SecretsError::Unavailable {
                provider: settings.url.clone(),
                reason: "set either secrets.token, or secrets.role_id and secrets.secret_id_file"
                    .into(),
            }),
        }
    }
}

/// A client that logs in by itself, again when its token has ended.
pub struct VaultSecrets {
    address: String,
    mount: String,
    login: VaultLogin,
    session: RwLock<Session>,
}

struct Session {
    client: VaultClient,
    renew_at: Option<Instant>,
}

impl VaultSecrets {
    /// Connects to `<url>/<mount>` and logs in once, so that a wrong credential is noticed at start.
    pub async fn open(place: &str, login: VaultLogin) -> Result<Self, SecretsError> {
        let unusable = |reason: &str| SecretsError::Unavailable {
            provider: place.to_owned(),
            reason: reason.to_owned(),
        };
        let (address, mount) = place
            .rsplit_once('/')
            .ok_or_else(|| unusable("the mount is missing: vault:<url>/<mount>"))?;
        if !address.starts_with("http://") && !address.starts_with("https://") {
            return Err(unusable("the address must begin with http:// or https://"));
        }
        reqwest::Url::parse(address).map_err(|_| unusable("the address is no URL"))?;
        let settings = VaultClientSettingsBuilder::default()
            .address(address)
            .token(String::new())
            .timeout(Some(ANSWER))
            .build()
            .map_err(|error| unusable(&error.to_string()))?;
        let client = VaultClient::new(settings).map_err(|error| unusable(&error.to_string()))?;
        let session = RwLock::new(Session {
            client,
            renew_at: None,
        });
        let vault = Self {
            address: address.to_owned(),
            mount: mount.to_owned(),
            login,
            session,
        };
        vault.log_in().await?;
        Ok(vault)
    }

    fn unavailable(&self, error: &ClientError) -> SecretsError {
        let reason = match error {
            ClientError::APIError { code: 403, .. } => {
                "it refuses this login (403); check role and policy".to_owned()
            }
            ClientError::APIError { code: 503, .. } => "it is sealed (503)".to_owned(),
            ClientError::APIError { code, errors } => {
                format!("it answers {code} {}", errors.join(", "))
            }
            other => format!("{other}; is it running?"),
        };
        SecretsError::Unavailable {
            provider: format!("vault {}", self.address),
            reason,
        }
    }

    async fn log_in(&self) -> Result<(), SecretsError> {
        let mut session = self.session.write().await;
        match &self.login {
            VaultLogin::Token(token) => session.client.set_token(token.expose()),
            VaultLogin::AppRole {
                role_id,
                secret_id_file,
            } => {
                let secret_id =
                    tokio::fs::read_to_string(secret_id_file)
                        .await
                        .map_err(|error| SecretsError::Unavailable {
                            provider: format!("vault {}", self.address),
                            reason: format!("secret id {}: {error}", secret_id_file.display()),
                        })?;
                let granted = approle::login(&session.client, "approle", role_id, secret_id.trim())
                    .await
                    .map_err(|error| self.unavailable(&error))?;
                session.take(&granted);
            }
        }
        Ok(())
    }

    /// Renews a token in the second half of its life, and logs in anew when that is refused.
    async fn keep_alive(&self) -> Result<(), SecretsError> {
        if self
            .session
            .read()
            .await
            .renew_at
            .is_none_or(|at| Instant::now() < at)
        {
            return Ok(());
        }
        let mut session = self.session.write().await;
        if let Ok(renewed) = vaultrs::token::renew_self(&session.client, None).await {
            session.take(&renewed);
            return Ok(());
        }
        drop(session);
        self.log_in().await
    }

    async fn fetch(&self, path: &str) -> Result<SecretTable, ClientError> {
        let session = self.session.read().await;
        vaultrs::kv2::read(&session.client, &self.mount, path).await
    }
}

impl Session {
    fn take(&mut self, granted: &AuthInfo) {
        self.client.set_token(&granted.client_token);
        let half = Duration::from_secs(granted.lease_duration / 2);
        self.renew_at = (!half.is_zero()).then(|| Instant::now() + half);
    }
}

impl Secrets for VaultSecrets {
    fn read<'a>(&'a self, path: &'a str) -> Reading<'a> {
        Box::pin(async move {
            self.keep_alive().await?;
            let first = self.fetch(path).await;
            let answer = match first {
                // The token ended early (revoked, vault restarted): one new login decides.
                Err(ClientError::APIError { code: 403, .. }) => {
                    self.log_in().await?;
                    self.fetch(path).await
                }
                other => other,
            };
            answer.map_err(|error| match error {
                ClientError::APIError { code: 404, .. } => SecretsError::Missing(path.to_owned()),
                other => self.unavailable(&other),
            })
        })
    }
}
