//! Environments: what the results of an engine depend on, as one hash that somebody has registered.
//!
//! On the controlled node an engine whose environment nobody has registered answers drafts only, elsewhere where the operator asks for
//! it: after a change of R, of a package or of a library below it, its numbers are to be verified first.

use crate::Calc;
use crate::engine::Failure;
use crate::installation::{InstalledFile, installed_files};
use crate::keys::content_key;
use crate::states::Person;
use axum::extract::State;
use dcp::clock::Timestamp;
use dcp::http::{Caller, Json, Problem};
use dcp::model::Zone;
use dcp::params;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::OnceCell;

/// Longest reason, characters.
const REASON: usize = 400;

/// The environment of an engine, looked at once: what a running R has loaded does not change.
#[derive(Debug, Default)]
pub(crate) struct OwnEnvironment {
    facts: OnceCell<Facts>,
    registered: AtomicBool,
}

/// What the results depend on, and its hash.
#[derive(Debug)]
struct Facts {
    fingerprint: String,
    facts: Value,
}

/// An environment that somebody has found good.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct Registered {
    /// Its hash.
    fingerprint: String,
    /// The node that had it then.
    node: String,
    /// Who registered it.
    by: Person,
    /// When.
    #[schema(value_type = String)]
    at: Timestamp,
    /// Why.
    reason: String,
}

#[derive(Deserialize)]
struct Row {
    fingerprint: String,
    node: String,
    by_id: String,
    by_name: String,
    at: Timestamp,
    reason: String,
}

impl From<Row> for Registered {
    fn from(row: Row) -> Self {
        Self {
            fingerprint: row.fingerprint,
            node: row.node,
            by: Person {
                id: row.by_id,
                name: row.by_name,
            },
            at: row.at,
            reason: row.reason,
        }
    }
}

/// The environment of this engine, and those that are registered.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct Environments {
    /// The hash of this engine's.
    fingerprint: String,
    /// What is hashed: R, the libraries below it by their content, the packages of its library.
    facts: Value,
    /// Whether it is registered.
    is_registered: bool,
    /// Whether the engine answers drafts only until it is.
    is_required: bool,
    /// All that are registered, oldest first.
    registered: Vec<Registered>,
}

/// Why this engine's environment is good.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Registration {
    /// Such as the report that verified it.
    reason: String,
}

/// The environment of this engine and those that are registered.
#[utoipa::path(get, path = "/api/calc/environments", tag = "engines", responses((status = 200, body = Environments)))]
pub(crate) async fn list_environments(
    State(calc): State<Calc>,
) -> Result<Json<Environments>, Problem> {
    Ok(Json(calc.environments().await?))
}

/// Registers the environment of this engine as found good.
#[utoipa::path(post, path = "/api/calc/environments", tag = "engines", request_body = Registration,
    responses((status = 200, body = Environments), (status = 422, description = "no reason", body = Problem)))]
pub(crate) async fn register_environment(
    State(calc): State<Calc>,
    caller: Caller,
    Json(registration): Json<Registration>,
) -> Result<Json<Environments>, Problem> {
    let reason = registration.reason.trim();
    if reason.is_empty() || reason.chars().count() > REASON {
        let rule = format!("must have 1 to {REASON} characters");
        return Err(Problem::unprocessable("Say why.").part("/reason", rule));
    }
    let own = calc.own_facts().await?;
    let by = caller.actor();
    let mut tx = calc.store.begin().await?;
    let (now, facts) = (tx.now(), own.facts.to_string());
    let values = params![
        &own.fingerprint,
        facts,
        &calc.node,
        &by.id,
        &by.name,
        reason,
        now
    ];
    tx.call("environment_add", values).await?;
    tx.commit().await?;
    tracing::info!(
        environment = own.fingerprint,
        by = by.name,
        "the environment of this engine was registered"
    );
    Ok(Json(calc.environments().await?))
}

impl Calc {
    /// Whether versions in force wait for somebody to register the environment: on the controlled node unless the operator says otherwise.
    fn must_be_registered(&self) -> bool {
        let told = self.settings.registered_only;
        told.unwrap_or(self.zone == Zone::Gxp)
    }

    /// Refuses calls of versions in force where the environment must be registered and is not.
    pub(crate) async fn admit_in_force(&self) -> Result<(), Failure> {
        if !self.must_be_registered() || self.environment.registered.load(Ordering::Relaxed) {
            return Ok(());
        }
        let own = &self.own_facts().await?.fingerprint;
        if !self
            .registered()
            .await?
            .iter()
            .any(|one| one.fingerprint == *own)
        {
            return Err(Failure::Unregistered(own.clone()));
        }
        self.environment.registered.store(true, Ordering::Relaxed);
        Ok(())
    }

    async fn environments(&self) -> Result<Environments, Failure> {
        let own = self.own_facts().await?;
        let registered = self.registered().await?;
        Ok(Environments {
            fingerprint: own.fingerprint.clone(),
            facts: own.facts.clone(),
            is_registered: registered
                .iter()
                .any(|one| one.fingerprint == own.fingerprint),
            is_required: self.must_be_registered(),
            registered,
        })
    }

    async fn registered(&self) -> Result<Vec<Registered>, Failure> {
        let rows = self.store.read("environments", params![]).await?;
        Ok(rows
            .all::<Row>()?
            .into_iter()
            .map(Registered::from)
            .collect())
    }

    async fn own_facts(&self) -> Result<&Facts, Failure> {
        let look = async {
            let packages = self.ask_r("installed", Vec::new()).await?;
            Ok(self.facts_of(&installed_files(self).await, &packages))
        };
        self.environment.facts.get_or_try_init(|| look).await
    }

    fn facts_of(&self, files: &[InstalledFile], packages: &BTreeMap<String, String>) -> Facts {
        let about: Value = serde_json::from_str(self.pool.about()).unwrap_or_default();
        let r = ["r", "platform", "locale", "time_zone", "rng"];
        let r: Map<String, Value> = r
            .map(|key| (key.to_owned(), about[key].clone()))
            .into_iter()
            .collect();
        // Not the engine's own program, which calculates nothing; and not where the files stand.
        let of_r = files.iter().filter(|file| file.what != "engine");
        let libraries: BTreeMap<&str, &Option<String>> = of_r
            .map(|file| (file.what.as_str(), &file.sha256))
            .collect();
        let facts = json!({ "r": r, "libraries": libraries, "packages": packages });
        Facts {
            fingerprint: content_key(facts.to_string().as_bytes()),
            facts,
        }
    }
}
