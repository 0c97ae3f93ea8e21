//! How the platform shows who it is, and credentials that change while a reader lives.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use reqwest::header::{HeaderValue, InvalidHeaderValue};

use super::{PiError, PiSource};
use crate::secrets::{Secret, Secrets};

/// How the platform shows who it is.
#[derive(Debug, Clone)]
pub enum PiCredentials {
    /// Not at all.
    Anonymous,
    /// Name and password.
    Basic {
        /// The account.
        user: String,
        /// Its password.
        password: Secret<String>,
    },
    /// A token of the identity provider.
    Bearer(Secret<String>),
}

impl PiCredentials {
    /// Reads the credentials of a source: keys `user` and `password`, or `token`.
    pub async fn of(source: &PiSource, secrets: &dyn Secrets) -> Result<Self, PiError> {
        let Some(path) = source
            .credentials
            .as_deref()
            .filter(|path| !path.is_empty())
        else {
            return Ok(Self::Anonymous);
        };
        let mut table = secrets
            .read(path)
            .await
            .map_err(|error| PiError::Misconfigured(error.to_string()))?;
        if let Some(token) = table.remove("token") {
            return Ok(Self::Bearer(token));
        }
        match (table.remove("user"), table.remove("password")) {
            (Some(user), Some(password)) => Ok(Self::Basic {
                user: user.expose().clone(),
                password,
            }),
            _ => Err(PiError::Misconfigured(format!(
                "the secret {path} holds neither user and password nor token"
            ))),
        }
    }

    /// The `Authorization` header, marked so that no log prints it.
    fn header(&self) -> Result<Option<HeaderValue>, InvalidHeaderValue> {
        use base64::Engine;
        let text = match self {
            Self::Anonymous => return Ok(None),
            Self::Basic { user, password } => {
                let pair = format!("{user}:{}", password.expose());
                format!(
                    "Basic {}",
                    base64::engine::general_purpose::STANDARD.encode(pair)
                )
            }
            // A file that holds a token often ends with a line break.
            Self::Bearer(token) => format!("Bearer {}", token.expose().trim()),
        };
        let mut value = HeaderValue::from_str(&text)?;
        value.set_sensitive(true);
        Ok(Some(value))
    }
}

/// The header that is sent, and where a newer one comes from.
pub(super) struct Access {
    header: RwLock<Option<HeaderValue>>,
    secrets: Option<Arc<dyn Secrets>>,
    /// Of several refused requests one asks the provider, the others wait for what it brings.
    renewing: tokio::sync::Mutex<()>,
}

impl fmt::Debug for Access {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Access").finish_non_exhaustive()
    }
}

impl Access {
    pub(super) fn new(
        source: &PiSource,
        credentials: &PiCredentials,
        secrets: Option<Arc<dyn Secrets>>,
    ) -> Result<Self, PiError> {
        Ok(Self {
            header: RwLock::new(header(source, credentials)?),
            secrets,
            renewing: tokio::sync::Mutex::default(),
        })
    }

    /// What is sent at present.
    pub(super) fn header(&self) -> Option<HeaderValue> {
        self.header
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Reads the credentials anew, unless somebody has done so since `refused` was sent; whether there are other ones now.
    pub(super) async fn renew(&self, source: &PiSource, refused: Option<&HeaderValue>) -> bool {
        let Some(secrets) = &self.secrets else {
            return false;
        };
        let _turn = self.renewing.lock().await;
        if self.header().as_ref() != refused {
            return true;
        }
        let read = match PiCredentials::of(source, secrets.as_ref()).await {
            Ok(credentials) => header(source, &credentials),
            Err(error) => Err(error),
        };
        match read {
            Ok(newer) if newer.as_ref() != refused => {
                *self.header.write().unwrap_or_else(PoisonError::into_inner) = newer;
                true
            }
            Ok(_) => false,
            Err(error) => {
                tracing::warn!(
                    source = source.id,
                    error = &error as &dyn std::error::Error,
                    "credentials that the PI server refuses could not be read anew"
                );
                false
            }
        }
    }
}

fn header(source: &PiSource, credentials: &PiCredentials) -> Result<Option<HeaderValue>, PiError> {
    credentials.header().map_err(|_| {
        PiError::Misconfigured(format!(
            "{}: the credentials hold characters that cannot be sent",
            source.url
        ))
    })
}
