//! How a call can fail, before, in or around R.

use crate::folder_tests::FailedTest;
use crate::packages::PREFIX;
use dcp::clock::Timestamp;
use serde::{Deserialize, Serialize};

/// What R said when a function stopped.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct RError {
    /// R's message.
    pub(crate) message: String,
    /// The call that raised it, as R shows it.
    pub(crate) call: Option<String>,
    /// The classes of the condition.
    #[serde(default, rename = "class")]
    pub(crate) classes: Vec<String>,
    /// The line of the script, when it could not be loaded.
    #[serde(default)]
    pub(crate) line: Option<u32>,
    /// The file of the folder in which that line is.
    #[serde(default)]
    pub(crate) file: Option<String>,
    #[serde(default)]
    pub(crate) warnings: Vec<String>,
    #[serde(default)]
    pub(crate) messages: Vec<String>,
    #[serde(default)]
    pub(crate) output: Vec<String>,
}

/// How R says that a package is missing; its messages are English here.
const NO_PACKAGE: &str = "there is no package called";

/// Something wrong with one argument.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct BadArgument {
    /// Where, as a JSON pointer into the body.
    pub(crate) pointer: String,
    /// What.
    pub(crate) detail: String,
}

/// Why there is no value.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error("there is no script {name:?}")]
    UnknownScript { name: String, known: Vec<String> },
    #[error("the script has no function {function:?}")]
    UnknownFunction {
        function: String,
        known: Vec<String>,
    },
    #[error("{reference} is {state}, not effective")]
    NotInForce {
        reference: String,
        state: &'static str,
    },
    #[error("{reference} is {state}, no draft")]
    NoDraft {
        reference: String,
        state: &'static str,
    },
    #[error("the environment {0} of this engine is not registered")]
    Unregistered(String),
    #[error("there is no result {0}")]
    UnknownResult(String),
    #[error("result {key} is no longer kept")]
    Pruned {
        key: String,
        at: Timestamp,
        why: String,
    },
    #[error("a peer gave other content for result {key}")]
    Altered {
        key: String,
        peer: String,
        hash: String,
    },
    #[error("the source has no function to call")]
    NoFunction,
    #[error("the arguments do not fit the function")]
    InvalidArguments(Vec<BadArgument>),
    #[error("the folder cannot be published")]
    InvalidFolder(Vec<BadArgument>),
    #[error("tests of the folder failed")]
    Tests(Vec<FailedTest>),
    #[error("R stopped: {}", .0.message)]
    R(Box<RError>),
    #[error("the call took longer than {allowed_ms} ms")]
    TimedOut { allowed_ms: u64, killed: bool },
    #[error("the call was cancelled")]
    Cancelled,
    #[error("the R process ended: {cause}")]
    Crashed { cause: String },
    #[error("every R worker is busy")]
    Busy,
    #[error("the data source did not answer")]
    Data(String),
    #[error("no R worker could be started")]
    Start(#[source] std::io::Error),
    #[error("the store did not answer")]
    Store(#[from] dcp::store::StoreError),
}

impl Failure {
    /// One wrong argument.
    pub(crate) fn argument(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::InvalidArguments(vec![BadArgument {
            pointer: pointer.into(),
            detail: detail.into(),
        }])
    }

    /// The engine stops in the middle of a call.
    pub(crate) fn stopping() -> Self {
        let cause = "The engine is being stopped.".into();
        Self::Crashed { cause }
    }

    /// Whether the R process is gone with it.
    pub(crate) fn ended_the_worker(&self) -> bool {
        matches!(
            self,
            Self::Crashed { .. } | Self::TimedOut { killed: true, .. } | Self::Cancelled
        )
    }

    /// The problem's kind, as in its type and in the event of a call that failed.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::UnknownScript { .. } => "unknown-script",
            Self::UnknownFunction { .. } => "unknown-function",
            Self::NotInForce { .. } => "not-effective",
            Self::NoDraft { .. } => "no-draft",
            Self::Unregistered(_) => "unregistered-environment",
            Self::UnknownResult(_) => "unknown-result",
            Self::Pruned { .. } => "pruned-result",
            Self::Altered { .. } => "altered-result",
            Self::NoFunction => "no-function",
            Self::InvalidArguments(_) => "invalid-arguments",
            Self::InvalidFolder(_) => "invalid-folder",
            Self::Tests(_) => "tests-failed",
            Self::R(_) => "r-error",
            Self::TimedOut { .. } => "timed-out",
            Self::Cancelled => "cancelled",
            Self::Crashed { .. } => "worker-crashed",
            Self::Busy => "busy",
            Self::Data(_) => "data-source",
            Self::Start(_) => "no-worker",
            Self::Store(_) => "store",
        }
    }

    /// One sentence for the user.
    pub(crate) fn title(&self) -> &'static str {
        match self {
            Self::UnknownScript { .. } => "There is no such script",
            Self::UnknownFunction { .. } => "The script has no such function",
            Self::NotInForce { .. } => "This version is not effective",
            Self::NoDraft { .. } => "This version is no draft",
            Self::Unregistered(_) => "This engine answers drafts only",
            Self::UnknownResult(_) => "The result is not kept",
            Self::Pruned { .. } => "The result is no longer kept",
            Self::Altered { .. } => "Another engine gave a result that is not the one asked for",
            Self::NoFunction => "There is nothing to call in it",
            Self::InvalidArguments(_) => "The arguments do not fit the function",
            Self::InvalidFolder(_) => "The folder cannot be published",
            Self::Tests(_) => "The folder's own tests failed",
            Self::R(error) if error.line.is_some() => "R cannot load the source",
            Self::R(_) => "The R function stopped with an error",
            Self::TimedOut { .. } => "The calculation took too long",
            Self::Cancelled => "The calculation was cancelled",
            Self::Crashed { .. } => "The R process ended during the calculation",
            Self::Busy => "The calculation engine is busy",
            Self::Data(_) => "The process data could not be read",
            Self::Start(_) => "The calculation engine cannot start R",
            Self::Store(_) => "The calculation engine's store does not answer",
        }
    }

    /// What exactly, for the user.
    pub(crate) fn detail(&self) -> String {
        match self {
            Self::UnknownScript { name, .. } if name.starts_with(PREFIX) => format!(
                "The functions of the package {} are not callable here: the operator lists none, or others (setting packages of this module).",
                name.trim_start_matches(PREFIX)
            ),
            Self::UnknownScript { name, known } => {
                format!("{name:?} is not published. {}", listed("Published", known))
            }
            Self::UnknownFunction { function, known } => {
                format!(
                    "{function:?} is not one of its functions. {}",
                    listed("There are", known)
                )
            }
            Self::NotInForce { reference, state } => format!(
                "{reference} is in state {state}. A version on its way is called at /api/calc/draft/{reference}."
            ),
            Self::NoDraft { reference, state } => {
                format!(
                    "{reference} is in state {state}. The draft address is for versions on their way only."
                )
            }
            Self::Unregistered(fingerprint) => format!(
                "Nobody has registered its environment {fingerprint:.12}: verify the engine, then register it (dcp calc register)."
            ),
            Self::UnknownResult(key) => {
                format!("No result {key} is kept here; calculate it again.")
            }
            Self::Altered { key, peer, hash } => format!(
                "{peer} answered for result {key} with content whose hash is {hash}; it was refused. Tell the operator of that engine."
            ),
            Self::Pruned { key, at, why } => {
                let why = if why == "size" {
                    "because kept results took too much room"
                } else {
                    "because nobody had used it for long"
                };
                format!(
                    "It was removed at {at:.0}, {why}. POST /api/calc/results/{key}/recomputation calculates it again and compares."
                )
            }
            Self::InvalidArguments(bad) | Self::InvalidFolder(bad) => joined(bad, |one| {
                format!("{} {}", one.pointer, one.detail).trim().to_owned()
            }),
            Self::Tests(failed) => joined(failed, |one| format!("{}: {}", one.file, one.reason)),
            Self::NoFunction => "The source assigns no public function at its top level, as f <- function(x) x does. A name that begins with a dot and @keywords internal make one private; where one is marked @export, all others are.".into(),
            Self::R(error) if error.message.contains(NO_PACKAGE) => format!(
                "{}. The library of this engine does not hold it: its operator installs it, or the source does without.",
                error.message
            ),
            Self::R(error) => error.message.clone(),
            Self::TimedOut {
                allowed_ms,
                killed: false,
            } => format!("It was interrupted after {allowed_ms} ms."),
            Self::TimedOut {
                allowed_ms,
                killed: true,
            } => {
                format!(
                    "It did not react to an interrupt after {allowed_ms} ms; its R process was ended."
                )
            }
            Self::Cancelled => "Somebody who no longer needs it asked for that.".into(),
            Self::Crashed { cause } => cause.clone(),
            Self::Busy => {
                "All workers are at work and the queue is full; try again shortly.".into()
            }
            Self::Data(detail) => detail.clone(),
            Self::Start(_) | Self::Store(_) => {
                "Try again shortly; the operator finds the cause in the log.".into()
            }
        }
    }
}

fn joined<T>(all: &[T], one: impl Fn(&T) -> String) -> String {
    all.iter().map(one).collect::<Vec<_>>().join("; ")
}

fn listed(lead: &str, names: &[String]) -> String {
    if names.is_empty() {
        "There are none yet.".into()
    } else {
        format!("{lead}: {}.", names.join(", "))
    }
}
