//! What a person asks for when a model is to be calculated.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The two kinds of models.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// How every batch developed over its maturity.
    Evolution,
    /// Every batch as a whole.
    Level,
}

impl Kind {
    /// The R function that calculates it.
    pub fn function(self) -> &'static str {
        match self {
            Self::Evolution => "batch_evolution",
            Self::Level => "batch_level",
        }
    }
}

/// The production unit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Unit {
    /// Its element in the asset tree.
    pub web_id: String,
    /// Its path there.
    #[serde(default)]
    pub path: String,
    /// Its name.
    pub name: String,
}

/// One tag of a model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Tag {
    /// The name the model uses.
    pub name: String,
    /// Where its values are.
    pub web_id: String,
    /// What people call it; taken from the asset tree.
    #[serde(default)]
    pub description: String,
    /// Its unit; taken from the asset tree.
    #[serde(default)]
    pub unit: String,
}

/// One batch of a model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Batch {
    /// Its name.
    pub id: String,
    /// When it began.
    #[schema(value_type = String, format = DateTime)]
    pub start: Timestamp,
    /// When it ended; none while it runs, which is then read up to now.
    #[schema(value_type = Option<String>, format = DateTime)]
    #[serde(default)]
    pub end: Option<Timestamp>,
    /// Whether it defines normal behaviour.
    pub reference: bool,
    /// Whether it had not ended when the model was asked for, and its maturity is an estimate.
    #[serde(default)]
    pub running: bool,
    /// Whether it had not ended and counts as complete all the same, because it was chosen as a reference.
    #[serde(default)]
    pub cut_off: bool,
}

/// Which values are read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum Interpolation {
    /// Values on a grid of this interval, such as `60s`.
    Every {
        /// A number and `s`, `m` or `h`.
        interval: String,
    },
    /// The word `recorded`: the values as they were stored.
    Recorded(String),
}

/// Everything that determines a model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Ask {
    /// Its name; the same name again makes the next version.
    pub name: String,
    /// Evolution or level.
    pub kind: Kind,
    /// The data source.
    pub source: String,
    /// The production unit.
    pub unit: Unit,
    /// The tags it uses.
    pub tags: Vec<Tag>,
    /// The batches it describes.
    pub batches: Vec<Batch>,
    /// Number of components.
    #[serde(default = "three")]
    pub components: u32,
    /// Confidence of the limits.
    #[serde(default = "ninety_five")]
    pub alpha: f64,
    /// Which values are read.
    #[serde(default = "every_minute")]
    pub interpolation: Interpolation,
    /// What maturity means; `percent` of the batch's duration.
    #[serde(default = "percent")]
    pub maturity: String,
}

fn three() -> u32 {
    3
}

fn ninety_five() -> f64 {
    0.95
}

fn every_minute() -> Interpolation {
    Interpolation::Every {
        interval: "60s".to_owned(),
    }
}

fn percent() -> String {
    "percent".to_owned()
}

impl Ask {
    /// The batches that define normal behaviour.
    pub fn reference(&self) -> impl Iterator<Item = &Batch> {
        self.batches.iter().filter(|batch| batch.reference)
    }

    /// A batch that has not ended is read up to now, so that the same model can be calculated again. A reference counts as
    /// complete then: event frames stay open after the last phase, and who chooses the batch knows that it is over.
    pub fn close_running(&mut self, now: Timestamp) {
        for batch in &mut self.batches {
            let open = batch.end.is_none_or(|end| end > now);
            (batch.running, batch.cut_off) = (open && !batch.reference, open && batch.reference);
            if open {
                batch.end = Some(now);
            }
        }
    }
}

/// A question that is fine, for tests.
#[cfg(test)]
pub(crate) mod example {
    use super::{Ask, Timestamp};

    pub(crate) fn now() -> Timestamp {
        "2026-05-01T00:00:00Z".parse().unwrap()
    }

    pub(crate) fn ask() -> Ask {
        let batches: Vec<_> = (1..=6)
            .map(|day| serde_json::json!({ "id": format!("B{day}"), "start": format!("2026-04-0{day}T00:00:00Z"), "end": format!("2026-04-0{day}T02:00:00Z"), "reference": true }))
            .collect();
        serde_json::from_value(serde_json::json!({
            "name": "Dryer", "kind": "evolution", "source": "dryers", "unit": { "web_id": "E1", "name": "Dryer 1" },
            "tags": [{ "name": "A", "web_id": "1" }, { "name": "B", "web_id": "2" }, { "name": "C", "web_id": "3" }], "batches": batches,
        }))
        .unwrap()
    }
}

#[cfg(test)]
mod tests {
    use super::example::{ask, now};
    use super::*;

    #[test]
    fn defaults_are_three_components_at_95_percent_on_a_minute_grid() {
        let ask = ask();
        assert_eq!(
            (ask.components, ask.alpha, &ask.interpolation),
            (3, 0.95, &every_minute())
        );
    }

    #[test]
    fn a_running_batch_is_read_up_to_now() {
        let mut ask = ask();
        ask.batches[5].reference = false;
        for open in [4, 5] {
            ask.batches[open].end = None;
        }
        ask.close_running(now());
        let closed = |at: usize| {
            let batch = &ask.batches[at];
            (batch.end, batch.running, batch.cut_off)
        };
        assert!(!closed(3).1 && !closed(3).2, "it had ended");
        assert_eq!(closed(4), (Some(now()), false, true));
        assert_eq!(closed(5), (Some(now()), true, false));
    }
}
