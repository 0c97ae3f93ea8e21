//! Lines to draw: tags over time.

use std::sync::{Arc, Mutex, PoisonError};

use axum::body::Body;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use dcp::http::{Caller, Path, Problem, Query};
use dcp::pi::downsample::m4;
use dcp::pi::{PiClient, PiError, Series, Status, Unreadable};
use futures_util::future::join_all;
use futures_util::stream::BoxStream;
use futures_util::{StreamExt, TryStreamExt, stream};
use jiff::Timestamp;
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
    /// Tags that cannot be read, and why; there is no line of them.
    unreadable: Vec<Unreadable>,
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
pub(crate) fn is_not(said: &bool) -> bool {
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
    let lane = Lane {
        client: mvda.plant.client_for(&source, &asked).await?,
        source,
        start,
        end,
        columns: usize::try_from(points / 4).unwrap_or(1).max(1),
        alone: tags.len() <= limits::TREND_GROUP,
    };
    let groups: Vec<Vec<String>> = tags
        .chunks(limits::TREND_GROUP)
        .map(|group| group.iter().map(|tag| (*tag).to_owned()).collect())
        .collect();
    let groups = stream::iter(groups)
        .map(move |group| lane.clone().group(group))
        .buffered(limits::READ_AT_ONCE);
    streamed(start, end, groups.boxed()).await
}

/// The lines of a trend as JSON of the shape of [`Trend`]. What fails before the first line is a problem, what fails later ends the
/// answer in the middle.
async fn streamed(
    start: Timestamp,
    end: Timestamp,
    mut groups: BoxStream<'static, Result<Group, Problem>>,
) -> Result<Response, Problem> {
    let first = groups.try_next().await?.unwrap_or_default();
    let head = format!("{{\"start\":\"{start}\",\"end\":\"{end}\",\"series\":[");
    let mut begun = !first.lines.is_empty();
    let beginning = text(false, &first.lines);
    let unreadable = Arc::new(Mutex::new(first.unreadable));
    let of_later = unreadable.clone();
    let later = groups.map(move |group| {
        let group = group?;
        of_later
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .extend(group.unreadable);
        let text = text(begun, &group.lines);
        begun |= !group.lines.is_empty();
        text
    });
    let tail = stream::once(async move {
        let unreadable = unreadable.lock().unwrap_or_else(PoisonError::into_inner);
        let unreadable = serde_json::to_string(&*unreadable).map_err(Problem::internal)?;
        Ok(format!("],\"unreadable\":{unreadable}}}"))
    });
    let parts = stream::iter([Ok(head), beginning]).chain(later).chain(tail);
    let body = Body::from_stream(parts.map_err(|problem| {
        tracing::warn!(?problem, "a trend breaks off");
        std::io::Error::other("the trend is incomplete")
    }));
    Ok(([(CONTENT_TYPE, "application/json")], body).into_response())
}

/// Lines one after the other, divided from those before if there are some.
fn text(begun: bool, lines: &[Line]) -> Result<String, Problem> {
    let mut text = String::new();
    for (place, line) in lines.iter().enumerate() {
        text.push_str(if place > 0 || begun { "," } else { "" });
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
    /// Whether these are all tags of the trend.
    alone: bool,
}

/// Lines that were read in one request, and what could not be.
#[derive(Default)]
struct Group {
    lines: Vec<Line>,
    unreadable: Vec<Unreadable>,
}

impl Lane {
    /// Some lines. Tags that cannot be read are left out and named, unless there would be nothing left to draw.
    async fn group(self, tags: Vec<String>) -> Result<Group, Problem> {
        let tags: Vec<&str> = tags.iter().map(String::as_str).collect();
        let error = match self.lines(&tags).await {
            Ok(lines) => {
                return Ok(Group {
                    lines,
                    unreadable: Vec::new(),
                });
            }
            Err(error) => error,
        };
        let (left, unreadable) =
            without_unreadable(&self.source, &self.client, &tags, error, self.alone).await?;
        let lines = if left.is_empty() {
            Vec::new()
        } else {
            let lines = self.lines(&left).await;
            lines.map_err(|error| self.source.problem(error))?
        };
        Ok(Group { lines, unreadable })
    }

    /// Lines of values read in one request.
    async fn lines(&self, tags: &[&str]) -> Result<Vec<Line>, PiError> {
        let (start, end) = (self.start, self.end);
        let thinned = end.duration_since(start) > limits::RECORDED_TREND;
        let read = if thinned {
            self.client.plot(tags, start, end, self.columns).await
        } else {
            self.client.recorded(tags, start, end).await
        };
        let read = read?;
        // How many values a picture stands for is worth a request, but not its failure.
        let counts = if thinned {
            self.client
                .counts(tags, start, end)
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

/// The tags that can be read after reading all of them failed, and why the others cannot; the failure itself when it was for another
/// reason, or when these are all tags and none is left.
pub(crate) async fn without_unreadable<'t>(
    source: &Source,
    client: &PiClient,
    tags: &[&'t str],
    error: PiError,
    alone: bool,
) -> Result<(Vec<&'t str>, Vec<Unreadable>), Problem> {
    if !matches!(
        error,
        PiError::NotFound(_) | PiError::Vanished(_) | PiError::NoPermission(_)
    ) {
        return Err(source.problem(error));
    }
    let found = client.unreadable(tags).await.unwrap_or_default();
    let is_left = |place: &usize| found.iter().all(|(bad, _)| bad != place);
    let left: Vec<&str> = (0..tags.len())
        .filter(is_left)
        .filter_map(|place| tags.get(place).copied())
        .collect();
    if found.is_empty() || (left.is_empty() && alone) {
        return Err(source.problem(error));
    }
    let unreadable = found.iter().filter_map(|(place, error)| {
        let detail = format!("{} ({}): {error}.", source.name, source.url);
        let id = (*tags.get(*place)?).to_owned();
        Some(Unreadable { id, detail })
    });
    Ok((left, unreadable.collect()))
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
pub(crate) fn bad(series: &Series) -> impl Iterator<Item = (i64, i64, String)> {
    series
        .stretches()
        .into_iter()
        .filter(|(.., status)| *status != Status::Good)
        .take(limits::STRETCHES)
        .map(|(from, to, status)| (from, to, series.describe(status)))
}

/// A value that may be drawn; NaN and what is not usable leave a gap.
pub(crate) fn number(series: &Series, row: usize) -> Option<f64> {
    series
        .values
        .get(row)
        .copied()
        .filter(|value| value.is_finite())
}
