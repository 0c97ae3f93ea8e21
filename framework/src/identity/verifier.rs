//! Verification of tokens, with a memory of the good ones.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::pkcs8::DecodePublicKey;
use ed25519_dalek::{Signature, VerifyingKey};

use super::token::{Claims, KeyError, header};
use super::{ISSUER, Principal};
use crate::clock::Clock;
use crate::limits::CREDENTIALS_LOOK;
use crate::model::Timestamp;
use crate::secrets::{SecretTable, Secrets};

/// Tokens remembered; each lives a minute, so this is a thousand callers a minute before the oldest work is done again.
const REMEMBERED: usize = 1024;
/// Clocks of nodes may differ so much.
const SKEW_SECONDS: i64 = 5;
/// Longer texts are no token of the edge.
const LONGEST: usize = 16 * 1024;

/// Why a token is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Not a token of this platform.
    #[error("the token is not one of this platform")]
    Malformed,
    /// The signature does not fit.
    #[error("the token's signature is wrong")]
    Signature,
    /// Too late, or too early.
    #[error("the token is not valid at this time")]
    Expired,
}

/// Verifies tokens of the edge offline, with any of a few keys: while one takes the place of another both are good.
pub struct Verifier {
    keys: RwLock<Arc<[VerifyingKey]>>,
    good: Mutex<HashMap<String, (i64, Arc<Principal>)>>,
}

impl Verifier {
    /// Reads the edge's public key in SPKI PEM.
    pub fn from_pem(pem: &str) -> Result<Self, KeyError> {
        Ok(Self::with([key(pem)?].into()))
    }

    /// Reads every public key of the secret [`super::PUBLIC_KEY`], whatever its name there is.
    pub fn from_table(table: &SecretTable) -> Result<Self, KeyError> {
        Ok(Self::with(keys(table)?))
    }

    fn with(keys: Arc<[VerifyingKey]>) -> Self {
        Self {
            keys: RwLock::new(keys),
            good: Mutex::default(),
        }
    }

    /// Reads the keys again now and then, so that they can change while the process runs. Never ends: a provider that is away, or
    /// gives what is no key, leaves the keys as they are.
    pub(crate) async fn follow(&self, secrets: &dyn Secrets, clock: &dyn Clock) {
        loop {
            clock.sleep(CREDENTIALS_LOOK).await;
            // The provider says by itself what is wrong with it.
            let Ok(table) = secrets.read(super::PUBLIC_KEY).await else {
                continue;
            };
            if let Err(error) = self.take(&table) {
                tracing::error!(%error, "the keys that verify tokens stay as they were: correct the secret identity/public");
            }
        }
    }

    /// From now on only these keys are good; what others have signed is forgotten.
    pub(super) fn take(&self, table: &SecretTable) -> Result<(), KeyError> {
        let keys = keys(table)?;
        {
            let mut held = self.keys.write().unwrap_or_else(PoisonError::into_inner);
            if *held == keys {
                return Ok(());
            }
            tracing::info!(
                keys = keys.len(),
                "the keys that verify tokens have changed"
            );
            *held = keys;
        }
        self.remembered().clear();
        Ok(())
    }

    /// Whether one of the keys has signed that.
    pub(super) fn check(&self, content: &[u8], signature: &Signature) -> Result<(), Refused> {
        let keys = self
            .keys
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        let signed = |key: &VerifyingKey| key.verify_strict(content, signature).is_ok();
        keys.iter()
            .any(signed)
            .then_some(())
            .ok_or(Refused::Signature)
    }

    /// Who the token speaks for at that moment.
    pub fn verify(&self, token: &str, now: Timestamp) -> Result<Arc<Principal>, Refused> {
        let now = now.as_second();
        if let Some((expires, principal)) = self.remembered().get(token) {
            return if *expires + SKEW_SECONDS > now {
                Ok(principal.clone())
            } else {
                Err(Refused::Expired)
            };
        }
        let claims = self.claims(token)?;
        if claims.exp + SKEW_SECONDS <= now || claims.iat - SKEW_SECONDS > now {
            return Err(Refused::Expired);
        }
        let expires = claims.exp;
        let principal = Arc::new(Principal {
            id: claims.sub,
            login: claims.login,
            name: claims.name,
            kind: claims.kind,
            grants: claims.grants,
            session: claims.sid,
        });
        let mut good = self.remembered();
        if good.len() >= REMEMBERED {
            good.retain(|_, (expires, _)| *expires + SKEW_SECONDS > now);
        }
        if good.len() < REMEMBERED {
            good.insert(token.to_owned(), (expires, principal.clone()));
        }
        Ok(principal)
    }

    fn remembered(&self) -> std::sync::MutexGuard<'_, HashMap<String, (i64, Arc<Principal>)>> {
        self.good.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn claims(&self, token: &str) -> Result<Claims, Refused> {
        let (signed, signature) = token
            .rsplit_once('.')
            .filter(|_| token.len() <= LONGEST)
            .ok_or(Refused::Malformed)?;
        let (head, body) = signed.split_once('.').ok_or(Refused::Malformed)?;
        if head != header() {
            return Err(Refused::Malformed);
        }
        let signature = URL_SAFE_NO_PAD
            .decode(signature)
            .map_err(|_| Refused::Malformed)?;
        let signature = Signature::from_slice(&signature).map_err(|_| Refused::Malformed)?;
        self.check(signed.as_bytes(), &signature)?;
        let body = URL_SAFE_NO_PAD
            .decode(body)
            .map_err(|_| Refused::Malformed)?;
        let claims: Claims = serde_json::from_slice(&body).map_err(|_| Refused::Malformed)?;
        if claims.iss == ISSUER {
            Ok(claims)
        } else {
            Err(Refused::Malformed)
        }
    }
}

pub(super) fn key(pem: &str) -> Result<VerifyingKey, KeyError> {
    VerifyingKey::from_public_key_pem(pem.trim()).map_err(|_| KeyError("public"))
}

fn keys(table: &SecretTable) -> Result<Arc<[VerifyingKey]>, KeyError> {
    let keys: Arc<[_]> = table
        .values()
        .map(|pem| key(pem.expose()))
        .collect::<Result<_, _>>()?;
    if keys.is_empty() {
        return Err(KeyError("public"));
    }
    Ok(keys)
}

#[cfg(test)]
mod tests {
    use super::super::{Grants, Kind, Signer, generate_keys};
    use super::*;
    use crate::model::Zone;
    use crate::secrets::Secret;

    fn claims(now: i64) -> Claims {
        Claims {
            iss: ISSUER.into(),
            sub: "u1".parse().unwrap(),
            login: "ada".into(),
            name: "Ada".into(),
            kind: Kind::User,
            zone: Zone::Gxp,
            grants: Grants::new(),
            exp: now + 60,
            iat: now,
            jti: "1".into(),
            sid: "s".into(),
        }
    }

    #[test]
    fn only_a_fresh_token_of_the_edge_is_believed() {
        let (private, public) = generate_keys().unwrap();
        let (signer, verifier) = (
            Signer::from_pem(&private).unwrap(),
            Verifier::from_pem(&public).unwrap(),
        );
        let at = |seconds: i64| Timestamp::from_second(seconds).unwrap();
        let token = signer.sign(&claims(1000)).unwrap();
        for now in [1000, 1064] {
            assert_eq!(verifier.verify(&token, at(now)).unwrap().login, "ada");
        }
        assert_eq!(verifier.verify(&token, at(1065)), Err(Refused::Expired));
        let early = signer.sign(&claims(2000)).unwrap();
        assert_eq!(verifier.verify(&early, at(1000)), Err(Refused::Expired));
        let (other, _) = generate_keys().unwrap();
        let forged = Signer::from_pem(&other)
            .unwrap()
            .sign(&claims(1000))
            .unwrap();
        assert_eq!(verifier.verify(&forged, at(1000)), Err(Refused::Signature));
        let foreign = signer
            .sign(&Claims {
                iss: "other".into(),
                ..claims(1000)
            })
            .unwrap();
        assert_eq!(verifier.verify(&foreign, at(1000)), Err(Refused::Malformed));
    }

    #[test]
    fn while_keys_change_both_are_good_and_then_the_old_one_is_not() {
        let ((old, old_public), (new, new_public)) =
            (generate_keys().unwrap(), generate_keys().unwrap());
        let table = |keys: &[(&str, &str)]| -> SecretTable {
            let named = keys
                .iter()
                .map(|(name, pem)| ((*name).to_owned(), Secret::new((*pem).to_owned())));
            named.collect()
        };
        let by = |pem: &Secret<String>| Signer::from_pem(pem).unwrap().sign(&claims(1000)).unwrap();
        let (by_old, by_new) = (by(&old), by(&new));
        let now = Timestamp::from_second(1000).unwrap();
        let verifier = Verifier::from_table(&table(&[("key", &old_public)])).unwrap();
        assert!(verifier.verify(&by_old, now).is_ok());
        assert_eq!(verifier.verify(&by_new, now), Err(Refused::Signature));
        verifier
            .take(&table(&[("key", &old_public), ("next", &new_public)]))
            .unwrap();
        assert!(verifier.verify(&by_old, now).is_ok() && verifier.verify(&by_new, now).is_ok());
        verifier.take(&table(&[("key", &new_public)])).unwrap();
        assert_eq!(
            verifier.verify(&by_old, now),
            Err(Refused::Signature),
            "also one that was remembered"
        );
        assert!(verifier.verify(&by_new, now).is_ok());
        for wrong in [table(&[]), table(&[("key", "no key")])] {
            assert!(verifier.take(&wrong).is_err());
            assert!(
                verifier.verify(&by_new, now).is_ok(),
                "what is no key changes nothing"
            );
        }
    }

    #[test]
    fn no_changed_byte_and_no_other_algorithm_passes() {
        let (private, public) = generate_keys().unwrap();
        let (signer, verifier) = (
            Signer::from_pem(&private).unwrap(),
            Verifier::from_pem(&public).unwrap(),
        );
        let token = signer.sign(&claims(1000)).unwrap();
        let now = Timestamp::from_second(1000).unwrap();
        for place in 0..token.len() {
            let mut bytes = token.clone().into_bytes();
            bytes[place] = if bytes[place] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(bytes).unwrap();
            assert!(verifier.verify(&changed, now).is_err(), "byte {place}");
        }
        let (_, rest) = token.split_once('.').unwrap();
        let none = format!("{}.{rest}", URL_SAFE_NO_PAD.encode(r#"{"alg":"none"}"#));
        assert_eq!(verifier.verify(&none, now), Err(Refused::Malformed));
        for junk in ["", ".", "..", "a.b.c", &"x".repeat(20_000)] {
            assert_eq!(verifier.verify(junk, now), Err(Refused::Malformed));
        }
    }
}
