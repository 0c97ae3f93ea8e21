//! Where the vault is, and clients of it.

use std::time::Duration;

use vaultrs::client::{VaultClient, VaultClientSettingsBuilder};

use super::super::{Secret, SecretsError};
use super::Trouble;

/// A vault that does not answer in this time counts as away.
pub(super) const ANSWER: Duration = Duration::from_secs(2);

/// One mount of one vault.
#[derive(Debug)]
pub(super) struct Server {
    pub(super) address: String,
    pub(super) mount: String,
}

impl Server {
    /// Reads `<url>/<mount>`.
    pub(super) fn at(place: &str) -> Result<Self, SecretsError> {
        let unusable = |reason: &str| SecretsError::Unavailable {
            provider: format!("vault {place}"),
            reason: format!("{reason}; see secrets.url (variable DCP__SECRETS__URL)"),
        };
        let (address, mount) = place
            .rsplit_once('/')
            .filter(|(address, mount)| !address.ends_with('/') && !mount.is_empty())
            .ok_or_else(|| unusable("the mount is missing: vault:<url>/<mount>"))?;
        if !address.starts_with("http://") && !address.starts_with("https://") {
            return Err(unusable("the address must begin with http:// or https://"));
        }
        reqwest::Url::parse(address).map_err(|_| unusable("the address is no URL"))?;
        Ok(Self {
            address: address.to_owned(),
            mount: mount.to_owned(),
        })
    }

    /// A client that shows this token, or none. The variable `VAULT_CACERT` names the authority of the vault's certificate.
    pub(super) fn client(&self, token: Option<&Secret<String>>) -> Result<VaultClient, Trouble> {
        let token = token
            .map(|token| token.expose().as_str())
            .unwrap_or_default();
        if !token.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(Trouble::Refused(
                "a token holds signs that no token has".to_owned(),
            ));
        }
        let settings = VaultClientSettingsBuilder::default()
            .address(&self.address)
            .token(token)
            .verify(true)
            .timeout(Some(ANSWER))
            .build()
            .map_err(|_| Trouble::Refused("its address cannot be used".to_owned()))?;
        Ok(VaultClient::new(settings)?)
    }
}
