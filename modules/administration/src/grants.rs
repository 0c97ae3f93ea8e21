//! Roles held at sites.

use axum::extract::State;
use dcp::http::{Caller, Json, Path, Problem};
use dcp::model::SiteId;
use dcp::params;
use dcp::store::{StoreError, Tx};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::people::User;
use crate::roles::Role;
use crate::{Administration, MANAGE};

/// Grants of one person: more is a mistake of a program.
const MOST: usize = 500;

/// A role held at a site.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Grant {
    /// Id of the role.
    pub(crate) role: String,
    /// Id of the site, or `*` for every site.
    pub(crate) site: String,
}

/// A row of the table.
#[derive(Debug)]
pub(crate) struct StoredGrant {
    pub(crate) person_id: String,
    pub(crate) grant: Grant,
}

impl<'de> Deserialize<'de> for StoredGrant {
    fn deserialize<D: serde::Deserializer<'de>>(row: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Row {
            person_id: String,
            role_id: String,
            site: String,
        }
        let Row {
            person_id,
            role_id,
            site,
        } = Row::deserialize(row)?;
        Ok(Self {
            person_id,
            grant: Grant {
                role: role_id,
                site,
            },
        })
    }
}

/// Replaces all roles of a user.
#[utoipa::path(put, path = "/api/administration/users/{id}/grants", tag = "users", params(("id" = String, Path)), request_body = Vec<Grant>,
    responses((status = 200, body = User), (status = 404, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
pub(crate) async fn replace(
    State(administration): State<Administration>,
    caller: Caller,
    Path(id): Path<String>,
    Json(grants): Json<Vec<Grant>>,
) -> Result<Json<User>, Problem> {
    let mut tx = administration.store.begin().await?;
    administration.user(&mut tx, &id).await?;
    administration.set_grants(&mut tx, &id, &grants, "").await?;
    administration.keep_an_administrator(&mut tx).await?;
    administration.tell(&mut tx, &id, &caller.actor()).await?;
    let user = administration.user(&mut tx, &id).await?;
    tx.commit().await?;
    Ok(Json(user))
}

impl Administration {
    /// Replaces the grants of a person; `pointer` leads to the list in the input.
    pub(crate) async fn set_grants(
        &self,
        tx: &mut Tx<'_>,
        id: &str,
        grants: &[Grant],
        pointer: &str,
    ) -> Result<(), Problem> {
        let roles = self.roles(tx).await?;
        check(grants, &roles, pointer)?;
        tx.call("grants_clear", params![id]).await?;
        let distinct: std::collections::BTreeSet<&Grant> = grants.iter().collect();
        for grant in distinct {
            tx.call("grant_add", params![id, &grant.role, &grant.site])
                .await?;
        }
        Ok(())
    }

    /// Refuses a change after which nobody could manage users any more.
    pub(crate) async fn keep_an_administrator(&self, tx: &mut Tx<'_>) -> Result<(), Problem> {
        let roles = self.roles(tx).await?;
        let held: Vec<StoredGrant> = tx
            .call("grants_of_active_everywhere", params![])
            .await?
            .all()?;
        let manages = |held: &StoredGrant| {
            roles
                .iter()
                .any(|role| role.id == held.grant.role && role.permissions.contains(&MANAGE))
        };
        if held.iter().any(manages) {
            return Ok(());
        }
        Err(Problem::conflict(
            "Nobody could manage users any more: at least one active user must hold administration.manage at every site.",
        ))
    }

    /// All roles, as this transaction sees them.
    pub(crate) async fn roles(&self, tx: &mut Tx<'_>) -> Result<Vec<Role>, StoreError> {
        let made: Vec<Role> = tx.call("roles", params![]).await?.all()?;
        Ok(crate::roles::built_in().chain(made).collect())
    }
}

fn check(grants: &[Grant], roles: &[Role], pointer: &str) -> Result<(), Problem> {
    let mut problem = Problem::unprocessable("These roles cannot be given.");
    if grants.len() > MOST {
        return Err(problem.part(
            pointer,
            format!("At most {MOST} roles at sites can be given."),
        ));
    }
    for (place, grant) in grants.iter().enumerate() {
        if !roles.iter().any(|role| role.id == grant.role) {
            problem = problem.part(format!("{pointer}/{place}/role"), "There is no such role.");
        }
        if grant.site != "*" && grant.site.parse::<SiteId>().is_err() {
            problem = problem.part(format!("{pointer}/{place}/site"), "This is no site.");
        }
    }
    if problem.parts().is_empty() {
        Ok(())
    } else {
        Err(problem)
    }
}
