//! What multivariate batch monitoring tells.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Actor, Event, Key};
use crate::clock::Timestamp;

/// A model as others see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Model {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: u32,
    /// `evolution` or `level`.
    pub kind: String,
}

/// A model is ready.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ModelCalculated {
    /// The model.
    pub model: Model,
    /// The site it belongs to.
    pub site: String,
    /// The production unit.
    pub unit: String,
    /// Who asked for it.
    pub by: Actor,
    /// When it became ready.
    pub at: Timestamp,
    /// How many batches it holds.
    pub batches: u32,
    /// How many of them are abnormal.
    pub abnormal: u32,
    /// Where the portal shows it.
    pub link: String,
}

impl Event for ModelCalculated {
    const NAME: &'static str = "mvda.model.calculated";
    const VERSION: u16 = 1;

    fn key(&self) -> Key {
        (&self.model.id).into()
    }
}

/// A model could not be calculated.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ModelFailed {
    /// The model.
    pub model: Model,
    /// The site it belongs to.
    pub site: String,
    /// The production unit.
    pub unit: String,
    /// Who asked for it.
    pub by: Actor,
    /// When it failed.
    pub at: Timestamp,
    /// Why, for the user.
    pub reason: String,
    /// Where the portal shows it.
    pub link: String,
}

impl Event for ModelFailed {
    const NAME: &'static str = "mvda.model.failed";
    const VERSION: u16 = 1;

    fn key(&self) -> Key {
        (&self.model.id).into()
    }
}
