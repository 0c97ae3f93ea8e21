//! The examples of a script: run when it is published, each twice and each time in a fresh R.
//!
//! The same value both times is what the engine can prove of a function by itself. A version is callable before its examples
//! have run; it is not approved before.

use crate::Calc;
use crate::engine::{Failure, Job, Lane, Patience, Seed, Source};
use crate::functions::Function;
use crate::keeping::Class;
use crate::keys::{Computation, content_key};
use crate::record::{JSON, Stored};
use crate::recorder::add_result;
use crate::roxygen::Cache;
use crate::script::Script;
use bytes::Bytes;
use dcp::params;
use dcp::store::StoreError;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

/// How long one example may take.
const EXAMPLE: Duration = Duration::from_secs(30);
/// How long examples wait for a free worker.
const WAIT: Duration = Duration::from_mins(5);
/// Longest value shown with its example, bytes; a longer one is found by its key.
const SHOWN: usize = 16 * 1024;

/// What an example gave.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
#[expect(clippy::struct_field_names, reason = "the names on the wire")]
pub(crate) struct Example {
    /// The function above which it stands.
    pub(crate) function: String,
    /// Its R code.
    pub(crate) example: String,
    /// The value of its last expression; absent when there is none, or when it is long.
    #[schema(value_type = Option<Object>)]
    pub(crate) value: Option<Box<RawValue>>,
    /// The key of the value.
    pub(crate) result_key: Option<String>,
    /// Whether both runs gave the same value.
    pub(crate) same: bool,
    /// Why there is no value.
    pub(crate) failure: Option<String>,
}

/// How an example went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    Same,
    Different,
    Failed,
}

impl Example {
    pub(crate) fn outcome(&self) -> Outcome {
        match (&self.failure, self.same) {
            (Some(_), _) => Outcome::Failed,
            (None, true) => Outcome::Same,
            (None, false) => Outcome::Different,
        }
    }

    /// What it says against the approval of its function.
    pub(crate) fn doubt(&self, function: &Function) -> Option<String> {
        let name = &self.function;
        match self.outcome() {
            Outcome::Same => None,
            Outcome::Different if function.cache_declared && function.cache == Cache::Volatile => {
                None
            }
            Outcome::Different => Some(format!(
                "An example of {name} gave two values in two runs; declare it @cache volatile if that is meant."
            )),
            Outcome::Failed => Some(format!(
                "An example of {name} failed: {}",
                self.failure.as_deref().unwrap_or_default()
            )),
        }
    }
}

/// The value of one run of an example.
pub(crate) type Ran = Result<Bytes, Failure>;

impl Calc {
    /// Runs the examples of a version that have not run yet, beside whatever goes on.
    pub(crate) fn run_missing_examples(&self, script: &Arc<Script>) {
        let version = script.version.clone();
        let mut running = self
            .examining
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if script.examples.is_some() || !running.insert(version.clone()) {
            return;
        }
        drop(running);
        let (calc, script) = (self.clone(), script.clone());
        let work = async move {
            if let Err(failure) = calc.run_examples(&script).await {
                tracing::warn!(
                    script.name = script.name,
                    script.version = &*script.version,
                    error = dcp::chain(&failure),
                    "the examples could not be run; they are when the version is published or submitted again"
                );
            }
            let mut running = calc
                .examining
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            running.remove(&version);
        };
        drop(self.calls.spawn_on(work, &self.runtime));
    }

    async fn run_examples(&self, script: &Script) -> Result<(), Failure> {
        let first = self.run_all_once(script).await?;
        let second = self.run_all_once(script).await?;
        let mut stored = Vec::new();
        let mut examples = Vec::new();
        for ((function, code), (first, second)) in
            examples_of(script).zip(first.into_iter().zip(second))
        {
            examples.push(compared(function, code, first, second, &mut stored));
        }
        let text = serde_json::to_string(&examples)
            .map_err(|error| StoreError::Decode(error.to_string()))?;
        let mut tx = self.store.begin().await?;
        for result in &stored {
            add_result(
                &mut tx,
                result,
                !script.state.is_in_force(),
                Class::Retained,
            )
            .await?;
        }
        let values = params![&script.name, &*script.version, text];
        tx.call("script_examples_ran", values).await?;
        tx.call("script_changed", params![&script.name]).await?;
        tx.commit().await?;
        drop(self.scripts.refresh().await?);
        Ok(())
    }

    /// All examples in one fresh R; one that ends it is followed by another.
    pub(crate) async fn run_all_once(&self, script: &Script) -> Result<Vec<Ran>, Failure> {
        let mut lease = self.pool.fresh(Lane::Long, Instant::now() + WAIT).await?;
        let source = self.source_of(script).await?;
        let mut ran = Vec::new();
        for (function, code) in examples_of(script) {
            let job = job(source.clone(), script, function, code);
            let patience = Patience {
                allowed: EXAMPLE,
                deadline: Instant::now() + EXAMPLE,
                cancelled: CancellationToken::new(),
            };
            let answer = lease.worker.call(&job, &patience, &mut |_| {}).await;
            if answer.as_ref().is_err_and(Failure::ended_the_worker) {
                drop(lease);
                lease = self.pool.fresh(Lane::Long, Instant::now() + WAIT).await?;
            }
            ran.push(answer.map(|answer| Bytes::from(answer.value)));
        }
        Ok(ran)
    }
}

fn examples_of(script: &Script) -> impl Iterator<Item = (&Function, &str)> {
    let of = |function| examples_of_function(function);
    script.functions.iter().flat_map(of)
}

fn examples_of_function(function: &Function) -> impl Iterator<Item = (&Function, &str)> {
    function
        .examples
        .iter()
        .map(move |code| (function, code.as_str()))
}

fn job(source: Source, script: &Script, function: &Function, code: &str) -> Job {
    let mut computation = Computation::of(&script.version, &function.name, &script.environment);
    computation.argument("@examples", serde_json::json!(code).to_string().as_bytes());
    let seed = Seed::Known(computation.finish().seed);
    Job {
        source,
        function: function.name.clone(),
        arguments: Vec::new(),
        example: Some(code.to_owned()),
        seed,
    }
}

fn compared(
    function: &Function,
    code: &str,
    first: Ran,
    second: Ran,
    stored: &mut Vec<Stored>,
) -> Example {
    let mut example = Example {
        function: function.name.clone(),
        example: code.to_owned(),
        value: None,
        result_key: None,
        same: false,
        failure: None,
    };
    match (first, second) {
        (Ok(first), Ok(second)) => {
            example.same = first == second;
            let key = content_key(&first);
            if first.len() <= SHOWN {
                let text = String::from_utf8_lossy(&first).into_owned();
                example.value = RawValue::from_string(text).ok();
            }
            stored.push(Stored {
                key: key.as_str().into(),
                content: first,
                media_type: JSON,
            });
            example.result_key = Some(key);
        }
        (Err(failure), _) | (_, Err(failure)) => {
            example.failure = Some(failure.detail());
        }
    }
    example
}
