//! How a result came to be: enough to calculate it again and to compare.

use dcp::calc::Script;
use dcp::events::calc::Calculated;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::ask::{Ask, Interpolation, Tag, Unit};

/// The R script of this module as it is published to the engine.
pub const SCRIPT: Script = Script {
    name: "mvda",
    source: include_str!("../R/mvda.R"),
};

/// First and last instant of the process data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TimeRange {
    /// Start of the first batch.
    #[schema(value_type = String, format = DateTime)]
    pub from: Timestamp,
    /// End of the last batch.
    #[schema(value_type = String, format = DateTime)]
    pub to: Timestamp,
}

/// How a result came to be.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Provenance {
    /// Address of the PI Web API.
    pub pi_server: String,
    /// The PI data server behind it.
    pub data_server: String,
    /// The production unit.
    pub unit: Unit,
    /// The tags.
    pub tags: Vec<Tag>,
    /// The time the process data cover.
    pub time_range: TimeRange,
    /// Which values were read.
    pub interpolation: Interpolation,
    /// The R script.
    pub script: String,
    /// Its version at the engine.
    pub script_version: String,
    /// SHA-256 of its source.
    pub script_hash: String,
    /// The function.
    pub function: String,
    /// Version of R.
    pub r_version: String,
    /// Packages and their versions.
    #[schema(value_type = Object)]
    pub packages: Value,
    /// All that the engine says about itself.
    #[schema(value_type = Object)]
    pub environment: Value,
    /// The node that calculated.
    pub node: String,
    /// What that node is validated for.
    pub zone: String,
    /// The engine's key of the value.
    pub result_key: String,
    /// The hash of everything that determines the value.
    pub computation_key: String,
    /// How long it took.
    pub duration_ms: u64,
    /// What R warned of.
    pub warnings: Vec<String>,
}

/// Where the process data came from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Origin {
    /// Address of the PI Web API.
    pub url: String,
    /// The PI data server behind it.
    pub data_server: String,
}

impl Provenance {
    /// Puts together what was asked for, where the data came from and what the engine answered.
    pub fn new(ask: &Ask, origin: &Origin, calculated: &Calculated, zone: &str) -> Self {
        let environment = &calculated.environment;
        let starts = ask.batches.iter().map(|batch| batch.start);
        let ends = ask.batches.iter().filter_map(|batch| batch.end);
        Self {
            pi_server: origin.url.clone(),
            data_server: origin.data_server.clone(),
            unit: ask.unit.clone(),
            tags: ask.tags.clone(),
            time_range: TimeRange {
                from: starts.min().unwrap_or_default(),
                to: ends.max().unwrap_or_default(),
            },
            interpolation: ask.interpolation.clone(),
            script: SCRIPT.name.to_owned(),
            script_version: calculated.script_version.clone(),
            script_hash: SCRIPT.version(),
            function: ask.kind.function().to_owned(),
            r_version: environment
                .get("r")
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned(),
            packages: environment.get("packages").cloned().unwrap_or_default(),
            environment: environment.clone(),
            node: calculated.node.clone(),
            zone: environment
                .get("zone")
                .and_then(Value::as_str)
                .unwrap_or(zone)
                .to_owned(),
            result_key: calculated.result_key.clone(),
            computation_key: calculated.computation_key.clone(),
            duration_ms: calculated.duration_ms,
            warnings: calculated.warnings.clone(),
        }
    }
}
