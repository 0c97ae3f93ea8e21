//! Where the broker is and who this process is there. Both may change while it runs: they are read again for every dialling.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use lapin::uri::{AMQPScheme, AMQPUri};

use crate::config::BusSettings;
use crate::limits::BROKER_HEARTBEAT;
use crate::secrets::{self, Secret, Secrets, SecretsError};

/// The settings of a bus, with the provider of what they refer to.
pub(crate) struct Broker {
    settings: BusSettings,
    secrets: Option<Arc<dyn Secrets>>,
    /// What was read last: a provider that is away keeps nobody from the broker.
    last: Mutex<Option<Login>>,
}

/// What one dialling needs.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Login {
    pub(super) uri: AMQPUri,
    pub(super) trust: Option<Vec<u8>>,
    pub(super) identity: Option<(Vec<u8>, Vec<u8>)>,
}

/// Why it is not known how to dial.
#[derive(Debug, thiserror::Error)]
pub(super) enum NoLogin {
    /// A reference leads nowhere.
    #[error("the credentials of the bus cannot be had")]
    Secret(#[from] SecretsError),
    /// The address is none.
    #[error("bus.url is no address of RabbitMQ: amqps://user:password@host/vhost")]
    Address,
    /// A file is not there.
    #[error("{setting} cannot be read: {}", file.display())]
    File {
        /// Which setting names it.
        setting: &'static str,
        /// Its path.
        file: std::path::PathBuf,
        /// Why.
        #[source]
        cause: std::io::Error,
    },
    /// TLS is asked for, and then again not.
    #[error(
        "bus.ca, bus.certificate and bus.key are for amqps://, and the address begins with amqp://"
    )]
    Unencrypted,
    /// One half of a client certificate.
    #[error("bus.certificate and bus.key belong together")]
    Half,
}

impl Broker {
    pub(crate) fn new(settings: BusSettings, secrets: Option<Arc<dyn Secrets>>) -> Self {
        Self {
            settings,
            secrets,
            last: Mutex::default(),
        }
    }

    /// Whether anything of it can change.
    pub(crate) fn can_change(&self) -> bool {
        let BusSettings {
            url,
            user,
            password,
            ca,
            certificate,
            key,
        } = &self.settings;
        let password = password.as_ref().map(Secret::expose);
        let texts = [Some(url), user.as_ref(), password];
        texts
            .into_iter()
            .flatten()
            .any(|text| secrets::is_reference(text))
            || [ca, certificate, key].into_iter().any(Option::is_some)
    }

    /// How to dial now.
    pub(super) async fn login(&self) -> Result<Login, NoLogin> {
        let read = self.read().await;
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        match read {
            Ok(login) => Ok(last.insert(login).clone()),
            Err(NoLogin::Secret(error)) if last.is_some() => {
                tracing::warn!(%error, "the credentials of the bus are those that were read last");
                last.clone().ok_or(NoLogin::Secret(error))
            }
            Err(error) => Err(error),
        }
    }

    async fn read(&self) -> Result<Login, NoLogin> {
        let settings = &self.settings;
        let url = self.address().await?;
        let mut uri: AMQPUri = url.expose().parse().map_err(|_| NoLogin::Address)?;
        let who = &mut uri.authority.userinfo;
        if let Some(user) = &settings.user {
            let user = self.text(user).await?;
            who.username.clone_from(user.expose());
        }
        if let Some(password) = &settings.password {
            let password = self.text(password.expose()).await?;
            who.password.clone_from(password.expose());
        }
        uri.query.heartbeat.get_or_insert(BROKER_HEARTBEAT);
        let trust = file("bus.ca", settings.ca.as_ref()).await?;
        let certificate = file("bus.certificate", settings.certificate.as_ref()).await?;
        let key = file("bus.key", settings.key.as_ref()).await?;
        if certificate.is_some() != key.is_some() {
            return Err(NoLogin::Half);
        }
        if uri.scheme == AMQPScheme::AMQP && (trust.is_some() || key.is_some()) {
            return Err(NoLogin::Unencrypted);
        }
        Ok(Login {
            uri,
            trust,
            identity: certificate.zip(key),
        })
    }

    /// The address as it is now.
    pub(crate) async fn address(&self) -> Result<Secret<String>, SecretsError> {
        self.text(&self.settings.url).await
    }

    async fn text(&self, text: &str) -> Result<Secret<String>, SecretsError> {
        match &self.secrets {
            Some(secrets) => secrets::resolve(secrets.as_ref(), text).await,
            None => Ok(Secret::new(text.to_owned())),
        }
    }
}

async fn file(
    setting: &'static str,
    file: Option<&std::path::PathBuf>,
) -> Result<Option<Vec<u8>>, NoLogin> {
    let Some(file) = file else { return Ok(None) };
    let read = tokio::fs::read(file).await;
    read.map(Some).map_err(|cause| NoLogin::File {
        setting,
        file: file.clone(),
        cause,
    })
}

impl fmt::Debug for Broker {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Broker")
    }
}

impl fmt::Debug for Login {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let host = &self.uri.authority;
        write!(out, "Login({}:{})", host.host, host.port)
    }
}
