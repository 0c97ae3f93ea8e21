//! Small calculations that a person waits for: asked by HTTP, from the script this model was calculated with.

use dcp::calc::{CalcClient, CalcError};
use dcp::http::{Problem, ServiceError};
use dcp::model::SiteId;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::provenance::SCRIPT;

/// Calls a function of this module's script and waits for its value.
pub async fn call<T: DeserializeOwned>(
    calc: &CalcClient,
    site: &SiteId,
    version: Option<&str>,
    function: &str,
    arguments: &Map<String, Value>,
) -> Result<T, CalcError> {
    let script = version.map_or_else(
        || SCRIPT.name.to_owned(),
        |version| format!("{}@{version}", SCRIPT.name),
    );
    Ok(calc.call(site, &script, function, arguments).await?.value)
}

/// Whether the engine no longer has a result that the call refers to.
pub fn is_forgotten_result(error: &CalcError) -> bool {
    matches!(error, CalcError::Service(ServiceError::Refused { kind, .. }) if kind.ends_with(":unknown-result"))
}

/// What a person is told when the engine gave no value.
pub fn problem(error: CalcError) -> Problem {
    match error {
        CalcError::Service(error) => error.into(),
        CalcError::Store(error) => error.into(),
        CalcError::Late => Problem::unavailable("The calculation engine").because(error),
        CalcError::Failed { ref detail, .. } => {
            Problem::unprocessable(detail.clone()).because(error)
        }
        CalcError::Altered(_) => Problem::internal(error),
    }
}
