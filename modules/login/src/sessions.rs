//! Signing in and out.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use dcp::clock::Timestamp;
use dcp::http::{Caller, Json, Problem};
use dcp::identity::{Grants, SESSION_COOKIE, new_secret};
use dcp::params;
use dcp::secrets::Secret;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::accounts::{Account, normalised};
use crate::address::ClientAddress;
use crate::limits::SESSION;
use crate::{Login, fingerprint, only_people};

/// Name and password.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SignIn {
    /// User name; case does not matter.
    #[schema(max_length = 128)]
    login: String,
    /// Password.
    #[schema(value_type = String, format = Password, max_length = 1024)]
    password: Secret<String>,
}

/// Who is signed in, and what they may do.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Session {
    user: SignedIn,
    /// Permissions by site, `*` for all. Empty as long as the password must be changed.
    #[schema(value_type = std::collections::BTreeMap<String, Vec<String>>)]
    grants: Grants,
    /// When the session ends at the latest; half an hour without a request ends it too.
    expires_at: Timestamp,
    /// Whether nothing else is possible before the password is changed.
    must_change_password: bool,
}

#[derive(Debug, Serialize, ToSchema)]
struct SignedIn {
    id: String,
    login: String,
    name: String,
}

/// A stored session or token with its owner.
#[derive(Debug, Deserialize)]
pub(crate) struct Stored {
    pub(crate) id: String,
    pub(crate) seen_at: Timestamp,
    pub(crate) expires_at: Timestamp,
    pub(crate) user_id: String,
    pub(crate) login: String,
    pub(crate) name: String,
    pub(crate) grants: Grants,
    pub(crate) must_change: bool,
}

impl Stored {
    /// Nothing but a new password is possible while it must be changed.
    pub(crate) fn effective_grants(&self) -> Grants {
        if self.must_change {
            Grants::new()
        } else {
            self.grants.clone()
        }
    }
}

fn bad_credentials() -> Problem {
    Problem::new(
        StatusCode::UNAUTHORIZED,
        "bad-credentials",
        "User name or password is wrong",
    )
}

/// Signs in with name and password.
#[utoipa::path(post, path = "/api/login/session", tag = "session", request_body = SignIn, responses(
    (status = 200, body = Session), (status = 401, body = Problem), (status = 429, body = Problem)))]
pub(crate) async fn sign_in(
    axum::extract::State(login): axum::extract::State<Login>,
    address: ClientAddress,
    before: Option<Caller>,
    Json(given): Json<SignIn>,
) -> Result<Response, Problem> {
    if given.login.len() > 128 || given.password.expose().len() > 1024 {
        return Err(bad_credentials());
    }
    let name = normalised(&given.login);
    let counted = login.count_attempt(&name, &address.0).await?;
    let account = login.account(&name).await?.filter(|account| account.active);
    let stored = account
        .as_ref()
        .and_then(|account| account.password_hash.as_deref());
    let fits = login.hasher.fits(&given.password, stored).await?;
    let Some(account) = account.filter(|_| fits) else {
        tracing::info!(login = name, address = address.0, "a sign-in failed");
        return Err(bad_credentials());
    };
    let mut tx = login.store.begin().await?;
    counted.forgive(&mut tx).await?;
    tx.call(
        "address_put",
        params![&account.user_id, &address.0, tx.now()],
    )
    .await?;
    if let Some(before) = before {
        tx.call(
            "session_end",
            params![before.session(), before.id(), "session"],
        )
        .await?;
    }
    let (secret, session) = login.open_session(&mut tx, account).await?;
    tx.commit().await?;
    tracing::info!(user.id = session.user.id, address = address.0, "signed in");
    Ok(with_cookie(Json(session).into_response(), &secret, ""))
}

impl Login {
    /// A new session with a new secret for that account.
    pub(crate) async fn open_session(
        &self,
        tx: &mut dcp::store::Tx<'_>,
        account: Account,
    ) -> Result<(String, Session), Problem> {
        let (id, secret, now) = (self.ids.next(), new_secret(), tx.now());
        let expires_at = now + SESSION;
        let hash = fingerprint(&secret);
        tx.call(
            "session_add",
            params![id, hash, &account.user_id, "session", "", now, expires_at],
        )
        .await?;
        let grants = if account.must_change {
            Grants::new()
        } else {
            account.grants
        };
        let user = SignedIn {
            id: account.user_id,
            login: account.login,
            name: account.name,
        };
        Ok((
            secret,
            Session {
                user,
                grants,
                expires_at,
                must_change_password: account.must_change,
            },
        ))
    }
}

/// Sets the session's cookie; `ending` is empty or ends it.
pub(crate) fn with_cookie(mut response: Response, secret: &str, ending: &str) -> Response {
    let cookie =
        format!("{SESSION_COOKIE}={secret}; Path=/; Secure; HttpOnly; SameSite=Lax{ending}");
    if let Ok(cookie) = HeaderValue::from_str(&cookie) {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    response
}

/// Who is signed in.
#[utoipa::path(get, path = "/api/login/session", tag = "session", responses((status = 200, body = Session), (status = 401, body = Problem)))]
pub(crate) async fn current(
    axum::extract::State(login): axum::extract::State<Login>,
    caller: Caller,
) -> Result<Json<Session>, Problem> {
    if caller.is_service() {
        return Err(only_people());
    }
    let stored: Option<Stored> = login
        .store
        .read("session_by_id", params![caller.session()])
        .await?
        .optional()?;
    let stored = stored.ok_or_else(Problem::unauthenticated)?;
    Ok(Json(Session {
        grants: stored.effective_grants(),
        user: SignedIn {
            id: stored.user_id,
            login: stored.login,
            name: stored.name,
        },
        expires_at: stored.expires_at,
        must_change_password: stored.must_change,
    }))
}

/// Signs out.
#[utoipa::path(delete, path = "/api/login/session", tag = "session", responses((status = 204), (status = 401, body = Problem)))]
pub(crate) async fn sign_out(
    axum::extract::State(login): axum::extract::State<Login>,
    caller: Caller,
) -> Result<Response, Problem> {
    login
        .store
        .write(
            "session_end",
            params![caller.session(), caller.id(), "session"],
        )
        .await?;
    Ok(with_cookie(
        StatusCode::NO_CONTENT.into_response(),
        "",
        "; Max-Age=0",
    ))
}
