//! Kerberos (RFC 4120) for HTTP Negotiate: tickets from the server of the realm, asked for again before they end.
//!
//! Only what reading PI Web API needs: one realm, AES keys, a password or a keytab. Deliberately absent: delegation, NTLM, other realms.

mod encoding;
mod key;
mod keytab;
mod messages;
mod tickets;

use std::io;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use encoding::Malformed;
use key::Key;
use messages::{Answer, Held, Refusal};

pub(super) use tickets::Tickets;

use crate::limits;
use crate::secrets::{Secret, SecretTable};

/// With what an account shows that it is itself.
#[derive(Debug, Clone)]
enum Proof {
    Password(Secret<String>),
    /// A file with its keys.
    Keytab(Secret<Vec<u8>>),
}

/// An account of a realm, and where the realm's tickets come from.
#[derive(Debug, Clone)]
pub struct KerberosAccount {
    /// `name` or `name/host`, without the realm.
    principal: String,
    realm: String,
    /// Host and port of the realm's server; port 88 without one.
    kdc: String,
    /// Name of the service that is shown a ticket; `HTTP/` and the host of the address without it.
    service: Option<String>,
    proof: Proof,
}

/// Why there is no ticket.
#[derive(Debug, Clone, thiserror::Error)]
pub(super) enum Denied {
    /// The server of the realm cannot be reached.
    #[error("the Kerberos server {kdc} does not answer: {cause}")]
    Away { kdc: String, cause: String },
    /// What the account shows is wrong: tried often, that locks accounts.
    #[error("{0}")]
    WrongProof(String),
    /// Anything else that waiting does not heal.
    #[error("{0}")]
    Refused(String),
}

impl KerberosAccount {
    /// Reads `principal`, `kdc`, `password` or `keytab` (the file in base64), and `service` where it is another than usual; says what is
    /// wrong with them.
    pub(super) fn of(table: &mut SecretTable) -> Result<Self, String> {
        let mut text = |key: &str| {
            table
                .remove(key)
                .map(|value| value.expose().trim().to_owned())
        };
        let whole = text("principal").unwrap_or_default();
        let named = whole
            .rsplit_once('@')
            .filter(|(name, realm)| !name.is_empty() && !realm.is_empty());
        let (principal, realm) = named.ok_or("principal is written as name@REALM")?;
        let kdc = text("kdc").filter(|kdc| !kdc.is_empty());
        let kdc = kdc.ok_or(
            "kdc names the host of the realm's Kerberos server, with its port where it is not 88",
        )?;
        let (keytab, service) = (text("keytab"), text("service"));
        let proof = match (table.remove("password"), keytab) {
            (Some(password), None) => Proof::Password(password),
            (None, Some(keytab)) => {
                let digits: String = keytab.split_whitespace().collect();
                let file = STANDARD
                    .decode(digits)
                    .map_err(|_| "keytab is the file in base64")?;
                Proof::Keytab(Secret::new(file))
            }
            _ => return Err("there is either a password or a keytab".to_owned()),
        };
        Ok(Self {
            principal: principal.to_owned(),
            realm: realm.to_owned(),
            kdc,
            service,
            proof,
        })
    }

    /// The same account for a server at this host.
    pub(super) fn at(&self, host: &str) -> Self {
        let usual = || format!("HTTP/{host}");
        Self {
            service: Some(self.service.clone().unwrap_or_else(usual)),
            ..self.clone()
        }
    }

    /// The ticket with which others are asked for.
    async fn sign_in(&self, now: Timestamp) -> Result<Held, Denied> {
        // Asked without a proof, the server says how a key is derived from the password.
        let request =
            messages::first_request(&self.principal, &self.realm, rand::random(), now, None);
        let answer = self.ask(request).await?;
        let refusal = match messages::first_reply(&answer, None) {
            Ok(Answer::Refused(refusal)) => refusal,
            Ok(Answer::Granted(held)) => return Ok(held),
            Err(error) => return Err(self.unreadable(&error)),
        };
        if refusal.code != PREAUTHENTICATION_REQUIRED {
            return Err(self.refused(&refusal, now));
        }
        let key = self.key(&refusal)?;
        let request = messages::first_request(
            &self.principal,
            &self.realm,
            rand::random(),
            now,
            Some(&key),
        );
        let answer = self.ask(request).await?;
        match messages::first_reply(&answer, Some(&key)) {
            Ok(Answer::Granted(held)) => Ok(held),
            Ok(Answer::Refused(refusal)) => Err(self.refused(&refusal, now)),
            Err(error) => Err(self.unreadable(&error)),
        }
    }

    async fn ticket(&self, first: &Held, now: Timestamp) -> Result<Held, Denied> {
        let request =
            messages::service_request(first, &self.realm, self.service(), rand::random(), now);
        let answer = self.ask(request).await?;
        match messages::service_reply(&answer, first) {
            Ok(Answer::Granted(held)) => Ok(held),
            Ok(Answer::Refused(refusal)) => Err(self.refused(&refusal, now)),
            Err(error) => Err(self.unreadable(&error)),
        }
    }

    fn key(&self, refusal: &Refusal) -> Result<Key, Denied> {
        let refuse = |text: String| Denied::Refused(text);
        match &self.proof {
            Proof::Password(password) => {
                let (etype, salt) = refusal.derive.clone().ok_or_else(|| {
                    refuse(format!(
                        "the Kerberos server {} offers no AES key for {}",
                        self.kdc,
                        self.named()
                    ))
                })?;
                let usual = || format!("{}{}", self.realm, self.principal.replace('/', ""));
                Key::of_password(etype, password.expose(), &salt.unwrap_or_else(usual))
                    .map_err(|error| self.unreadable(&error))
            }
            Proof::Keytab(file) => {
                let entries = keytab::entries(file.expose())
                    .ok_or_else(|| refuse("the keytab cannot be read".to_owned()))?;
                let mine = entries
                    .into_iter()
                    .filter(|entry| entry.principal == self.principal && entry.realm == self.realm);
                let keys = mine.filter_map(|entry| {
                    let etype = u8::try_from(entry.etype)
                        .ok()
                        .filter(|etype| Key::is_spoken(*etype))?;
                    Some((
                        (entry.version, etype),
                        Key {
                            etype,
                            bytes: entry.key,
                        },
                    ))
                });
                let newest = keys.max_by_key(|(order, _)| *order);
                newest.map(|(_, key)| key).ok_or_else(|| {
                    refuse(format!("the keytab holds no AES key of {}", self.named()))
                })
            }
        }
    }

    fn service(&self) -> &str {
        self.service.as_deref().unwrap_or_default()
    }

    fn named(&self) -> String {
        format!("{}@{}", self.principal, self.realm)
    }

    /// One question over TCP.
    async fn ask(&self, request: Result<Vec<u8>, Malformed>) -> Result<Vec<u8>, Denied> {
        let request = request.map_err(|error| self.unreadable(&error))?;
        let away = |cause: String| Denied::Away {
            kdc: self.kdc.clone(),
            cause,
        };
        let has_port = self
            .kdc
            .rsplit_once(':')
            .is_some_and(|(_, port)| port.parse::<u16>().is_ok());
        let address = if has_port {
            self.kdc.clone()
        } else {
            format!("{}:88", self.kdc)
        };
        let exchange = async {
            let mut stream = TcpStream::connect(&address).await?;
            let length = u32::try_from(request.len()).unwrap_or(u32::MAX);
            stream
                .write_all(&[&length.to_be_bytes(), request.as_slice()].concat())
                .await?;
            let length = stream.read_u32().await?;
            if length > limits::KERBEROS_ANSWER_BYTES {
                return Err(io::Error::other("its answer is too large"));
            }
            let mut answer = vec![0; usize::try_from(length).unwrap_or(0)];
            stream.read_exact(&mut answer).await?;
            Ok(answer)
        };
        match tokio::time::timeout(limits::KERBEROS_ANSWER, exchange).await {
            Ok(answer) => answer.map_err(|error| away(error.to_string())),
            Err(_) => Err(away(format!(
                "no answer within {} s",
                limits::KERBEROS_ANSWER.as_secs()
            ))),
        }
    }

    fn unreadable(&self, error: &Malformed) -> Denied {
        Denied::Refused(format!(
            "what the Kerberos server {} says cannot be used: {error}",
            self.kdc
        ))
    }

    fn refused(&self, refusal: &Refusal, now: Timestamp) -> Denied {
        let Refusal { code, text, at, .. } = refusal;
        let (kdc, who, realm, service) = (&self.kdc, self.named(), &self.realm, self.service());
        let with = match self.proof {
            Proof::Password(_) => "the password",
            Proof::Keytab(_) => "the key of the keytab",
        };
        let problem = match code {
            6 => format!("the Kerberos server {kdc} does not know {who}"),
            7 => format!(
                "the Kerberos server {kdc} does not know the service {service}; it must be registered for the account under which PI Web API runs"
            ),
            18 => format!("the account {who} is locked or switched off"),
            23 => format!("the password of {who} has expired"),
            24 | 31 => format!("{with} of {who} is wrong"),
            37 => {
                let apart = at.map_or(0, |at| at.duration_since(now).as_secs().abs());
                format!(
                    "the clocks of this machine and of the Kerberos server {kdc} are {apart} s apart; set both by the same source of time"
                )
            }
            68 => format!("the Kerberos server {kdc} is not one of the realm {realm}"),
            code => format!("the Kerberos server {kdc} refuses {who} with error {code} {text}")
                .trim()
                .to_owned(),
        };
        if matches!(code, 18 | 23 | 24 | 31) {
            Denied::WrongProof(problem)
        } else {
            Denied::Refused(problem)
        }
    }
}

/// The server wants to be shown a key first.
const PREAUTHENTICATION_REQUIRED: u32 = 25;
