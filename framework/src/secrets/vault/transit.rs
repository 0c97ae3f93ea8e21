//! A key of the engine `transit`, which signs and never leaves the vault.

use std::collections::HashMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::VerifyingKey;
use ed25519_dalek::pkcs8::{EncodePublicKey as _, spki::der::pem::LineEnding};
use vaultrs::api::transit::KeyType;
use vaultrs::api::transit::requests::SignDataRequest;
use vaultrs::api::transit::responses::{ReadKeyData, ReadPublicKeyEntry};
use vaultrs::transit::{data, key};

use super::super::{Secret, SecretTable, SecretsError, SecretsSettings};
use super::server::ANSWER;
use super::{Lease, Trouble, Vault, is_path};

/// Where a key of the engine is.
#[derive(Debug, Clone)]
pub struct TransitKey {
    mount: String,
    name: String,
}

impl std::fmt::Display for TransitKey {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{}/{}", self.mount, self.name)
    }
}

impl TransitKey {
    /// The key that the settings name, if they name one.
    pub fn of(settings: &SecretsSettings) -> Result<Option<Self>, SecretsError> {
        let Some(text) = &settings.transit else {
            return Ok(None);
        };
        let parts = text.rsplit_once('/').filter(|_| is_path(text));
        let (mount, name) = parts.ok_or_else(|| SecretsError::Unavailable {
            provider: settings.url.clone(),
            reason: format!("secrets.transit is {text:?} and must be <mount>/<name of the key>"),
        })?;
        Ok(Some(Self {
            mount: mount.to_owned(),
            name: name.to_owned(),
        }))
    }

    /// The public keys by version, in SPKI PEM.
    pub(super) async fn public(&self, lease: &Lease) -> Result<SecretTable, Trouble> {
        let read = key::read(&*lease.client, &self.mount, &self.name).await;
        let read = read.map_err(|error| self.unless_missing(error.into()))?;
        match read.keys {
            ReadKeyData::Asymmetric(keys) if matches!(read.key_type, KeyType::Ed25519) => {
                pem(&keys)
            }
            _ => Err(Trouble::Unusable(format!(
                "the key {self} is not of the type ed25519; make one with infra/vault/setup"
            ))),
        }
    }

    fn unless_missing(&self, trouble: Trouble) -> Trouble {
        match trouble {
            Trouble::Missing => Trouble::Unusable(format!(
                "there is no key {self}; make it with infra/vault/setup, or correct secrets.transit"
            )),
            other => other,
        }
    }

    async fn sign(&self, lease: &Lease, version: u64, content: &[u8]) -> Result<Vec<u8>, Trouble> {
        let mut version_of = SignDataRequest::builder();
        let (input, options) = (STANDARD.encode(content), version_of.key_version(version));
        let asked = data::sign(
            &*lease.client,
            &self.mount,
            &self.name,
            &input,
            Some(options),
        );
        let answer = match tokio::time::timeout(ANSWER, asked).await {
            Ok(answer) => answer.map_err(|error| self.unless_missing(error.into()))?,
            Err(_) => return Err(Trouble::Away("it does not answer in time".to_owned())),
        };
        // `vault:v<version>:<signature>`
        let signature = answer.signature.rsplit(':').next().unwrap_or_default();
        let unreadable = |_| Trouble::Unusable("its signature cannot be read".to_owned());
        STANDARD.decode(signature).map_err(unreadable)
    }
}

fn pem(keys: &HashMap<String, ReadPublicKeyEntry>) -> Result<SecretTable, Trouble> {
    let one = |(version, key): (&String, &ReadPublicKeyEntry)| {
        let bytes = STANDARD.decode(&key.public_key).ok()?;
        let key = VerifyingKey::try_from(bytes.as_slice()).ok()?;
        let pem = key.to_public_key_pem(LineEnding::LF).ok()?;
        Some((version.clone(), Secret::new(pem)))
    };
    let read: Option<SecretTable> = keys.iter().map(one).collect();
    read.ok_or_else(|| Trouble::Unusable("its public keys cannot be read".to_owned()))
}

impl Vault {
    /// The signature with that version of the key; refused without a question while the vault is away, so that nothing piles up.
    pub(super) async fn sign(&self, version: u64, content: &[u8]) -> Result<Vec<u8>, SecretsError> {
        let Some(key) = &self.transit else {
            return Err(SecretsError::Missing("secrets.transit".to_owned()));
        };
        let lease = self.lease().filter(Lease::is_good);
        let lease = lease.ok_or_else(|| self.closed())?;
        if let Some(reason) = self.away() {
            return Err(self.unavailable(&reason));
        }
        let signed = match key.sign(&lease, version, content).await {
            Err(Trouble::Refused(_)) => self.sign_anew(key, &lease, version, content).await,
            answer => answer,
        };
        signed.map_err(|trouble| match trouble {
            Trouble::Away(reason) => {
                self.note(Trouble::Away(reason.clone()));
                self.unavailable(&reason)
            }
            other => self.unavailable(&other.reason()),
        })
    }

    /// With a new lease, when the vault refused because it no longer takes the old one.
    async fn sign_anew(
        &self,
        key: &TransitKey,
        lease: &Lease,
        version: u64,
        content: &[u8],
    ) -> Result<Vec<u8>, Trouble> {
        let do_that = format!("sign with version {version} of {key}");
        let lease = self.after_refusal(lease, &do_that).await?;
        key.sign(&lease, version, content).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_has_a_mount_and_a_name() {
        let of = |text: &str| {
            TransitKey::of(&SecretsSettings {
                transit: Some(text.to_owned()),
                ..SecretsSettings::default()
            })
        };
        let key = of("teams/transit/dcp-identity").unwrap().unwrap();
        assert_eq!(
            (key.mount.as_str(), key.name.as_str()),
            ("teams/transit", "dcp-identity")
        );
        for wrong in ["", "key", "transit/", "/key", "transit/../sys/seal"] {
            let said = of(wrong).unwrap_err().to_string();
            assert!(said.contains("must be <mount>/<name of the key>"), "{said}");
        }
    }
}
