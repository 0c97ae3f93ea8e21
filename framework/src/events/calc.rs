//! What the calculation engine is asked and what it tells.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Actor, Event, Key, Kind};
use crate::clock::Timestamp;

/// Please call an R function. The answer comes as `calc.call.finished` with the same `call_id`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Call {
    /// Chosen by who asks.
    pub call_id: String,
    /// The published script, or `name@version`.
    pub script: String,
    /// The function in it.
    pub function: String,
    /// Its arguments by name; `$result` and `$pi` references are resolved by the engine.
    pub args: Map<String, Value>,
    /// For whom.
    pub requested_by: Actor,
    /// The site whose engines do it.
    pub site: String,
    /// The module that asks.
    pub reply_to: String,
    /// After this nobody waits for the answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deadline: Option<Timestamp>,
}

impl Event for Call {
    const NAME: &'static str = "calc.call";
    const VERSION: u16 = 1;
    const KIND: Kind = Kind::Task;

    fn key(&self) -> Key {
        (&self.call_id).into()
    }

    fn deadline(&self) -> Option<Timestamp> {
        self.deadline
    }
}

/// Please give up a call that nobody needs any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Cancel {
    /// The call.
    pub call_id: String,
    /// Who no longer needs it.
    pub by: Actor,
    /// When.
    pub at: Timestamp,
}

impl Event for Cancel {
    const NAME: &'static str = "calc.cancel";
    const VERSION: u16 = 1;
    const KIND: Kind = Kind::Task;

    fn key(&self) -> Key {
        (&self.call_id).into()
    }
}

/// Please publish this R source under this name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Publish {
    /// The script's name.
    pub name: String,
    /// The R source.
    pub source: String,
    /// The module that brings it.
    pub module: String,
}

impl Event for Publish {
    const NAME: &'static str = "calc.publish";
    const VERSION: u16 = 1;
    const KIND: Kind = Kind::Task;

    fn key(&self) -> Key {
        (&self.name).into()
    }
}

/// A calculation goes on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CallProgressed {
    /// The call.
    pub call_id: String,
    /// The module that asked.
    pub reply_to: String,
    /// From 0 to 1.
    pub fraction: f64,
    /// What it is doing.
    pub message: String,
}

impl Event for CallProgressed {
    const NAME: &'static str = "calc.call.progressed";
    const VERSION: u16 = 1;

    fn key(&self) -> Key {
        (&self.call_id).into()
    }
}

/// A calculation came to its end, good or bad.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CallFinished {
    /// The call.
    pub call_id: String,
    /// The module that asked.
    pub reply_to: String,
    /// How it ended.
    pub outcome: Outcome,
}

impl Event for CallFinished {
    const NAME: &'static str = "calc.call.finished";
    const VERSION: u16 = 1;

    fn key(&self) -> Key {
        (&self.call_id).into()
    }
}

/// How a calculation ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// There is a result.
    Ok(Calculated),
    /// There is none.
    Error(Failed),
}

/// Where a result is and how it came to be.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Calculated {
    /// The key of the value.
    pub result_key: String,
    /// The hash of everything that determines the value.
    pub computation_key: String,
    /// The script's version: the hash of its source.
    pub script_version: String,
    /// R, packages, platform.
    pub environment: Value,
    /// What R warned of.
    pub warnings: Vec<String>,
    /// How long it took.
    pub duration_ms: u64,
    /// The engine node.
    pub node: String,
}

/// Why there is no result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Failed {
    /// For the user.
    pub title: String,
    /// R's own message, or what else explains it.
    pub detail: String,
    /// The problem's kind: `r-error`, `timed-out`, `invalid-arguments`, ...
    pub kind: String,
}

/// A script has a new version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ScriptPublished {
    /// The script's name.
    pub name: String,
    /// Its new version: the hash of its source.
    pub version: String,
    /// The functions it offers.
    pub functions: Vec<String>,
    /// Who published it.
    pub by: Actor,
    /// When.
    pub at: Timestamp,
    /// The engine node.
    pub node: String,
}

impl Event for ScriptPublished {
    const NAME: &'static str = "calc.script.published";
    const VERSION: u16 = 1;

    fn key(&self) -> Key {
        (&self.name).into()
    }
}

/// The same computation gave two values: a deviation from reproducibility, to be looked into.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ResultDeviated {
    /// The call that gave the second value.
    pub call_id: String,
    /// The hash of everything that should determine the value.
    pub computation_key: String,
    /// The script.
    pub script: String,
    /// Its version: the hash of its source.
    pub version: String,
    /// The function.
    pub function: String,
    /// The call that gave the first value.
    pub before_call_id: String,
    /// The key of the first value.
    pub before_key: String,
    /// The key of the second value.
    pub after_key: String,
    /// Who asked for the second.
    pub by: Actor,
    /// When.
    pub at: Timestamp,
    /// The engine node that calculated the second.
    pub node: String,
}

impl Event for ResultDeviated {
    const NAME: &'static str = "calc.result.deviated";
    const VERSION: u16 = 1;

    fn key(&self) -> Key {
        (&self.computation_key).into()
    }
}
