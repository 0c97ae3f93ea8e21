//! Servers that are dialled with TLS again and again: what is trusted is read anew when its file changes.

use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, Error};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::{failure, trusting, wrong_with};

/// Who must have signed the certificate of a server.
#[derive(Debug)]
pub(crate) struct Trust {
    ca: Option<PathBuf>,
    setting: &'static str,
    held: Mutex<Option<(Option<SystemTime>, Arc<ClientConfig>)>>,
}

impl Trust {
    /// The CA in that file, which the setting names; what the machine trusts without one.
    pub(crate) fn new(ca: Option<PathBuf>, setting: &'static str) -> Self {
        Self {
            ca,
            setting,
            held: Mutex::default(),
        }
    }

    /// Encrypts a connection to `host`, whose certificate must be for that name. What is wrong with it is said in words
    /// that end a sentence about the server, as an error of the kind `InvalidData`.
    pub(crate) async fn encrypt(
        &self,
        host: &str,
        socket: TcpStream,
    ) -> io::Result<TlsStream<TcpStream>> {
        let name = ServerName::try_from(host.trim_matches(['[', ']']).to_owned());
        let name = name.map_err(io::Error::other)?;
        let connector = TlsConnector::from(self.config().await?);
        let connected = connector.connect(name, socket).await;
        connected.map_err(|error| match failure(&error) {
            Some(wrong) => io::Error::new(io::ErrorKind::InvalidData, self.words(wrong, host)),
            None => error,
        })
    }

    async fn config(&self) -> io::Result<Arc<ClientConfig>> {
        let changed = match &self.ca {
            Some(ca) => Some(
                tokio::fs::metadata(ca)
                    .await
                    .and_then(|about| about.modified()),
            )
            .transpose()
            .map_err(|error| self.unreadable(&error))?,
            None => None,
        };
        let held = || self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((of, config)) = &*held()
            && *of == changed
        {
            return Ok(config.clone());
        }
        let ca = match &self.ca {
            Some(ca) => Some(
                tokio::fs::read(ca)
                    .await
                    .map_err(|error| self.unreadable(&error))?,
            ),
            None => None,
        };
        let config = Arc::new(trusting(ca.as_deref(), self.setting)?.with_no_client_auth());
        *held() = Some((changed, config.clone()));
        Ok(config)
    }

    fn unreadable(&self, error: &io::Error) -> io::Error {
        let text = format!(
            "cannot be checked: the file of {} cannot be read: {error}",
            self.setting
        );
        io::Error::new(io::ErrorKind::InvalidData, text)
    }

    fn words(&self, error: &Error, host: &str) -> String {
        let by = match self.ca {
            Some(_) => format!("the CA in {}", self.setting),
            None => format!(
                "anybody this machine trusts; {} names another CA",
                self.setting
            ),
        };
        match error {
            Error::InvalidCertificate(wrong) => wrong_with(wrong, host, &by),
            _ => "does not speak TLS as it should".to_owned(),
        }
    }
}
