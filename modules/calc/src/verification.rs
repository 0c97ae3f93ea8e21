//! Known answers: the examples of a version run again, here and now, and compared with what they gave when it was published.
//!
//! What a qualification of an engine needs after an installation or a change of R: the same numbers as before, or a list of
//! those that are not.

use crate::Calc;
use crate::engine::Failure;
use crate::examples::Example;
use crate::keys::content_key;
use crate::script::Script;
use axum::extract::State;
use dcp::clock::Timestamp;
use dcp::http::{Json, Path, Problem};
use serde::Serialize;

/// An example that was run again.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct Repeated {
    /// The function above which it stands.
    function: String,
    /// Its R code.
    example: String,
    /// The key of its value at publication.
    before: Option<String>,
    /// The key of its value now.
    after: Option<String>,
    /// Whether it gave the same again; what failed then must fail now.
    same: bool,
    /// Why there is no value now.
    failure: Option<String>,
}

/// A test of a folder that was run again.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct RepeatedTest {
    /// The file.
    file: String,
    /// Whether it passed, as it did when the folder was published.
    passed: bool,
    /// Why not.
    failure: Option<String>,
}

/// What running the examples again gave.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct Verification {
    /// The script.
    script: String,
    /// Its version.
    version: String,
    /// The node that ran them.
    node: String,
    /// When.
    #[schema(value_type = String)]
    at: Timestamp,
    /// R and all else that results depend on.
    environment: serde_json::Value,
    /// Every example; empty when the version has none.
    examples: Vec<Repeated>,
    /// Every test of its folder.
    tests: Vec<RepeatedTest>,
}

/// Runs the examples of a version and the tests of its folder again in a fresh R and compares them with what they gave when it was published.
#[utoipa::path(post, path = "/api/calc/scripts/{name}/versions/{version}/verification", tag = "scripts",
    params(("name" = String, Path), ("version" = String, Path)),
    responses((status = 200, body = Verification), (status = 404, body = Problem),
        (status = 409, description = "the examples have not run yet", body = Problem)))]
pub(crate) async fn verify_version(
    State(calc): State<Calc>,
    Path((name, version)): Path<(String, String)>,
) -> Result<Json<Verification>, Problem> {
    drop(calc.scripts.refresh().await?);
    let script = calc.scripts.version(&name, &version)?;
    let Some(before) = script.examples.clone() else {
        return Err(Problem::conflict(
            "The examples of this version have not been run yet.",
        ));
    };
    // In a task of its own, as calls are: a client that hangs up must not take the worker with it.
    let (engine, running) = (calc.clone(), script.clone());
    let again = async move {
        let examples = engine.run_all_once(&running).await?;
        Ok::<_, Failure>((examples, engine.repeat_tests(&running).await?))
    };
    let (after, tests) = calc.calls.spawn(again).await.map_err(Problem::internal)??;
    let examples = before.into_iter().zip(after).map(|(before, after)| {
        let (after, failure) = match after {
            Ok(value) => (Some(content_key(&value)), None),
            Err(failure) => (None, Some(failure.detail())),
        };
        repeated(before, after, failure)
    });
    Ok(Json(Verification {
        script: name,
        version: script.version.to_string(),
        node: calc.node.clone(),
        at: calc.store.clock().now(),
        environment: serde_json::from_str(&script.environment).unwrap_or_default(),
        examples: examples.collect(),
        tests,
    }))
}

impl Calc {
    async fn repeat_tests(&self, script: &Script) -> Result<Vec<RepeatedTest>, Failure> {
        if script.files.is_empty() {
            return Ok(Vec::new());
        }
        let folder = self.folder_of(script).await?;
        let tests = folder.tests().map_err(Failure::InvalidFolder)?;
        let failed = match self.run_tests(&self.source_of(script).await?, &tests).await {
            Ok(_) => Vec::new(),
            Err(Failure::Tests(failed)) => failed,
            Err(other) => return Err(other),
        };
        let again = |(file, _): &(&str, &str)| {
            let failure = failed.iter().find(|one| one.file == *file);
            RepeatedTest {
                file: (*file).to_owned(),
                passed: failure.is_none(),
                failure: failure.map(|one| one.reason.clone()),
            }
        };
        Ok(tests.iter().map(again).collect())
    }
}

fn repeated(before: Example, after: Option<String>, failure: Option<String>) -> Repeated {
    Repeated {
        same: before.result_key == after,
        function: before.function,
        example: before.example,
        before: before.result_key,
        after,
        failure,
    }
}
