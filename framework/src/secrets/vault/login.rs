//! How a process shows the vault who it is, and what it gets for it.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde::Deserialize;
use vaultrs::api::AuthInfo;
use vaultrs::auth::{approle, kubernetes};

use super::super::{Secret, SecretsError, SecretsSettings};
use super::{Lease, Server, Trouble};

/// Where Kubernetes puts the token of a pod's service account.
const SERVICE_ACCOUNT: &str = "/var/run/secrets/kubernetes.io/serviceaccount/token";
/// A token without an end is looked up again after so long, and secrets read with it serve no longer without the vault.
const ENDLESS: Duration = Duration::from_hours(1);

/// How a module proves itself to the vault.
#[derive(Debug)]
pub enum VaultLogin {
    /// A token given to the process.
    Token(Secret<String>),
    /// A role with a secret id.
    AppRole {
        /// Mount of the method.
        mount: String,
        /// Id of the role.
        role_id: String,
        /// The secret id.
        secret_id: SecretId,
    },
    /// A role for a service account of Kubernetes.
    Kubernetes {
        /// Mount of the method.
        mount: String,
        /// Name of the role.
        role: String,
        /// File with the account's token, which Kubernetes renews.
        token_file: String,
    },
}

/// How the secret id of an `AppRole` comes.
#[derive(Debug)]
pub enum SecretId {
    /// In a file.
    File(String),
    /// Behind a wrapping token in a file, which can be used once: whoever else used it is noticed.
    Wrapped(Wrapped),
}

/// A wrapping token and, after its use, what was behind it.
#[derive(Debug)]
pub struct Wrapped {
    file: String,
    opened: Mutex<Option<(Secret<String>, Secret<String>)>>,
}

impl VaultLogin {
    /// The login that the settings describe.
    pub fn of(settings: &SecretsSettings) -> Result<Self, SecretsError> {
        let mount = |usual: &str| {
            settings
                .login_mount
                .clone()
                .unwrap_or_else(|| usual.to_owned())
        };
        let secret_id = match (&settings.secret_id_file, &settings.wrapped_secret_id_file) {
            (Some(file), None) => Some(SecretId::File(file.clone())),
            (None, Some(file)) => Some(SecretId::Wrapped(Wrapped {
                file: file.clone(),
                opened: Mutex::default(),
            })),
            _ => None,
        };
        match (&settings.token, &settings.role_id, secret_id, &settings.kubernetes_role) {
            (Some(token), None, None, None) => Ok(Self::Token(token.clone())),
            (None, Some(role_id), Some(secret_id), None) => Ok(Self::AppRole {
                mount: mount("approle"),
                role_id: role_id.clone(),
                secret_id,
            }),
            (None, None, None, Some(role)) => Ok(Self::Kubernetes {
                mount: mount("kubernetes"),
                role: role.clone(),
                token_file: settings
                    .kubernetes_token_file
                    .clone()
                    .unwrap_or_else(|| SERVICE_ACCOUNT.to_owned()),
            }),
            _ => Err(SecretsError::Unavailable {
                provider: settings.url.clone(),
                reason: "set one login: secrets.token, or secrets.role_id with either secrets.secret_id_file or secrets.wrapped_secret_id_file, or secrets.kubernetes_role"
                    .into(),
            }),
        }
    }

    /// Logs in.
    pub(super) async fn log_in(&self, server: &Server) -> Result<Lease, Trouble> {
        let asked = Instant::now();
        match self {
            Self::Token(token) => look_up(server, token, asked).await,
            Self::AppRole {
                mount,
                role_id,
                secret_id,
            } => {
                let secret_id = secret_id.read(server).await?;
                let asked = Instant::now();
                let client = server.client(None)?;
                let granted = approle::login(&client, mount, role_id, secret_id.expose()).await?;
                granted_lease(server, asked, granted)
            }
            Self::Kubernetes {
                mount,
                role,
                token_file,
            } => {
                let account = read(token_file).await?;
                let client = server.client(None)?;
                let granted = kubernetes::login(&client, mount, role, account.expose()).await?;
                granted_lease(server, asked, granted)
            }
        }
    }
}

fn granted_lease(server: &Server, asked: Instant, granted: AuthInfo) -> Result<Lease, Trouble> {
    let client = server.client(Some(&Secret::new(granted.client_token)))?;
    let lasts = match granted.lease_duration {
        0 => ENDLESS,
        seconds => Duration::from_secs(seconds),
    };
    Ok(Lease::new(client, asked, lasts, granted.renewable))
}

/// A token that was given: how long it lasts is asked.
async fn look_up(
    server: &Server,
    token: &Secret<String>,
    asked: Instant,
) -> Result<Lease, Trouble> {
    let client = server.client(Some(token))?;
    let found = vaultrs::token::lookup_self(&client).await?;
    let (lasts, renewable) = match found.expire_time {
        None => (ENDLESS, false),
        Some(_) => (
            Duration::from_secs(found.ttl),
            found.renewable == Some(true),
        ),
    };
    Ok(Lease::new(client, asked, lasts, renewable))
}

/// The content of a file that is one secret.
async fn read(file: &str) -> Result<Secret<String>, Trouble> {
    match tokio::fs::read_to_string(file).await {
        Ok(text) => Ok(Secret::new(text.trim().to_owned())),
        Err(error) => Err(Trouble::Refused(format!("{file} cannot be read: {error}"))),
    }
}

impl SecretId {
    async fn read(&self, server: &Server) -> Result<Secret<String>, Trouble> {
        match self {
            Self::File(file) => read(file).await,
            Self::Wrapped(wrapped) => wrapped.read(server).await,
        }
    }
}

#[derive(Deserialize)]
struct Unwrapped {
    secret_id: Secret<String>,
}

impl Wrapped {
    /// What is behind the token in the file; of a token used before, what was remembered.
    async fn read(&self, server: &Server) -> Result<Secret<String>, Trouble> {
        let known = self.known();
        let token = match (read(&self.file).await, &known) {
            (Ok(token), Some((used, _))) if token.expose() == used.expose() => None,
            (Ok(token), _) => Some(token),
            (Err(_), Some(_)) => None,
            (Err(trouble), None) => return Err(trouble),
        };
        match (token, known) {
            (None, Some((_, secret_id))) => Ok(secret_id),
            (Some(token), _) => self.unwrap(server, token).await,
            (None, None) => Err(Trouble::Missing),
        }
    }

    fn known(&self) -> Option<(Secret<String>, Secret<String>)> {
        self.opened
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    async fn unwrap(
        &self,
        server: &Server,
        token: Secret<String>,
    ) -> Result<Secret<String>, Trouble> {
        let client = server.client(Some(&token))?;
        let unwrapped: Unwrapped = match vaultrs::sys::wrapping::unwrap(&client, None)
            .await
            .map_err(Trouble::from)
        {
            Ok(unwrapped) => unwrapped,
            Err(Trouble::Away(reason)) => return Err(Trouble::Away(reason)),
            Err(_) => {
                return Err(Trouble::Refused(format!(
                    "the wrapped secret id in {} has ended or was used before; destroy it if this process has not used it, and deliver a new one",
                    self.file
                )));
            }
        };
        let secret_id = unwrapped.secret_id;
        *self.opened.lock().unwrap_or_else(PoisonError::into_inner) =
            Some((token, secret_id.clone()));
        Ok(secret_id)
    }
}
