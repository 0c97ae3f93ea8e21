//! Changing one's own password.

use axum::extract::State;
use axum::http::StatusCode;
use dcp::http::{Caller, Json, Problem};
use dcp::params;
use dcp::secrets::Secret;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::address::ClientAddress;
use crate::passwords::check_rules;
use crate::{Login, fingerprint, only_people};

/// The new password, and either the old one or an activation code.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Change {
    /// The present password.
    #[schema(value_type = Option<String>, format = Password)]
    old: Option<Secret<String>>,
    /// An activation code instead of the present password.
    #[schema(value_type = Option<String>)]
    code: Option<Secret<String>>,
    /// The new password: 12 to 128 characters.
    #[schema(value_type = String, format = Password, min_length = 12, max_length = 128)]
    new: Secret<String>,
}

/// Changes the password of who is signed in and ends all their other sessions and tokens.
#[utoipa::path(post, path = "/api/login/password", tag = "password", request_body = Change, responses(
    (status = 204), (status = 401, body = Problem), (status = 422, body = Problem), (status = 429, body = Problem)))]
pub(crate) async fn change(
    State(login): State<Login>,
    address: ClientAddress,
    caller: Caller,
    Json(given): Json<Change>,
) -> Result<StatusCode, Problem> {
    if caller.is_service() {
        return Err(only_people());
    }
    check_rules(&given.new, caller.login(), "/new")?;
    let counted = login.count_attempt(caller.login(), &address.0).await?;
    let account = login.account_by_id(caller.id().as_str()).await?;
    let mut tx = match (&given.old, &given.code) {
        (Some(old), None) => {
            if !login
                .hasher
                .fits(old, account.password_hash.as_deref())
                .await?
            {
                return Err(Problem::new(
                    StatusCode::UNAUTHORIZED,
                    "bad-credentials",
                    "The present password is wrong",
                )
                .part("/old", "This is not your present password."));
            }
            login.store.begin().await?
        }
        (None, Some(code)) => {
            let mut tx = login.store.begin().await?;
            let taken = tx
                .call(
                    "activation_take",
                    params![caller.id(), fingerprint(code.expose()), tx.now()],
                )
                .await?;
            if taken.affected() == 0 {
                return Err(wrong("/code", "This code is wrong or has ended."));
            }
            tx
        }
        _ => return Err(wrong("/old", "Give either the present password or a code.")),
    };
    counted.forgive(&mut tx).await?;
    login
        .set_password(&mut tx, caller.id().as_str(), &given.new, caller.session())
        .await?;
    tx.commit().await?;
    tracing::info!(user.id = %caller.id(), "a password was changed");
    Ok(StatusCode::NO_CONTENT)
}

fn wrong(pointer: &str, detail: &str) -> Problem {
    Problem::unprocessable("The password was not changed.").part(pointer, detail)
}
