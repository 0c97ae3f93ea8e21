//! Values of many tags at instants, such as those of samples in a laboratory. They are read from the server each time.

use jiff::Timestamp;

use super::series::Series;
use super::streams::SERIES_FIELDS;
use super::time::{self, Micros};
use super::{PiClient, PiError};
use crate::limits;

/// Which recorded value stands for an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retrieval {
    /// As the server finds best for the tag.
    Auto,
    /// One recorded then, or else the last one before.
    AtOrBefore,
    /// The last one before.
    Before,
    /// One recorded then, or else the first one after.
    AtOrAfter,
    /// The first one after.
    After,
    /// One recorded then.
    Exact,
}

impl Retrieval {
    fn as_str(self) -> &'static str {
        match self {
            Self::Auto => "Auto",
            Self::AtOrBefore => "AtOrBefore",
            Self::Before => "Before",
            Self::AtOrAfter => "AtOrAfter",
            Self::After => "After",
            Self::Exact => "Exact",
        }
    }
}

impl PiClient {
    /// What each tag was at each instant, interpolated as the server does for it: a row for each instant, once, in the order of time.
    pub async fn interpolated_at(
        &self,
        tags: &[&str],
        instants: &[Timestamp],
    ) -> Result<Vec<Series>, PiError> {
        let instants = ordered(instants);
        let all = self
            .at_instants("interpolatedattimes", tags, &instants, &[])
            .await?;
        match all.iter().find(|series| series.times != instants) {
            Some(series) => Err(PiError::Truncated {
                tag: series.name.clone(),
            }),
            None => Ok(all),
        }
    }

    /// The recorded value of each tag that stands for each instant, with the time at which it was recorded, in the order of time. An
    /// instant for which there is none has no row, or the server refuses the question, as it likes.
    pub async fn recorded_at(
        &self,
        tags: &[&str],
        instants: &[Timestamp],
        retrieval: Retrieval,
    ) -> Result<Vec<Series>, PiError> {
        let mode = [("retrievalMode", retrieval.as_str())];
        self.at_instants("recordedattimes", tags, &ordered(instants), &mode)
            .await
    }

    async fn at_instants(
        &self,
        action: &str,
        tags: &[&str],
        instants: &[Micros],
        further: &[(&str, &str)],
    ) -> Result<Vec<Series>, PiError> {
        let mut all: Vec<Series> = tags.iter().map(|_| Series::default()).collect();
        for part in instants.chunks(limits::PI_INSTANTS) {
            let times: Vec<String> = part.iter().copied().map(time::format).collect();
            let mut query = vec![
                ("sortOrder", "Ascending"),
                ("selectedFields", SERIES_FIELDS),
            ];
            query.extend(further);
            query.extend(times.iter().map(|time| ("time", time.as_str())));
            let read = self.series(action, tags, &query).await?;
            all.iter_mut()
                .zip(read)
                .for_each(|(series, page)| series.append(page, 0));
        }
        Ok(all)
    }
}

fn ordered(instants: &[Timestamp]) -> Vec<Micros> {
    let mut instants: Vec<Micros> = instants.iter().map(|at| at.as_microsecond()).collect();
    instants.sort_unstable();
    instants.dedup();
    instants
}
