//! Answers that are no success, of a whole request or of a part of a batch.

use reqwest::StatusCode;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::PiError;
use super::answer::Completeness;

/// Errors of a 4xx or 5xx; the server writes one of two shapes.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Refusal {
    errors: Vec<String>,
    message: String,
}

/// One answer of a batch.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct BatchAnswer {
    pub(super) status: u16,
    #[serde(default)]
    pub(super) content: Value,
}

/// The error of an answer that is no success.
pub(super) fn refused(status: StatusCode, body: &[u8], what: &str) -> PiError {
    let refusal: Refusal = serde_json::from_slice(body).unwrap_or_default();
    of_status(status.as_u16(), refusal.all(), what)
}

impl Refusal {
    fn all(self) -> Vec<String> {
        let message = Some(self.message).filter(|message| !message.is_empty());
        self.errors.into_iter().chain(message).collect()
    }
}

impl BatchAnswer {
    /// The error of a part that failed.
    pub(super) fn failure(&self, what: &str) -> PiError {
        let refusal = Refusal::deserialize(&self.content).unwrap_or_default();
        of_status(self.status, refusal.all(), what)
    }

    /// What the part holds, where it succeeded.
    pub(super) fn content<T: DeserializeOwned>(&self, what: &str) -> Result<T, PiError> {
        if !(200..300).contains(&self.status) {
            return Err(self.failure(what));
        }
        if let Ok(Completeness {
            web_exception: Some(exception),
        }) = Completeness::deserialize(&self.content)
        {
            return Err(PiError::Interrupted(format!(
                "{what}: {}",
                exception.describe()
            )));
        }
        serde_path_to_error::deserialize(&self.content).map_err(|error| {
            let (place, error) = (error.path().to_string(), error.into_inner());
            PiError::Unreadable(serde::de::Error::custom(format!(
                "{what}, at {place}: {error}"
            )))
        })
    }
}

/// The error of a status that is not a success.
fn of_status(status: u16, errors: Vec<String>, what: &str) -> PiError {
    match status {
        401 => PiError::Unauthorized,
        403 => PiError::NoPermission(what.to_owned()),
        404 => PiError::NotFound(what.to_owned()),
        408 | 429 | 500.. => PiError::Failed { status, errors },
        _ => PiError::Refused { status, errors },
    }
}
