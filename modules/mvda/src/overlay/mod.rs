//! Lines to draw: tags over the elapsed time of many batches, or of one of their phases.
//!
//! Curves are sent batch by batch as they are read, one JSON document a line, so that the first ones are seen at once.

mod part;
mod sheet;
mod window;

use axum::body::Body;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use dcp::http::{Caller, Path, Problem, Query};
use dcp::pi::Unreadable;
use futures_util::{Stream, StreamExt, stream};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use self::part::{Part, chosen, parts_of};
use self::sheet::Sheet;
use self::window::Window;
use crate::parameters::Parameters;
use crate::trend::is_not;
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
    /// Whether PI holds more values there; the picture is the same.
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

/// A stretch of a batch that is not good.
#[derive(Debug, Serialize, ToSchema)]
pub struct ElapsedStretch {
    from_s: f64,
    to_s: f64,
    state: String,
}

/// Tags over the elapsed time of several batches of a unit, or of a phase of each: a line of JSON for each batch, as it is ready.
/// Values are thinned out so that the picture is the same on the points asked for. Of a stretch (`from`, `to`) every recorded value is
/// sent where it fits these points; batches without anything there are left out. An answer without `end` at its end is not complete.
#[utoipa::path(get, path = "/api/mvda/sources/{source}/overlay", tag = "sources", params(("source" = String, Path, description = "The data source"),
    ("tag" = Vec<String>, Query, description = "WebIDs of the tags"), ("unit" = String, Query, description = "WebID of the unit"),
    ("batch" = Vec<String>, Query, description = "The batches"), ("points" = Option<u32>, Query, description = "Most points of a line"),
    ("phase" = Option<String>, Query, description = "Key of a phase: that part of each batch, from its beginning"),
    ("from" = Option<f64>, Query, description = "Where the stretch begins, counted as align says"),
    ("to" = Option<f64>, Query, description = "Where it ends"),
    ("align" = Option<String>, Query, description = "elapsed (as it is without it): in seconds since the beginning; maturity: in percent of the whole"),
    ("usual_s" = Option<f64>, Query, description = "Seconds that are 100 % of a batch that runs; what there is of it when absent"),
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
    let window = Window::asked(&asked)?;
    let source = mvda.sources.find(caller.site()?, &source).await?;
    let client = mvda.plant.client_for(&source, &asked).await?;
    let now = mvda.store.clock().now();
    let batches = chosen(&source, &client, unit, &names).await?;
    let (parts, without_phase) = match asked.all("phase").first() {
        Some(phase) => parts_of(&source, &client, batches, phase, now).await?,
        None => (batches.into_iter().map(Part::whole).collect(), Vec::new()),
    };
    let sheet = Sheet {
        client,
        source,
        tags: tags.iter().map(|tag| (*tag).to_owned()).collect(),
        points,
        now,
        window,
        recorded: false,
    };
    drawn(sheet, parts, without_phase).await
}

/// What cannot be read at all is a problem with a status of its own, not a line of an answer that has begun.
async fn drawn(
    mut sheet: Sheet,
    parts: Vec<Part>,
    without_phase: Vec<String>,
) -> Result<Response, Problem> {
    let shown = sheet.shown(parts);
    sheet.look_closer(&shown).await;
    let batches = shown.len();
    let mut shown = shown.into_iter();
    let (first, unreadable) = match shown.next() {
        Some(first) => {
            let (first, unreadable) = sheet.first(first).await?;
            (Some(OverlayLine::Batch(first)), unreadable)
        }
        None => (None, Vec::new()),
    };
    let begin = OverlayLine::Begin(Begin {
        batches,
        without_phase,
        unreadable,
    });
    let head = std::iter::once(begin).chain(first);
    Ok(streamed(head, sheet.read(shown.collect())))
}

/// The answer line by line; what fails after the first batch is the last line.
fn streamed(
    head: impl Iterator<Item = OverlayLine> + Send + 'static,
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
