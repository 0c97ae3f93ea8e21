//! The course of a tag over the reference batches: mean and three standard deviations, from the model's result.

use axum::extract::State;
use dcp::http::{Caller, Json, Path, Problem, Query};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::Mvda;

/// Which tag.
#[derive(Debug, Deserialize, IntoParams)]
pub struct Which {
    /// Its name in the model, or its `WebID`.
    tag: String,
}

/// The course of a tag over the reference batches.
#[derive(Debug, Serialize, ToSchema)]
pub struct Envelope {
    /// Its name in the model.
    pub tag: String,
    /// Its unit.
    pub unit: String,
    /// Percent of the batch.
    pub elapsed_pct: Vec<f64>,
    /// Mean over the reference batches.
    pub mean: Vec<Option<f64>>,
    /// Three standard deviations below.
    pub low: Vec<Option<f64>>,
    /// Three standard deviations above.
    pub high: Vec<Option<f64>>,
    /// Mean duration of a reference batch in seconds.
    pub duration_s_mean: f64,
}

#[derive(Debug, Deserialize)]
struct Course {
    variables: Vec<String>,
    grid: Grid,
    duration_s_mean: f64,
}

#[derive(Debug, Deserialize)]
struct Grid {
    maturity: Vec<f64>,
    x_mean: Vec<Vec<Option<f64>>>,
    x_low: Vec<Vec<Option<f64>>>,
    x_high: Vec<Vec<Option<f64>>>,
}

/// The course of a tag over the reference batches.
#[utoipa::path(get, path = "/api/mvda/models/{id}/envelope", tag = "models", params(("id" = String, Path, description = "The model"), Which),
    responses((status = 200, body = Envelope), (status = 404, body = Problem)))]
pub async fn show_envelope(
    State(mvda): State<Mvda>,
    caller: Caller,
    Path(id): Path<String>,
    Query(which): Query<Which>,
) -> Result<Json<Envelope>, Problem> {
    let model = mvda.model(&caller, &id).await?;
    let tag = model
        .ask
        .tags
        .iter()
        .find(|tag| tag.name == which.tag || tag.web_id == which.tag);
    let tag = tag.ok_or_else(|| Problem::not_found(format!("tag {} in this model", which.tag)))?;
    let course: Course =
        serde_json::from_str(&mvda.result(&model).await?).map_err(Problem::internal)?;
    let place = course.variables.iter().position(|name| *name == tag.name);
    let none = || {
        Problem::not_found(format!(
            "course of {}: it did not vary and was left out",
            tag.name
        ))
    };
    let place = place.ok_or_else(none)?;
    let line = |lines: &mut Vec<Vec<Option<f64>>>| {
        lines.get_mut(place).map(std::mem::take).unwrap_or_default()
    };
    let mut grid = course.grid;
    Ok(Json(Envelope {
        tag: tag.name.clone(),
        unit: tag.unit.clone(),
        mean: line(&mut grid.x_mean),
        low: line(&mut grid.x_low),
        high: line(&mut grid.x_high),
        elapsed_pct: grid.maturity,
        duration_s_mean: course.duration_s_mean,
    }))
}
