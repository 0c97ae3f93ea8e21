//! Roles: what a kind of work needs. Four are built in; administrators make more.

use std::collections::BTreeSet;

use axum::extract::State;
use dcp::http::{Caller, Json, Path, Problem};
use dcp::model::Permission;
use dcp::params;
use dcp::store::StoreError;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{Administration, text};

/// Permissions of one role: more than all modules have together.
const MOST: usize = 200;

/// A role with its permissions.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub(crate) struct Role {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) permissions: BTreeSet<Permission>,
}

/// A new or changed role.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RoleInput {
    /// Its name.
    #[schema(min_length = 1, max_length = 100)]
    name: String,
    /// What it is for.
    #[serde(default)]
    #[schema(max_length = 400)]
    description: String,
    /// What it allows.
    permissions: BTreeSet<Permission>,
}

/// The roles that are part of the program.
pub(crate) fn built_in() -> impl Iterator<Item = Role> {
    const BUILT_IN: [(&str, &str, &str, &[&str]); 4] = [
        (
            "analyst",
            "Lab analyst",
            "Looks at batches, calculates models and uses control charts at a site.",
            &["calc.read", "mvda.model", "mvda.read", "saw.use"],
        ),
        (
            "scientist",
            "Data scientist",
            "Publishes R scripts, calls them, and models batches.",
            &[
                "calc.call",
                "calc.publish",
                "calc.read",
                "mvda.model",
                "mvda.read",
                "saw.use",
            ],
        ),
        (
            "administrator",
            "Administrator",
            "Manages users, roles and sources of process data; works on no data.",
            &[
                "administration.manage",
                "administration.read",
                "framework.sources",
                "node.read",
            ],
        ),
        (
            "operator",
            "Operator",
            "Watches the nodes, starts and stops modules, tries and approves R scripts.",
            &[
                "bridge.read",
                "calc.approve",
                "calc.call",
                "calc.read",
                "node.operate",
                "node.read",
            ],
        ),
    ];
    BUILT_IN
        .into_iter()
        .map(|(id, name, description, permissions)| Role {
            id: id.into(),
            name: name.into(),
            description: description.into(),
            permissions: permissions
                .iter()
                .map(|name| Permission::new(name))
                .collect(),
        })
}

/// All roles, the built-in ones first.
#[utoipa::path(get, path = "/api/administration/roles", operation_id = "list_roles", tag = "roles", responses((status = 200, body = Vec<Role>)))]
pub(crate) async fn list(
    State(administration): State<Administration>,
) -> Result<Json<Vec<Role>>, Problem> {
    let made: Vec<Role> = administration.store.read("roles", params![]).await?.all()?;
    Ok(Json(built_in().chain(made).collect()))
}

/// Makes a role.
#[utoipa::path(post, path = "/api/administration/roles", operation_id = "create_role", tag = "roles", request_body = RoleInput,
    responses((status = 200, body = Role), (status = 409, body = Problem), (status = 422, body = Problem)))]
pub(crate) async fn create(
    State(administration): State<Administration>,
    Json(new): Json<RoleInput>,
) -> Result<Json<Role>, Problem> {
    let role = checked(new, administration.ids.next().to_string())?;
    let now = administration.clock.now();
    let permissions = serde_json::to_value(&role.permissions).map_err(Problem::internal)?;
    let values = params![&role.id, &role.name, &role.description, permissions, now];
    named_once(administration.store.write("role_add", values).await)?;
    Ok(Json(role))
}

/// Changes a role; everyone who holds it is told.
#[utoipa::path(put, path = "/api/administration/roles/{id}", operation_id = "update_role", tag = "roles", params(("id" = String, Path)), request_body = RoleInput,
    responses((status = 200, body = Role), (status = 404, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
pub(crate) async fn update(
    State(administration): State<Administration>,
    caller: Caller,
    Path(id): Path<String>,
    Json(changed): Json<RoleInput>,
) -> Result<Json<Role>, Problem> {
    if built_in().any(|role| role.id == id) {
        return Err(Problem::conflict(
            "Built-in roles cannot be changed. Make a role of your own instead.",
        ));
    }
    let role = checked(changed, id)?;
    let mut tx = administration.store.begin().await?;
    let (now, permissions) = (
        tx.now(),
        serde_json::to_value(&role.permissions).map_err(Problem::internal)?,
    );
    let values = params![&role.id, &role.name, &role.description, permissions, now];
    if named_once(tx.call("role_update", values).await)?.affected() == 0 {
        return Err(Problem::not_found("such role"));
    }
    administration.keep_an_administrator(&mut tx).await?;
    let holders: Vec<String> = tx
        .call("people_with_role", params![&role.id])
        .await?
        .all()?;
    for holder in holders {
        administration
            .tell(&mut tx, &holder, &caller.actor())
            .await?;
    }
    tx.commit().await?;
    Ok(Json(role))
}

fn named_once<T>(outcome: Result<T, StoreError>) -> Result<T, Problem> {
    outcome.map_err(|error| match error {
        StoreError::Duplicate(_) => Problem::conflict("There is a role of this name already."),
        other => other.into(),
    })
}

fn checked(given: RoleInput, id: String) -> Result<Role, Problem> {
    let name = text(&given.name, 100, "/name")?;
    if built_in().any(|role| role.name.eq_ignore_ascii_case(&name)) {
        return Err(Problem::conflict("There is a role of this name already."));
    }
    let description = if given.description.trim().is_empty() {
        String::new()
    } else {
        text(&given.description, 400, "/description")?
    };
    let well_formed = |name: &str| {
        name.len() <= 64
            && name
                .split_once('.')
                .is_some_and(|(module, what)| !module.is_empty() && !what.is_empty())
    };
    if given.permissions.len() > MOST
        || !given
            .permissions
            .iter()
            .all(|permission| well_formed(permission.as_str()))
    {
        let detail = format!("Give at most {MOST} permissions, each named module.what.");
        return Err(Problem::unprocessable("The input is not valid.").part("/permissions", detail));
    }
    Ok(Role {
        id,
        name,
        description,
        permissions: given.permissions,
    })
}
