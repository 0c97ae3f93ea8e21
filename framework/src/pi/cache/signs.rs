//! What a server says of a range of time without sending its values: differs when values came late, went, or were put in place of others,
//! and when their unit is another one.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Kind;
use crate::pi::objects::{PiSummary, SummaryWire};
use crate::pi::paging::Page;
use crate::pi::time::{self, Micros};
use crate::pi::{PiClient, PiError};

/// Summaries over events of a stream of numbers, and of any stream.
const NUMBERS: &[&str] = &[
    "Count",
    "PercentGood",
    "Average",
    "Minimum",
    "Maximum",
    "StdDev",
];
const ANYTHING: &[&str] = &["Count", "PercentGood"];

/// Begins the kind of what is no summary but the unit of some.
const UNIT: &str = "unit ";

/// Summaries of a range: kind, instant, and the bits of the number; and the units they are in.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Signs(Vec<(String, Micros, Option<u64>)>);

impl Signs {
    fn new(summaries: Vec<PiSummary>) -> Self {
        let units: BTreeSet<String> = summaries
            .iter()
            .map(|one| format!("{UNIT}{}", one.unit))
            .collect();
        let mut signs: Vec<_> = summaries
            .into_iter()
            .map(|one| {
                (
                    one.kind,
                    one.time.as_microsecond(),
                    one.value.map(f64::to_bits),
                )
            })
            .chain(units.into_iter().map(|unit| (unit, 0, None)))
            .collect();
        signs.sort_unstable();
        Self(signs)
    }

    #[cfg(test)]
    pub(super) fn of<const COUNT: usize>(signs: [(&str, Micros, Option<f64>); COUNT]) -> Self {
        let sign = |(kind, time, value): (&str, _, Option<f64>)| {
            (kind.to_owned(), time, value.map(f64::to_bits))
        };
        Self(signs.map(sign).into())
    }

    /// How many good values the server counts; none when it counts nothing at all.
    pub(super) fn count(&self) -> Option<f64> {
        let count = self.0.iter().find(|(kind, ..)| kind == "Count")?;
        count.2.map(f64::from_bits)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Summarised {
    #[serde(default)]
    web_id: String,
    #[serde(default)]
    items: Vec<SummaryWire>,
}

impl PiClient {
    /// The signs of each tag in their order; none for a tag of which the server says nothing.
    ///
    /// A server refuses the summaries of a whole set when one of its streams holds texts. Then each stream is asked alone, and what
    /// is refused alone too is remembered and asked for counts only.
    pub(super) async fn signs(
        &self,
        kind: Kind,
        tags: &[&str],
        from: Micros,
        to: Micros,
        known_texts: &super::Texts,
    ) -> Result<Vec<Option<Signs>>, PiError> {
        let (from, to) = kind.depends_on(from, to);
        let mut signs: Vec<Option<Signs>> = vec![None; tags.len()];
        let (texts, numbers): (Vec<usize>, Vec<usize>) =
            (0..tags.len()).partition(|place| known_texts.contains(tags.get(*place)));
        let mut groups = vec![(numbers, NUMBERS), (texts, ANYTHING)];
        while let Some((group, kinds)) = groups.pop() {
            let names: Vec<&str> = group
                .iter()
                .filter_map(|place| tags.get(*place).copied())
                .collect();
            match self.summaries(&names, from, to, kinds).await {
                Ok(answers) => {
                    for (place, answer) in group.into_iter().zip(answers) {
                        if let Some(sign) = signs.get_mut(place) {
                            *sign = answer;
                        }
                    }
                }
                Err(PiError::Refused { .. } | PiError::Failed { status: 501, .. }) => {
                    if kinds == ANYTHING {
                        continue;
                    }
                    if group.len() == 1 {
                        known_texts.add(&names);
                        groups.push((group, ANYTHING));
                    } else {
                        groups.extend(group.into_iter().map(|place| (vec![place], NUMBERS)));
                    }
                }
                Err(error) => return Err(error),
            }
        }
        Ok(signs)
    }

    /// How many good values each tag recorded in a range, as the server counts.
    pub async fn counts(
        &self,
        tags: &[&str],
        start: Timestamp,
        end: Timestamp,
    ) -> Result<Vec<Option<f64>>, PiError> {
        let (from, to) = (start.as_microsecond(), end.as_microsecond());
        let signs = self.summaries(tags, from, to, &["Count"]).await?;
        Ok(signs
            .into_iter()
            .map(|signs| signs.as_ref().and_then(Signs::count))
            .collect())
    }

    async fn summaries(
        &self,
        tags: &[&str],
        from: Micros,
        to: Micros,
        kinds: &[&str],
    ) -> Result<Vec<Option<Signs>>, PiError> {
        let (from, to) = (time::format(from), time::format(to));
        let mut query = vec![
            ("startTime", from.as_str()),
            ("endTime", &to),
            ("calculationBasis", "EventWeighted"),
        ];
        query.extend(kinds.iter().map(|kind| ("summaryType", *kind)));
        let mut all = Vec::with_capacity(tags.len());
        for part in crate::pi::streams::in_addresses(tags) {
            let mut query = query.clone();
            query.extend(part.iter().map(|tag| ("webId", *tag)));
            let page: Page<Summarised> = self
                .get(&["streamsets", "summary"], &query, "one of the tags")
                .await?;
            let mut items: Vec<Option<Summarised>> = page.items.into_iter().map(Some).collect();
            if items.len() != part.len() {
                return Err(PiError::Interrupted(format!(
                    "{} of {} tags are summarised",
                    items.len(),
                    part.len()
                )));
            }
            for (place, tag) in part.iter().enumerate() {
                let named = |item: &Option<Summarised>| {
                    item.as_ref().is_some_and(|item| item.web_id == *tag)
                };
                let found = items.iter().position(named).unwrap_or(place);
                let item = items.get_mut(found).and_then(Option::take);
                let item = item.filter(|item| !item.items.is_empty());
                let summaries = item.map(|item| {
                    let summaries = item.items.into_iter().map(SummaryWire::summary);
                    summaries.collect::<Result<_, _>>()
                });
                all.push(summaries.transpose()?.map(Signs::new));
            }
        }
        Ok(all)
    }
}
