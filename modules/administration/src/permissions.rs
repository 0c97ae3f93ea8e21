//! The permissions of all modules, for whoever puts roles together.

use std::collections::BTreeMap;

use axum::extract::State;
use dcp::http::{Json, Problem};
use dcp::model::{Manifest, Permission, Text};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::Administration;
use crate::roles::built_in;

/// A permission as its module explains it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PermissionInfo {
    module: String,
    permission: Permission,
    title: Text,
}

/// What the portal says about its modules, as far as it matters here.
#[derive(Deserialize)]
struct Portal {
    modules: Vec<PortalModule>,
}

#[derive(Deserialize)]
struct PortalModule {
    #[serde(default)]
    permissions: BTreeMap<Permission, Text>,
}

/// All permissions. Those of a module that is not deployed now are known by the built-in roles only, without a title.
#[utoipa::path(get, path = "/api/administration/permissions", operation_id = "list_permissions", tag = "roles", responses((status = 200, body = Vec<PermissionInfo>)))]
pub(crate) async fn list(
    State(administration): State<Administration>,
) -> Result<Json<Vec<PermissionInfo>>, Problem> {
    let mut known: BTreeMap<Permission, Text> = built_in()
        .flat_map(|role| role.permissions)
        .map(|permission| {
            (
                permission.clone(),
                Text::new(permission.as_str(), permission.as_str()),
            )
        })
        .collect();
    known.extend(administration.deployed().await);
    known.extend(
        Manifest::parse(dcp::manifest!())
            .map(|own| own.permissions)
            .unwrap_or_default(),
    );
    let info = |(permission, title): (Permission, Text)| {
        let module = permission
            .as_str()
            .split('.')
            .next()
            .unwrap_or_default()
            .to_owned();
        PermissionInfo {
            module,
            permission,
            title,
        }
    };
    Ok(Json(known.into_iter().map(info).collect()))
}

impl Administration {
    /// The permissions of the deployed modules, from the edge; none while it does not answer.
    async fn deployed(&self) -> BTreeMap<Permission, Text> {
        match self.ask_portal().await {
            Ok(portal) => portal
                .modules
                .into_iter()
                .flat_map(|module| module.permissions)
                .collect(),
            Err(error) => {
                tracing::warn!(
                    error = format!("{error:#}"),
                    "the edge does not say which permissions there are"
                );
                BTreeMap::new()
            }
        }
    }

    async fn ask_portal(&self) -> anyhow::Result<Portal> {
        let edge = &self.start.common().edge.url;
        let portal = format!("{}/portal.json", edge.trim_end_matches('/'));
        // Made when it is first needed: most runs of this module never ask anybody.
        let answer = self.start.http_client()?.get(portal).send().await?;
        Ok(answer.error_for_status()?.json().await?)
    }
}
