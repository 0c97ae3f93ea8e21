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
use crate::identity::{
    EDGE_KEY, Grants, PUBLIC_KEY, Principal, RESOLVE_PATH, Resolve, Resolved, Signer, Verifier,
};
use crate::model::{Permission, Zone};
use crate::node::body::Body;
use crate::node::supervisor::Supervisor;
use crate::secrets::{Secret, Secrets, get};

/// How long the edge believes an answer of login: so long a closed session may still work.
const REMEMBER: Duration = Duration::from_secs(5);
/// Credentials remembered at once.
const REMEMBERED: usize = 10_000;
/// Longer texts are no credential.
const CREDENTIAL_BYTES: usize = 16 * 1024;
/// An identity with the grants of some dozen sites is far smaller.
const IDENTITY_BYTES: usize = 256 * 1024;
/// Module that knows sessions.
const LOGIN: &str = "login";

/// Who calls, and the token that says so to modules.
#[derive(Debug)]
pub(crate) struct Identity {
    pub(crate) login: String,
    grants: Grants,
    /// Value of the `Authorization` header for modules.
    pub(crate) bearer: HeaderValue,
}

impl Identity {
    /// Whether the permission is held at one site at least.
    pub(crate) fn may(&self, permission: &Permission) -> bool {
        self.grants.values().any(|held| held.contains(permission))
    }
}

type Known = Option<Arc<Identity>>;

/// The edge's memory of credentials and its signing key.
pub(crate) struct Sessions {
    signer: Signer,
    verifier: Verifier,
    edge_key: Secret<String>,
    zone: Zone,
    known: Mutex<HashMap<String, (Instant, Known)>>,
}

impl Sessions {
    pub(crate) async fn open(secrets: &dyn Secrets, zone: Zone) -> anyhow::Result<Self> {
        let signer = Signer::from_pem(&get(secrets, "identity", "private_key").await?)?;
        let verifier = Verifier::from_pem(get(secrets, PUBLIC_KEY, "key").await?.expose())?;
        let edge_key = get(secrets, "edge", "key").await?;
        Ok(Self {
            signer,
            verifier,
            edge_key,
            zone,
            known: Mutex::default(),
        })
    }

    /// Whether the caller holds the key that edges and login share.
    pub(crate) fn is_edge(&self, headers: &HeaderMap) -> bool {
        use subtle::ConstantTimeEq;
        headers.get(EDGE_KEY).is_some_and(|key| {
            key.as_bytes()
                .ct_eq(self.edge_key.expose().as_bytes())
                .into()
        })
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
                .verifier
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
        if let Some((until, known)) = self.memory().get(credential)
            && *until > Instant::now()
        {
            return Ok(known.clone());
        }
        let known = match self.ask(credential, supervisor, peers).await? {
            Some(answer) => Some(Arc::new(self.sign(&answer)?)),
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
        let request = self
            .question(question.into())
            .ok_or_else(|| missing("the edge's key is not usable in a header"))?;
        let answer = match supervisor.modules.get(LOGIN) {
            Some(module) => proxy::send(module, request).await,
            None => peers.resolve(request).await,
        };
        let answer = answer?;
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

    fn question(&self, body: Bytes) -> Option<Request<Body>> {
        let mut request = Request::new(Body::from(body));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = Uri::from_static(RESOLVE_PATH);
        let headers = request.headers_mut();
        headers.insert(HOST, HeaderValue::from_static("localhost"));
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(
            EDGE_KEY,
            HeaderValue::from_str(self.edge_key.expose()).ok()?,
        );
        Some(request)
    }

    fn sign(&self, answer: &Resolved) -> Result<Identity, Problem> {
        let claims = answer.claims(self.zone, jiff::Timestamp::now());
        let failed = |detail: String| Problem::unavailable(LOGIN, detail);
        let token = self
            .signer
            .sign(&claims)
            .map_err(|error| failed(error.to_string()))?;
        let bearer = HeaderValue::from_str(&format!("Bearer {token}"))
            .map_err(|error| failed(error.to_string()))?;
        Ok(Identity {
            login: claims.login,
            grants: claims.grants,
            bearer,
        })
    }
}

/// A token that another edge of this platform signed is handed on as it is.
fn signed_elsewhere(principal: &Principal, token: &str) -> Result<Arc<Identity>, Problem> {
    let bearer = HeaderValue::from_str(&format!("Bearer {token}"))
        .map_err(|_| Problem::unauthorized("the token cannot be handed on"))?;
    Ok(Arc::new(Identity {
        login: principal.login.clone(),
        grants: principal.grants.clone(),
        bearer,
    }))
}

impl std::fmt::Debug for Sessions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Sessions")
    }
}
