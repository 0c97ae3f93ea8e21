//! A secret that a process holds and reads again when it no longer fits: so it changes while everybody goes on.

use std::sync::{Arc, Mutex, PoisonError};

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq as _;

use super::{Secret, Secrets, SecretsError, get};

/// One secret, as it was when it was read last.
pub struct Held {
    secrets: Arc<dyn Secrets>,
    path: String,
    key: String,
    value: Mutex<Secret<String>>,
}

impl Held {
    /// Reads it.
    pub async fn open(
        secrets: Arc<dyn Secrets>,
        path: &str,
        key: &str,
    ) -> Result<Self, SecretsError> {
        let value = get(&*secrets, path, key).await?;
        Ok(Self {
            secrets,
            path: path.to_owned(),
            key: key.to_owned(),
            value: Mutex::new(value),
        })
    }

    /// What it was.
    pub fn value(&self) -> Secret<String> {
        let value = self.value.lock().unwrap_or_else(PoisonError::into_inner);
        value.clone()
    }

    /// What it is now, if that is another than the one that somebody refused.
    pub async fn instead_of(&self, refused: &Secret<String>) -> Option<Secret<String>> {
        // A provider that is away says so by itself, and what is held serves on.
        let now = get(&*self.secrets, &self.path, &self.key).await.ok()?;
        *self.value.lock().unwrap_or_else(PoisonError::into_inner) = now.clone();
        (!same(refused.expose(), now.expose())).then_some(now)
    }

    /// Whether somebody shows it, as it was or as it is now.
    pub async fn is(&self, shown: &str) -> bool {
        let held = self.value();
        if same(shown, held.expose()) {
            return true;
        }
        let now = self.instead_of(&held).await;
        now.is_some_and(|now| same(shown, now.expose()))
    }
}

impl std::fmt::Debug for Held {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Held({}#{})", self.path, self.key)
    }
}

/// Compares without telling by its time where the texts differ; both are hashed first, so lengths do not matter either.
fn same(shown: &str, expected: &str) -> bool {
    let (shown, wanted) = (Sha256::digest(shown), Sha256::digest(expected));
    bool::from(shown.ct_eq(&wanted)) && !expected.is_empty()
}

#[cfg(test)]
mod tests {
    use super::super::{Reading, SecretTable};
    use super::*;

    #[derive(Default)]
    struct One(Mutex<String>);

    impl Secrets for One {
        fn read<'a>(&'a self, _path: &'a str) -> Reading<'a> {
            let value = Secret::new(self.0.lock().unwrap().clone());
            let table = SecretTable::from([("key".to_owned(), value)]);
            Box::pin(std::future::ready(Ok(table)))
        }
    }

    #[tokio::test]
    async fn the_one_before_serves_until_somebody_shows_the_next() {
        let secrets = Arc::new(One(Mutex::new("before".into())));
        let held = Held::open(secrets.clone(), "edge", "key").await.unwrap();
        *secrets.0.lock().unwrap() = "after".into();
        assert!(held.is("before").await && held.is("after").await);
        assert!(!held.is("before").await && !held.is("").await && !held.is("other").await);
        *secrets.0.lock().unwrap() = "again".into();
        let refused = held.value();
        assert_eq!(refused.expose(), "after");
        let now = held.instead_of(&refused).await.unwrap();
        assert_eq!(now.expose(), "again");
        assert!(held.instead_of(&now).await.is_none(), "nothing new");
        *secrets.0.lock().unwrap() = String::new();
        assert!(!held.is("").await, "nothing is no secret");
    }
}
