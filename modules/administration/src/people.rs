//! Users: made, changed, deactivated.

use axum::extract::State;
use dcp::clock::Timestamp;
use dcp::http::{Caller, Json, Path, Problem};
use dcp::params;
use dcp::store::{StoreError, Tx};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::grants::{Grant, StoredGrant};
use crate::{Administration, text};

/// A user with the roles held.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct User {
    id: String,
    login: String,
    name: String,
    email: String,
    active: bool,
    created_at: Timestamp,
    grants: Vec<Grant>,
}

/// A row of the table.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Person {
    pub(crate) id: String,
    pub(crate) login: String,
    pub(crate) name: String,
    pub(crate) email: String,
    pub(crate) active: bool,
    pub(crate) created_at: Timestamp,
    pub(crate) told: String,
}

impl Person {
    fn with(self, grants: Vec<Grant>) -> User {
        let Self {
            id,
            login,
            name,
            email,
            active,
            created_at,
            ..
        } = self;
        User {
            id,
            login,
            name,
            email,
            active,
            created_at,
            grants,
        }
    }
}

/// A new user.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewUser {
    /// What the person types to sign in: lower case letters, digits, `.`, `-` and `_`; never given again to another one.
    #[schema(min_length = 1, max_length = 64)]
    pub(crate) login: String,
    /// Full name.
    #[schema(min_length = 1, max_length = 200)]
    pub(crate) name: String,
    /// Address for messages.
    #[serde(default)]
    #[schema(max_length = 200)]
    pub(crate) email: String,
    /// Roles at sites.
    #[serde(default)]
    pub(crate) grants: Vec<Grant>,
}

/// What can be changed of a user; the login stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChangedUser {
    /// Full name.
    #[schema(min_length = 1, max_length = 200)]
    name: String,
    /// Address for messages.
    #[serde(default)]
    #[schema(max_length = 200)]
    email: String,
    /// Whether the user may sign in.
    active: bool,
}

/// All users.
#[utoipa::path(get, path = "/api/administration/users", operation_id = "list_users", tag = "users", responses((status = 200, body = Vec<User>)))]
pub(crate) async fn list(
    State(administration): State<Administration>,
) -> Result<Json<Vec<User>>, Problem> {
    let people: Vec<Person> = administration
        .store
        .read("people", params![])
        .await?
        .all()?;
    let all: Vec<StoredGrant> = administration
        .store
        .read("grants", params![])
        .await?
        .all()?;
    let mut by_person = std::collections::HashMap::<String, Vec<Grant>>::new();
    for StoredGrant { person_id, grant } in all {
        by_person.entry(person_id).or_default().push(grant);
    }
    let with_grants = |person: Person| {
        let grants = by_person.remove(&person.id).unwrap_or_default();
        person.with(grants)
    };
    Ok(Json(people.into_iter().map(with_grants).collect()))
}

/// Makes a user, who then needs an activation code to set a password.
#[utoipa::path(post, path = "/api/administration/users", operation_id = "create_user", tag = "users", request_body = NewUser,
    responses((status = 200, body = User), (status = 409, body = Problem), (status = 422, body = Problem)))]
pub(crate) async fn create(
    State(administration): State<Administration>,
    caller: Caller,
    Json(new): Json<NewUser>,
) -> Result<Json<User>, Problem> {
    let mut tx = administration.store.begin().await?;
    let id = administration.add_person(&mut tx, &new).await?;
    administration.tell(&mut tx, &id, &caller.actor()).await?;
    let user = administration.user(&mut tx, &id).await?;
    tx.commit().await?;
    Ok(Json(user))
}

/// Changes or deactivates a user.
#[utoipa::path(put, path = "/api/administration/users/{id}", operation_id = "update_user", tag = "users", params(("id" = String, Path)), request_body = ChangedUser,
    responses((status = 200, body = User), (status = 404, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
pub(crate) async fn update(
    State(administration): State<Administration>,
    caller: Caller,
    Path(id): Path<String>,
    Json(changed): Json<ChangedUser>,
) -> Result<Json<User>, Problem> {
    let name = text(&changed.name, 200, "/name")?;
    let email = checked_email(&changed.email)?;
    let mut tx = administration.store.begin().await?;
    let now = tx.now();
    if tx
        .call(
            "person_update",
            params![&id, name, email, changed.active, now],
        )
        .await?
        .affected()
        == 0
    {
        return Err(Problem::not_found("such user"));
    }
    administration.keep_an_administrator(&mut tx).await?;
    administration.tell(&mut tx, &id, &caller.actor()).await?;
    let user = administration.user(&mut tx, &id).await?;
    tx.commit().await?;
    Ok(Json(user))
}

fn checked_email(email: &str) -> Result<String, Problem> {
    let email = email.trim();
    let fits = email.is_empty()
        || (email.len() <= 200
            && email.contains('@')
            && !email.contains(|c: char| c.is_control() || c.is_whitespace()));
    if fits {
        Ok(email.to_owned())
    } else {
        Err(Problem::unprocessable("The input is not valid.").part("/email", "This is no address."))
    }
}

fn checked_login(login: &str) -> Result<String, Problem> {
    let login = login.trim().to_lowercase();
    let plain = |byte: u8| {
        byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'.' | b'-' | b'_')
    };
    if (1..=64).contains(&login.len()) && login.bytes().all(plain) {
        return Ok(login);
    }
    let detail = "Use 1 to 64 letters, digits, '.', '-' and '_'.";
    Err(Problem::unprocessable("The input is not valid.").part("/login", detail))
}

impl Administration {
    /// Adds a person with grants; answers the new id.
    pub(crate) async fn add_person(
        &self,
        tx: &mut Tx<'_>,
        new: &NewUser,
    ) -> Result<String, Problem> {
        let (login, name, email) = (
            checked_login(&new.login)?,
            text(&new.name, 200, "/name")?,
            checked_email(&new.email)?,
        );
        let (id, now) = (self.ids.next().to_string(), tx.now());
        match tx
            .call("person_add", params![&id, login, name, email, now])
            .await
        {
            Err(StoreError::Duplicate(_)) => {
                return Err(Problem::conflict("This user name has been given already."));
            }
            added => added?,
        };
        self.set_grants(tx, &id, &new.grants, "/grants").await?;
        Ok(id)
    }

    pub(crate) async fn user(&self, tx: &mut Tx<'_>, id: &str) -> Result<User, Problem> {
        let person: Option<Person> = tx.call("person_by_id", params![id]).await?.optional()?;
        let person = person.ok_or_else(|| Problem::not_found("such user"))?;
        let grants: Vec<StoredGrant> = tx.call("grants_of", params![id]).await?.all()?;
        Ok(person.with(grants.into_iter().map(|stored| stored.grant).collect()))
    }
}
