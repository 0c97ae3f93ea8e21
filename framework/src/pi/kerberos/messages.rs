//! The messages of Kerberos 5 that a client sends and reads (RFC 4120), and how they stand in HTTP (RFC 4121, 4178, 4559).

use jiff::Timestamp;
use picky_asn1::wrapper::{
    Asn1SequenceOf, ExplicitContextTag0, ExplicitContextTag1, ExplicitContextTag2,
    ExplicitContextTag3, ExplicitContextTag4, ExplicitContextTag5, ExplicitContextTag7,
    ExplicitContextTag8, IntegerAsn1, OctetStringAsn1, Optional,
};
use picky_krb::data_types::{
    Authenticator, AuthenticatorInner, Checksum, EtypeInfo2, PaData, PaEncTsEnc, PrincipalName,
    Ticket,
};
use picky_krb::messages::{
    ApReq, ApReqInner, AsRep, AsReq, EncAsRepPart, EncKdcRepPart, EncTgsRepPart, KdcRep, KdcReq,
    KdcReqBody, KrbError, TgsRep, TgsReq,
};

use super::encoding::{Malformed, der, flags, instant, moment, read, tagged, text};
use super::key::{ETYPES, Key, suite, usage};

const VERSION: u8 = 5;
/// Object identifiers of the two mechanisms, as they stand in DER.
const SPNEGO: &[u8] = &[0x06, 0x06, 0x2b, 0x06, 0x01, 0x05, 0x05, 0x02];
const KERBEROS: &[u8] = &[
    0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x12, 0x01, 0x02, 0x02,
];

/// A ticket with what its holder needs to use it.
#[derive(Clone)]
pub(super) struct Held {
    reply: KdcRep,
    key: Key,
    /// When it ends.
    pub(super) end: Timestamp,
}

impl std::fmt::Debug for Held {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Held")
            .field("end", &self.end)
            .finish_non_exhaustive()
    }
}

/// What a server of the realm answers.
pub(super) enum Answer<T> {
    Granted(T),
    Refused(Refusal),
}

/// Why it does not grant a ticket.
pub(super) struct Refusal {
    /// The code of RFC 4120, 7.5.9.
    pub(super) code: u32,
    /// Its words, if it has any.
    pub(super) text: String,
    /// Its time.
    pub(super) at: Option<Timestamp>,
    /// How a key is derived from a password there: encryption type and salt.
    pub(super) derive: Option<(u8, Option<String>)>,
}

/// Asks for the ticket with which others are asked for; `proof` shows that the caller has the key of the principal.
pub(super) fn first_request(
    principal: &str,
    realm: &str,
    nonce: u32,
    now: Timestamp,
    proof: Option<&Key>,
) -> Result<Vec<u8>, Malformed> {
    let name = principal_name(1, &principal.split('/').collect::<Vec<_>>())?;
    let body = request_body(Some(name), realm, &["krbtgt", realm], nonce, now)?;
    let mut padata = Vec::new();
    if let Some(key) = proof {
        let (time, micros) = moment(now)?;
        let stamp = PaEncTsEnc {
            patimestamp: ExplicitContextTag0::from(time),
            pausec: Optional::from(Some(ExplicitContextTag1::from(micros))),
        };
        padata.push(pa_data(&[2], der(&key.seal(usage::TIMESTAMP, &stamp)?)?));
    }
    der(&AsReq::from(request(10, padata, body)))
}

/// Asks for the ticket of a service.
pub(super) fn service_request(
    first: &Held,
    realm: &str,
    service: &str,
    nonce: u32,
    now: Timestamp,
) -> Result<Vec<u8>, Malformed> {
    let names: Vec<&str> = service.splitn(2, '/').collect();
    let body = request_body(None, realm, &names, nonce, now)?;
    let checksum = first.key.checksum(usage::TGS_CHECKSUM, &der(&body)?)?;
    let shown = show(first, usage::TGS_AUTHENTICATOR, checksum, now)?;
    let padata = vec![pa_data(&[1], der(&shown)?)];
    der(&TgsReq::from(request(12, padata, body)))
}

/// The value of `Authorization: Negotiate` for one request: tickets may be shown again, their proofs not.
pub(super) fn http_token(service: &Held, now: Timestamp) -> Result<Vec<u8>, Malformed> {
    // RFC 4121, 4.1.1: no channel bindings, no flags.
    let mut sum = vec![0; 24];
    sum[0] = 16;
    let checksum = Checksum {
        cksumtype: ExplicitContextTag0::from(IntegerAsn1::from(vec![0, 0x80, 0x03])),
        checksum: ExplicitContextTag1::from(OctetStringAsn1::from(sum)),
    };
    let shown = der(&show(service, usage::AP_AUTHENTICATOR, checksum, now)?)?;
    let token = tagged(0x60, &[KERBEROS, &[1, 0], &shown]);
    let mechanisms = tagged(0xa0, &[&tagged(0x30, &[KERBEROS])]);
    let token = tagged(0xa2, &[&tagged(0x04, &[&token])]);
    let init = tagged(0xa0, &[&tagged(0x30, &[&mechanisms, &token])]);
    Ok(tagged(0x60, &[SPNEGO, &init]))
}

/// The first ticket, or why there is none; `key` is the principal's.
pub(super) fn first_reply(answer: &[u8], key: Option<&Key>) -> Result<Answer<Held>, Malformed> {
    if let Some(refusal) = refusal(answer)? {
        return Ok(Answer::Refused(refusal));
    }
    let reply: AsRep = read(answer)?;
    let key = key.ok_or_else(|| {
        Malformed::because("it grants a ticket without being shown a key".to_owned())
    })?;
    let part = key.open(usage::AS_REPLY, &reply.0.enc_part.0)?;
    // RFC 4120, 5.4.2: some servers write the tag of the other reply.
    let part = match read::<EncAsRepPart>(&part) {
        Ok(part) => part.0,
        Err(_) => read::<EncTgsRepPart>(&part)?.0,
    };
    Ok(Answer::Granted(held(reply.0, &part)?))
}

/// The ticket of a service, or why there is none.
pub(super) fn service_reply(answer: &[u8], first: &Held) -> Result<Answer<Held>, Malformed> {
    if let Some(refusal) = refusal(answer)? {
        return Ok(Answer::Refused(refusal));
    }
    let reply: TgsRep = read(answer)?;
    let part = first.key.open(usage::TGS_REPLY, &reply.0.enc_part.0)?;
    let part: EncTgsRepPart = read(&part)?;
    Ok(Answer::Granted(held(reply.0, &part.0)?))
}

fn held(reply: KdcRep, part: &EncKdcRepPart) -> Result<Held, Malformed> {
    let etype = part.key.0.key_type.0.0.last().copied().unwrap_or(0);
    suite(etype)?;
    Ok(Held {
        reply,
        key: Key {
            etype,
            bytes: part.key.0.key_value.0.0.clone(),
        },
        end: instant(&part.end_time.0)
            .ok_or_else(|| Malformed::because("a ticket without an end".to_owned()))?,
    })
}

fn refusal(answer: &[u8]) -> Result<Option<Refusal>, Malformed> {
    // KRB-ERROR is [APPLICATION 30].
    if answer.first() != Some(&0x7e) {
        return Ok(None);
    }
    let error: KrbError = read(answer)?;
    let text = error.0.e_text.0.as_ref();
    let data = error.0.e_data.0.as_ref();
    let padata = data.and_then(|data| read::<Asn1SequenceOf<PaData>>(&data.0.0).ok());
    Ok(Some(Refusal {
        code: error.0.error_code.0,
        text: text.map(|text| text.0.to_string()).unwrap_or_default(),
        at: instant(&error.0.stime.0),
        derive: padata.and_then(|padata| derivation(&padata)),
    }))
}

/// PA-ETYPE-INFO2: the first of the encryption types that is spoken here.
fn derivation(padata: &Asn1SequenceOf<PaData>) -> Option<(u8, Option<String>)> {
    let info = padata.0.iter().find(|one| one.padata_type.0.0 == [19])?;
    let info: EtypeInfo2 = read(&info.padata_data.0.0).ok()?;
    let entry = info.0.iter().find(|entry| {
        let etype = &entry.etype.0.0;
        etype.len() == 1 && ETYPES.contains(&etype[0])
    })?;
    let salt = entry.salt.0.as_ref().map(|salt| salt.0.to_string());
    Some((entry.etype.0.0[0], salt))
}

fn show(held: &Held, usage: i32, checksum: Checksum, now: Timestamp) -> Result<ApReq, Malformed> {
    let (time, micros) = moment(now)?;
    let proof = Authenticator::from(AuthenticatorInner {
        authenticator_vno: ExplicitContextTag0::from(IntegerAsn1::from(vec![VERSION])),
        crealm: ExplicitContextTag1::from(held.reply.crealm.0.clone()),
        cname: ExplicitContextTag2::from(held.reply.cname.0.clone()),
        cksum: Optional::from(Some(ExplicitContextTag3::from(checksum))),
        cusec: ExplicitContextTag4::from(micros),
        ctime: ExplicitContextTag5::from(time),
        subkey: Optional::from(None),
        seq_number: Optional::from(None),
        authorization_data: Optional::from(None),
    });
    let ticket: Ticket = held.reply.ticket.0.clone();
    Ok(ApReq::from(ApReqInner {
        pvno: ExplicitContextTag0::from(IntegerAsn1::from(vec![VERSION])),
        msg_type: ExplicitContextTag1::from(IntegerAsn1::from(vec![14])),
        ap_options: ExplicitContextTag2::from(flags(0)),
        ticket: ExplicitContextTag3::from(ticket),
        authenticator: ExplicitContextTag4::from(held.key.seal(usage, &proof)?),
    }))
}

fn request(kind: u8, padata: Vec<PaData>, body: KdcReqBody) -> KdcReq {
    let padata =
        (!padata.is_empty()).then(|| ExplicitContextTag3::from(Asn1SequenceOf::from(padata)));
    KdcReq {
        pvno: ExplicitContextTag1::from(IntegerAsn1::from(vec![VERSION])),
        msg_type: ExplicitContextTag2::from(IntegerAsn1::from(vec![kind])),
        padata: Optional::from(padata),
        req_body: ExplicitContextTag4::from(body),
    }
}

fn request_body(
    client: Option<PrincipalName>,
    realm: &str,
    service: &[&str],
    nonce: u32,
    now: Timestamp,
) -> Result<KdcReqBody, Malformed> {
    let till = now.as_second() + 24 * 3600;
    let till = Timestamp::from_second(till).map_err(Malformed::because)?;
    let etypes = ETYPES.map(|etype| IntegerAsn1::from(vec![etype]));
    // A number below 2^31, so that signed and unsigned readers agree.
    let nonce = IntegerAsn1::from_bytes_be_unsigned((nonce & 0x7fff_ffff).to_be_bytes().to_vec());
    Ok(KdcReqBody {
        kdc_options: ExplicitContextTag0::from(flags(0)),
        cname: Optional::from(client.map(ExplicitContextTag1::from)),
        realm: ExplicitContextTag2::from(text(realm)?),
        sname: Optional::from(Some(ExplicitContextTag3::from(principal_name(2, service)?))),
        from: Optional::from(None),
        till: ExplicitContextTag5::from(moment(till)?.0),
        rtime: Optional::from(None),
        nonce: ExplicitContextTag7::from(nonce),
        etype: ExplicitContextTag8::from(Asn1SequenceOf::from(etypes.to_vec())),
        addresses: Optional::from(None),
        enc_authorization_data: Optional::from(None),
        additional_tickets: Optional::from(None),
    })
}

fn principal_name(kind: u8, names: &[&str]) -> Result<PrincipalName, Malformed> {
    let names: Result<Vec<_>, _> = names.iter().map(|name| text(name)).collect();
    Ok(PrincipalName {
        name_type: ExplicitContextTag0::from(IntegerAsn1::from(vec![kind])),
        name_string: ExplicitContextTag1::from(Asn1SequenceOf::from(names?)),
    })
}

fn pa_data(kind: &[u8], value: Vec<u8>) -> PaData {
    PaData {
        padata_type: ExplicitContextTag1::from(IntegerAsn1::from(kind.to_vec())),
        padata_data: ExplicitContextTag2::from(OctetStringAsn1::from(value)),
    }
}
