//! Activation codes: how a person gets the first password, or a new one, without anyone else knowing it.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use dcp::clock::Timestamp;
use dcp::http::{Caller, Json, Path, Problem};
use dcp::identity::new_code;
use dcp::model::UserId;
use dcp::params;
use dcp::secrets::Secret;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::accounts::normalised;
use crate::address::ClientAddress;
use crate::limits::ACTIVATION;
use crate::passwords::check_rules;
use crate::sessions::{Session, with_cookie};
use crate::{Login, fingerprint};

/// A code to hand to the person, shown once.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Code {
    code: String,
    expires_at: Timestamp,
}

/// Issues a code with which a person sets a password; an earlier code ends.
#[utoipa::path(post, path = "/api/login/accounts/{user_id}/activation", tag = "password", params(("user_id" = String, Path)),
    responses((status = 200, body = Code), (status = 404, body = Problem)))]
pub(crate) async fn issue(
    State(login): State<Login>,
    caller: Caller,
    Path(user): Path<UserId>,
) -> Result<Json<Code>, Problem> {
    let account = login.account_by_id(user.as_str()).await?;
    if !account.active {
        return Err(Problem::conflict("This user is not active."));
    }
    let code = new_code();
    let expires_at = login.now() + ACTIVATION;
    login
        .store
        .write(
            "activation_put",
            params![&user, fingerprint(&code), expires_at],
        )
        .await?;
    tracing::info!(user.id = %user, by = %caller.id(), "an activation code was issued");
    Ok(Json(Code { code, expires_at }))
}

/// How a code is stored: as it was handed over, whatever the person typed around it.
pub(crate) fn fingerprint_of_code(code: &Secret<String>) -> String {
    fingerprint(&code.expose().trim().to_uppercase())
}

/// A code and the password to set with it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Activate {
    /// User name.
    #[schema(max_length = 128)]
    login: String,
    /// The code as it was handed over.
    #[schema(value_type = String)]
    code: Secret<String>,
    /// The new password: 12 to 128 characters.
    #[schema(value_type = String, format = Password, min_length = 12, max_length = 128)]
    password: Secret<String>,
}

/// Sets a password with a code, and signs in.
#[utoipa::path(post, path = "/api/login/activate", tag = "password", request_body = Activate, responses(
    (status = 200, body = Session), (status = 401, body = Problem), (status = 422, body = Problem), (status = 429, body = Problem)))]
pub(crate) async fn activate(
    State(login): State<Login>,
    address: ClientAddress,
    Json(given): Json<Activate>,
) -> Result<Response, Problem> {
    let name = normalised(&given.login);
    check_rules(&given.password, &name, "/password")?;
    let counted = login.count_attempt(&name, &address.0).await?;
    let refused = || {
        Problem::new(
            StatusCode::UNAUTHORIZED,
            "bad-code",
            "User name or code is wrong, or the code has ended",
        )
    };
    let account = login
        .account(&name)
        .await?
        .filter(|account| account.active)
        .ok_or_else(refused)?;
    let mut tx = login.store.begin().await?;
    let code = fingerprint_of_code(&given.code);
    if tx
        .call("activation_take", params![&account.user_id, code, tx.now()])
        .await?
        .affected()
        == 0
    {
        return Err(refused());
    }
    counted.forgive(&mut tx).await?;
    login
        .set_password(&mut tx, &account.user_id, &given.password, "")
        .await?;
    let (secret, session) = login
        .open_session(
            &mut tx,
            crate::accounts::Account {
                must_change: false,
                ..account
            },
        )
        .await?;
    tx.commit().await?;
    tracing::info!(login = name, "a password was set with a code");
    Ok(with_cookie(Json(session).into_response(), &secret, ""))
}
