//! The tests of a folder: each file of `tests/` runs when the folder is published, beside the functions, in a fresh R.
//!
//! All must pass, or nothing is published; what they printed is kept with the version as evidence.

use crate::Calc;
use crate::engine::{Failure, Job, Lane, Patience, Seed, Source};
use serde::{Deserialize, Serialize};
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

/// How long all tests of a folder may take: who publishes waits for them.
pub(crate) const TESTING: Duration = Duration::from_secs(40);
/// Lines of output kept of a test.
const LINES: usize = 50;

/// A test that passed.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
pub(crate) struct Passed {
    /// The file.
    pub(crate) file: String,
    /// How long it took.
    pub(crate) duration_ms: f64,
    /// What it printed and reported, its first lines.
    pub(crate) output: Vec<String>,
    /// What R warned of.
    pub(crate) warnings: Vec<String>,
}

/// A test that did not.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct FailedTest {
    /// The file.
    pub(crate) file: String,
    /// R's message, or what ended it.
    pub(crate) reason: String,
}

impl Calc {
    /// Runs tests one after the other; the first R that one of them ends is followed by another.
    pub(crate) async fn run_tests(
        &self,
        source: &Source,
        tests: &[(&str, &str)],
    ) -> Result<Vec<Passed>, Failure> {
        let (mut passed, mut failed) = (Vec::new(), Vec::new());
        if tests.is_empty() {
            return Ok(passed);
        }
        let deadline = Instant::now() + TESTING;
        let mut lease = self.pool.fresh(Lane::Short, deadline).await?;
        for (file, code) in tests {
            let patience = Patience {
                allowed: TESTING,
                deadline,
                cancelled: CancellationToken::new(),
            };
            let begun = Instant::now();
            let job = job(source, code);
            match lease.worker.call(&job, &patience, &mut |_| {}).await {
                Ok(answer) => passed.push(Passed {
                    file: (*file).to_owned(),
                    duration_ms: begun.elapsed().as_secs_f64() * 1000.0,
                    output: answer
                        .output
                        .into_iter()
                        .chain(answer.messages)
                        .take(LINES)
                        .collect(),
                    warnings: answer.warnings,
                }),
                Err(failure) => {
                    if failure.ended_the_worker() {
                        drop(lease);
                        lease = self.pool.fresh(Lane::Short, deadline).await?;
                    }
                    failed.push(FailedTest {
                        file: (*file).to_owned(),
                        reason: reason(&failure),
                    });
                }
            }
        }
        if failed.is_empty() {
            Ok(passed)
        } else {
            Err(Failure::Tests(failed))
        }
    }
}

fn reason(failure: &Failure) -> String {
    match failure {
        Failure::R(error) => match &error.call {
            Some(call) => format!("{} (in {call})", error.message),
            None => error.message.clone(),
        },
        Failure::TimedOut { .. } => {
            let seconds = TESTING.as_secs();
            format!("All tests together took longer than {seconds} s.")
        }
        other => other.detail(),
    }
}

/// A test has no value: whatever its last expression gives need not have a form in JSON.
fn job(source: &Source, code: &str) -> Job {
    Job {
        source: source.clone(),
        function: String::new(),
        arguments: Vec::new(),
        example: Some(format!("{code}\nNULL")),
        seed: Seed::Known(1),
    }
}
