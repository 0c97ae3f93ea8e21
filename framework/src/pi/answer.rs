//! How a 200 can still say that something failed.

use serde::Deserialize;

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
