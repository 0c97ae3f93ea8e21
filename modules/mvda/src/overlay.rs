//! Lines to draw: one tag over the elapsed time of many batches.

use axum::extract::State;
use dcp::http::{Caller, Json, Path, Problem, Query};
use dcp::pi::downsample::m4;
use dcp::pi::{BatchFilter, PiBatch, PiClient, Series};
use futures_util::{StreamExt, TryStreamExt, stream};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;

use crate::parameters::Parameters;
use crate::sources::Source;
use crate::trend::{bad, is_not, number};
use crate::{Mvda, limits};

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
