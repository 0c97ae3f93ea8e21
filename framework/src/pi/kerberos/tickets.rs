//! The tickets of an account, shared by all readers of this process: sources are opened anew now and then, and a sign-in each time would be
//! one too many, and with a wrong password lock the account.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};
use tokio::sync::Mutex as AsyncMutex;

use super::messages::{self, Held};
use super::{Denied, KerberosAccount, Proof};
use crate::limits;

/// The tickets of an account for one service.
#[derive(Debug)]
pub(in crate::pi) struct Tickets {
    account: KerberosAccount,
    state: AsyncMutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// That with which others are asked for, and that of the service.
    held: Option<(Held, Held)>,
    /// Why there is none, and until when nobody is asked again.
    denied: Option<(Denied, Timestamp)>,
}

impl Tickets {
    /// Those of an account that is shown the same way.
    pub(in crate::pi) fn of(account: KerberosAccount) -> Arc<Self> {
        static KNOWN: OnceLock<Mutex<HashMap<[u8; 32], Arc<Tickets>>>> = OnceLock::new();
        let mut known = KNOWN
            .get_or_init(Mutex::default)
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if known.len() >= limits::KERBEROS_ACCOUNTS {
            known.retain(|_, tickets| Arc::strong_count(tickets) > 1);
        }
        let tickets = known.entry(fingerprint(&account)).or_insert_with(|| {
            Arc::new(Self {
                account,
                state: AsyncMutex::default(),
            })
        });
        Arc::clone(tickets)
    }

    /// What one request shows. Others wait while one signs in.
    pub(in crate::pi) async fn token(&self, now: Timestamp) -> Result<Vec<u8>, Denied> {
        let mut state = self.state.lock().await;
        if let Some((denied, until)) = &state.denied
            && now < *until
        {
            return Err(denied.clone());
        }
        let service = match self.service(&state, now).await {
            Ok((first, service)) => {
                state.held = Some((first, service.clone()));
                state.denied = None;
                service
            }
            Err(denied) => {
                let rest = match denied {
                    Denied::Away { .. } => limits::KERBEROS_REST,
                    Denied::Refused(_) => limits::KERBEROS_REST_REFUSED,
                    Denied::WrongProof(_) => limits::KERBEROS_REST_WRONG,
                };
                let until = now.checked_add(rest).unwrap_or(now);
                state.denied = Some((denied.clone(), until));
                return Err(denied);
            }
        };
        messages::http_token(&service, now).map_err(|error| self.account.unreadable(&error))
    }

    async fn service(&self, state: &State, now: Timestamp) -> Result<(Held, Held), Denied> {
        let usable = |ticket: &Held| ticket.end.duration_since(now) > BEFORE_END;
        let first = state.held.as_ref().map(|(first, _)| first);
        match &state.held {
            Some((first, service)) if usable(service) => Ok((first.clone(), service.clone())),
            _ => {
                let first = match first.filter(|first| usable(first)) {
                    Some(first) => first.clone(),
                    None => self.account.sign_in(now).await?,
                };
                let service = self.account.ticket(&first, now).await?;
                Ok((first, service))
            }
        }
    }

    /// Uses none of the tickets any more, after one was refused.
    pub(in crate::pi) async fn forget(&self) {
        self.state.lock().await.held = None;
    }
}

/// A ticket is not used any more so long before it ends: clocks differ, and requests take their time.
const BEFORE_END: SignedDuration = SignedDuration::from_mins(2);

fn fingerprint(account: &KerberosAccount) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in [
        account.principal.as_str(),
        &account.realm,
        &account.kdc,
        account.service(),
    ] {
        hash.update(part.len().to_be_bytes());
        hash.update(part);
    }
    match &account.proof {
        Proof::Password(password) => hash.update([b"p", password.expose().as_bytes()].concat()),
        Proof::Keytab(file) => hash.update([b"k", file.expose().as_slice()].concat()),
    }
    hash.finalize().into()
}
