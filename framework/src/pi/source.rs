//! Which PI Web API server to read, and with which credentials.

use reqwest::header::{HeaderValue, InvalidHeaderValue};
use serde::{Deserialize, Serialize};

use super::PiError;
use crate::secrets::{Secret, Secrets};

/// A data source: one PI Web API server with the asset and data servers behind it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PiSource {
    /// Id of the data source in the platform.
    pub id: String,
    /// Base address, ending in `/piwebapi`.
    pub url: String,
    /// Name of the asset server.
    #[serde(default)]
    pub asset_server: String,
    /// Name of the asset database.
    #[serde(default)]
    pub database: String,
    /// Name of the data server.
    #[serde(default)]
    pub data_server: String,
    /// Path of the credentials at the secrets provider; an anonymous reader has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credentials: Option<String>,
}

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
    pub(super) fn header(&self) -> Result<Option<HeaderValue>, InvalidHeaderValue> {
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
            Self::Bearer(token) => format!("Bearer {}", token.expose()),
        };
        let mut value = HeaderValue::from_str(&text)?;
        value.set_sensitive(true);
        Ok(Some(value))
    }
}
