//! Secrets by path and key, from a provider that is never a settings file.

mod file;
mod held;
mod sealed;
mod settings;
mod vault;

pub use file::{FileSecrets, write_private};
pub use held::Held;
pub use sealed::{FileKey, SealError};
pub use settings::SecretsSettings;
pub(crate) use settings::of_reader;
pub use vault::{SecretId, TransitKey, VaultLogin, VaultSecrets, Wrapped, push};

use std::collections::BTreeMap;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

use serde::Deserialize;

/// A value that no log, answer or debug print may show.
#[derive(Clone, Deserialize)]
#[serde(transparent)]
pub struct Secret<T>(T);

impl<T> Secret<T> {
    /// Hides a value.
    pub fn new(value: T) -> Self {
        Self(value)
    }

    /// The value, for the one place that needs it.
    pub fn expose(&self) -> &T {
        &self.0
    }
}

impl<T> fmt::Debug for Secret<T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("(secret)")
    }
}

/// What stands at one path: keys and values.
pub type SecretTable = BTreeMap<String, Secret<String>>;

/// Why a secret is not to be had; the texts say what to do and never hold a secret.
#[derive(Debug, thiserror::Error)]
pub enum SecretsError {
    /// The path or key does not exist.
    #[error("there is no secret {0}")]
    Missing(String),
    /// The provider cannot be reached or refuses.
    #[error("secrets cannot be read from {provider}: {reason}")]
    Unavailable {
        /// Which provider.
        provider: String,
        /// Why, and what to do.
        reason: String,
    },
}

/// An answer of a provider that is still under way.
pub type Reading<'a> = Pin<Box<dyn Future<Output = Result<SecretTable, SecretsError>> + Send + 'a>>;

/// A signature (Ed25519) of a provider that is still under way.
pub type Signing<'a> = Pin<Box<dyn Future<Output = Result<Vec<u8>, SecretsError>> + Send + 'a>>;

/// A provider of secrets.
pub trait Secrets: Send + Sync {
    /// Everything at one path.
    fn read<'a>(&'a self, path: &'a str) -> Reading<'a>;

    /// Whether the provider signs with a key of its own, which nobody else ever sees. Its public keys are then the secret
    /// `identity/public`, by version.
    fn signs(&self) -> bool {
        false
    }

    /// The signature with that version of the key, where [`Self::signs`] says that there is one.
    fn sign<'a>(&'a self, _version: u64, _content: &'a [u8]) -> Signing<'a> {
        Box::pin(std::future::ready(Err(SecretsError::Missing(
            "secrets.transit, the key of a vault that signs".to_owned(),
        ))))
    }

    /// What is wrong with the provider at present, and how long what was read still serves; nothing when all is well.
    fn trouble(&self) -> Option<String> {
        None
    }
}

/// No secrets, for a process that only tells its settings.
pub(crate) fn none() -> Arc<dyn Secrets> {
    struct Nothing;
    impl Secrets for Nothing {
        fn read<'a>(&'a self, path: &'a str) -> Reading<'a> {
            Box::pin(std::future::ready(Err(SecretsError::Missing(
                path.to_owned(),
            ))))
        }
    }
    Arc::new(Nothing)
}

/// One value of a provider.
pub async fn get(
    secrets: &dyn Secrets,
    path: &str,
    key: &str,
) -> Result<Secret<String>, SecretsError> {
    let mut table = secrets.read(path).await?;
    table
        .remove(key)
        .ok_or_else(|| SecretsError::Missing(format!("{path}#{key}")))
}

const REFERENCE: &str = "secret://";

/// Whether a text of the settings stands for a secret.
pub(crate) fn is_reference(text: &str) -> bool {
    text.starts_with(REFERENCE)
}

/// What a text of the settings stands for at present: a reference `secret://path#key` for that secret, every other for itself.
pub async fn resolve(secrets: &dyn Secrets, text: &str) -> Result<Secret<String>, SecretsError> {
    let Some(reference) = text.strip_prefix(REFERENCE) else {
        return Ok(Secret::new(text.to_owned()));
    };
    let (path, key) = reference
        .split_once('#')
        .ok_or_else(|| SecretsError::Missing(reference.to_owned()))?;
    get(secrets, path, key).await
}

/// Opens the provider that the settings name.
pub async fn open(settings: &SecretsSettings) -> Result<Arc<dyn Secrets>, SecretsError> {
    let unknown = || SecretsError::Unavailable {
        provider: settings.url.clone(),
        reason: "secrets.url must begin with file: or vault:".into(),
    };
    let (kind, place) = settings.url.split_once(':').ok_or_else(unknown)?;
    match kind {
        "file" if settings.transit.is_some() => Err(SecretsError::Unavailable {
            provider: settings.url.clone(),
            reason: "secrets.transit names a key of a vault, and this is a file; remove it, or set secrets.url to vault:<url>/<mount>".into(),
        }),
        "file" => {
            let key_file = settings.key_file.as_ref().map(Into::into);
            Ok(Arc::new(FileSecrets::open_with(place, key_file)?))
        }
        "vault" => Ok(Arc::new(
            VaultSecrets::open(place, VaultLogin::of(settings)?, TransitKey::of(settings)?).await?,
        )),
        _ => Err(unknown()),
    }
}
