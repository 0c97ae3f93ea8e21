//! What is different between two versions of a script: the lines of all files, the functions, and what the same examples give.

use crate::Calc;
use crate::functions::Function;
use crate::script::Script;
use axum::extract::State;
use dcp::http::{Json, Path, Problem, Query};
use dcp::store::StoreError;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use similar::{ChangeTag, TextDiff};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Against which version.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
pub(crate) struct Since {
    /// The earlier version; the one published before this one when absent.
    #[serde(default)]
    since: Option<String>,
}

/// A line of one of the versions.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct Line {
    /// Whether both have it.
    kind: LineKind,
    /// The line, without its end.
    line: String,
}

/// Which version has a line.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum LineKind {
    /// Both.
    Same,
    /// The later.
    Added,
    /// The earlier.
    Removed,
}

/// A file of one of the versions, or of both.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct ChangedFile {
    /// Its path in the folder.
    path: String,
    /// What happened to it.
    change: FileChange,
    /// The lines of both, in their order; absent where both are the same, or are no short text.
    lines: Vec<Line>,
}

/// What happened to a file.
#[derive(Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum FileChange {
    /// Both have the same.
    Same,
    /// Its content changed.
    Changed,
    /// Only the later version has it.
    Added,
    /// Only the earlier version has it.
    Removed,
}

/// Longest file that is compared line by line, bytes.
const COMPARED: usize = 256 << 10;

/// A function that only one has, or that has other arguments.
#[derive(Debug, PartialEq, Serialize, utoipa::ToSchema)]
pub(crate) struct ChangedFunction {
    /// The function.
    name: String,
    /// What happened to it.
    change: FunctionChange,
    /// How it was called in the earlier version.
    before: Option<String>,
    /// How it is called in the later one.
    after: Option<String>,
}

/// What happened to a function.
#[derive(Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum FunctionChange {
    /// Only the later version has it.
    Added,
    /// Only the earlier version has it.
    Removed,
    /// Its arguments or their defaults changed.
    Signature,
}

/// An example of both versions that gives another value.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct ChangedResult {
    /// The function.
    function: String,
    /// The R code of the example.
    example: String,
    /// What it gave: `value`, `result_key`, `failure`.
    before: Value,
    /// What it gives: `value`, `result_key`, `failure`.
    after: Value,
}

/// What is different.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct Changes {
    /// The version compared with; `null` when this is the first.
    since: Option<String>,
    /// The files of both, by their names; a script that is one text is the file `<name>.R`.
    files: Vec<ChangedFile>,
    /// The functions that are different.
    functions: Vec<ChangedFunction>,
    /// The examples that give something else.
    results: Vec<ChangedResult>,
}

/// What is different from an earlier version.
#[utoipa::path(get, path = "/api/calc/scripts/{name}/versions/{version}/changes", tag = "scripts",
    params(("name" = String, Path), ("version" = String, Path), Since),
    responses((status = 200, body = Changes), (status = 404, body = Problem)))]
pub(crate) async fn changes_of_version(
    State(calc): State<Calc>,
    Path((name, version)): Path<(String, String)>,
    Query(since): Query<Since>,
) -> Result<Json<Changes>, Problem> {
    drop(calc.scripts.refresh().await?);
    let after = calc.scripts.version(&name, &version)?;
    let before = match since.since {
        Some(since) => Some(calc.scripts.version(&name, &since)?),
        None => previous(&calc.scripts.versions(&name)?, &after),
    };
    let earlier = before.as_ref();
    let files_before = match earlier {
        Some(script) => calc.files_of(script).await?,
        None => Files::new(),
    };
    let files_after = calc.files_of(&after).await?;
    Ok(Json(Changes {
        since: earlier.map(|script| script.version.to_string()),
        files: files(&files_before, &files_after),
        functions: functions(
            earlier.map_or(&[], |script| &script.functions),
            &after.functions,
        ),
        results: earlier.map_or_else(Vec::new, |before| results(before, &after)),
    }))
}

fn previous(versions: &[Arc<Script>], of: &Script) -> Option<Arc<Script>> {
    let place = versions.iter().position(|one| one.version == of.version)?;
    versions.get(place.checked_sub(1)?).cloned()
}

type Files = BTreeMap<String, Vec<u8>>;

impl Calc {
    async fn files_of(&self, script: &Script) -> Result<Files, StoreError> {
        if script.files.is_empty() {
            let text = script.code.text().as_bytes().to_vec();
            return Ok(Files::from([(format!("{}.R", script.name), text)]));
        }
        Ok(self.folder_of(script).await?.files)
    }
}

fn files(before: &Files, after: &Files) -> Vec<ChangedFile> {
    let paths: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let file = |path: &String| {
        let (earlier, later) = (before.get(path), after.get(path));
        let change = match (earlier, later) {
            (None, _) => FileChange::Added,
            (_, None) => FileChange::Removed,
            (earlier, later) if earlier == later => FileChange::Same,
            _ => FileChange::Changed,
        };
        let text = |content: Option<&Vec<u8>>| {
            let content = content.map_or(&[][..], Vec::as_slice);
            let short = content.len() <= COMPARED;
            std::str::from_utf8(content)
                .ok()
                .filter(|_| short)
                .map(str::to_owned)
        };
        let lines = match (text(earlier), text(later)) {
            (Some(before), Some(after)) if change != FileChange::Same => lines(&before, &after),
            _ => Vec::new(),
        };
        ChangedFile {
            path: path.clone(),
            change,
            lines,
        }
    };
    paths.into_iter().map(file).collect()
}

fn lines(before: &str, after: &str) -> Vec<Line> {
    let diff = TextDiff::from_lines(before, after);
    let line = |change: similar::Change<&str>| Line {
        kind: match change.tag() {
            ChangeTag::Equal => LineKind::Same,
            ChangeTag::Insert => LineKind::Added,
            ChangeTag::Delete => LineKind::Removed,
        },
        line: change.value().trim_end_matches(['\n', '\r']).to_owned(),
    };
    diff.iter_all_changes().map(line).collect()
}

fn functions(before: &[Function], after: &[Function]) -> Vec<ChangedFunction> {
    let mut names: BTreeMap<&str, (Option<String>, Option<String>)> = BTreeMap::new();
    for one in before {
        names.entry(&one.name).or_default().0 = Some(one.signature());
    }
    for one in after {
        names.entry(&one.name).or_default().1 = Some(one.signature());
    }
    names
        .into_iter()
        .filter(|(_, (before, after))| before != after)
        .map(|(name, (before, after))| ChangedFunction {
            name: name.to_owned(),
            change: match (&before, &after) {
                (None, _) => FunctionChange::Added,
                (_, None) => FunctionChange::Removed,
                _ => FunctionChange::Signature,
            },
            before,
            after,
        })
        .collect()
}

fn results(before: &Script, after: &Script) -> Vec<ChangedResult> {
    let of = |script: &Script| {
        let examples = script.examples.clone().unwrap_or_default();
        examples.into_iter().map(|one| {
            let gave =
                json!({ "value": one.value, "result_key": one.result_key, "failure": one.failure });
            ((one.function, one.example), gave)
        })
    };
    let after: BTreeMap<(String, String), Value> = of(after).collect();
    of(before)
        .filter_map(|((function, example), before)| {
            let after = after.get(&(function.clone(), example.clone()))?.clone();
            (before != after).then_some(ChangedResult {
                function,
                example,
                before,
                after,
            })
        })
        .collect()
}
