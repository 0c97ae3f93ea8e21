//! How a 200 can still say that something failed.

use serde::Deserialize;
use serde_json::{Value, json};

use super::PiError;
use super::arriving::Arriving;
use super::series::Series;

/// `WebException`: a failure after the 200 was sent.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct WebException {
    #[serde(default)]
    errors: Vec<String>,
    #[serde(default)]
    status_code: u16,
}

impl WebException {
    pub(super) fn describe(&self) -> String {
        format!("{} ({})", self.errors.join("; "), self.status_code)
    }
}

/// The part of any answer that says whether it is complete.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Completeness {
    #[serde(default)]
    pub(super) web_exception: Option<WebException>,
}

/// The series of an answer that is at hand.
pub(super) fn series_of(text: &[u8], what: &str) -> Result<Vec<Series>, PiError> {
    let mut arriving = Arriving::new(what);
    arriving.take(text)?;
    arriving.finish()
}

/// One series, written like one of a set.
pub(super) fn one_series(series: &Value, what: &str) -> Result<Series, PiError> {
    let set = json!({ "Items": [series] });
    let one = series_of(set.to_string().as_bytes(), what)?.pop();
    one.ok_or_else(|| PiError::Interrupted(format!("{what}: there are no values")))
}
