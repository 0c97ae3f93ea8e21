//! Signed tokens: JWT with Ed25519 and nothing else, so that there is no algorithm to confuse.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::pkcs8::{
    DecodePrivateKey, EncodePrivateKey, EncodePublicKey, spki::der::pem::LineEnding,
};
use ed25519_dalek::{Signer as _, SigningKey};
use serde::{Deserialize, Serialize};

use super::{Grants, Kind};
use crate::model::{UserId, Zone};
use crate::secrets::Secret;

/// A key that cannot be read; the text never holds the key.
#[derive(Debug, thiserror::Error)]
#[error("the {0} key is not an Ed25519 key in PEM")]
pub struct KeyError(pub(super) &'static str);

/// What a token says.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Claims {
    /// Always [`super::ISSUER`].
    pub iss: String,
    /// Id of the person, `service:<module>` for a module.
    pub sub: UserId,
    /// Name at login.
    pub login: String,
    /// Full name.
    pub name: String,
    /// A person or a module.
    pub kind: Kind,
    /// Zone of the node whose edge signed.
    pub zone: Zone,
    /// Permissions by site, `*` for all.
    pub grants: Grants,
    /// Seconds since 1970 after which the token is refused.
    pub exp: i64,
    /// Seconds since 1970 when it was made.
    pub iat: i64,
    /// Unique per token.
    pub jti: String,
    /// Session or API token behind it.
    pub sid: String,
}

pub(super) fn header() -> String {
    URL_SAFE_NO_PAD.encode(r#"{"alg":"EdDSA","typ":"JWT"}"#)
}

/// Signs tokens and documents; only the edge and the operator of its node have one.
pub struct Signer(pub(super) SigningKey);

impl Signer {
    /// Reads a private key in PKCS#8 PEM (`openssl genpkey -algorithm ed25519`).
    pub fn from_pem(pem: &Secret<String>) -> Result<Self, KeyError> {
        SigningKey::from_pkcs8_pem(pem.expose().trim())
            .map(Self)
            .map_err(|_| KeyError("private"))
    }

    /// The compact token for these claims.
    pub fn sign(&self, claims: &Claims) -> Result<String, serde_json::Error> {
        let token = unsigned(claims)?;
        let signature = self.signature(token.as_bytes());
        Ok(signed(token, &signature))
    }

    /// The signature itself.
    pub(super) fn signature(&self, content: &[u8]) -> Vec<u8> {
        self.0.sign(content).to_bytes().to_vec()
    }
}

/// What is signed of a token.
pub(super) fn unsigned(claims: &Claims) -> Result<String, serde_json::Error> {
    let mut token = header();
    token.push('.');
    URL_SAFE_NO_PAD.encode_string(serde_json::to_vec(claims)?, &mut token);
    Ok(token)
}

/// The whole token.
pub(super) fn signed(mut token: String, signature: &[u8]) -> String {
    token.push('.');
    URL_SAFE_NO_PAD.encode_string(signature, &mut token);
    token
}

/// A new pair of keys in PEM: private (PKCS#8), public (SPKI).
pub fn generate_keys() -> Result<(Secret<String>, String), KeyError> {
    let key = SigningKey::from_bytes(&rand::random::<[u8; 32]>());
    let private = key
        .to_pkcs8_pem(LineEnding::LF)
        .map_err(|_| KeyError("private"))?;
    let public = key
        .verifying_key()
        .to_public_key_pem(LineEnding::LF)
        .map_err(|_| KeyError("public"))?;
    Ok((Secret::new(private.as_str().to_owned()), public))
}

/// A new random text of 256 bits for credentials and sessions.
pub fn new_secret() -> String {
    URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>())
}
