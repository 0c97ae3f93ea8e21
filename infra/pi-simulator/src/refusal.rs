//! What the server answers when it cannot serve a request.

use serde_json::{Value, json};

/// An error answer in the shape of PI Web API.
#[derive(Debug, Clone, PartialEq)]
pub struct Refusal {
    /// HTTP status.
    pub status: u16,
    /// The texts of `Errors`.
    pub errors: Vec<String>,
}

impl Refusal {
    /// A refusal with one text.
    pub fn new(status: u16, error: impl Into<String>) -> Self {
        Self {
            status,
            errors: vec![error.into()],
        }
    }

    /// 400.
    pub fn bad_request(error: impl Into<String>) -> Self {
        Self::new(400, error)
    }

    /// 404 for a name or `WebID` that leads nowhere.
    pub fn unknown(what: &str, name: &str) -> Self {
        Self::new(404, format!("{what} '{name}' was not found."))
    }

    /// The body.
    pub fn body(&self) -> Value {
        json!({ "Errors": self.errors })
    }
}
