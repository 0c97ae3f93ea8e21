//! Why a batch left the model: contributions of its variables, told in words of the process.

use axum::extract::State;
use dcp::http::{Caller, Json, Path, Problem, Query};
use dcp::model::Text;
use dcp::params;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use utoipa::{IntoParams, ToSchema};

use crate::ask::{Batch, Tag};
use crate::model::Model;
use crate::queue::process_data;
use crate::wording::{Deviation, Yardstick, sentence};
use crate::{Mvda, engine};

/// Which of the two statistics.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Statistic {
    /// What the model cannot explain.
    #[default]
    Spe,
    /// How far from usual within the model.
    T2,
}

impl Statistic {
    fn as_str(self) -> &'static str {
        match self {
            Self::Spe => "spe",
            Self::T2 => "t2",
        }
    }
}

/// What is to be explained.
#[derive(Debug, Deserialize, IntoParams)]
pub struct Which {
    /// The batch.
    batch: String,
    /// Index of the observation (evolution) or of the grid point (level), from 0; the whole batch when absent.
    at: Option<u32>,
    /// The statistic; `spe` when absent.
    #[serde(default)]
    #[param(inline)]
    statistic: Statistic,
}

/// The part of one variable.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Item {
    /// Its name in the model.
    pub variable: String,
    /// What people call it.
    #[serde(default)]
    pub description: String,
    /// Its unit.
    #[serde(default)]
    pub unit: String,
    /// Its contribution, with its sign.
    pub contribution: f64,
    /// What was measured where its contribution is greatest.
    pub value: Option<f64>,
    /// What was to be expected there.
    pub expected: Option<f64>,
    /// Its share of the whole, from 0 to 1.
    pub share: f64,
    /// Where in the batch that is, in percent.
    pub maturity: Option<f64>,
}

/// Why a batch left the model.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Explanation {
    /// The batch.
    pub batch: String,
    /// The statistic.
    pub statistic: Statistic,
    /// Its value, or the mean over the observations beyond the limit.
    pub value: Option<f64>,
    /// Its limit.
    pub limit: Option<f64>,
    /// Where in the batch, in percent; none for the whole batch.
    #[serde(default)]
    pub maturity: Option<f64>,
    /// How many observations it speaks of.
    pub observations: u32,
    /// The variables, the greatest share first.
    pub items: Vec<Item>,
    /// The greatest one in words.
    #[serde(default)]
    #[schema(value_type = Object)]
    pub sentence: Text,
}

/// Why a batch left the model, at one place or as a whole.
#[utoipa::path(get, path = "/api/mvda/models/{id}/contributions", tag = "models", params(("id" = String, Path, description = "The model"), Which),
    responses((status = 200, body = Explanation), (status = 404, body = Problem), (status = 409, body = Problem)))]
pub async fn explain(
    State(mvda): State<Mvda>,
    caller: Caller,
    Path(id): Path<String>,
    Query(which): Query<Which>,
) -> Result<Json<Explanation>, Problem> {
    let model = mvda.model(&caller, &id).await?;
    let batch = model
        .ask
        .batches
        .iter()
        .find(|batch| batch.id == which.batch);
    let batch =
        batch.ok_or_else(|| Problem::not_found(format!("batch {} in this model", which.batch)))?;
    let place = which.at.map_or(-1, i64::from);
    let key = params![&id, &which.batch, place, which.statistic.as_str()];
    if let Some(known) = mvda
        .store
        .read("contribution_find", key.clone())
        .await?
        .optional::<String>()?
    {
        return Ok(Json(
            serde_json::from_str(&known).map_err(Problem::internal)?,
        ));
    }
    let answered = ask_engine(&mvda, &caller, &model, batch, &which).await?;
    let explanation = in_words(answered, &model.ask.tags);
    let kept = serde_json::to_string(&explanation).map_err(Problem::internal)?;
    mvda.store
        .write(
            "contribution_add",
            key.into_iter().chain(params![kept]).collect(),
        )
        .await?;
    Ok(Json(explanation))
}

async fn ask_engine(
    mvda: &Mvda,
    caller: &Caller,
    model: &Model,
    batch: &Batch,
    which: &Which,
) -> Result<Explanation, Problem> {
    let site = caller.site()?;
    let source = mvda.sources.find(site, &model.ask.source).await?;
    // Without a result there is nothing to explain; with one the engine may have forgotten it, but this module has not.
    let result = mvda.result(model).await?;
    let mut arguments = Map::new();
    arguments.insert("model".into(), json!({ "$result": model.result_key }));
    arguments.insert(
        "data".into(),
        process_data(&source, &model.ask, std::slice::from_ref(batch)),
    );
    arguments.insert("batch".into(), batch.id.clone().into());
    arguments.insert("statistic".into(), which.statistic.as_str().into());
    arguments.insert("running".into(), batch.running.into());
    if let Some(at) = which.at {
        arguments.insert("at".into(), at.into());
    }
    let version = model
        .provenance
        .as_ref()
        .map(|provenance| provenance.script_hash.as_str());
    let answered = match engine::call(&mvda.calc, site, version, "contributions", &arguments).await
    {
        Err(error) if engine::is_forgotten_result(&error) => {
            arguments.insert("model".into(), without_batches(&result)?);
            engine::call(&mvda.calc, site, version, "contributions", &arguments).await
        }
        answered => answered,
    };
    answered.map_err(engine::problem)
}

/// The model without the trajectories of its batches, which no explanation needs.
fn without_batches(result: &str) -> Result<Value, Problem> {
    let mut model: Map<String, Value> = serde_json::from_str(result).map_err(Problem::internal)?;
    model.remove("batches");
    Ok(Value::Object(model))
}

fn in_words(mut explanation: Explanation, tags: &[Tag]) -> Explanation {
    for item in &mut explanation.items {
        if let Some(tag) = tags.iter().find(|tag| tag.name == item.variable) {
            item.description.clone_from(&tag.description);
            item.unit.clone_from(&tag.unit);
        }
    }
    let yardstick = if explanation.statistic == Statistic::Spe {
        Yardstick::Model
    } else {
        Yardstick::Reference
    };
    let told = explanation.items.iter().find_map(|item| {
        let name = if item.description.is_empty() {
            &item.variable
        } else {
            &item.description
        };
        let (value, expected, maturity) = (item.value?, item.expected?, item.maturity?);
        Some(sentence(
            Deviation {
                name,
                unit: &item.unit,
                value,
                expected,
                maturity,
            },
            yardstick,
        ))
    });
    explanation.sentence = told.unwrap_or_default();
    explanation
}
