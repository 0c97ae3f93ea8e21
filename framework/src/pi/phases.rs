//! Phases: what batches are made of.

use std::collections::BTreeMap;

use serde::Serialize;

use super::frames::FRAME_FIELDS;
use super::objects::{FrameWire, PiBatch};
use super::paging::Page;
use super::{PiClient, PiError};
use crate::limits;

/// Later than every frame: also planned ones are found.
const EVER: &str = "9999-12-30T00:00:00Z";

/// A phase of a batch, or what lies between: unit procedure, operation (ISA-88).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PiPhase {
    /// The event frame.
    #[serde(flatten)]
    pub frame: PiBatch,
    /// What it is made of, by start.
    pub phases: Vec<PiPhase>,
}

impl PiClient {
    /// What a batch is made of: unit procedures, operations, phases, to the last level. One request for each level, or more
    /// where a level is wide.
    pub async fn phases(&self, batch: &str) -> Result<Vec<PiPhase>, PiError> {
        let mut each = self.phases_of_each(&[batch]).await?;
        Ok(each.pop().unwrap_or_default())
    }

    /// The same of several batches, in the order asked for, with no more requests than one of them needs as long as levels are narrow.
    pub async fn phases_of_each(&self, batches: &[&str]) -> Result<Vec<Vec<PiPhase>>, PiError> {
        let mut levels: Vec<Vec<(String, FrameWire)>> = Vec::new();
        let mut parents: Vec<String> = batches.iter().map(|batch| (*batch).to_owned()).collect();
        let mut count = 0;
        while !parents.is_empty() {
            let level = self.children(&parents).await?;
            count += level.len();
            if levels.len() >= limits::PI_PHASE_LEVELS || count > limits::PI_LIST {
                return Err(PiError::Truncated {
                    tag: "the phases of the batch".to_owned(),
                });
            }
            parents = level
                .iter()
                .filter(|(_, frame)| frame.has_children())
                .map(|(_, frame)| frame.id().to_owned())
                .collect();
            levels.push(level);
        }
        let mut by_parent = BTreeMap::new();
        for level in levels.into_iter().rev() {
            by_parent = grown(level, by_parent)?;
        }
        let taken = batches.iter().map(|batch| by_parent.remove(*batch));
        Ok(taken.map(Option::unwrap_or_default).collect())
    }

    /// The frames directly below others, each with the WebID of its parent.
    async fn children(&self, parents: &[String]) -> Result<Vec<(String, FrameWire)>, PiError> {
        let size = limits::PI_PAGE.to_string();
        let query = [
            ("startTime", "1970-01-01T00:00:00Z"),
            ("endTime", EVER),
            ("searchMode", "Overlapped"),
            ("sortField", "StartTime"),
            ("maxCount", &size),
            ("selectedFields", FRAME_FIELDS),
        ];
        let mut found = Vec::new();
        for part in parents.chunks(limits::PI_BATCH_PARTS) {
            let paths: Vec<Vec<&str>> = part
                .iter()
                .map(|id| vec!["eventframes", id.as_str(), "eventframes"])
                .collect();
            for (parent, answer) in part.iter().zip(self.get_many(&paths, &query).await?) {
                let page: Page<FrameWire> = answer.content("the phases of the batch")?;
                if page.next().is_some() || page.items.len() >= limits::PI_PAGE {
                    return Err(PiError::Truncated {
                        tag: "the phases of the batch".to_owned(),
                    });
                }
                found.extend(page.items.into_iter().map(|frame| (parent.clone(), frame)));
            }
        }
        Ok(found)
    }
}

/// The phases of one level by parent, with what was found below them.
fn grown(
    level: Vec<(String, FrameWire)>,
    mut below: BTreeMap<String, Vec<PiPhase>>,
) -> Result<BTreeMap<String, Vec<PiPhase>>, PiError> {
    let mut by_parent: BTreeMap<String, Vec<PiPhase>> = BTreeMap::new();
    for (parent, wire) in level {
        let phases = below.remove(wire.id()).unwrap_or_default();
        let frame = wire.batch()?;
        by_parent
            .entry(parent)
            .or_default()
            .push(PiPhase { frame, phases });
    }
    for phases in by_parent.values_mut() {
        phases.sort_by_key(|phase| phase.frame.start);
    }
    Ok(by_parent)
}
