//! Which values were told already: by tag, time and value.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::super::Status;
use super::super::series::Series;
use super::super::time::Micros;
use super::super::webid::WebId;
use crate::limits;

/// A value among those of its tag.
type Key = (Micros, u64, Status, Option<String>);

#[derive(Default)]
struct OfTag {
    last: Option<Micros>,
    known: HashSet<Key>,
}

/// What is known of each tag.
pub(super) struct Seen {
    tags: BTreeMap<String, OfTag>,
    /// The tag behind each WebID that the server writes, which may have another form than the one it was asked with.
    names: HashMap<String, String>,
}

impl Seen {
    pub(super) fn new(tags: &[String]) -> Self {
        let none = |tag: &String| (tag.clone(), OfTag::default());
        Self {
            tags: tags.iter().map(none).collect(),
            names: HashMap::new(),
        }
    }

    /// Whether nothing was told yet.
    pub(super) fn is_empty(&self) -> bool {
        self.tags.values().all(|tag| tag.last.is_none())
    }

    /// From when each group of tags has to be read again.
    pub(super) fn since(&self) -> Vec<(Micros, Vec<&str>)> {
        let last = |tag: &OfTag| tag.last.unwrap_or_default();
        let newest = self.tags.values().map(last).max().unwrap_or_default();
        let (quick, slow): (Vec<_>, Vec<_>) = self
            .tags
            .iter()
            .partition(|(_, tag)| last(tag) >= newest - 5 * overlap());
        [quick, slow]
            .into_iter()
            .filter_map(|group| {
                let first = group.iter().map(|(_, tag)| last(tag)).min()?;
                let names = group.iter().map(|(name, _)| name.as_str()).collect();
                Some((first.saturating_sub(overlap()), names))
            })
            .collect()
    }

    /// What is new among values that were read over a stretch.
    pub(super) fn read(&mut self, series: Vec<Series>) -> Vec<Series> {
        self.fresh(series, false)
    }

    /// What is new among values that the server told; it also tells old ones when they arrive late.
    pub(super) fn told(&mut self, series: Vec<Series>) -> Vec<Series> {
        self.fresh(series, true)
    }

    fn fresh(&mut self, series: Vec<Series>, late: bool) -> Vec<Series> {
        let fresh = series.into_iter().filter_map(|mut one| {
            one.web_id = self.tag_of(&one.web_id);
            let known = self.tags.entry(one.web_id.clone()).or_default();
            let rows = known.take(&one, late);
            (!rows.is_empty()).then(|| select(&one, &rows))
        });
        fresh.collect()
    }

    /// The WebID that was asked for, whatever form the server answers in.
    pub(super) fn tag_of(&mut self, id: &str) -> String {
        if self.tags.contains_key(id) {
            return id.to_owned();
        }
        if let Some(name) = self.names.get(id) {
            return name.clone();
        }
        let same = self.tags.keys().find(|tag| is_same(tag, id)).cloned();
        let name = same.unwrap_or_else(|| id.to_owned());
        self.names.insert(id.to_owned(), name.clone());
        name
    }
}

impl OfTag {
    /// The rows that are new.
    fn take(&mut self, series: &Series, late: bool) -> Vec<usize> {
        let before = self.last.map(|last| last - overlap());
        let mut rows = Vec::new();
        for (row, time) in series.times.iter().enumerate() {
            let is_old = before.is_some_and(|before| *time < before);
            let bits = series.values.get(row).map_or(0, |value| value.to_bits());
            let status = series.status.get(row).copied().unwrap_or(Status::Missing);
            let key = (*time, bits, status, series.texts.get(&row).cloned());
            if (is_old && late) || (!is_old && self.known.insert(key)) {
                rows.push(row);
            }
            self.last = self.last.max(Some(*time));
        }
        if let Some(last) = self.last {
            self.known.retain(|(time, ..)| *time >= last - overlap());
        }
        rows
    }
}

fn overlap() -> Micros {
    Micros::try_from(limits::PI_LIVE_OVERLAP.as_micros()).unwrap_or(Micros::MAX)
}

/// Whether two WebIDs name the same object.
fn is_same(one: &str, other: &str) -> bool {
    let (Ok(one), Ok(other)) = (one.parse::<WebId>(), other.parse::<WebId>()) else {
        return false;
    };
    if one.kind != other.kind {
        return false;
    }
    if one.form.has_all_ids() && other.form.has_all_ids() {
        return (one.ids, one.point) == (other.ids, other.point);
    }
    one.path.is_some() && one.path == other.path
}

/// Some rows of a series.
fn select(series: &Series, rows: &[usize]) -> Series {
    let mut chosen = Series {
        web_id: series.web_id.clone(),
        name: series.name.clone(),
        path: series.path.clone(),
        units: series.units.clone(),
        states: series.states.clone(),
        ..Series::default()
    };
    for row in rows {
        if let Some(text) = series.texts.get(row) {
            chosen.texts.insert(chosen.times.len(), text.clone());
        }
        chosen.times.extend(series.times.get(*row));
        chosen.values.extend(series.values.get(*row));
        if let Some(status) = series.status.get(*row) {
            chosen.status.push(*status);
        }
    }
    chosen
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SECOND: Micros = 1_000_000;

    fn series(tag: &str, rows: &[(Micros, f64)]) -> Series {
        Series {
            web_id: tag.to_owned(),
            times: rows.iter().map(|row| row.0).collect(),
            values: rows.iter().map(|row| row.1).collect(),
            status: rows.iter().map(|_| Status::Good).collect(),
            ..Series::default()
        }
    }

    #[test]
    fn several_values_with_one_time_are_told_once_each() {
        let mut seen = Seen::new(&["a".to_owned()]);
        let first = series("a", &[(SECOND, 1.0), (SECOND, 2.0)]);
        assert_eq!(seen.told(vec![first.clone()]), std::slice::from_ref(&first));
        let again = series("a", &[(SECOND, 1.0), (SECOND, 2.0), (SECOND, 3.0)]);
        assert_eq!(seen.read(vec![again]), [series("a", &[(SECOND, 3.0)])]);
        assert!(seen.told(vec![first]).is_empty());
    }

    #[test]
    fn what_arrives_late_is_told_and_what_is_read_again_is_not() {
        let mut seen = Seen::new(&["a".to_owned()]);
        seen.told(vec![series("a", &[(1000 * SECOND, 1.0)])]);
        let late = series("a", &[(10 * SECOND, 5.0)]);
        assert!(seen.read(vec![late.clone()]).is_empty());
        assert_eq!(seen.told(vec![late.clone()]), [late]);
    }

    #[test]
    fn another_form_of_a_webid_names_the_same_tag() {
        let full = "F1DPXo6Tq7dbDESaFakUUXB--wRQcAAAUElTUlZUXEFGU0RLV1NfU0lOVVNPSUQ";
        let id: WebId = full.parse().unwrap();
        let short = id
            .to_form(super::super::super::webid::Form::IdOnly)
            .unwrap();
        let mut seen = Seen::new(&[short.to_string()]);
        assert_eq!(seen.tag_of(full), short.to_string());
        assert_eq!(seen.tag_of("F1DPother"), "F1DPother");
    }

    #[test]
    fn a_tag_that_stands_still_is_read_apart() {
        let mut seen = Seen::new(&["quick".to_owned(), "still".to_owned()]);
        seen.read(vec![
            series("quick", &[(1_000_000 * SECOND, 1.0)]),
            series("still", &[(5 * SECOND, 1.0)]),
        ]);
        let since = seen.since();
        assert_eq!(since[0], (999_880 * SECOND, vec!["quick"]));
        assert_eq!(since[1], (-115 * SECOND, vec!["still"]));
    }

    proptest! {
        #[test]
        fn over_any_breaks_nothing_is_lost_and_nothing_told_twice(
            steps in prop::collection::vec(0_i64..40, 1..200),
            heard in prop::collection::vec(any::<bool>(), 200),
        ) {
            // Values that come some seconds after each other; during a break none is heard, after it they are read again.
            let mut time = 0;
            let all: Vec<(Micros, f64)> = steps.iter().zip(0_u32..).map(|(step, value)| {
                time += step * SECOND;
                (time, f64::from(value % 3))
            }).collect();
            let mut unique = all.clone();
            unique.dedup();
            let mut seen = Seen::new(&["a".to_owned()]);
            seen.read(vec![series("a", &all[..1])]);
            let mut told = vec![all[0]];
            let mut broken = false;
            for (place, row) in all.iter().enumerate().skip(1) {
                let fresh = if !heard[place] {
                    broken = true;
                    Vec::new()
                } else if broken {
                    broken = false;
                    let from = seen.since()[0].0;
                    let again: Vec<_> = all[..=place].iter().copied().filter(|row| row.0 >= from).collect();
                    seen.read(vec![series("a", &again)])
                } else {
                    seen.told(vec![series("a", &[*row])])
                };
                for one in fresh {
                    told.extend(one.times.iter().copied().zip(one.values.iter().copied()));
                }
            }
            let from = seen.since()[0].0;
            let rest: Vec<_> = all.iter().copied().filter(|row| row.0 >= from).collect();
            for one in seen.read(vec![series("a", &rest)]) {
                told.extend(one.times.iter().copied().zip(one.values.iter().copied()));
            }
            let key = |row: &(Micros, f64)| (row.0, row.1.to_bits());
            let told_once: HashSet<_> = told.iter().map(key).collect();
            prop_assert_eq!(told.len(), told_once.len());
            let expected: HashSet<_> = unique.iter().map(key).collect();
            prop_assert_eq!(told_once, expected);
        }
    }
}
