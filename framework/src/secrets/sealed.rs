//! The file of secrets encrypted at rest: AES-256-GCM with a key that stands elsewhere.
//!
//! The text is `dcp-secrets 1 aes-256-gcm`, a line end, and in Base64 the nonce (12 bytes), the encrypted TOML and the tag (16 bytes);
//! the first line is authenticated with it. Whoever has the key can open it with any library.

use std::path::{Path, PathBuf};

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

use super::Secret;
use super::file::only_for_owner;

/// First line of an encrypted file.
const HEAD: &str = "dcp-secrets 1 aes-256-gcm";
/// How a key begins, so that it is recognised wherever it turns up.
const KEY: &str = "dcp-secrets-key-";
/// Name of the credential of systemd (`LoadCredential=`) with the key.
const CREDENTIAL: &str = "dcp-secrets-key";
/// Variable with the key, where there is no file for it.
const VARIABLE: &str = "DCP_SECRETS_KEY";
/// Columns of the text.
const WIDTH: usize = 76;

/// Why a key or a file cannot be used; the text says what to do and holds nothing secret.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct SealError(pub(super) String);

/// The key of an encrypted file of secrets.
pub struct FileKey([u8; 32]);

impl FileKey {
    /// A new one.
    pub fn generate() -> Self {
        Self(rand::random())
    }

    /// The key of a file, else of the credential `dcp-secrets-key` of systemd, else of the variable `DCP_SECRETS_KEY`.
    pub fn find(file: Option<&Path>) -> Result<Self, SealError> {
        if let Some(file) = file {
            only_for_owner(file)
                .map_err(|reason| SealError(format!("key {}: {reason}", file.display())))?;
            return Self::read(file);
        }
        #[expect(
            clippy::disallowed_methods,
            reason = "what the machine hands over is no setting"
        )]
        let (folder, given) = (
            std::env::var_os("CREDENTIALS_DIRECTORY"),
            std::env::var(VARIABLE),
        );
        // Who reads a credential is the business of systemd, whose files may show the mask of an access list as their group's right.
        let credential = folder.map(|folder| PathBuf::from(folder).join(CREDENTIAL));
        match (credential.filter(|file| file.is_file()), given) {
            (Some(file), _) => Self::read(&file),
            (None, Ok(text)) => Self::parse(&text)
                .ok_or_else(|| SealError(format!("the variable {VARIABLE} holds no key"))),
            (None, Err(_)) => Err(SealError(format!(
                "it is encrypted and there is no key; set secrets.key_file, the credential {CREDENTIAL} of systemd, or the variable {VARIABLE}"
            ))),
        }
    }

    fn read(file: &Path) -> Result<Self, SealError> {
        let failed = |what: &str| SealError(format!("key {}: {what}", file.display()));
        let text = std::fs::read_to_string(file).map_err(|error| failed(&error.to_string()))?;
        Self::parse(&text).ok_or_else(|| failed("it holds no key; `dcp secrets encrypt` makes one"))
    }

    fn parse(text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD
            .decode(text.trim().strip_prefix(KEY)?)
            .ok()?;
        bytes.try_into().ok().map(Self)
    }

    /// As it stands in its file.
    pub fn text(&self) -> Secret<String> {
        Secret::new(format!("{KEY}{}\n", URL_SAFE_NO_PAD.encode(self.0)))
    }

    fn cipher(&self) -> Result<RandomizedNonceKey, SealError> {
        RandomizedNonceKey::new(&AES_256_GCM, &self.0)
            .map_err(|_| SealError("the key has the wrong length".to_owned()))
    }

    /// Encrypts a text.
    pub fn seal(&self, text: &str) -> Result<String, SealError> {
        let mut bytes = text.as_bytes().to_vec();
        let nonce = self
            .cipher()?
            .seal_in_place_append_tag(Aad::from(HEAD), &mut bytes)
            .map_err(|_| SealError("it cannot be encrypted".to_owned()))?;
        let mut all = nonce.as_ref().to_vec();
        all.append(&mut bytes);
        let encoded = STANDARD.encode(all);
        let mut sealed = format!("{HEAD}\n");
        let mut rest = encoded.as_str();
        while !rest.is_empty() {
            let (line, after) = rest.split_at(WIDTH.min(rest.len()));
            sealed.push_str(line);
            sealed.push('\n');
            rest = after;
        }
        Ok(sealed)
    }

    /// Decrypts what [`Self::seal`] has made.
    pub fn open(&self, sealed: &str) -> Result<Secret<String>, SealError> {
        let damaged = || {
            SealError(
                "the key is not the one it was encrypted with, or the file is damaged".to_owned(),
            )
        };
        let body: String = sealed
            .strip_prefix(HEAD)
            .ok_or_else(damaged)?
            .split_whitespace()
            .collect();
        let all = STANDARD.decode(body).map_err(|_| damaged())?;
        let (nonce, bytes) = all.split_at_checked(NONCE_LEN).ok_or_else(damaged)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| damaged())?;
        let mut bytes = bytes.to_vec();
        let text = self
            .cipher()?
            .open_in_place(nonce, Aad::from(HEAD), &mut bytes)
            .map_err(|_| damaged())?;
        String::from_utf8(text.to_vec())
            .map(Secret::new)
            .map_err(|_| damaged())
    }
}

/// Whether a text is encrypted.
pub(super) fn is_sealed(text: &str) -> bool {
    text.lines().next() == Some(HEAD)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_opens_with_its_key_only_and_never_with_a_changed_bit() {
        let (key, other) = (FileKey::generate(), FileKey::generate());
        let text = "[a]\nb = \"canary\"\n".repeat(20);
        let sealed = key.seal(&text).unwrap();
        assert!(is_sealed(&sealed) && !sealed.contains("canary"));
        assert_eq!(*key.open(&sealed).unwrap().expose(), text);
        assert_ne!(sealed, key.seal(&text).unwrap(), "each time another nonce");
        assert!(other.open(&sealed).is_err());
        let body = sealed.strip_prefix(HEAD).unwrap().replace('\n', "");
        let bytes = STANDARD.decode(&body).unwrap();
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            let changed = format!("{HEAD}\n{}", STANDARD.encode(changed));
            assert!(key.open(&changed).is_err(), "byte {at}");
        }
        for end in [0, 5, NONCE_LEN, NONCE_LEN + 3] {
            let cut = format!("{HEAD}\n{}", STANDARD.encode(&bytes[..end]));
            assert!(key.open(&cut).is_err(), "{end} bytes");
        }
    }

    #[test]
    fn a_key_is_read_as_it_was_written() {
        let key = FileKey::generate();
        let read = FileKey::parse(key.text().expose()).unwrap();
        assert_eq!(read.0, key.0);
        assert!(FileKey::parse("dcp-secrets-key-short").is_none());
        assert!(FileKey::parse("").is_none());
    }
}
