//! The edge's question: who stands behind this credential?

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use dcp::http::{Json, Problem};
use dcp::identity::{EDGE_KEY, Grants, Kind, Resolve, Resolved, SERVICE_PREFIX};
use dcp::params;
use dcp::secrets::{Secret, SecretsError};

use crate::limits::{IDLE, SEEN};
use crate::sessions::Stored;
use crate::{Login, fingerprint};

/// Resolves a credential for the edge, which shows its own key; never reachable through the edge itself.
#[utoipa::path(post, path = "/internal/resolve", tag = "edge", request_body = Resolve, responses(
    (status = 200, body = Resolved), (status = 401, body = Problem), (status = 403, body = Problem)))]
pub(crate) async fn resolve(
    State(login): State<Login>,
    headers: HeaderMap,
    Json(question): Json<Resolve>,
) -> Result<Json<Resolved>, Problem> {
    let shown = headers
        .get(EDGE_KEY)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    if !login.edge_key.is(shown).await {
        return Err(Problem::forbidden("Only the edge may ask this."));
    }
    let found = match question.credential.strip_prefix(SERVICE_PREFIX) {
        Some(rest) => login.service(rest, &question.credential).await?,
        None => login.person(&question.credential).await?,
    };
    found.map(Json).ok_or_else(|| {
        Problem::new(
            StatusCode::UNAUTHORIZED,
            "unknown-credential",
            "This credential is unknown or has ended",
        )
    })
}

/// Compares without telling by its time where the texts differ; both are hashed first, so lengths do not matter either.
fn same(shown: &str, expected: &str) -> bool {
    fingerprint(shown) == fingerprint(expected) && !expected.is_empty()
}

impl Login {
    async fn person(&self, credential: &str) -> Result<Option<Resolved>, Problem> {
        let now = self.now();
        let values = params![fingerprint(credential), now, now - IDLE];
        let Some(stored) = self
            .store
            .read("session_by_secret", values)
            .await?
            .optional::<Stored>()?
        else {
            return Ok(None);
        };
        if stored.seen_at + SEEN < now {
            self.store
                .write("session_seen", params![&stored.id, now])
                .await?;
        }
        let id = stored.user_id.parse().map_err(Problem::internal)?;
        let grants = stored.effective_grants();
        Ok(Some(Resolved {
            id,
            login: stored.login,
            name: stored.name,
            kind: Kind::User,
            grants,
            session: stored.id,
        }))
    }

    /// `svc_<module>_<secret>`: the module's own credential, secret `service/<module>#token`.
    async fn service(&self, rest: &str, credential: &str) -> Result<Option<Resolved>, Problem> {
        let Some((module, _)) = rest.split_once('_') else {
            return Ok(None);
        };
        let token: Secret<String> =
            match dcp::secrets::get(self.secrets.as_ref(), &format!("service/{module}"), "token")
                .await
            {
                Ok(token) => token,
                Err(SecretsError::Missing(_)) => return Ok(None),
                Err(error) => {
                    return Err(Problem::unavailable("The provider of secrets").because(error));
                }
            };
        let Ok(id) = format!("service:{module}").parse() else {
            return Ok(None);
        };
        let (login, name) = (module.to_owned(), module.to_owned());
        let known = same(credential, token.expose());
        Ok(known.then(|| Resolved {
            id,
            login,
            name,
            kind: Kind::Service,
            grants: Grants::new(),
            session: String::new(),
        }))
    }
}
