//! API tokens: what tools use instead of a password.

use axum::extract::State;
use axum::http::StatusCode;
use dcp::clock::Timestamp;
use dcp::http::{Caller, Json, Path, Problem};
use dcp::identity::{TOKEN_PREFIX, new_secret};
use dcp::params;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::limits::{TOKEN_DAYS, TOKENS};
use crate::{Login, fingerprint, only_people};

/// What the new token is for and how long it lives.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewToken {
    /// What it is for, such as the name of the tool.
    #[schema(min_length = 1, max_length = 100)]
    name: String,
    /// Its life in days.
    #[schema(minimum = 1, maximum = 366)]
    ttl_days: u32,
}

/// A new token; the only time its text is shown.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MadeToken {
    token: String,
    id: String,
    expires_at: Timestamp,
}

/// A token as its owner sees it later.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct Token {
    id: String,
    name: String,
    created_at: Timestamp,
    /// When it was used last, to the minute.
    seen_at: Timestamp,
    expires_at: Timestamp,
}

/// The caller's API tokens.
#[utoipa::path(get, path = "/api/login/tokens", operation_id = "list_tokens", tag = "tokens", responses((status = 200, body = Vec<Token>)))]
pub(crate) async fn list(
    State(login): State<Login>,
    caller: Caller,
) -> Result<Json<Vec<Token>>, Problem> {
    Ok(Json(
        login
            .store
            .read("tokens_of_user", params![caller.id(), login.now()])
            .await?
            .all()?,
    ))
}

/// Makes an API token with the caller's own permissions.
#[utoipa::path(post, path = "/api/login/tokens", tag = "tokens", request_body = NewToken,
    responses((status = 200, body = MadeToken), (status = 422, body = Problem)))]
pub(crate) async fn make(
    State(login): State<Login>,
    caller: Caller,
    Json(given): Json<NewToken>,
) -> Result<Json<MadeToken>, Problem> {
    if caller.is_service() {
        return Err(only_people());
    }
    let name = given.name.trim();
    if name.is_empty() || name.chars().count() > 100 {
        return Err(Problem::unprocessable("The token was not made.")
            .part("/name", "Give a name of at most 100 characters."));
    }
    if !(1..=TOKEN_DAYS).contains(&given.ttl_days) {
        return Err(Problem::unprocessable("The token was not made.")
            .part("/ttl_days", format!("Give 1 to {TOKEN_DAYS} days.")));
    }
    let (id, now) = (login.ids.next(), login.now());
    let token = format!("{TOKEN_PREFIX}{}", new_secret());
    let expires_at = now + std::time::Duration::from_secs(u64::from(given.ttl_days) * 24 * 3600);
    let mut tx = login.store.begin().await?;
    if tx
        .call("tokens_of_user", params![caller.id(), now])
        .await?
        .len()
        >= TOKENS
    {
        return Err(Problem::conflict(format!(
            "You have {TOKENS} tokens already; end one first."
        )));
    }
    tx.call(
        "session_add",
        params![
            id,
            fingerprint(&token),
            caller.id(),
            "token",
            name,
            now,
            expires_at
        ],
    )
    .await?;
    tx.commit().await?;
    tracing::info!(user.id = %caller.id(), token.id = %id, "an API token was made");
    Ok(Json(MadeToken {
        token,
        id: id.to_string(),
        expires_at,
    }))
}

/// Ends one of the caller's API tokens.
#[utoipa::path(delete, path = "/api/login/tokens/{id}", tag = "tokens", params(("id" = String, Path)),
    responses((status = 204), (status = 404, body = Problem)))]
pub(crate) async fn end(
    State(login): State<Login>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    let ended = login
        .store
        .write("session_end", params![&id, caller.id(), "token"])
        .await?;
    if ended.affected() == 0 {
        Err(Problem::not_found("such token"))
    } else {
        Ok(StatusCode::NO_CONTENT)
    }
}
