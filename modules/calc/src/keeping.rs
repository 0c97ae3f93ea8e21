//! How long results are kept, and keeping one for good.
//!
//! A class only rises. What is kept for good keeps what it was made of, so that it can be calculated again; nothing takes it back.

use crate::Calc;
use crate::engine::Failure;
use crate::record::Notes;
use crate::states::Person;
use axum::extract::State;
use dcp::clock::Timestamp;
use dcp::events::Actor;
use dcp::http::{Caller, Json, Path, Problem};
use dcp::params;
use dcp::store::StoreError;
use serde::{Deserialize, Serialize};
use std::collections::HashSet;

/// Longest reason, characters.
const REASON: usize = 1000;
/// Results that are kept with one, at most.
const TOGETHER: usize = 1000;
/// Calls of a result whose plots are looked at.
const CALLS: u32 = 100;

/// How long a result is kept.
#[derive(
    Debug,
    Clone,
    Copy,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    utoipa::ToSchema,
)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Class {
    /// A day after its last use.
    #[default]
    Ephemeral,
    /// A week after its last use.
    Session,
    /// For good.
    Retained,
}

impl Class {
    /// As the store keeps it.
    pub(crate) fn rank(self) -> i64 {
        match self {
            Self::Ephemeral => 0,
            Self::Session => 1,
            Self::Retained => 2,
        }
    }

    fn of_rank(rank: i64) -> Self {
        match rank {
            0 => Self::Ephemeral,
            1 => Self::Session,
            _ => Self::Retained,
        }
    }
}

/// How a result is kept.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct ResultFacts {
    /// Its key.
    result_key: String,
    /// How long.
    class: Class,
    /// When it is removed unless it is used again; `null` when it is kept for good.
    #[schema(value_type = Option<String>)]
    ends_at: Option<Timestamp>,
    /// Its last use.
    #[schema(value_type = String)]
    used_at: Timestamp,
    /// Bytes.
    size: u64,
    /// Of its content.
    media_type: String,
    /// Whether drafts alone gave it.
    draft: bool,
    /// Who asked for it to be kept for good; empty where a module's call or an example did.
    retained: Vec<Retention>,
}

/// Somebody's wish that a result is kept for good.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct Retention {
    /// Who.
    by: Person,
    /// When.
    #[schema(value_type = String)]
    at: Timestamp,
    /// Why.
    reason: String,
}

/// Why a result is to be kept for good.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Wish {
    /// Why.
    reason: String,
}

#[derive(Deserialize)]
struct Row {
    class: i64,
    size: u64,
    media_type: String,
    draft: bool,
    used_at: Timestamp,
}

#[derive(Deserialize)]
struct RetentionRow {
    by_id: String,
    by_name: String,
    at: Timestamp,
    reason: String,
}

#[derive(Deserialize)]
pub(crate) struct NotesOfCall {
    pub(crate) notes: Option<String>,
}

/// How a result is kept: its class, its end, and who has asked for it to be kept.
#[utoipa::path(get, path = "/api/calc/results/{key}/facts", tag = "results", params(("key" = String, Path)),
    responses((status = 200, body = ResultFacts), (status = 404, description = "there is none", body = Problem),
        (status = 410, description = "it was removed", body = Problem)))]
pub(crate) async fn facts_of_result(
    State(calc): State<Calc>,
    Path(key): Path<String>,
) -> Result<Json<ResultFacts>, Problem> {
    Ok(Json(calc.facts_of_result(key).await?))
}

/// Keeps a result for good, with its plots, its arguments and all results that it was made of.
#[utoipa::path(post, path = "/api/calc/results/{key}/retain", tag = "results", params(("key" = String, Path)), request_body = Wish,
    responses((status = 200, body = ResultFacts), (status = 404, description = "there is none", body = Problem),
        (status = 410, description = "it was removed", body = Problem), (status = 422, description = "no reason", body = Problem)))]
pub(crate) async fn retain_result(
    State(calc): State<Calc>,
    Path(key): Path<String>,
    caller: Caller,
    Json(wish): Json<Wish>,
) -> Result<Json<ResultFacts>, Problem> {
    let reason = wish.reason.trim();
    if reason.is_empty() || reason.chars().count() > REASON {
        let rule = format!("must have 1 to {REASON} characters");
        return Err(Problem::unprocessable("Say why.").part("/reason", rule));
    }
    calc.stored_result(&key).await?;
    calc.retain(&key, reason, &caller.actor()).await?;
    tracing::info!(
        result.key = key,
        by = caller.name(),
        "a result is kept for good"
    );
    Ok(Json(calc.facts_of_result(key).await?))
}

impl Calc {
    async fn facts_of_result(&self, key: String) -> Result<ResultFacts, Failure> {
        let row = self.stored_result(&key).await?;
        let rows = self.store.read("retentions_of", params![&key]).await?;
        let retention = |row: RetentionRow| Retention {
            by: Person {
                id: row.by_id,
                name: row.by_name,
            },
            at: row.at,
            reason: row.reason,
        };
        let class = Class::of_rank(row.class);
        let kept = self.settings.kept(class);
        Ok(ResultFacts {
            result_key: key,
            class,
            ends_at: kept.and_then(|kept| row.used_at.checked_add(kept).ok()),
            used_at: row.used_at,
            size: row.size,
            media_type: row.media_type,
            draft: row.draft,
            retained: rows.all()?.into_iter().map(retention).collect(),
        })
    }

    /// A result in the store; one that is on its way there is waited for.
    async fn stored_result(&self, key: &str) -> Result<Row, Failure> {
        self.recorder.settled().await;
        let rows = self.store.read("result_facts", params![key]).await?;
        if let Some(row) = rows.optional()? {
            return Ok(row);
        }
        match self.results.find(key).await? {
            Some(_) => Err(Failure::Busy),
            None => Err(self.results.missing(key).await?),
        }
    }

    async fn retain(&self, key: &str, reason: &str, by: &Actor) -> Result<(), StoreError> {
        let needed = self.needed_by(key).await?;
        let mut tx = self.store.begin().await?;
        let now = tx.now();
        tx.call(
            "result_retained",
            params![key, &by.id, &by.name, reason, now],
        )
        .await?;
        for one in &needed {
            let why = format!("belongs to {key}: {reason}");
            tx.call("result_retained", params![one, &by.id, &by.name, why, now])
                .await?;
        }
        tx.commit().await
    }

    /// The plots beside a result, the long arguments of its calls, and the results it was made of, those they were made of and so on.
    async fn needed_by(&self, key: &str) -> Result<Vec<String>, StoreError> {
        let mut seen = HashSet::from([key.to_owned()]);
        let mut open = vec![key.to_owned()];
        let mut needed = Vec::new();
        while let Some(one) = open.pop()
            && needed.len() < TOGETHER
        {
            let calls = self
                .store
                .read("calls_of_result", params![&one, CALLS])
                .await?;
            for call in calls.all::<NotesOfCall>()? {
                let plots = Notes::from_text(call.notes.as_deref()).artifacts;
                let new = plots.into_iter().map(|plot| plot.key);
                needed.extend(new.filter(|key| seen.insert(key.clone())));
            }
            let given = self.store.read("arguments_of_result", params![&one]);
            let given = given.await?.all::<String>()?;
            needed.extend(given.into_iter().filter(|key| seen.insert(key.clone())));
            let inputs = self.store.read("inputs_of_result", params![&one]).await?;
            for input in inputs.all::<String>()? {
                if seen.insert(input.clone()) {
                    needed.push(input.clone());
                    open.push(input);
                }
            }
        }
        Ok(needed)
    }
}
