//! Reading: what all curves of an overlay have in common, and each batch of it.

use std::sync::Arc;

use dcp::http::Problem;
use dcp::pi::downsample::m4;
use dcp::pi::{PiClient, PiError, Series, Unreadable};
use futures_util::{Stream, StreamExt, stream};
use jiff::{SignedDuration, Timestamp};

use super::part::Part;
use super::window::Window;
use super::{BatchCourses, Course, ElapsedStretch};
use crate::limits;
use crate::sources::Source;
use crate::trend::{bad, number, without_unreadable};

/// What all curves of an overlay have in common.
pub(super) struct Sheet {
    pub(super) client: PiClient,
    pub(super) source: Source,
    pub(super) tags: Vec<String>,
    /// Most points of a curve.
    pub(super) points: u32,
    pub(super) now: Timestamp,
    /// The stretch that is shown; the whole batches without it.
    pub(super) window: Option<Window>,
    /// Whether every recorded value is read.
    pub(super) recorded: bool,
}

/// A part and what is shown of it.
#[derive(Debug, Clone)]
pub(super) struct Shown {
    part: Part,
    from: Timestamp,
    to: Timestamp,
}

impl Sheet {
    /// What is shown of each part; those of which nothing is are left out.
    pub(super) fn shown(&self, parts: Vec<Part>) -> Vec<Shown> {
        let shown = parts.into_iter().filter_map(|part| {
            let (from, to) = match self.window {
                Some(window) => window.within(&part, self.now)?,
                None => (part.start, part.end_by(self.now)),
            };
            Some(Shown { part, from, to })
        });
        shown.collect()
    }

    /// Reads every recorded value from here on where they are few enough to be drawn. The batch that is longest there stands for all:
    /// they are of one unit. Where they cannot be counted the server thins them out, which is always possible.
    pub(super) async fn look_closer(&mut self, shown: &[Shown]) {
        let longest = shown
            .iter()
            .max_by_key(|one| one.to.duration_since(one.from));
        let (Some(one), true) = (longest, self.window.is_some()) else {
            return;
        };
        let tags: Vec<&str> = self.tags.iter().map(String::as_str).collect();
        let counts = self.client.counts(&tags, one.from, one.to).await;
        let fits = |count: &Option<f64>| count.is_some_and(|count| count <= f64::from(self.points));
        self.recorded = counts.is_ok_and(|counts| counts.iter().all(fits));
    }

    /// The first batch. Tags that cannot be read are left out from here on, and named, unless nothing would be left.
    pub(super) async fn first(
        &mut self,
        shown: Shown,
    ) -> Result<(BatchCourses, Vec<Unreadable>), Problem> {
        let error = match self.course(shown.clone()).await {
            Ok(read) => return Ok((read, Vec::new())),
            Err(error) => error,
        };
        let tags: Vec<&str> = self.tags.iter().map(String::as_str).collect();
        let (left, unreadable) =
            without_unreadable(&self.source, &self.client, &tags, error, true).await?;
        self.tags = left.into_iter().map(str::to_owned).collect();
        let read = self.course(shown).await;
        Ok((
            read.map_err(|error| self.source.problem(error))?,
            unreadable,
        ))
    }

    /// The batches in their order, several at a time.
    pub(super) fn read(
        self,
        shown: Vec<Shown>,
    ) -> impl Stream<Item = Result<BatchCourses, Problem>> + Send {
        let sheet = Arc::new(self);
        stream::iter(shown)
            .map(move |shown| {
                let sheet = sheet.clone();
                async move {
                    let read = sheet.course(shown).await;
                    read.map_err(|error| sheet.source.problem(error))
                }
            })
            .buffered(limits::READ_AT_ONCE)
    }

    async fn course(&self, shown: Shown) -> Result<BatchCourses, PiError> {
        let Shown { part, from, to } = shown;
        let tags: Vec<&str> = self.tags.iter().map(String::as_str).collect();
        let columns = i64::from((self.points / 4).max(1));
        // PI does not thin out to less than a second; what is shorter is read as it was recorded.
        let thinned = !self.recorded && to.duration_since(from).as_secs() >= columns;
        let columns = usize::try_from(columns).unwrap_or(1);
        let read = if thinned {
            self.client.plot(&tags, from, to, columns).await?
        } else {
            self.client.recorded(&tags, from, to).await?
        };
        let (start, end) = (part.start, part.end_by(self.now));
        let courses = tags.iter().zip(&read);
        Ok(BatchCourses {
            batch: part.batch,
            duration_s: end.duration_since(start).as_secs_f64(),
            courses: courses
                .map(|(tag, series)| course_of(tag, series, start, columns, thinned))
                .collect(),
        })
    }
}

fn course_of(
    tag: &str,
    series: &Series,
    start: Timestamp,
    columns: usize,
    thinned: bool,
) -> Course {
    let start = start.as_microsecond();
    let rows = m4(&series.times, &series.values, columns);
    let elapsed = |time: i64| SignedDuration::from_micros(time - start).as_secs_f64();
    Course {
        web_id: tag.to_owned(),
        name: series.name.clone(),
        unit: series.units.clone(),
        elapsed_s: rows
            .iter()
            .filter_map(|row| series.times.get(*row).copied().map(elapsed))
            .collect(),
        values: rows.iter().map(|row| number(series, *row)).collect(),
        status: bad(series)
            .map(|(from, to, state)| ElapsedStretch {
                from_s: elapsed(from),
                to_s: elapsed(to),
                state,
            })
            .collect(),
        downsampled: thinned || rows.len() < series.len(),
        read_at: series.kept.map(|kept| kept.read_at),
        stale: series.kept.is_some_and(|kept| kept.stale),
    }
}
