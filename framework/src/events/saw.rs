//! What the statistical workbench tells.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Actor, Event, Key};
use crate::clock::Timestamp;

/// A control chart as others see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Chart {
    /// Its id.
    pub id: String,
    /// What it is about.
    pub title: String,
}

/// A control chart is ready. It is for information only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ChartCalculated {
    /// The chart.
    pub chart: Chart,
    /// The site it belongs to.
    pub site: String,
    /// Who asked for it.
    pub by: Actor,
    /// When it became ready.
    pub at: Timestamp,
    /// Where the portal shows it.
    pub link: String,
}

impl Event for ChartCalculated {
    const NAME: &'static str = "saw.chart.calculated";
    const VERSION: u16 = 1;

    fn key(&self) -> Key {
        (&self.chart.id).into()
    }
}
