//! What is laid over each other: batches, or one phase of each.

use std::collections::HashMap;

use dcp::http::Problem;
use dcp::pi::{BatchFilter, PiBatch, PiClient};
use jiff::Timestamp;

use crate::phases;
use crate::sources::Source;

/// A batch, or the part of it that is a phase.
#[derive(Debug, Clone)]
pub(super) struct Part {
    pub(super) batch: String,
    pub(super) start: Timestamp,
    /// None while it runs.
    pub(super) end: Option<Timestamp>,
}

impl Part {
    pub(super) fn whole(batch: PiBatch) -> Self {
        Self {
            batch: batch.name,
            start: batch.start,
            end: batch.end,
        }
    }

    /// Its last instant so far.
    pub(super) fn end_by(&self, now: Timestamp) -> Timestamp {
        self.end.unwrap_or(now).min(now).max(self.start)
    }
}

/// The batches of these names, in this order; one that the unit does not have is named.
pub(super) async fn chosen(
    source: &Source,
    client: &PiClient,
    unit: &str,
    names: &[&str],
) -> Result<Vec<PiBatch>, Problem> {
    let known = client
        .batches(unit, &BatchFilter::default())
        .await
        .map_err(|error| source.problem(error))?;
    let mut known: HashMap<String, PiBatch> = known
        .into_iter()
        .map(|batch| (batch.name.clone(), batch))
        .collect();
    let mut find = |name: &&str| {
        known.remove(*name).ok_or_else(|| {
            Problem::unprocessable(format!("The unit has no batch {name}."))
                .part("batch", "Not known.")
        })
    };
    names.iter().map(&mut find).collect()
}

/// A phase of each batch, and the batches that do not have it, or not yet.
pub(super) async fn parts_of(
    source: &Source,
    client: &PiClient,
    batches: Vec<PiBatch>,
    phase: &str,
    now: Timestamp,
) -> Result<(Vec<Part>, Vec<String>), Problem> {
    let ids: Vec<&str> = batches.iter().map(|batch| batch.web_id.as_str()).collect();
    let phases = client.phases_of_each(&ids).await;
    let phases = phases.map_err(|error| source.problem(error))?;
    let (mut parts, mut without) = (Vec::new(), Vec::new());
    for (batch, phases) in batches.into_iter().zip(phases) {
        let mut listed = phases::listed(&phases, now).into_iter();
        match listed.find(|one| one.key == phase && one.start <= now) {
            Some(found) => parts.push(Part {
                batch: batch.name,
                start: found.start,
                end: found.end,
            }),
            None => without.push(batch.name),
        }
    }
    if parts.is_empty() {
        let detail = format!("None of the batches has the phase {phase}.");
        return Err(Problem::unprocessable(detail).part("phase", "Not known."));
    }
    Ok((parts, without))
}
