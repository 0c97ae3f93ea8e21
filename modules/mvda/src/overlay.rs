//! Lines to draw: tags over the elapsed time of many batches, or of one of their phases.
//!
//! Curves are sent batch by batch as they are read, one JSON document a line, so that the first ones are seen at once.

use std::collections::HashMap;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use dcp::http::{Caller, Path, Problem, Query};
use dcp::pi::downsample::m4;
use dcp::pi::{BatchFilter, PiBatch, PiClient, PiError, Series, Unreadable};
use futures_util::{Stream, StreamExt, stream};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;

use crate::parameters::Parameters;
use crate::phases;
use crate::sources::Source;
use crate::trend::{bad, is_not, number, without_unreadable};
use crate::{Mvda, limits};

/// Newline-delimited JSON: each line is a document of its own.
const LINES: &str = "application/x-ndjson";

/// One line of the answer.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OverlayLine {
    /// The first one: what is going to come.
    Begin(Begin),
    /// The tags in one batch; as many lines as there are batches.
    Batch(BatchCourses),
    /// The last one, when all was read.
    End(u32),
    /// The last one, when reading failed after the first batch.
    Problem(Problem),
}

/// What an overlay is going to hold.
#[derive(Debug, Serialize, ToSchema)]
pub struct Begin {
    /// How many batches.
    batches: usize,
    /// Batches without the phase that is asked for.
    without_phase: Vec<String>,
    /// Tags that cannot be read, and why; there is no curve of them.
    unreadable: Vec<Unreadable>,
}

/// The tags in one batch.
#[derive(Debug, Serialize, ToSchema)]
pub struct BatchCourses {
    batch: String,
    /// Seconds from its first instant, or that of its phase, to the last one; up to now while it runs.
    duration_s: f64,
    courses: Vec<Course>,
}

/// The course of one tag in one batch.
#[derive(Debug, Serialize, ToSchema)]
pub struct Course {
    web_id: String,
    name: String,
    unit: String,
    elapsed_s: Vec<f64>,
    values: Vec<Option<f64>>,
    /// Stretches that are not good, in PI's words.
    status: Vec<ElapsedStretch>,
    /// When the oldest of them were read from PI; absent when all were read now.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    read_at: Option<Timestamp>,
    /// Whether PI could not be asked if kept values still hold.
    #[serde(skip_serializing_if = "is_not")]
    #[schema(required = false)]
    stale: bool,
}

/// A stretch of a batch that is not good.
#[derive(Debug, Serialize, ToSchema)]
pub struct ElapsedStretch {
    from_s: f64,
    to_s: f64,
    state: String,
}

/// Tags over the elapsed time of several batches of a unit, or of a phase of each: a line of JSON for each batch, as it is ready.
/// Values are thinned out so that the picture is the same on the points asked for. An answer without `end` at its end is not complete.
#[utoipa::path(get, path = "/api/mvda/sources/{source}/overlay", tag = "sources", params(("source" = String, Path, description = "The data source"),
    ("tag" = Vec<String>, Query, description = "WebIDs of the tags"), ("unit" = String, Query, description = "WebID of the unit"),
    ("batch" = Vec<String>, Query, description = "The batches"), ("points" = Option<u32>, Query, description = "Most points of a line"),
    ("phase" = Option<String>, Query, description = "Key of a phase: that part of each batch, from its beginning"),
    ("reload" = Option<bool>, Query, description = "Read anew what is kept")),
    responses((status = 200, body = OverlayLine, content_type = "application/x-ndjson"), (status = 422, body = Problem),
        (status = 503, description = "PI does not answer", body = Problem)))]
pub async fn show_overlay(
    State(mvda): State<Mvda>,
    caller: Caller,
    Path(source): Path<String>,
    Query(asked): Query<Vec<(String, String)>>,
) -> Result<Response, Problem> {
    let asked = Parameters(asked);
    let (tags, unit) = (asked.some("tag", limits::TREND_TAGS)?, asked.one("unit")?);
    let names = asked.some("batch", limits::OVERLAY_BATCHES)?;
    let points = asked.points(400, limits::POINTS)?;
    let source = mvda.sources.find(caller.site()?, &source).await?;
    let client = mvda.plant.client(&source).await?;
    let client = if asked.flag("reload") {
        client.reloading()
    } else {
        client
    };
    let now = mvda.store.clock().now();
    let batches = chosen(&source, &client, unit, &names).await?;
    let (parts, without_phase) = match asked.all("phase").first() {
        Some(phase) => parts_of(&source, &client, batches, phase, now).await?,
        None => (batches.into_iter().map(Part::whole).collect(), Vec::new()),
    };
    let mut sheet = Sheet {
        client,
        source,
        tags: tags.iter().map(|tag| (*tag).to_owned()).collect(),
        columns: i64::from((points / 4).max(1)),
        now,
    };
    let count = parts.len();
    let mut parts = parts.into_iter();
    let Some(first) = parts.next() else {
        return Err(Problem::unprocessable("No batch is asked for."));
    };
    // What cannot be read at all is a problem with a status of its own, not a line of an answer that has begun.
    let (first, unreadable) = sheet.first(first).await?;
    let begin = Begin {
        batches: count,
        without_phase,
        unreadable,
    };
    let head = [OverlayLine::Begin(begin), OverlayLine::Batch(first)];
    Ok(streamed(head, sheet.read(parts.collect())))
}

/// The answer line by line; what fails after the first batch is the last line.
fn streamed(
    head: [OverlayLine; 2],
    batches: impl Stream<Item = Result<BatchCourses, Problem>> + Send + 'static,
) -> Response {
    let mut failed = false;
    let ending = stream::once(async { OverlayLine::End(1) });
    let later = batches.map(|batch| match batch {
        Ok(batch) => OverlayLine::Batch(batch),
        Err(problem) => {
            tracing::warn!(?problem, "an overlay breaks off");
            OverlayLine::Problem(problem)
        }
    });
    let lines = stream::iter(head).chain(later).chain(ending);
    // Whoever reads stops at a problem; nothing is read for them any more.
    let lines = lines.take_while(move |line| {
        let go_on = !failed;
        failed |= matches!(line, OverlayLine::Problem(_));
        std::future::ready(go_on)
    });
    let text = lines.map(|line| serde_json::to_string(&line).map(|line| line + "\n"));
    ([(CONTENT_TYPE, LINES)], Body::from_stream(text)).into_response()
}

/// A batch, or the part of it that is a phase.
#[derive(Debug, Clone)]
struct Part {
    batch: String,
    start: Timestamp,
    end: Option<Timestamp>,
}

impl Part {
    fn whole(batch: PiBatch) -> Self {
        Self {
            batch: batch.name,
            start: batch.start,
            end: batch.end,
        }
    }
}

/// The batches of these names, in this order; one that the unit does not have is named.
async fn chosen(
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
async fn parts_of(
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

/// What all curves of an overlay have in common.
struct Sheet {
    client: PiClient,
    source: Source,
    tags: Vec<String>,
    columns: i64,
    now: Timestamp,
}

impl Sheet {
    /// The first batch. Tags that cannot be read are left out from here on, and named, unless nothing would be left.
    async fn first(&mut self, part: Part) -> Result<(BatchCourses, Vec<Unreadable>), Problem> {
        let error = match self.course(part.clone()).await {
            Ok(read) => return Ok((read, Vec::new())),
            Err(error) => error,
        };
        let tags: Vec<&str> = self.tags.iter().map(String::as_str).collect();
        let (left, unreadable) =
            without_unreadable(&self.source, &self.client, &tags, error, true).await?;
        self.tags = left.into_iter().map(str::to_owned).collect();
        let read = self.course(part).await;
        Ok((
            read.map_err(|error| self.source.problem(error))?,
            unreadable,
        ))
    }

    /// The batches in their order, several at a time.
    fn read(self, parts: Vec<Part>) -> impl Stream<Item = Result<BatchCourses, Problem>> + Send {
        let sheet = Arc::new(self);
        stream::iter(parts)
            .map(move |part| {
                let sheet = sheet.clone();
                async move {
                    let read = sheet.course(part).await;
                    read.map_err(|error| sheet.source.problem(error))
                }
            })
            .buffered(limits::READ_AT_ONCE)
    }

    async fn course(&self, part: Part) -> Result<BatchCourses, PiError> {
        let end = part.end.unwrap_or(self.now).min(self.now).max(part.start);
        let tags: Vec<&str> = self.tags.iter().map(String::as_str).collect();
        let duration = end.duration_since(part.start);
        // PI does not thin out to less than a second; what is shorter is read as it was recorded.
        let read = if duration.as_secs() >= self.columns {
            let columns = usize::try_from(self.columns).unwrap_or(1);
            self.client.plot(&tags, part.start, end, columns).await?
        } else {
            self.client.recorded(&tags, part.start, end).await?
        };
        let start = part.start.as_microsecond();
        let courses = tags.iter().zip(&read);
        Ok(BatchCourses {
            batch: part.batch,
            duration_s: duration.as_secs_f64(),
            courses: courses
                .map(|(tag, series)| drawn(tag, series, start, self.columns))
                .collect(),
        })
    }
}

fn drawn(tag: &str, series: &Series, start: i64, columns: i64) -> Course {
    let columns = usize::try_from(columns).unwrap_or(1);
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
        read_at: series.kept.map(|kept| kept.read_at),
        stale: series.kept.is_some_and(|kept| kept.stale),
    }
}
