//! What a call tells before it ends.

use super::frame;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// How far a call is.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Progress {
    pub(crate) fraction: f64,
    pub(crate) message: String,
}

/// A value that a call has before it ends.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
pub(crate) struct Partial {
    /// What its function calls it.
    pub(crate) name: String,
    /// The value.
    #[schema(value_type = serde_json::Value)]
    pub(crate) value: Box<RawValue>,
}

/// What a call tells before it ends.
pub(crate) enum Interim {
    /// How far it is.
    Progress(Progress),
    /// What it has already.
    Partial(Partial),
}

impl Interim {
    /// What a frame before the outcome says; nothing where it cannot be read, as the outcome does not depend on it.
    pub(super) fn read(kind: u8, body: &[u8]) -> Option<Self> {
        #[derive(Deserialize)]
        struct Named {
            name: String,
        }
        if kind == frame::PROGRESS {
            return serde_json::from_slice(body).ok().map(Interim::Progress);
        }
        let (head, value) = frame::split(body).ok()?;
        let Named { name } = serde_json::from_slice(head).ok()?;
        let value = serde_json::from_slice(value).ok()?;
        Some(Interim::Partial(Partial { name, value }))
    }
}
