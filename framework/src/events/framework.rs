//! What the framework's own module tells.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Event, Key};
use crate::clock::Timestamp;

/// A module has started and is ready.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ModuleStarted {
    /// The module.
    pub module: String,
    /// Its version.
    pub version: String,
    /// The node that hosts it.
    pub node: String,
    /// `gxp` or `nongxp`.
    pub zone: String,
    /// When.
    pub at: Timestamp,
}

impl Event for ModuleStarted {
    const NAME: &'static str = "framework.module.started";
    const VERSION: u16 = 1;

    fn key(&self) -> Key {
        (&self.module).into()
    }
}
