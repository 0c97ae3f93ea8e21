//! How the platform shows who it is, and credentials that change while a reader lives.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reqwest::header::{HeaderValue, InvalidHeaderValue};

use super::kerberos::{KerberosAccount, Tickets};
use super::{PiError, PiSource};
use crate::clock::{Clock, SystemClock};
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
    /// Tickets of a Kerberos realm.
    Kerberos(Box<KerberosAccount>),
}

impl PiCredentials {
    /// Reads the credentials of a source: keys `user` and `password`, or `token`, or those of [`KerberosAccount::of`].
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
        if table.contains_key("principal") {
            let account = KerberosAccount::of(&mut table);
            let account = account
                .map_err(|wrong| PiError::Misconfigured(format!("the secret {path}: {wrong}")))?;
            return Ok(Self::Kerberos(Box::new(account)));
        }
        match (table.remove("user"), table.remove("password")) {
            (Some(user), Some(password)) => Ok(Self::Basic {
                user: user.expose().clone(),
                password,
            }),
            _ => Err(PiError::Misconfigured(format!(
                "the secret {path} holds neither user and password, nor token, nor principal"
            ))),
        }
    }

    /// The `Authorization` header where it is always the same.
    fn header(&self) -> Result<Option<HeaderValue>, InvalidHeaderValue> {
        let text = match self {
            Self::Anonymous | Self::Kerberos(_) => return Ok(None),
            Self::Basic { user, password } => {
                let pair = format!("{user}:{}", password.expose());
                format!("Basic {}", STANDARD.encode(pair))
            }
            // A file that holds a token often ends with a line break.
            Self::Bearer(token) => format!("Bearer {}", token.expose().trim()),
        };
        sensitive(&text).map(Some)
    }
}

/// A header marked so that no log prints it.
fn sensitive(text: &str) -> Result<HeaderValue, InvalidHeaderValue> {
    let mut value = HeaderValue::from_str(text)?;
    value.set_sensitive(true);
    Ok(value)
}

/// What is shown: the same with each request, or a new proof of a ticket.
#[derive(Clone)]
enum Shown {
    Header(Option<HeaderValue>),
    Tickets(Arc<Tickets>),
}

/// What is shown, and where newer credentials come from.
pub(super) struct Access {
    shown: RwLock<Shown>,
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
            shown: RwLock::new(shown(source, credentials)?),
            secrets,
            renewing: tokio::sync::Mutex::default(),
        })
    }

    fn shown(&self) -> Shown {
        let shown = self.shown.read().unwrap_or_else(PoisonError::into_inner);
        shown.clone()
    }

    /// What the next request shows.
    pub(super) async fn header(&self) -> Result<Option<HeaderValue>, PiError> {
        match self.shown() {
            Shown::Header(header) => Ok(header),
            Shown::Tickets(tickets) => {
                let token = tickets.token(SystemClock.now()).await;
                let token = token.map_err(PiError::of_tickets)?;
                let header = sensitive(&format!("Negotiate {}", STANDARD.encode(token)));
                Ok(header.ok())
            }
        }
    }

    /// Reads the credentials anew, unless somebody has done so since `refused` was sent; whether there are other ones now.
    pub(super) async fn renew(&self, source: &PiSource, refused: Option<&HeaderValue>) -> bool {
        let _turn = self.renewing.lock().await;
        let before = self.shown();
        match &before {
            Shown::Header(header) if header.as_ref() != refused => return true,
            Shown::Header(_) => {}
            // A ticket may have lost its worth before its end, when the service got another key.
            Shown::Tickets(tickets) => tickets.forget().await,
        }
        let Some(secrets) = &self.secrets else {
            return matches!(before, Shown::Tickets(_));
        };
        let read = match PiCredentials::of(source, secrets.as_ref()).await {
            Ok(credentials) => shown(source, &credentials),
            Err(error) => Err(error),
        };
        match read {
            Ok(Shown::Header(newer)) if newer.as_ref() == refused => false,
            Ok(newer) => {
                *self.shown.write().unwrap_or_else(PoisonError::into_inner) = newer;
                true
            }
            Err(error) => {
                tracing::warn!(
                    source = source.id,
                    error = crate::chain(&error),
                    "credentials that the PI server refuses could not be read anew"
                );
                false
            }
        }
    }
}

fn shown(source: &PiSource, credentials: &PiCredentials) -> Result<Shown, PiError> {
    if let PiCredentials::Kerberos(account) = credentials {
        let base = source.base()?;
        let host = base.host_str().unwrap_or_default();
        return Ok(Shown::Tickets(Tickets::of(account.at(host))));
    }
    let header = credentials.header().map_err(|_| {
        PiError::Misconfigured(format!(
            "{}: the credentials hold characters that cannot be sent",
            source.url
        ))
    });
    header.map(Shown::Header)
}
