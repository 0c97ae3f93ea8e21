//! Signed documents: a file, and beside it its signature as a detached JWS with Ed25519 (RFC 7515, appendix F).
//!
//! Its type stands in the protected header, so that no token passes for a document and no document for a token.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::Signature;

use super::{Signer, Verifier};

const HEADER: &str = r#"{"alg":"EdDSA","typ":"dcp-document+jws"}"#;

/// Why a signature is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unsigned {
    /// Not a signature of this platform.
    #[error("its signature is not one of this platform")]
    Malformed,
    /// Another document or another key.
    #[error("its signature does not belong to this document and this key")]
    Foreign,
}

impl Signer {
    /// The detached signature of a document: `header..signature`.
    pub fn sign_document(&self, content: &[u8]) -> String {
        detached(&self.signature(signed(content).as_bytes()))
    }
}

impl Verifier {
    /// Whether a detached signature is that of this document.
    pub fn check_document(&self, content: &[u8], signature: &str) -> Result<(), Unsigned> {
        let (header, signature) = signature
            .trim()
            .split_once("..")
            .ok_or(Unsigned::Malformed)?;
        if header != URL_SAFE_NO_PAD.encode(HEADER) {
            return Err(Unsigned::Malformed);
        }
        let bytes = URL_SAFE_NO_PAD.decode(signature);
        let signature = Signature::from_slice(&bytes.map_err(|_| Unsigned::Malformed)?);
        let signature = signature.map_err(|_| Unsigned::Malformed)?;
        self.check(signed(content).as_bytes(), &signature)
            .map_err(|_| Unsigned::Foreign)
    }
}

/// The header and the signature, without the document.
pub(super) fn detached(signature: &[u8]) -> String {
    let (header, signature) = (
        URL_SAFE_NO_PAD.encode(HEADER),
        URL_SAFE_NO_PAD.encode(signature),
    );
    format!("{header}..{signature}")
}

/// What is signed: the header and the whole document, as a JWS would hold them.
pub(super) fn signed(content: &[u8]) -> String {
    let mut text = URL_SAFE_NO_PAD.encode(HEADER);
    text.push('.');
    URL_SAFE_NO_PAD.encode_string(content, &mut text);
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::{Refused, generate_keys};

    #[test]
    fn a_document_fits_its_signature_and_nothing_else_does() {
        let (private, public) = generate_keys().unwrap();
        let signer = Signer::from_pem(&private).unwrap();
        let verifier = Verifier::from_pem(&public).unwrap();
        let signature = signer.sign_document(b"report");
        assert_eq!(verifier.check_document(b"report", &signature), Ok(()));
        let other = verifier.check_document(b"report.", &signature);
        assert_eq!(other, Err(Unsigned::Foreign));
        let (another, _) = generate_keys().unwrap();
        let foreign = Signer::from_pem(&another).unwrap().sign_document(b"report");
        let foreign = verifier.check_document(b"report", &foreign);
        assert_eq!(foreign, Err(Unsigned::Foreign));
        for broken in [
            "",
            "a.b.c",
            "..",
            signature.trim_end_matches(char::is_alphanumeric),
        ] {
            let broken = verifier.check_document(b"report", broken);
            assert!(broken.is_err());
        }
    }

    #[test]
    fn a_token_is_no_signature_of_a_document() {
        let (private, public) = generate_keys().unwrap();
        let signer = Signer::from_pem(&private).unwrap();
        let verifier = Verifier::from_pem(&public).unwrap();
        let signature = signer.sign_document(b"{}");
        let (header, sealed) = signature.split_once("..").unwrap();
        let as_token = format!("{header}.{}.{sealed}", URL_SAFE_NO_PAD.encode(b"{}"));
        let now = crate::clock::Timestamp::UNIX_EPOCH;
        assert_eq!(
            verifier.verify(&as_token, now).err(),
            Some(Refused::Malformed)
        );
    }
}
