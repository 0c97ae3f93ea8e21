//! A key of Kerberos 5 and what is done with it: sealing, opening, checksums (RFC 3962).

use picky_asn1::wrapper::{
    ExplicitContextTag0, ExplicitContextTag1, ExplicitContextTag2, IntegerAsn1, OctetStringAsn1,
    Optional,
};
use picky_krb::crypto::{ChecksumSuite, CipherSuite};
use picky_krb::data_types::{Checksum, EncryptedData};
use serde::Serialize;

use super::encoding::{Malformed, der};

/// AES with 256 and with 128 bits, the strongest first; what is weaker is not spoken.
pub(super) const ETYPES: [u8; 2] = [18, 17];

/// Key usages of RFC 4120, 7.5.1.
pub(super) mod usage {
    pub(in super::super) const TIMESTAMP: i32 = 1;
    pub(in super::super) const AS_REPLY: i32 = 3;
    pub(in super::super) const TGS_CHECKSUM: i32 = 6;
    pub(in super::super) const TGS_AUTHENTICATOR: i32 = 7;
    pub(in super::super) const TGS_REPLY: i32 = 8;
    pub(in super::super) const AP_AUTHENTICATOR: i32 = 11;
}

/// A key and how it is used.
#[derive(Clone)]
pub(super) struct Key {
    pub(super) etype: u8,
    pub(super) bytes: Vec<u8>,
}

impl Key {
    pub(super) fn is_spoken(etype: u8) -> bool {
        ETYPES.contains(&etype)
    }

    /// Derived from a password as the server of the realm says.
    pub(super) fn of_password(etype: u8, password: &str, salt: &str) -> Result<Self, Malformed> {
        let cipher = suite(etype)?.cipher();
        let bytes = cipher.generate_key_from_password(password.as_bytes(), salt.as_bytes());
        Ok(Self {
            etype,
            bytes: bytes.map_err(Malformed::because)?,
        })
    }

    pub(super) fn seal(
        &self,
        usage: i32,
        message: &impl Serialize,
    ) -> Result<EncryptedData, Malformed> {
        let cipher = suite(self.etype)?.cipher();
        let sealed = cipher.encrypt(&self.bytes, usage, &der(message)?);
        Ok(EncryptedData {
            etype: ExplicitContextTag0::from(IntegerAsn1::from(vec![self.etype])),
            kvno: Optional::from(None),
            cipher: ExplicitContextTag2::from(OctetStringAsn1::from(
                sealed.map_err(Malformed::because)?,
            )),
        })
    }

    pub(super) fn open(&self, usage: i32, sealed: &EncryptedData) -> Result<Vec<u8>, Malformed> {
        let cipher = suite(self.etype)?.cipher();
        let opened = cipher.decrypt(&self.bytes, usage, &sealed.cipher.0.0);
        opened.map_err(Malformed::because)
    }

    pub(super) fn checksum(&self, usage: i32, message: &[u8]) -> Result<Checksum, Malformed> {
        let (kind, suite) = match self.etype {
            18 => (16, ChecksumSuite::HmacSha196Aes256),
            _ => (15, ChecksumSuite::HmacSha196Aes128),
        };
        let sum = suite.hasher().checksum(&self.bytes, usage, message);
        Ok(Checksum {
            cksumtype: ExplicitContextTag0::from(IntegerAsn1::from(vec![kind])),
            checksum: ExplicitContextTag1::from(OctetStringAsn1::from(
                sum.map_err(Malformed::because)?,
            )),
        })
    }
}

pub(super) fn suite(etype: u8) -> Result<CipherSuite, Malformed> {
    match etype {
        18 => Ok(CipherSuite::Aes256CtsHmacSha196),
        17 => Ok(CipherSuite::Aes128CtsHmacSha196),
        other => Err(Malformed::because(format!(
            "the encryption type {other} is not spoken"
        ))),
    }
}
