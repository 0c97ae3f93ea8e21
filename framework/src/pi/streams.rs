//! Values of many tags in one request.

use jiff::Timestamp;

use super::cache::{Kind, Range};
use super::objects::{PiSummary, SummaryWire};
use super::paging::Page;
use super::series::Series;
use super::time::{self, Micros};
use super::{PiClient, PiError};
use crate::limits;

pub(super) const SERIES_FIELDS: &str = "Items.WebId;Items.Name;Items.Path;Items.UnitsAbbreviation;Items.WebException;WebException;\
                             Items.Items.Timestamp;Items.Items.Value;Items.Items.Good;Items.Items.Questionable;\
                             Items.Items.Substituted;Items.Items.Annotated;Items.Items.Errors";

impl PiClient {
    /// The newest value of each tag, in the order asked for: series of one row.
    pub async fn values(&self, tags: &[&str]) -> Result<Vec<Series>, PiError> {
        self.series("value", tags, &[]).await
    }

    /// All recorded values of each tag from `start` to `end`, both included; from the cache where they are kept.
    pub async fn recorded(
        &self,
        tags: &[&str],
        start: Timestamp,
        end: Timestamp,
    ) -> Result<Vec<Series>, PiError> {
        if self.keeping.is_none() || end < start {
            return self.recorded_now(tags, start, end).await;
        }
        let asked = Range {
            from: start.as_microsecond(),
            to: end.as_microsecond().saturating_add(1),
        };
        self.through_cache(Kind::Recorded, tags, asked).await
    }

    /// The same, from the server.
    pub(super) async fn recorded_now(
        &self,
        tags: &[&str],
        start: Timestamp,
        end: Timestamp,
    ) -> Result<Vec<Series>, PiError> {
        let size = limits::PI_VALUES.to_string();
        let (from, to) = range(start, end);
        let query = [
            ("startTime", from.as_str()),
            ("endTime", &to),
            ("maxCount", &size),
            ("selectedFields", SERIES_FIELDS),
        ];
        let mut all = self.series("recorded", tags, &query).await?;
        for (series, tag) in all.iter_mut().zip(tags) {
            // A server cuts long answers without saying so: a full page means that there may be more.
            let mut page = series.len();
            while page >= limits::PI_VALUES {
                page = self.next_page(series, tag, &to).await?;
            }
        }
        Ok(all)
    }

    /// Reads on from the last time, which several values may share; answers the size of the page.
    async fn next_page(&self, series: &mut Series, tag: &str, to: &str) -> Result<usize, PiError> {
        let Some(last) = series.times.last().copied() else {
            return Ok(0);
        };
        let known = series
            .times
            .iter()
            .rev()
            .take_while(|time| **time == last)
            .count();
        let (from, size) = (time::format(last), limits::PI_VALUES.to_string());
        let query = [
            ("startTime", from.as_str()),
            ("endTime", to),
            ("maxCount", &size),
            ("selectedFields", SERIES_FIELDS),
        ];
        let page = self
            .series("recorded", &[tag], &query)
            .await?
            .pop()
            .unwrap_or_default();
        let rows = page.len();
        if rows >= limits::PI_VALUES && rows <= known {
            return Err(PiError::Truncated {
                tag: series.name.clone(),
            });
        }
        series.append(page, known);
        Ok(rows)
    }

    /// Values of each tag every `interval` microseconds from `start`; the end is included where it falls on the grid. From the cache
    /// where they are kept.
    pub async fn interpolated(
        &self,
        tags: &[&str],
        start: Timestamp,
        end: Timestamp,
        interval: Micros,
    ) -> Result<Vec<Series>, PiError> {
        let (from, last) = (start.as_microsecond(), end.as_microsecond());
        if self.keeping.is_none() || interval <= 0 || last < from {
            return self.interpolated_now(tags, start, end, interval).await;
        }
        let kind = Kind::Grid {
            interval,
            anchor: from,
        };
        let to = (last - (last - from) % interval).saturating_add(interval);
        self.through_cache(kind, tags, Range { from, to }).await
    }

    /// The same, from the server.
    pub(super) async fn interpolated_now(
        &self,
        tags: &[&str],
        start: Timestamp,
        end: Timestamp,
        interval: Micros,
    ) -> Result<Vec<Series>, PiError> {
        let (first, last) = (start.as_microsecond(), end.as_microsecond());
        if interval <= 0 || last < first {
            return Err(PiError::Refused {
                status: 400,
                errors: vec![
                    "the interval must be positive and the end after the start".to_owned(),
                ],
            });
        }
        let step =
            interval.saturating_mul(Micros::try_from(limits::PI_VALUES).unwrap_or(Micros::MAX));
        let mut all: Vec<Series> = Vec::new();
        let mut from = first;
        while from <= last {
            // The server counts its grid from the start it is given: each part begins on the grid of the whole.
            let to = last.min(from.saturating_add(step) - interval);
            let part = self.grid(tags, from, to, interval).await?;
            if all.is_empty() {
                all = part;
            } else {
                all.iter_mut()
                    .zip(part)
                    .for_each(|(series, page)| series.append(page, 0));
            }
            from = from.saturating_add(step);
        }
        Ok(all)
    }

    async fn grid(
        &self,
        tags: &[&str],
        from: Micros,
        to: Micros,
        interval: Micros,
    ) -> Result<Vec<Series>, PiError> {
        let span = span(interval);
        let (start, end) = (time::format(from), time::format(to));
        let query = [
            ("startTime", start.as_str()),
            ("endTime", &end),
            ("interval", &span),
            ("selectedFields", SERIES_FIELDS),
        ];
        let all = self.series("interpolated", tags, &query).await?;
        let expected = usize::try_from((to - from) / interval + 1).unwrap_or(usize::MAX);
        match all.iter().find(|series| series.len() < expected) {
            Some(series) => Err(PiError::Truncated {
                tag: series.name.clone(),
            }),
            None => Ok(all),
        }
    }

    /// Values that draw the same picture as all recorded ones on `intervals` pixel columns; from the cache where they are kept, and
    /// then on up to twice as many.
    pub async fn plot(
        &self,
        tags: &[&str],
        start: Timestamp,
        end: Timestamp,
        intervals: usize,
    ) -> Result<Vec<Series>, PiError> {
        let (from, last) = (start.as_microsecond(), end.as_microsecond());
        let Some(cache) = self.cache().filter(|_| from < last) else {
            return self.plot_now(tags, start, end, intervals).await;
        };
        let kind = Kind::plot(last - from, intervals);
        let (whole, behind) = (kind.column(from).0, kind.column(last).1);
        // The last column is kept too, once all of it is settled.
        let to = if behind <= cache.settled() {
            behind
        } else {
            last.saturating_add(1)
        };
        let read = self.through_cache(kind, tags, Range { from: whole, to });
        let read = read.await?.into_iter();
        Ok(read
            .map(|series| series.within(from, last.saturating_add(1)))
            .collect())
    }

    /// The same, from the server.
    pub(super) async fn plot_now(
        &self,
        tags: &[&str],
        start: Timestamp,
        end: Timestamp,
        intervals: usize,
    ) -> Result<Vec<Series>, PiError> {
        let (from, to) = range(start, end);
        let intervals = intervals.max(1).to_string();
        let query = [
            ("startTime", from.as_str()),
            ("endTime", &to),
            ("intervals", &intervals),
            ("selectedFields", SERIES_FIELDS),
        ];
        self.series("plot", tags, &query).await
    }

    /// Summaries of one tag over a range: `kinds` are PI's names (`Average`, `Minimum`, ...), weighted by time.
    pub async fn summary(
        &self,
        tag: &str,
        start: Timestamp,
        end: Timestamp,
        kinds: &[&str],
    ) -> Result<Vec<PiSummary>, PiError> {
        let (from, to) = range(start, end);
        let mut query = vec![("startTime", from.as_str()), ("endTime", &to)];
        query.extend(kinds.iter().map(|kind| ("summaryType", *kind)));
        let page: Page<SummaryWire> = self
            .get(&["streams", tag, "summary"], &query, "the tag")
            .await?;
        page.items.into_iter().map(SummaryWire::summary).collect()
    }

    /// One stream set request, or several where the address would become too long.
    pub(super) async fn series(
        &self,
        action: &str,
        tags: &[&str],
        query: &[(&str, &str)],
    ) -> Result<Vec<Series>, PiError> {
        let mut all = Vec::with_capacity(tags.len());
        for part in in_addresses(tags) {
            let mut query = query.to_vec();
            query.extend(part.iter().map(|tag| ("webId", *tag)));
            let series = self
                .get_series(&["streamsets", action], &query, "one of the tags")
                .await?;
            if series.len() != part.len() {
                return Err(PiError::Interrupted(format!(
                    "{} of {} tags are answered",
                    series.len(),
                    part.len()
                )));
            }
            all.extend(in_order(series, part));
        }
        Ok(all)
    }
}

/// In the order asked for, where the server answers with the WebIDs it was asked with; else in its own.
fn in_order(mut series: Vec<Series>, tags: &[&str]) -> Vec<Series> {
    let place = |one: &Series| tags.iter().position(|tag| *tag == one.web_id);
    if series.iter().all(|one| place(one).is_some()) {
        series.sort_by_key(place);
    }
    series
}

/// Groups of tags whose WebIDs fit into one address.
pub(super) fn in_addresses<'t, 'w>(tags: &'t [&'w str]) -> Vec<&'t [&'w str]> {
    let mut groups = Vec::new();
    let (mut start, mut length) = (0, 0);
    for (place, tag) in tags.iter().enumerate() {
        length += tag.len() + "&webId=".len();
        if length > limits::PI_ADDRESS && place > start {
            groups.extend(tags.get(start..place));
            (start, length) = (place, tag.len());
        }
    }
    groups.extend(tags.get(start..).filter(|rest| !rest.is_empty()));
    groups
}

fn range(start: Timestamp, end: Timestamp) -> (String, String) {
    (
        time::format(start.as_microsecond()),
        time::format(end.as_microsecond()),
    )
}

/// A time span in PI's words.
fn span(interval: Micros) -> String {
    match interval {
        whole if whole % 1_000_000 == 0 => format!("{}s", whole / 1_000_000),
        other => format!("{}ms", other / 1000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_tags_are_asked_for_in_addresses_of_bounded_length() {
        let names: Vec<String> = (0..200)
            .map(|number| format!("F1DP{number:0>96}"))
            .collect();
        let tags: Vec<&str> = names.iter().map(String::as_str).collect();
        let groups = in_addresses(&tags);
        assert!(groups.len() > 1);
        assert!(groups.iter().all(
            |group| group.iter().map(|tag| tag.len() + 7).sum::<usize>() <= limits::PI_ADDRESS
        ));
        assert_eq!(groups.concat(), tags);
        assert!(in_addresses(&[]).is_empty());
    }
}
