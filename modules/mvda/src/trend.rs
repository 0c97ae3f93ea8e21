//! Lines to draw: tags over time, and one tag over the elapsed time of many batches.

use axum::extract::State;
use dcp::http::{Caller, Json, Path, Problem, Query};
use dcp::pi::downsample::m4;
use dcp::pi::{BatchFilter, PiBatch, PiClient, Series, Status};
use futures_util::future::join_all;
use futures_util::{StreamExt, TryStreamExt, stream};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;

use crate::parameters::{Parameters, range};
use crate::sources::Source;
use crate::{Mvda, limits};

/// Tags over time.
#[derive(Debug, Serialize, ToSchema)]
pub struct Trend {
    #[schema(value_type = String, format = DateTime)]
    start: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    end: Timestamp,
    series: Vec<Line>,
}

/// One tag over time.
#[derive(Debug, Serialize, ToSchema)]
pub struct Line {
    web_id: String,
    name: String,
    unit: String,
    step: bool,
    times_ms: Vec<i64>,
    values: Vec<Option<f64>>,
    /// Stretches that are not good, in PI's words.
    status: Vec<Stretch>,
    /// How many values were read.
    samples: usize,
    /// Whether fewer are shown than were read; the picture is the same.
    downsampled: bool,
}

/// A stretch of time that is not good.
#[derive(Debug, Serialize, ToSchema)]
pub struct Stretch {
    from_ms: i64,
    to_ms: i64,
    state: String,
}

/// Tags over time, with no more points than a screen can show.
#[utoipa::path(get, path = "/api/mvda/sources/{source}/trend", tag = "sources", params(("source" = String, Path, description = "The data source"),
    ("tag" = Vec<String>, Query, description = "WebIDs of the tags"), ("start" = String, Query, description = "First instant"),
    ("end" = Option<String>, Query, description = "Last instant; now when absent"), ("points" = Option<u32>, Query, description = "Most points of a line")),
    responses((status = 200, body = Trend), (status = 422, body = Problem), (status = 503, description = "PI does not answer", body = Problem)))]
pub async fn show_trend(
    State(mvda): State<Mvda>,
    caller: Caller,
    Path(source): Path<String>,
    Query(asked): Query<Vec<(String, String)>>,
) -> Result<Json<Trend>, Problem> {
    let asked = Parameters(asked);
    let tags = asked.some("tag", limits::TREND_TAGS)?;
    let end = asked
        .instant("end")?
        .unwrap_or_else(|| mvda.store.clock().now());
    let start = asked
        .instant("start")?
        .unwrap_or_else(|| end.checked_sub(limits::USUAL_TREND).unwrap_or(end));
    let (start, end) = range(start, end)?;
    let points = asked.points(1_200, limits::POINTS)?;
    let source = mvda.sources.find(caller.site()?, &source).await?;
    let client = mvda.plant.client(&source).await?;
    let columns = usize::try_from(points / 4).unwrap_or(1).max(1);
    let read = if end.duration_since(start) > limits::RECORDED_TREND {
        client.plot(&tags, start, end, columns).await
    } else {
        client.recorded(&tags, start, end).await
    };
    let read = read.map_err(|error| source.problem(error))?;
    let steps = join_all(tags.iter().map(|tag| client.tag(tag))).await;
    let series = read
        .iter()
        .zip(steps)
        .map(|(series, tag)| line(series, tag.is_ok_and(|tag| tag.step), columns))
        .collect();
    Ok(Json(Trend { start, end, series }))
}

fn line(series: &Series, step: bool, columns: usize) -> Line {
    let rows = m4(&series.times, &series.values, columns);
    Line {
        web_id: series.web_id.clone(),
        name: series.name.clone(),
        unit: series.units.clone(),
        step,
        times_ms: rows
            .iter()
            .filter_map(|row| series.times.get(*row))
            .map(|time| time.div_euclid(1000))
            .collect(),
        values: rows.iter().map(|row| number(series, *row)).collect(),
        status: bad(series)
            .map(|(from, to, state)| Stretch {
                from_ms: from.div_euclid(1000),
                to_ms: to.div_euclid(1000),
                state,
            })
            .collect(),
        samples: series.len(),
        downsampled: rows.len() < series.len(),
    }
}

/// Stretches without good values: first and last time in microseconds, and what PI says instead.
fn bad(series: &Series) -> impl Iterator<Item = (i64, i64, String)> {
    series
        .stretches()
        .into_iter()
        .filter(|(.., status)| *status != Status::Good)
        .take(limits::STRETCHES)
        .map(|(from, to, status)| (from, to, series.describe(status)))
}

/// A value that may be drawn; NaN and what is not usable leave a gap.
fn number(series: &Series, row: usize) -> Option<f64> {
    series
        .values
        .get(row)
        .copied()
        .filter(|value| value.is_finite())
}

/// One tag over the elapsed time of batches.
#[derive(Debug, Serialize, ToSchema)]
pub struct Overlay {
    tag: Drawn,
    series: Vec<Course>,
}

/// The tag that is drawn.
#[derive(Debug, Serialize, ToSchema)]
pub struct Drawn {
    web_id: String,
    name: String,
    unit: String,
}

/// The course of the tag in one batch.
#[derive(Debug, Serialize, ToSchema)]
pub struct Course {
    batch: String,
    elapsed_s: Vec<f64>,
    values: Vec<Option<f64>>,
    /// Stretches that are not good, in PI's words.
    status: Vec<ElapsedStretch>,
}

/// A stretch of a batch that is not good.
#[derive(Debug, Serialize, ToSchema)]
pub struct ElapsedStretch {
    from_s: f64,
    to_s: f64,
    state: String,
}

/// One tag over the elapsed time of several batches of a unit.
#[utoipa::path(get, path = "/api/mvda/sources/{source}/overlay", tag = "sources", params(("source" = String, Path, description = "The data source"),
    ("tag" = String, Query, description = "WebID of the tag"), ("unit" = String, Query, description = "WebID of the unit"),
    ("batch" = Vec<String>, Query, description = "The batches"), ("points" = Option<u32>, Query, description = "Most points of a line")),
    responses((status = 200, body = Overlay), (status = 422, body = Problem), (status = 503, description = "PI does not answer", body = Problem)))]
pub async fn show_overlay(
    State(mvda): State<Mvda>,
    caller: Caller,
    Path(source): Path<String>,
    Query(asked): Query<Vec<(String, String)>>,
) -> Result<Json<Overlay>, Problem> {
    let asked = Parameters(asked);
    let (tag, unit) = (asked.one("tag")?, asked.one("unit")?);
    let names = asked.some("batch", limits::OVERLAY_BATCHES)?;
    let columns = usize::try_from(asked.points(400, limits::POINTS)? / 4)
        .unwrap_or(1)
        .max(1);
    let source = mvda.sources.find(caller.site()?, &source).await?;
    let client = mvda.plant.client(&source).await?;
    let batches = chosen(&source, &client, unit, &names).await?;
    let now = mvda.store.clock().now();
    let courses = batches
        .into_iter()
        .map(|batch| course(&source, &client, tag, batch, now, columns));
    let read: Vec<(Course, Series)> = stream::iter(courses)
        .buffered(limits::READ_AT_ONCE)
        .try_collect()
        .await?;
    let first = read.first().map(|(_, series)| Drawn {
        web_id: tag.to_owned(),
        name: series.name.clone(),
        unit: series.units.clone(),
    });
    let tag = first.unwrap_or_else(|| Drawn {
        web_id: tag.to_owned(),
        name: String::new(),
        unit: String::new(),
    });
    Ok(Json(Overlay {
        tag,
        series: read.into_iter().map(|(course, _)| course).collect(),
    }))
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
    let find = |name: &&str| {
        let found = known.iter().find(|batch| batch.name == **name).cloned();
        found.ok_or_else(|| {
            Problem::unprocessable(format!("The unit has no batch {name}."))
                .part("batch", "Not known.")
        })
    };
    names.iter().map(find).collect()
}

async fn course(
    source: &Source,
    client: &PiClient,
    tag: &str,
    batch: PiBatch,
    now: Timestamp,
    columns: usize,
) -> Result<(Course, Series), Problem> {
    let end = batch.end.unwrap_or(now).min(now).max(batch.start);
    let series = client
        .recorded(&[tag], batch.start, end)
        .await
        .map_err(|error| source.problem(error))?
        .pop()
        .unwrap_or_default();
    let rows = m4(&series.times, &series.values, columns);
    let start = batch.start.as_microsecond();
    let elapsed = |time: i64| SignedDuration::from_micros(time - start).as_secs_f64();
    let course = Course {
        batch: batch.name,
        elapsed_s: rows
            .iter()
            .filter_map(|row| series.times.get(*row).copied().map(elapsed))
            .collect(),
        values: rows.iter().map(|row| number(&series, *row)).collect(),
        status: bad(&series)
            .map(|(from, to, state)| ElapsedStretch {
                from_s: elapsed(from),
                to_s: elapsed(to),
                state,
            })
            .collect(),
    };
    Ok((course, series))
}
