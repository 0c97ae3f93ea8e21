//! Scripts and their versions as the API shows them.

use crate::Calc;
use crate::content::TAR;
use crate::examples::{Example, Outcome};
use crate::folder::FileInfo;
use crate::folder_tests::Passed;
use crate::functions::Function;
use crate::script::{Script, Versions, effective, foremost};
use crate::states::{Change, Person, VersionState};
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use dcp::clock::Timestamp;
use dcp::http::{Json, Path, Problem, Query};
use serde::{Deserialize, Serialize};

/// A script in a list.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct ScriptSummary {
    /// Its name.
    name: String,
    /// What its first comment says.
    title: String,
    /// The version that answers calls that name none.
    effective: Option<String>,
    /// How many versions there are.
    versions: usize,
    /// The state of the effective or else the newest version.
    state: VersionState,
    /// Who published that version.
    published_by: Person,
    /// When.
    #[schema(value_type = String)]
    published_at: Timestamp,
    /// The names of its functions.
    functions: Vec<String>,
    /// The module that was released with it.
    brought_by: Option<String>,
}

impl ScriptSummary {
    fn of(versions: &Versions) -> Option<Self> {
        let script = foremost(versions)?;
        Some(Self {
            name: script.name.clone(),
            title: script.title().to_owned(),
            effective: effective(versions).map(|script| script.version.to_string()),
            versions: versions.len(),
            state: script.state,
            published_by: script.published_by.clone(),
            published_at: script.published_at,
            functions: script.function_names(),
            brought_by: script.brought_by.clone(),
        })
    }
}

/// How the examples of a version went.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct ExamplesSummary {
    /// How many there are.
    of: usize,
    /// How many have been run, twice each.
    run: usize,
    /// How many gave the same value both times.
    same: usize,
    /// How many failed.
    failed: usize,
}

/// A version in a list.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct VersionSummary {
    /// The hash of the source.
    version: String,
    /// What it is good for.
    state: VersionState,
    /// Who published it.
    published_by: Person,
    /// When.
    #[schema(value_type = String)]
    published_at: Timestamp,
    /// Every change of state, oldest first.
    history: Vec<Change>,
    /// The R packages it loads, with their versions.
    packages: serde_json::Value,
    /// How its examples went.
    examples: ExamplesSummary,
}

impl From<&Script> for VersionSummary {
    fn from(script: &Script) -> Self {
        let examples = script.examples.as_deref().unwrap_or_default();
        let with = |outcome| {
            let fitting = examples.iter().filter(|one| one.outcome() == outcome);
            fitting.count()
        };
        Self {
            version: script.version.to_string(),
            state: script.state,
            published_by: script.published_by.clone(),
            published_at: script.published_at,
            history: script.history.clone(),
            packages: script.packages.clone(),
            examples: ExamplesSummary {
                of: script.functions.iter().map(|one| one.examples.len()).sum(),
                run: examples.len(),
                same: with(Outcome::Same),
                failed: with(Outcome::Failed),
            },
        }
    }
}

/// A version of a script with all that is known of it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct VersionView {
    /// The script.
    name: String,
    /// The hash of the source.
    version: String,
    /// What its first comment says.
    title: String,
    /// What it is good for.
    state: VersionState,
    /// Who published it.
    published_by: Person,
    /// When.
    #[schema(value_type = String)]
    published_at: Timestamp,
    /// The module that was released with it.
    brought_by: Option<String>,
    /// Every change of state, oldest first.
    history: Vec<Change>,
    /// What its folder says it is for.
    description: Option<String>,
    /// What is in it; empty where it is no folder.
    files: Vec<FileInfo>,
    /// What its tests said when it was published, all of which passed; `null` where it is no folder.
    tests: Option<Vec<Passed>>,
    /// The R packages it loads, with their versions.
    packages: serde_json::Value,
    /// R and all else that its results depend on.
    environment: serde_json::Value,
    /// Its functions.
    functions: Vec<Function>,
    /// What its examples gave; `null` until they have run.
    examples: Option<Vec<Example>>,
    /// What stands against its approval, a sentence each.
    doubts: Vec<String>,
}

impl VersionView {
    pub(crate) fn complete(script: &Script) -> Self {
        Self {
            name: script.name.clone(),
            version: script.version.to_string(),
            title: script.title().to_owned(),
            state: script.state,
            published_by: script.published_by.clone(),
            published_at: script.published_at,
            brought_by: script.brought_by.clone(),
            history: script.history.clone(),
            description: script.description.clone(),
            files: script.files.clone(),
            tests: script.tests.clone(),
            packages: script.packages.clone(),
            environment: serde_json::from_str(&script.environment).unwrap_or_default(),
            functions: script.functions.clone(),
            examples: script.examples.clone(),
            doubts: script.doubts(),
        }
    }
}

/// A script with its versions.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct ScriptView {
    /// Its name.
    name: String,
    /// What its first comment says.
    title: String,
    /// The version that answers calls that name none.
    effective: Option<String>,
    /// The module that was released with it.
    brought_by: Option<String>,
    /// All versions, oldest first.
    versions: Vec<VersionSummary>,
    /// The functions of the effective or else the newest version.
    functions: Vec<Function>,
}

/// All scripts.
#[utoipa::path(get, path = "/api/calc/scripts", tag = "scripts", responses((status = 200, body = Vec<ScriptSummary>)))]
pub(crate) async fn list_scripts(State(calc): State<Calc>) -> Json<Vec<ScriptSummary>> {
    let all = calc.scripts.all();
    let each = all.iter().filter_map(ScriptSummary::of);
    Json(each.filter(|script| calc.offers(&script.name)).collect())
}

/// One script with its versions.
#[utoipa::path(get, path = "/api/calc/scripts/{name}", tag = "scripts", params(("name" = String, Path)),
    responses((status = 200, body = ScriptView), (status = 404, body = Problem)))]
pub(crate) async fn script_by_name(
    State(calc): State<Calc>,
    Path(name): Path<String>,
) -> Result<Json<ScriptView>, Problem> {
    drop(calc.scripts.refresh().await?);
    let versions = calc.scripts.versions(&name)?;
    let foremost = foremost(&versions);
    Ok(Json(ScriptView {
        title: foremost.map_or("", |script| script.title()).to_owned(),
        effective: effective(&versions).map(|script| script.version.to_string()),
        brought_by: foremost.and_then(|script| script.brought_by.clone()),
        versions: versions
            .iter()
            .map(|script| VersionSummary::from(&**script))
            .collect(),
        functions: foremost.map_or_else(Vec::new, |script| script.functions.clone()),
        name,
    }))
}

/// One version with its functions and what its examples gave.
#[utoipa::path(get, path = "/api/calc/scripts/{name}/versions/{version}", tag = "scripts",
    params(("name" = String, Path), ("version" = String, Path, description = "at least its first eight characters")),
    responses((status = 200, body = VersionView), (status = 404, body = Problem)))]
pub(crate) async fn version_of_script(
    State(calc): State<Calc>,
    Path((name, version)): Path<(String, String)>,
) -> Result<Json<VersionView>, Problem> {
    drop(calc.scripts.refresh().await?);
    let script = calc.scripts.version(&name, &version)?;
    Ok(Json(VersionView::complete(&script)))
}

/// Which file of a folder.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
pub(crate) struct Which {
    /// Its path; all R code, one file after the other, when absent.
    #[serde(default)]
    file: Option<String>,
}

/// The R source of a version, or one file of its folder.
#[utoipa::path(get, path = "/api/calc/scripts/{name}/versions/{version}/source", tag = "scripts",
    params(("name" = String, Path), ("version" = String, Path), Which),
    responses((status = 200, content_type = "text/plain", body = String), (status = 404, body = Problem)))]
pub(crate) async fn source_of_version(
    State(calc): State<Calc>,
    Path((name, version)): Path<(String, String)>,
    Query(which): Query<Which>,
) -> Result<Response, Problem> {
    let script = calc.scripts.version(&name, &version)?;
    let text = "text/plain; charset=utf-8";
    let Some(path) = which.file else {
        let kind = [(header::CONTENT_TYPE, text)];
        return Ok((kind, script.code.text().to_owned()).into_response());
    };
    let mut files = calc.folder_of(&script).await?.files;
    let file = files.remove(&path);
    let file = file.ok_or_else(|| Problem::not_found(format!("file {path:?} of this version")))?;
    let is_text = std::str::from_utf8(&file).is_ok();
    let headers = [
        (
            header::CONTENT_TYPE,
            if is_text {
                text
            } else {
                "application/octet-stream"
            },
        ),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    Ok((headers, file).into_response())
}

/// The folder of a version, as tar.
#[utoipa::path(get, path = "/api/calc/scripts/{name}/versions/{version}/folder", tag = "scripts",
    params(("name" = String, Path), ("version" = String, Path)),
    responses((status = 200, content_type = "application/x-tar", body = dcp::http::Binary), (status = 404, description = "it is no folder", body = Problem)))]
pub(crate) async fn folder_of_version(
    State(calc): State<Calc>,
    Path((name, version)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let script = calc.scripts.version(&name, &version)?;
    if script.files.is_empty() {
        let what = format!(
            "folder of {}: it is one text, its source",
            script.reference()
        );
        return Err(Problem::not_found(what));
    }
    let folder = calc.folder_of(&script).await?;
    let packed = folder.pack().map_err(Problem::internal)?;
    let saved = format!("attachment; filename=\"{}.tar\"", script.reference());
    let headers = [
        (header::CONTENT_TYPE, TAR.to_owned()),
        (header::CONTENT_DISPOSITION, saved),
    ];
    Ok((headers, packed).into_response())
}
