//! A failed call as its caller sees it.

use crate::arrow::NoTable;
use crate::engine::Failure;
use axum::http::StatusCode;
use dcp::http::Problem;
use serde_json::json;
use std::time::Duration;

impl From<Failure> for Problem {
    fn from(failure: Failure) -> Self {
        let problem = Problem::new(status(&failure), failure.kind(), failure.title())
            .detail(failure.detail());
        match failure {
            Failure::UnknownScript { known, .. } => problem.with("scripts", known),
            Failure::UnknownFunction { known, .. } => problem.with("functions", known),
            Failure::InvalidArguments(bad) | Failure::InvalidFolder(bad) => {
                bad.into_iter().fold(problem, |problem, one| {
                    problem.part(one.pointer, one.detail)
                })
            }
            Failure::Tests(failed) => problem.with("tests", json!(failed)),
            Failure::R(error) => match (error.line, &error.file) {
                (Some(line), Some(file)) => problem.with("line", line).with("file", json!(file)),
                (Some(line), None) => problem.with("line", line),
                (None, _) => problem,
            }
            .with("call", json!(error.call))
            .with("condition", json!(error.classes))
            .with("warnings", json!(error.warnings))
            .with("messages", json!(error.messages))
            .with("output", json!(error.output)),
            Failure::Busy => problem.retry_after(Duration::from_secs(1)),
            Failure::Start(cause) => problem.retry_after(Duration::from_secs(2)).because(cause),
            Failure::Store(cause) => problem.retry_after(Duration::from_secs(2)).because(cause),
            Failure::NoFunction
            | Failure::UnknownResult(_)
            | Failure::Pruned { .. }
            | Failure::Altered { .. }
            | Failure::Unregistered(_)
            | Failure::NotInForce { .. }
            | Failure::NoDraft { .. }
            | Failure::TimedOut { .. }
            | Failure::Cancelled
            | Failure::Crashed { .. }
            | Failure::Data(_) => problem,
        }
    }
}

impl From<NoTable> for Problem {
    fn from(error: NoTable) -> Self {
        let said = "The value is no table";
        let detail = format!("{error}. It was calculated and is kept; ask for application/json.");
        Problem::new(StatusCode::NOT_ACCEPTABLE, "no-table", said).detail(detail)
    }
}

fn status(failure: &Failure) -> StatusCode {
    match failure {
        Failure::UnknownScript { .. }
        | Failure::UnknownFunction { .. }
        | Failure::UnknownResult(_) => StatusCode::NOT_FOUND,
        Failure::Pruned { .. } => StatusCode::GONE,
        Failure::InvalidArguments(_)
        | Failure::InvalidFolder(_)
        | Failure::Tests(_)
        | Failure::NoFunction
        | Failure::R(_) => StatusCode::UNPROCESSABLE_ENTITY,
        Failure::TimedOut { .. } => StatusCode::GATEWAY_TIMEOUT,
        Failure::Cancelled
        | Failure::Unregistered(_)
        | Failure::NotInForce { .. }
        | Failure::NoDraft { .. } => StatusCode::CONFLICT,
        Failure::Crashed { .. } | Failure::Data(_) | Failure::Altered { .. } => {
            StatusCode::BAD_GATEWAY
        }
        Failure::Busy => StatusCode::TOO_MANY_REQUESTS,
        Failure::Start(_) | Failure::Store(_) => StatusCode::SERVICE_UNAVAILABLE,
    }
}
