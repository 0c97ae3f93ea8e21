//! Passwords: Argon2id in a bounded pool, and the rules for new ones.

use std::sync::Arc;

use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Params, PasswordHasher as _, PasswordVerifier as _, Version};
use dcp::http::Problem;
use dcp::secrets::Secret;
use tokio::sync::Semaphore;

use crate::limits::{HASH_QUEUE, HASHERS, PASSWORD_LONGEST, PASSWORD_SHORTEST};

/// Memory of one hash in KiB and passes over it: about 50 ms of one core, as OWASP advises for Argon2id. Above 32 MiB the
/// allocator gives the memory back to the system at once, so that an idle module stays small.
const MEMORY_KIB: u32 = 46 * 1024;
const PASSES: u32 = 1;
/// A hash that no password has: an unknown user costs the same work.
const NOBODY: &str =
    "$argon2id$v=19$m=47104,t=1,p=1$bm9ib2R5IGhhcyBpdA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// Hashes and verifies passwords, few at a time.
#[derive(Clone)]
pub(crate) struct Hasher {
    argon: Argon2<'static>,
    places: Arc<Semaphore>,
    queue: Arc<Semaphore>,
}

impl Hasher {
    pub(crate) fn new() -> anyhow::Result<Self> {
        let params = Params::new(MEMORY_KIB, PASSES, 1, None)
            .map_err(|error| anyhow::anyhow!("argon2: {error}"))?;
        let argon = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let queue = Arc::new(Semaphore::new(HASHERS + HASH_QUEUE));
        Ok(Self {
            argon,
            places: Arc::new(Semaphore::new(HASHERS)),
            queue,
        })
    }

    /// The text to store for a password.
    pub(crate) async fn hash(&self, password: &Secret<String>) -> Result<String, Problem> {
        let (argon, password) = (self.argon.clone(), password.clone());
        self.run(move || hash(&argon, password.expose()))
            .await?
            .map_err(Problem::internal)
    }

    /// Whether the password fits; without a stored hash the same work is done for nothing.
    pub(crate) async fn fits(
        &self,
        password: &Secret<String>,
        stored: Option<&str>,
    ) -> Result<bool, Problem> {
        let (argon, password, known) = (self.argon.clone(), password.clone(), stored.is_some());
        let text = stored.unwrap_or(NOBODY).to_owned();
        self.run(move || {
            let fits = PasswordHash::new(&text).is_ok_and(|hash| {
                argon
                    .verify_password(password.expose().as_bytes(), &hash)
                    .is_ok()
            });
            fits && known
        })
        .await
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Problem> {
        let Ok(_waiting) = self.queue.try_acquire() else {
            return Err(Problem::unavailable("The sign-in"));
        };
        let place = self
            .places
            .clone()
            .acquire_owned()
            .await
            .map_err(Problem::internal)?;
        let done = tokio::task::spawn_blocking(move || {
            // The place is freed with the work, also when the client has hung up.
            let _place = place;
            work()
        });
        done.await.map_err(Problem::internal)
    }
}

fn hash(argon: &Argon2<'_>, password: &str) -> anyhow::Result<String> {
    let hash = argon
        .hash_password(password.as_bytes())
        .map_err(|error| anyhow::anyhow!("argon2: {error}"))?;
    Ok(hash.to_string())
}

/// Refuses a new password that is too easy; `pointer` says which part of the input it is.
pub(crate) fn check_rules(
    password: &Secret<String>,
    login: &str,
    pointer: &str,
) -> Result<(), Problem> {
    let text = password.expose();
    let length = text.chars().count();
    let refused = |detail: String| {
        Err(Problem::unprocessable("This password cannot be used.").part(pointer, detail))
    };
    if !(PASSWORD_SHORTEST..=PASSWORD_LONGEST).contains(&length) {
        return refused(format!(
            "It must have {PASSWORD_SHORTEST} to {PASSWORD_LONGEST} characters."
        ));
    }
    if text
        .chars()
        .collect::<std::collections::BTreeSet<_>>()
        .len()
        < 5
    {
        return refused("It must have at least five different characters.".into());
    }
    if text.to_lowercase().contains(&login.to_lowercase()) {
        return refused("It must not contain the user name.".into());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(text: &str) -> Secret<String> {
        Secret::new(text.to_owned())
    }

    #[tokio::test]
    async fn a_password_fits_its_own_hash_only() {
        let hasher = Hasher::new().unwrap();
        let stored = hasher.hash(&secret("correct horse battery")).await.unwrap();
        assert!(
            stored.starts_with("$argon2id$v=19$m=47104,t=1,p=1$"),
            "{stored}"
        );
        assert!(
            hasher
                .fits(&secret("correct horse battery"), Some(&stored))
                .await
                .unwrap()
        );
        assert!(
            !hasher
                .fits(&secret("correct horse batterx"), Some(&stored))
                .await
                .unwrap()
        );
        assert!(
            !hasher
                .fits(&secret("correct horse battery"), None)
                .await
                .unwrap()
        );
        assert!(!hasher.fits(&secret("x"), Some("no hash")).await.unwrap());
        assert!(
            PasswordHash::new(NOBODY).is_ok(),
            "else an unknown user would cost no work"
        );
    }

    #[test]
    fn easy_passwords_are_refused() {
        for (password, fits) in [
            ("abcdefghijk", false),
            ("abcdefghijkl", true),
            ("aaaaaaaaaaaa", false),
            ("my name is Ada!", false),
            (&"abcde".repeat(26), false),
            ("ä passphrase with umlauts", true),
        ] {
            assert_eq!(
                check_rules(&secret(password), "ada", "/new").is_ok(),
                fits,
                "{password}"
            );
        }
    }
}
