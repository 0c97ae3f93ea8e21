//! Scripts as the API shows them.

use crate::Calc;
use crate::scripts::{Function, Script};
use axum::extract::State;
use dcp::clock::Timestamp;
use dcp::http::{Json, Path, Problem};
use serde::Serialize;

/// A script as the API shows it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[expect(clippy::struct_field_names, reason = "the names on the wire")]
pub(crate) struct Published {
    /// Its name.
    name: String,
    /// The hash of its source.
    version: String,
    /// Its functions.
    functions: Vec<Function>,
    /// Who published this version.
    published_by: String,
    /// When.
    #[schema(value_type = String)]
    published_at: Timestamp,
    /// R and the packages it loads.
    environment: serde_json::Value,
    /// The source; only when one script is asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<String>,
    /// All versions, oldest first; only when one script is asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    versions: Option<Vec<String>>,
}

impl From<&Script> for Published {
    fn from(script: &Script) -> Self {
        Self {
            name: script.name.clone(),
            version: script.version.to_string(),
            functions: script.functions.clone(),
            published_by: script.published_by.clone(),
            published_at: script.published_at,
            environment: serde_json::from_str(&script.environment).unwrap_or_default(),
            source: None,
            versions: None,
        }
    }
}

/// All scripts in their effective versions.
#[utoipa::path(get, path = "/api/calc/scripts", tag = "scripts", responses((status = 200, body = Vec<Published>)))]
pub(crate) async fn list_scripts(State(calc): State<Calc>) -> Json<Vec<Published>> {
    Json(
        calc.scripts
            .all()
            .iter()
            .map(|versions| Published::from(&*versions.effective))
            .collect(),
    )
}

/// One script with its source and versions; `name@version` shows another version.
#[utoipa::path(get, path = "/api/calc/scripts/{name}", tag = "scripts",
    params(("name" = String, Path, description = "a script, or script@version")),
    responses((status = 200, body = Published), (status = 404, body = Problem)))]
pub(crate) async fn script_by_name(
    State(calc): State<Calc>,
    Path(name): Path<String>,
) -> Result<Json<Published>, Problem> {
    let script = calc.scripts.look_up(&name).await?;
    let siblings = calc
        .scripts
        .all()
        .into_iter()
        .find(|versions| versions.effective.name == script.name);
    let versions = siblings.map(|versions| {
        versions
            .all
            .iter()
            .map(|script| script.version.to_string())
            .collect()
    });
    Ok(Json(Published {
        source: Some(script.source.to_string()),
        versions,
        ..Published::from(&*script)
    }))
}
