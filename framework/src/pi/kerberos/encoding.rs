//! How Kerberos 5 writes texts, flags and instants in DER.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use picky_asn1::bit_string::BitString;
use picky_asn1::date::GeneralizedTime;
use picky_asn1::restricted_string::Ia5String;
use picky_asn1::wrapper::IntegerAsn1;
use picky_krb::data_types::{KerberosFlags, KerberosStringAsn1, KerberosTime};
use serde::Serialize;

/// A message that could not be written or read.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct Malformed(String);

impl Malformed {
    pub(super) fn because(error: impl std::fmt::Display) -> Self {
        Self(error.to_string())
    }
}

pub(super) fn text(text: &str) -> Result<KerberosStringAsn1, Malformed> {
    let text = Ia5String::from_string(text.to_owned()).map_err(Malformed::because)?;
    Ok(KerberosStringAsn1::from(text))
}

pub(super) fn flags(bits: u32) -> KerberosFlags {
    KerberosFlags::from(BitString::with_bytes(bits.to_be_bytes().to_vec()))
}

/// An instant as Kerberos tells it: seconds, and microseconds beside them.
pub(super) fn moment(at: Timestamp) -> Result<(KerberosTime, IntegerAsn1), Malformed> {
    let zoned = at.to_zoned(TimeZone::UTC);
    let part = |number: i8| u8::try_from(number).unwrap_or(0);
    let time = GeneralizedTime::new(
        u16::try_from(zoned.year()).map_err(Malformed::because)?,
        part(zoned.month()),
        part(zoned.day()),
        part(zoned.hour()),
        part(zoned.minute()),
        part(zoned.second()),
    );
    let time = time.ok_or_else(|| Malformed::because(format!("{at} cannot be written")))?;
    let micros = u32::try_from(at.as_microsecond().rem_euclid(1_000_000)).unwrap_or(0);
    let micros = IntegerAsn1::from_bytes_be_unsigned(micros.to_be_bytes().to_vec());
    Ok((KerberosTime::from(time), micros))
}

pub(super) fn instant(time: &KerberosTime) -> Option<Timestamp> {
    let time = &time.0;
    let part = |number: u8| i8::try_from(number).unwrap_or(0);
    let civil = jiff::civil::DateTime::new(
        i16::try_from(time.year()).ok()?,
        part(time.month()),
        part(time.day()),
        part(time.hour()),
        part(time.minute()),
        part(time.second()),
        0,
    );
    Some(civil.ok()?.to_zoned(TimeZone::UTC).ok()?.timestamp())
}

pub(super) fn der(message: &impl Serialize) -> Result<Vec<u8>, Malformed> {
    picky_asn1_der::to_vec(message).map_err(Malformed::because)
}

pub(super) fn read<'a, T: serde::Deserialize<'a>>(bytes: &'a [u8]) -> Result<T, Malformed> {
    picky_asn1_der::from_bytes(bytes).map_err(Malformed::because)
}

/// A DER value of some parts.
pub(super) fn tagged(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    let length = content.len().to_be_bytes();
    let digits = length.iter().skip_while(|byte| **byte == 0);
    let digits: Vec<u8> = digits.copied().collect();
    let mut value = vec![tag];
    if content.len() > 127 {
        value.push(0x80 | u8::try_from(digits.len()).unwrap_or(8));
    } else if digits.is_empty() {
        value.push(0);
    }
    value.extend(digits);
    value.extend(content);
    value
}
