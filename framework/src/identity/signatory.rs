//! Who signs for a node: with the private key among its secrets, or through a provider that keeps the key to itself.
//!
//! Both may change while the node runs. A new key signs nothing before all who verify have had the time to read its public half.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::document::{detached, signed as signed_document};
use super::token::{signed, unsigned};
use super::verifier::key;
use super::{Claims, KeyError, PUBLIC_KEY, Signer, Verifier};
use crate::clock::Clock;
use crate::limits::CREDENTIALS_LOOK;
use crate::secrets::{SecretTable, Secrets, SecretsError, get};

/// Everybody has read a public key that was published so long ago: three looks.
const SETTLED: Duration = CREDENTIALS_LOOK.saturating_mul(3);

/// Why nothing was signed.
#[derive(Debug, thiserror::Error)]
pub enum NotSigned {
    /// The provider of secrets gives no key, or no signature.
    #[error(transparent)]
    Secrets(#[from] SecretsError),
    /// A key is none.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// Nobody would believe what the private key signs.
    #[error(
        "the secret identity#private_key belongs to no key of the secret identity/public: publish its public key there"
    )]
    Unpublished,
    /// The claims cannot be written.
    #[error("the claims cannot be written")]
    Claims(#[from] serde_json::Error),
}

/// What signs.
enum Key {
    /// A key in this process.
    Own(Box<Signer>),
    /// A version of the provider's key.
    Kept(u64),
}

/// Signs tokens and documents for a node, and verifies what others have signed.
pub struct Signatory {
    secrets: Arc<dyn Secrets>,
    verifier: Verifier,
    known: Mutex<Known>,
    failing: AtomicBool,
}

/// The keys of the last look.
struct Known {
    signs: Arc<Key>,
    /// By public key: from when on it may sign.
    settled: Settled,
}

/// A public key.
type Public = [u8; 32];
type Settled = BTreeMap<Public, Instant>;
type Offered = Vec<(Arc<Key>, Public)>;

impl Signatory {
    /// Reads the keys; refuses when there is none to sign with.
    pub async fn open(secrets: Arc<dyn Secrets>) -> Result<Self, NotSigned> {
        let published = secrets.read(PUBLIC_KEY).await?;
        let verifier = Verifier::from_table(&published)?;
        let mut keys = offered(&*secrets, &published, None).await?;
        let now = Instant::now();
        // Those who started before may not have read the newest one yet.
        let newest = keys.last().map(|(_, public)| *public);
        let settled = publics(&published)?.into_iter().map(|public| {
            let waits = newest == Some(public);
            (public, if waits { now + SETTLED } else { now })
        });
        let mut settled = settled.collect();
        let signs = choose(&mut keys, &mut settled, now).ok_or(NotSigned::Unpublished)?;
        Ok(Self {
            secrets,
            verifier,
            known: Mutex::new(Known { signs, settled }),
            failing: AtomicBool::new(false),
        })
    }

    /// Verifies what this node and others have signed.
    pub fn verifier(&self) -> &Verifier {
        &self.verifier
    }

    /// The compact token for these claims.
    pub async fn token(&self, claims: &Claims) -> Result<String, NotSigned> {
        let token = unsigned(claims)?;
        let signature = self.signature(token.as_bytes()).await?;
        Ok(signed(token, &signature))
    }

    /// The detached signature of a document: `header..signature`.
    pub async fn document(&self, content: &[u8]) -> Result<String, NotSigned> {
        let signature = self.signature(signed_document(content).as_bytes()).await?;
        Ok(detached(&signature))
    }

    /// Looks at the keys now and then. Never ends.
    pub(crate) async fn follow(&self, clock: &dyn Clock) {
        loop {
            clock.sleep(CREDENTIALS_LOOK).await;
            match self.look(Instant::now()).await {
                // The provider says by itself what is wrong with it.
                Ok(()) | Err(NotSigned::Secrets(SecretsError::Unavailable { .. })) => {}
                Err(error) => tracing::error!(%error, "the keys that sign stay as they were"),
            }
        }
    }

    async fn look(&self, now: Instant) -> Result<(), NotSigned> {
        let published = self.secrets.read(PUBLIC_KEY).await?;
        self.verifier.take(&published)?;
        let before = self.signs();
        let mut keys = offered(&*self.secrets, &published, Some(before.clone())).await?;
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let since = |public: &Public| known.settled.get(public).copied();
        let settled = publics(&published)?.into_iter();
        known.settled = settled
            .map(|public| (public, since(&public).unwrap_or(now + SETTLED)))
            .collect();
        let signs = choose(&mut keys, &mut known.settled, now).ok_or(NotSigned::Unpublished)?;
        if !signs.is(&before) {
            tracing::info!("another key signs from now on");
            known.signs = signs;
        }
        Ok(())
    }

    fn signs(&self) -> Arc<Key> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.signs.clone()
    }

    async fn signature(&self, content: &[u8]) -> Result<Vec<u8>, NotSigned> {
        let signature = match &*self.signs() {
            Key::Own(signer) => Ok(signer.signature(content)),
            Key::Kept(version) => self.secrets.sign(*version, content).await,
        };
        self.tell(signature.as_ref().err());
        Ok(signature?)
    }

    /// Says once that nothing can be signed, and once that it can again.
    fn tell(&self, error: Option<&SecretsError>) {
        let was = self.failing.swap(error.is_some(), Ordering::Relaxed);
        match error {
            Some(error) if !was => {
                tracing::error!(%error, "nothing can be signed: nobody is let in until the provider signs again");
            }
            None if was => tracing::info!("the provider of secrets signs again"),
            _ => {}
        }
    }
}

impl Key {
    fn is(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Own(one), Self::Own(other)) => one.0.verifying_key() == other.0.verifying_key(),
            (Self::Kept(one), Self::Kept(other)) => one == other,
            _ => false,
        }
    }
}

fn publics(published: &SecretTable) -> Result<Vec<Public>, KeyError> {
    let keys = published.values().map(|pem| key(pem.expose()));
    keys.map(|key| Ok(key?.to_bytes())).collect()
}

/// The keys that could sign, each with its public half; the newest last.
async fn offered(
    secrets: &dyn Secrets,
    published: &SecretTable,
    present: Option<Arc<Key>>,
) -> Result<Offered, NotSigned> {
    if secrets.signs() {
        let version = |name: &String| name.parse::<u64>().ok();
        let mut versions: Vec<(u64, Public)> = published
            .keys()
            .zip(publics(published)?)
            .filter_map(|(name, public)| Some((version(name)?, public)))
            .collect();
        versions.sort_unstable();
        let kept = versions.into_iter();
        return Ok(kept
            .map(|(version, public)| (Arc::new(Key::Kept(version)), public))
            .collect());
    }
    let own = Box::new(Signer::from_pem(
        &get(secrets, "identity", "private_key").await?,
    )?);
    let keys = present.into_iter().chain([Arc::new(Key::Own(own))]);
    keys.map(|key| match &*key {
        Key::Own(signer) => Ok((key.clone(), signer.0.verifying_key().to_bytes())),
        Key::Kept(_) => Err(KeyError("private").into()),
    })
    .collect()
}

/// The newest that everybody knows; the newest that is published at all, where everybody knows none. What signs once is not
/// waited for again.
fn choose(keys: &mut Offered, settled: &mut Settled, now: Instant) -> Option<Arc<Key>> {
    keys.retain(|(_, public)| settled.contains_key(public));
    let is_settled = |(_, public): &&(Arc<Key>, Public)| settled[public] <= now;
    let (key, public) = keys.iter().rev().find(is_settled).or(keys.last())?;
    settled.insert(*public, now);
    Some(key.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::generate_keys;
    use crate::secrets::{Reading, Secret};

    /// Secrets that change while they are used.
    #[derive(Default)]
    struct Changing(Mutex<BTreeMap<String, SecretTable>>);

    impl Changing {
        fn put(&self, path: &str, keys: &[(&str, &str)]) {
            let table = keys
                .iter()
                .map(|(name, value)| ((*name).to_owned(), Secret::new((*value).to_owned())));
            self.0
                .lock()
                .unwrap()
                .insert(path.to_owned(), table.collect());
        }
    }

    impl Secrets for Changing {
        fn read<'a>(&'a self, path: &'a str) -> Reading<'a> {
            let table = self.0.lock().unwrap().get(path).cloned();
            let missing = SecretsError::Missing(path.to_owned());
            Box::pin(std::future::ready(table.ok_or(missing)))
        }
    }

    async fn is_by(signatory: &Signatory, public: &str) -> bool {
        let signed = signatory.document(b"report").await.unwrap();
        let verifier = Verifier::from_pem(public).unwrap();
        verifier.check_document(b"report", &signed).is_ok()
    }

    #[tokio::test]
    async fn a_new_key_signs_when_everybody_has_had_the_time_to_read_it() {
        let ((old, old_public), (new, new_public)) =
            (generate_keys().unwrap(), generate_keys().unwrap());
        let secrets = Arc::new(Changing::default());
        secrets.put("identity", &[("private_key", old.expose())]);
        secrets.put(PUBLIC_KEY, &[("key", &old_public)]);
        let signatory = Signatory::open(secrets.clone()).await.unwrap();
        assert!(is_by(&signatory, &old_public).await);
        let start = Instant::now();
        secrets.put(PUBLIC_KEY, &[("key", &old_public), ("next", &new_public)]);
        secrets.put("identity", &[("private_key", new.expose())]);
        signatory.look(start).await.unwrap();
        assert!(is_by(&signatory, &old_public).await, "too early");
        signatory.look(start + SETTLED).await.unwrap();
        assert!(is_by(&signatory, &new_public).await);
        secrets.put(PUBLIC_KEY, &[("next", &new_public)]);
        signatory.look(start + SETTLED).await.unwrap();
        assert!(is_by(&signatory, &new_public).await);
    }

    #[tokio::test]
    async fn a_key_that_nobody_can_verify_signs_nothing() {
        let ((old, old_public), (new, _)) = (generate_keys().unwrap(), generate_keys().unwrap());
        let secrets = Arc::new(Changing::default());
        secrets.put("identity", &[("private_key", new.expose())]);
        secrets.put(PUBLIC_KEY, &[("key", &old_public)]);
        let refused = Signatory::open(secrets.clone()).await.err().unwrap();
        assert!(matches!(refused, NotSigned::Unpublished), "{refused}");
        secrets.put("identity", &[("private_key", old.expose())]);
        let signatory = Signatory::open(secrets.clone()).await.unwrap();
        secrets.put("identity", &[("private_key", new.expose())]);
        signatory.look(Instant::now() + SETTLED).await.unwrap();
        assert!(is_by(&signatory, &old_public).await);
    }
}
