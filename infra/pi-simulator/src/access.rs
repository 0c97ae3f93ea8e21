//! Who may ask: Basic, Bearer, the challenge of Negotiate, or anybody.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hyper::header::{AUTHORIZATION, HeaderMap};

use crate::faults::Faults;

/// What callers must show; nothing lets everybody in.
#[derive(Debug, Clone, Default)]
pub struct Access {
    /// Name and password of Basic authentication.
    pub credentials: Option<(String, String)>,
    /// Bearer tokens that are accepted.
    pub tokens: Vec<String>,
    /// Whether callers are challenged for Kerberos, which the simulator cannot check: nobody gets in by it.
    pub negotiate: bool,
}

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// `Anonymous`, `Basic` or `Bearer`.
    pub kind: &'static str,
    /// The name; empty for an anonymous caller.
    pub name: String,
}

/// Why a caller is not let in: the values of `WWW-Authenticate`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Challenge(pub Vec<String>);

impl Access {
    /// Who asks, or what to ask for.
    pub fn check(&self, headers: &HeaderMap, faults: &Faults) -> Result<Caller, Challenge> {
        if self.credentials.is_none() && self.tokens.is_empty() && !self.negotiate {
            return Ok(caller("Anonymous", ""));
        }
        let given = headers
            .get(AUTHORIZATION)
            .and_then(|header| header.to_str().ok())
            .and_then(|header| header.split_once(' '));
        let Some((scheme, value)) = given.map(|(scheme, value)| (scheme, value.trim())) else {
            return Err(self.challenge(""));
        };
        if scheme.eq_ignore_ascii_case("bearer") {
            return self.bearer(value, faults);
        }
        self.basic(scheme, value).ok_or_else(|| self.challenge(""))
    }

    fn basic(&self, scheme: &str, value: &str) -> Option<Caller> {
        let (name, password) = self.credentials.as_ref()?;
        let given = String::from_utf8(STANDARD.decode(value).ok()?).ok()?;
        let known = scheme.eq_ignore_ascii_case("basic") && given == format!("{name}:{password}");
        known.then(|| caller("Basic", name))
    }

    fn bearer(&self, token: &str, faults: &Faults) -> Result<Caller, Challenge> {
        if !self.tokens.iter().any(|known| known == token) {
            return Err(self.challenge(", error=\"invalid_token\""));
        }
        if faults.expired(token) {
            return Err(self.challenge(
                ", error=\"invalid_token\", error_description=\"The token has expired\"",
            ));
        }
        Ok(caller("Bearer", "token"))
    }

    fn challenge(&self, of_token: &str) -> Challenge {
        let realm = "realm=\"PI Web API simulator\"";
        let mut schemes = Vec::new();
        if self.credentials.is_some() {
            schemes.push(format!("Basic {realm}"));
        }
        if !self.tokens.is_empty() {
            schemes.push(format!("Bearer {realm}{of_token}"));
        }
        if self.negotiate {
            schemes.extend(["Negotiate".to_owned(), "NTLM".to_owned()]);
        }
        Challenge(schemes)
    }
}

fn caller(kind: &'static str, name: &str) -> Caller {
    Caller {
        kind,
        name: name.to_owned(),
    }
}
