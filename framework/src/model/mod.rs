//! Definitions that modules share: sites, zones, permissions, ids, manifests.

mod ids;
mod manifest;
mod permission;

pub use ids::{DataSourceId, InvalidId, ModuleName, SiteId, UserId};
pub use jiff::Timestamp;
pub use manifest::{
    Bridge, EventQueue, Exposure, Manifest, ManifestError, Queues, Scripts, TaskQueue, Text, Ui,
    UiRoute,
};
pub use permission::Permission;

use serde::{Deserialize, Serialize};

/// What a module, a node or a result is good for: decisions on product quality, or information only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase", try_from = "String")]
pub enum Zone {
    /// Validated; its results may support decisions on product quality.
    Gxp,
    /// For information only.
    NonGxp,
}

impl Zone {
    /// The name on the wire and in settings.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Gxp => "gxp",
            Self::NonGxp => "nongxp",
        }
    }

    /// The other one.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::Gxp => Self::NonGxp,
            Self::NonGxp => Self::Gxp,
        }
    }
}

impl TryFrom<String> for Zone {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        [Self::Gxp, Self::NonGxp]
            .into_iter()
            .find(|zone| zone.as_str() == name)
            .ok_or_else(|| format!("`{name}` is no zone; there are `gxp` and `nongxp`"))
    }
}

impl std::fmt::Display for Zone {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(self.as_str())
    }
}
