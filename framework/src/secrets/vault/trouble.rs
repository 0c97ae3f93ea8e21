//! What can go wrong with a vault, told apart by what helps: waiting, or a person.

use rustify::errors::ClientError as HttpError;
use vaultrs::error::ClientError;

/// Why the vault gave nothing. The texts say what to do; none holds what the vault or the caller sent, which may be secret.
#[derive(Debug)]
pub(super) enum Trouble {
    /// It does not answer or fails: it may be well again in a moment.
    Away(String),
    /// It answers, and refuses.
    Refused(String),
    /// What it holds cannot be used.
    Unusable(String),
    /// There is nothing at that path.
    Missing,
}

impl Trouble {
    /// The text, for a login or another question about which no path can be missing.
    pub(super) fn reason(self) -> String {
        match self {
            Self::Away(reason) | Self::Refused(reason) | Self::Unusable(reason) => reason,
            Self::Missing => {
                "the method of login or the mount does not exist (404); see infra/vault/setup"
                    .to_owned()
            }
        }
    }
}

impl From<ClientError> for Trouble {
    fn from(error: ClientError) -> Self {
        match error {
            ClientError::APIError { code, .. } => Self::of_status(code),
            ClientError::RestClientError { source } => match source {
                HttpError::ServerResponseError { code, .. } => Self::of_status(code),
                HttpError::RequestError { source, .. } => Self::Away(format!(
                    "it does not answer ({}); start it, or correct secrets.url (variable DCP__SECRETS__URL)",
                    source.root_cause()
                )),
                HttpError::ResponseError { .. } => {
                    Self::Away("its answer ended in the middle".to_owned())
                }
                _ => Self::Refused("its answer is not that of a vault; correct secrets.url (variable DCP__SECRETS__URL)".to_owned()),
            },
            _ => Self::Refused("its answer cannot be understood".to_owned()),
        }
    }
}

impl Trouble {
    fn of_status(code: u16) -> Self {
        match code {
            404 => Self::Missing,
            503 => Self::Away("it is sealed (503); unseal it: bao operator unseal".to_owned()),
            408 | 429 | 500..=599 => Self::Away(format!(
                "it fails ({code}); look into its log, for example whether its audit log can be written"
            )),
            400 | 403 => Self::Refused(format!(
                "it refuses ({code}); check role, credential and policy"
            )),
            code => Self::Refused(format!("it refuses ({code})")),
        }
    }
}
