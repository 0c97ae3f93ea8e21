//! From a credential to a signed token: session cookies, API tokens, service credentials and tokens of other edges.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::{BodyExt, Limited};
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HOST, HeaderValue};
use hyper::{HeaderMap, Method, Request, Uri};

use super::guard::session_cookie;
use super::peers::Peers;
use super::problem::Problem;
use super::proxy;
use crate::identity::{Claims, EDGE_KEY, Principal, RESOLVE_PATH, Resolve, Resolved, Signatory};
use crate::model::{Permission, Zone};
use crate::node::body::Body;
use crate::node::supervisor::Supervisor;
use crate::secrets::{Held, Secret, Secrets};

/// How long the edge believes an answer of login: so long a closed session may still work.
const REMEMBER: Duration = Duration::from_secs(5);
/// Credentials remembered at once.
const REMEMBERED: usize = 10_000;
/// A token with more left of its life is used on for the same caller: signing may be a question to the vault.
const FRESH_SECONDS: i64 = 30;
/// A token with more left still serves while no new one can be signed.
const GOOD_SECONDS: i64 = 10;
/// Longer texts are no credential.
const CREDENTIAL_BYTES: usize = 16 * 1024;
/// An identity with the grants of some dozen sites is far smaller.
const IDENTITY_BYTES: usize = 256 * 1024;
/// Module that knows sessions.
const LOGIN: &str = "login";

/// Who calls, and the token that says so to modules.
#[derive(Debug)]
pub(crate) struct Identity {
    pub(crate) caller: Resolved,
    /// Value of the `Authorization` header for modules.
    pub(crate) bearer: HeaderValue,
    /// Seconds since 1970 at which the token in it ends.
    ends: i64,
}

impl Identity {
    /// Whether the permission is held at one site at least.
    pub(crate) fn may(&self, permission: &Permission) -> bool {
        self.caller
            .grants
            .values()
            .any(|held| held.contains(permission))
    }

    /// Whether its token speaks for that caller and lives for more than so many seconds yet.
    fn serves(&self, caller: &Resolved, seconds: i64) -> bool {
        self.caller == *caller && self.ends - jiff::Timestamp::now().as_second() > seconds
    }
}

type Known = Option<Arc<Identity>>;

/// The edge's memory of credentials, and what signs.
pub(crate) struct Sessions {
    pub(super) signatory: Arc<Signatory>,
    edge_key: Held,
    zone: Zone,
    known: Mutex<HashMap<String, (Instant, Known)>>,
}

impl Sessions {
    pub(crate) async fn open(secrets: Arc<dyn Secrets>, zone: Zone) -> anyhow::Result<Self> {
        let edge_key = Held::open(secrets.clone(), "edge", "key").await?;
        Ok(Self {
            signatory: Arc::new(Signatory::open(secrets).await?),
            edge_key,
            zone,
            known: Mutex::default(),
        })
    }

    /// Whether the caller holds the key that edges and login share.
    pub(crate) async fn is_edge(&self, headers: &HeaderMap) -> bool {
        let shown = headers.get(EDGE_KEY).and_then(|key| key.to_str().ok());
        match shown {
            Some(shown) => self.edge_key.is(shown).await,
            None => false,
        }
    }

    /// Who calls; nobody without a credential or with the cookie of a session that has ended.
    pub(crate) async fn identify(
        &self,
        headers: &HeaderMap,
        supervisor: &Supervisor,
        peers: &Peers,
    ) -> Result<Known, Problem> {
        let bearer = headers
            .get(AUTHORIZATION)
            .map(|value| value.to_str().unwrap_or_default());
        let Some(bearer) = bearer else {
            return match session_cookie(headers) {
                Some(session) => self.recall_or_ask(session, supervisor, peers).await,
                None => Ok(None),
            };
        };
        let unknown = || {
            Problem::unauthorized(
                "the credential is unknown or has ended; `dcp login` makes a new one",
            )
        };
        let credential = bearer
            .strip_prefix("Bearer ")
            .map(str::trim)
            .ok_or_else(|| {
                Problem::unauthorized("the Authorization header must be `Bearer <credential>`")
            })?;
        if credential.bytes().filter(|byte| *byte == b'.').count() == 2 {
            let principal = self
                .signatory
                .verifier()
                .verify(credential, jiff::Timestamp::now())
                .map_err(|refused| Problem::unauthorized(refused.to_string()))?;
            return signed_elsewhere(&principal, credential).map(Some);
        }
        self.recall_or_ask(credential, supervisor, peers)
            .await?
            .map(Some)
            .ok_or_else(unknown)
    }

    async fn recall_or_ask(
        &self,
        credential: &str,
        supervisor: &Supervisor,
        peers: &Peers,
    ) -> Result<Known, Problem> {
        if credential.len() > CREDENTIAL_BYTES {
            return Ok(None);
        }
        let remembered = self.memory().get(credential).cloned();
        let before = match remembered {
            Some((until, known)) if until > Instant::now() => return Ok(known),
            Some((_, known)) => known,
            None => None,
        };
        let known = match self.ask(credential, supervisor, peers).await? {
            Some(caller) => Some(self.speak_for(caller, before).await?),
            None => None,
        };
        let mut memory = self.memory();
        if memory.len() >= REMEMBERED {
            let now = Instant::now();
            memory.retain(|_, (until, _)| *until > now);
        }
        if memory.len() < REMEMBERED {
            memory.insert(
                credential.to_owned(),
                (Instant::now() + REMEMBER, known.clone()),
            );
        }
        Ok(known)
    }

    /// Forgets a caller's credential: it may just have been closed.
    pub(crate) fn forget(&self, headers: &HeaderMap) {
        let bearer = headers
            .get(AUTHORIZATION)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.strip_prefix("Bearer "));
        for credential in [bearer, session_cookie(headers)].into_iter().flatten() {
            self.memory().remove(credential.trim());
        }
    }

    fn memory(&self) -> std::sync::MutexGuard<'_, HashMap<String, (Instant, Known)>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn ask(
        &self,
        credential: &str,
        supervisor: &Supervisor,
        peers: &Peers,
    ) -> Result<Option<Resolved>, Problem> {
        let missing = |detail: &str| Problem::unavailable(LOGIN, detail);
        let question = serde_json::to_vec(&Resolve {
            credential: credential.to_owned(),
        })
        .map_err(|error| missing(&error.to_string()))?;
        let put = async |key: &Secret<String>| {
            let request = question_of(question.clone().into(), key)
                .ok_or_else(|| missing("the edge's key is not usable in a header"))?;
            match supervisor.modules.get(LOGIN) {
                Some(module) => proxy::send(module, request).await,
                None => peers.resolve(request).await,
            }
        };
        let key = self.edge_key.value();
        let mut answer = put(&key).await?;
        // Another node refuses a wrong key as if there were nothing at all.
        if matches!(answer.status().as_u16(), 403 | 404)
            && let Some(key) = self.edge_key.instead_of(&key).await
        {
            answer = put(&key).await?;
        }
        match answer.status().as_u16() {
            200 => {}
            401 | 404 => return Ok(None),
            status => {
                return Err(missing(&format!(
                    "login answers {status} when asked who is calling"
                )));
            }
        }
        let body = Limited::new(answer.into_body(), IDENTITY_BYTES)
            .collect()
            .await
            .map_err(|error| missing(&error.to_string()))?;
        serde_json::from_slice(&body.to_bytes())
            .map(Some)
            .map_err(|error| missing(&format!("login's answer is not understood: {error}")))
    }

    /// The identity of a caller: that of before while its token serves, else one with a new token.
    async fn speak_for(&self, caller: Resolved, before: Known) -> Result<Arc<Identity>, Problem> {
        if let Some(before) = before.as_ref()
            && before.serves(&caller, FRESH_SECONDS)
        {
            return Ok(before.clone());
        }
        let claims = caller.claims(self.zone, jiff::Timestamp::now());
        match self.signatory.token(&claims).await {
            Ok(token) => identity(caller, &token, &claims).map(Arc::new),
            Err(_) => before
                .filter(|before| before.serves(&caller, GOOD_SECONDS))
                .ok_or_else(Problem::unsigned),
        }
    }
}

fn question_of(body: Bytes, key: &Secret<String>) -> Option<Request<Body>> {
    let mut request = Request::new(Body::from(body));
    *request.method_mut() = Method::POST;
    *request.uri_mut() = Uri::from_static(RESOLVE_PATH);
    let headers = request.headers_mut();
    headers.insert(HOST, HeaderValue::from_static("localhost"));
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(EDGE_KEY, HeaderValue::from_str(key.expose()).ok()?);
    Some(request)
}

fn identity(caller: Resolved, token: &str, claims: &Claims) -> Result<Identity, Problem> {
    let bearer = HeaderValue::from_str(&format!("Bearer {token}"));
    Ok(Identity {
        caller,
        bearer: bearer.map_err(|_| Problem::unsigned())?,
        ends: claims.exp,
    })
}

/// A token that another edge of this platform signed is handed on as it is.
fn signed_elsewhere(principal: &Principal, token: &str) -> Result<Arc<Identity>, Problem> {
    let bearer = HeaderValue::from_str(&format!("Bearer {token}"))
        .map_err(|_| Problem::unauthorized("the token cannot be handed on"))?;
    let caller = Resolved {
        id: principal.id.clone(),
        login: principal.login.clone(),
        name: principal.name.clone(),
        kind: principal.kind,
        grants: principal.grants.clone(),
        session: principal.session.clone(),
    };
    // It is read anew with each request.
    let ends = 0;
    Ok(Arc::new(Identity {
        caller,
        bearer,
        ends,
    }))
}

impl std::fmt::Debug for Sessions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Sessions")
    }
}
