//! Which PI Web API server to read, and whom to trust as that server.

use std::io;

use reqwest::Url;
use rustls::ClientConfig;
use serde::{Deserialize, Serialize};

use super::PiError;
use crate::tls;

/// A data source: one PI Web API server with the asset and data servers behind it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
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
    /// PEM file of the CA that signs the server's certificate, on the machine that reads; without it, what that machine trusts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca_file: Option<String>,
}

impl PiSource {
    /// The base address with a slash at its end.
    pub(super) fn base(&self) -> Result<Url, PiError> {
        let base = Url::parse(&format!("{}/", self.url.trim_end_matches('/')))
            .map_err(|error| self.misconfigured(&error))?;
        if !matches!(base.scheme(), "http" | "https") || base.cannot_be_a_base() {
            return Err(self.misconfigured(&"the address must begin with http:// or https://"));
        }
        if base.scheme() == "http" && self.ca_file().is_some() {
            return Err(self.misconfigured(
                &"a CA is named, but the address begins with http://, which is not encrypted",
            ));
        }
        Ok(base)
    }

    /// Whose signature makes a certificate the server's.
    pub(super) fn trust(&self) -> Result<ClientConfig, PiError> {
        let config = || -> io::Result<ClientConfig> {
            let ca = self.ca_file().map(std::fs::read).transpose()?;
            let named = self.ca_file().unwrap_or_default();
            Ok(tls::trusting(ca.as_deref(), named)?.with_no_client_auth())
        };
        config().map_err(|error| match self.ca_file() {
            Some(file) => self.misconfigured(&format!("the CA file {file}: {error}")),
            None => self.misconfigured(&error),
        })
    }

    /// Who should have signed the server's certificate.
    pub(super) fn signer(&self) -> String {
        match self.ca_file() {
            Some(file) => format!("the CA in {file}"),
            None => {
                "a CA that this machine trusts; name the CA's file in the data source".to_owned()
            }
        }
    }

    fn ca_file(&self) -> Option<&str> {
        self.ca_file.as_deref().filter(|file| !file.is_empty())
    }

    pub(super) fn misconfigured(&self, reason: &dyn std::fmt::Display) -> PiError {
        PiError::Misconfigured(format!("{}: {reason}", self.url))
    }
}
