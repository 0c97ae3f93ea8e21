//! Lines to draw: tags over time, and one tag over the elapsed time of many batches.

use axum::body::Body;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use dcp::http::{Caller, Json, Path, Problem, Query};
use dcp::pi::downsample::m4;
use dcp::pi::{BatchFilter, PiBatch, PiClient, Series, Status};
use futures_util::future::join_all;
use futures_util::stream::BoxStream;
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
    /// How many values PI holds in the range.
    samples: usize,
    /// Whether fewer are shown; the picture is the same, and what is not good stands in `status`.
    downsampled: bool,
    /// When the oldest of them were read from PI; absent when all were read now.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    read_at: Option<Timestamp>,
    /// Whether PI could not be asked if kept values still hold.
    #[serde(skip_serializing_if = "is_not")]
    #[schema(required = false)]
    stale: bool,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "the signature that serde asks for"
)]
fn is_not(said: &bool) -> bool {
    !said
}

/// A stretch of time that is not good.
#[derive(Debug, Serialize, ToSchema)]
pub struct Stretch {
    from_ms: i64,
    to_ms: i64,
    state: String,
}

/// Tags over time, with no more points than a screen can show: all of them where there are fewer than four to a pixel, else per pixel
/// the first, last, smallest and largest. Lines are sent as they are ready; an answer that breaks off is not complete JSON.
#[utoipa::path(get, path = "/api/mvda/sources/{source}/trend", tag = "sources", params(("source" = String, Path, description = "The data source"),
    ("tag" = Vec<String>, Query, description = "WebIDs of the tags"), ("start" = String, Query, description = "First instant"),
    ("end" = Option<String>, Query, description = "Last instant; now when absent"), ("points" = Option<u32>, Query, description = "Most points of a line"),
    ("reload" = Option<bool>, Query, description = "Read anew what is kept")),
    responses((status = 200, body = Trend), (status = 422, body = Problem), (status = 503, description = "PI does not answer", body = Problem)))]
pub async fn show_trend(
    State(mvda): State<Mvda>,
    caller: Caller,
    Path(source): Path<String>,
    Query(asked): Query<Vec<(String, String)>>,
) -> Result<Response, Problem> {
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
    let lane = Lane {
        client: if asked.flag("reload") {
            client.reloading()
        } else {
            client
        },
        source,
        start,
        end,
        columns: usize::try_from(points / 4).unwrap_or(1).max(1),
    };
    let groups: Vec<Vec<String>> = tags
        .chunks(limits::TREND_GROUP)
        .map(|group| group.iter().map(|tag| (*tag).to_owned()).collect())
        .collect();
    let lines = stream::iter(groups)
        .map(move |group| lane.clone().lines(group))
        .buffered(limits::READ_AT_ONCE);
    streamed(start, end, lines.boxed()).await
}

/// The lines of a trend as JSON of the shape of [`Trend`]. What fails before the first line is a problem, what fails later ends the
/// answer in the middle.
async fn streamed(
    start: Timestamp,
    end: Timestamp,
    mut lines: BoxStream<'static, Result<Vec<Line>, Problem>>,
) -> Result<Response, Problem> {
    let first = lines.try_next().await?.unwrap_or_default();
    let head = format!("{{\"start\":\"{start}\",\"end\":\"{end}\",\"series\":");
    let later = lines.map(|lines| text(",", &lines?));
    let parts = stream::iter([Ok(head), text("[", &first)])
        .chain(later)
        .chain(stream::iter([Ok("]}".to_owned())]));
    let body = Body::from_stream(parts.map_err(|problem| {
        tracing::warn!(?problem, "a trend breaks off");
        std::io::Error::other("the trend is incomplete")
    }));
    Ok(([(CONTENT_TYPE, "application/json")], body).into_response())
}

/// Lines one after the other, with `before` before the first.
fn text(before: &str, lines: &[Line]) -> Result<String, Problem> {
    let mut text = String::new();
    for (place, line) in lines.iter().enumerate() {
        text.push_str(if place == 0 { before } else { "," });
        text.push_str(&serde_json::to_string(line).map_err(Problem::internal)?);
    }
    Ok(text)
}

/// What all lines of a trend have in common.
#[derive(Clone)]
struct Lane {
    client: PiClient,
    source: Source,
    start: Timestamp,
    end: Timestamp,
    columns: usize,
}

impl Lane {
    /// Some lines, of values read in one request.
    async fn lines(self, tags: Vec<String>) -> Result<Vec<Line>, Problem> {
        let tags: Vec<&str> = tags.iter().map(String::as_str).collect();
        let (start, end) = (self.start, self.end);
        let thinned = end.duration_since(start) > limits::RECORDED_TREND;
        let read = if thinned {
            self.client.plot(&tags, start, end, self.columns).await
        } else {
            self.client.recorded(&tags, start, end).await
        };
        let read = read.map_err(|error| self.source.problem(error))?;
        // How many values a picture stands for is worth a request, but not its failure.
        let counts = if thinned {
            self.client
                .counts(&tags, start, end)
                .await
                .unwrap_or_default()
        } else {
            Vec::new()
        };
        let steps = join_all(tags.iter().map(|tag| self.client.tag(tag))).await;
        let lines = read
            .iter()
            .zip(steps)
            .enumerate()
            .map(|(place, (series, tag))| {
                let step = tag.is_ok_and(|tag| tag.step);
                let count = counts.get(place).copied().flatten();
                line(series, step, self.columns, thinned, count)
            });
        Ok(lines.collect())
    }
}

fn line(series: &Series, step: bool, columns: usize, thinned: bool, count: Option<f64>) -> Line {
    let rows = m4(&series.times, &series.values, columns);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a count"
    )]
    let samples = count.map_or(series.len(), |count| (count as usize).max(rows.len()));
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
        samples,
        downsampled: rows.len() < samples || (thinned && count.is_none()),
        read_at: series.kept.map(|kept| kept.read_at),
        stale: series.kept.is_some_and(|kept| kept.stale),
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
    /// How many values PI holds of the batch.
    samples: usize,
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

/// One tag over the elapsed time of several batches of a unit.
#[utoipa::path(get, path = "/api/mvda/sources/{source}/overlay", tag = "sources", params(("source" = String, Path, description = "The data source"),
    ("tag" = String, Query, description = "WebID of the tag"), ("unit" = String, Query, description = "WebID of the unit"),
    ("batch" = Vec<String>, Query, description = "The batches"), ("points" = Option<u32>, Query, description = "Most points of a line"),
    ("reload" = Option<bool>, Query, description = "Read anew what is kept")),
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
    let client = if asked.flag("reload") {
        client.reloading()
    } else {
        client
    };
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
        samples: series.len(),
        read_at: series.kept.map(|kept| kept.read_at),
        stale: series.kept.is_some_and(|kept| kept.stale),
    };
    Ok((course, series))
}
