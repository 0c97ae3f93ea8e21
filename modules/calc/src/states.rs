//! What a version of a script is good for, and who may change that.
//!
//! In the validated zone a version that a person publishes is a draft: somebody else approves it before it can be effective.
//! In the free zone it is effective at once. What a module brings was released with the module and is effective in both.

use crate::script::Script;
use crate::{APPROVE, Calc, PUBLISH};
use axum::extract::State;
use axum::http::StatusCode;
use dcp::clock::Timestamp;
use dcp::events::Actor;
use dcp::http::{Caller, Json, Path, Problem};
use dcp::model::{Permission, Zone};
use dcp::params;
use serde::{Deserialize, Serialize};

use crate::listing::VersionView;

/// The state of a version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum VersionState {
    /// Published, callable at the draft address only.
    Draft,
    /// Submitted to somebody else.
    Review,
    /// Found good, not in use yet.
    Approved,
    /// Answers calls that name no version.
    Effective,
    /// Was effective; answers calls that name it.
    Superseded,
    /// Answers nothing any more.
    Retired,
}

impl VersionState {
    /// The name on the wire and in the store.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Review => "review",
            Self::Approved => "approved",
            Self::Effective => "effective",
            Self::Superseded => "superseded",
            Self::Retired => "retired",
        }
    }

    /// Whether calls at the ordinary address may use it.
    pub(crate) fn is_in_force(self) -> bool {
        matches!(self, Self::Effective | Self::Superseded)
    }

    /// Whether it is on its way to be effective, callable at the draft address.
    pub(crate) fn is_on_its_way(self) -> bool {
        matches!(self, Self::Draft | Self::Review | Self::Approved)
    }

    fn allows(self, next: Self) -> bool {
        use VersionState::{Approved, Draft, Effective, Retired, Review, Superseded};
        matches!(
            (self, next),
            (Draft, Review)
                | (Review, Draft | Approved)
                | (Approved | Superseded, Effective)
                | (Draft | Approved | Effective | Superseded, Retired)
        )
    }
}

/// A person or a module, as the API shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub(crate) struct Person {
    /// The id.
    pub(crate) id: String,
    /// The name shown.
    pub(crate) name: String,
}

impl From<Actor> for Person {
    fn from(Actor { id, name }: Actor) -> Self {
        Self { id, name }
    }
}

/// One change of state.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct Change {
    /// The state it led to.
    pub(crate) state: VersionState,
    /// Who changed it.
    pub(crate) by: Person,
    /// When.
    #[schema(value_type = String)]
    pub(crate) at: Timestamp,
    /// Why; always there when a version went back to draft or was retired.
    pub(crate) reason: Option<String>,
}

/// A step that is asked for.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub(crate) struct Step {
    /// The state it leads to; `superseded` comes about by itself.
    state: VersionState,
    /// Why; required for `draft` and `retired`.
    #[serde(default)]
    reason: Option<String>,
}

impl Step {
    fn reason(&self) -> Option<&str> {
        let reason = self.reason.as_deref().map(str::trim);
        reason.filter(|reason| !reason.is_empty())
    }

    /// Refuses a step that is not allowed: for this person, from the present state, or because of what was found.
    fn check(&self, script: &Script, caller: &Caller, zone: Zone) -> Result<(), Problem> {
        let (before, next) = (script.state, self.state);
        // First of all: who may not take the step is not told how far the version is.
        admit(before, next, caller, zone)?;
        if let Some(module) = &script.brought_by {
            let detail = format!(
                "This version was released with the module {module}, which alone replaces it."
            );
            return Err(Problem::conflict(detail));
        }
        if !before.allows(next) {
            let detail = format!(
                "A version in state {} cannot become {}.",
                before.as_str(),
                next.as_str()
            );
            return Err(Problem::conflict(detail));
        }
        if matches!(next, VersionState::Draft | VersionState::Retired) && self.reason().is_none() {
            return Err(Problem::unprocessable("Say why.").part("/reason", "is required"));
        }
        if next == VersionState::Approved {
            return approvable(script, caller);
        }
        Ok(())
    }
}

/// Changes the state of a version: submit it for review, send it back, approve it, make it effective, retire it.
#[utoipa::path(post, path = "/api/calc/scripts/{name}/versions/{version}/state", tag = "scripts",
    params(("name" = String, Path), ("version" = String, Path, description = "at least its first eight characters")),
    request_body = Step,
    responses((status = 200, body = VersionView), (status = 403, description = "not allowed, or the author approves", body = Problem),
        (status = 404, body = Problem), (status = 409, description = "not from the present state", body = Problem),
        (status = 422, description = "no reason", body = Problem)))]
pub(crate) async fn change_state(
    State(calc): State<Calc>,
    Path((name, version)): Path<(String, String)>,
    caller: Caller,
    Json(step): Json<Step>,
) -> Result<Json<VersionView>, Problem> {
    let alone = calc.scripts.refresh().await?;
    let script = calc.scripts.version(&name, &version)?;
    step.check(&script, &caller, calc.zone)?;
    calc.store_step(&script, &step, &caller.actor()).await?;
    drop(alone);
    drop(calc.scripts.refresh().await?);
    let script = calc.scripts.version(&name, &version)?;
    tracing::info!(
        script.name = name,
        script.version = &*script.version,
        state = script.state.as_str(),
        by = caller.name(),
        "the state of a script was changed"
    );
    calc.run_missing_examples(&script);
    Ok(Json(VersionView::complete(&script)))
}

impl Calc {
    async fn store_step(&self, script: &Script, step: &Step, by: &Actor) -> Result<(), Problem> {
        let mut tx = self.store.begin().await?;
        let (now, version) = (tx.now(), &*script.version);
        if step.state == VersionState::Effective {
            let values = params![&script.name, &by.id, &by.name, now];
            tx.call("script_superseded", values).await?;
        }
        let (before, after) = (script.state.as_str(), step.state.as_str());
        let values = params![
            &script.name,
            version,
            before,
            after,
            &by.id,
            &by.name,
            step.reason(),
            now
        ];
        if tx.call("script_state_changed", values).await?.affected() == 0 {
            return Err(Problem::conflict(
                "Somebody else has just changed the state of this version; look again.",
            ));
        }
        tx.call("script_changed", params![&script.name]).await?;
        Ok(tx.commit().await?)
    }
}

/// Who may take which step.
fn admit(
    before: VersionState,
    next: VersionState,
    caller: &Caller,
    zone: Zone,
) -> Result<(), Problem> {
    let publish = holds(caller, &PUBLISH);
    let enough = match next {
        _ if zone == Zone::NonGxp => publish,
        VersionState::Review => publish,
        VersionState::Draft => publish || holds(caller, &APPROVE),
        VersionState::Retired if before == VersionState::Draft => {
            publish || holds(caller, &APPROVE)
        }
        _ => holds(caller, &APPROVE),
    };
    if enough {
        return Ok(());
    }
    let needed = if next == VersionState::Review || zone == Zone::NonGxp {
        PUBLISH
    } else {
        APPROVE
    };
    Err(Problem::forbidden(format!(
        "This step needs the permission {needed}."
    )))
}

fn holds(caller: &Caller, permission: &Permission) -> bool {
    caller.named_site().map_or_else(
        || caller.principal().may_somewhere(permission),
        |site| caller.may(permission, site),
    )
}

/// Author is not approver, and what contradicts the script's own declarations must be gone.
fn approvable(script: &Script, caller: &Caller) -> Result<(), Problem> {
    if script.published_by.id == *caller.id().to_string() {
        return Err(Problem::forbidden(
            "You have published this version; somebody else must approve it.",
        ));
    }
    let doubts = script.doubts();
    if doubts.is_empty() {
        return Ok(());
    }
    let problem = Problem::new(
        StatusCode::CONFLICT,
        "not-approvable",
        "This version cannot be approved",
    );
    let problem = problem.detail(doubts.join(" "));
    Err(problem.with("doubts", doubts))
}

#[cfg(test)]
mod tests {
    use super::VersionState::{self, Approved, Draft, Effective, Retired, Review, Superseded};

    #[test]
    fn nothing_leads_back_from_retired_and_nothing_skips_the_review() {
        let all = [Draft, Review, Approved, Effective, Superseded, Retired];
        let steps: Vec<(VersionState, VersionState)> = all
            .into_iter()
            .flat_map(|before| all.into_iter().map(move |next| (before, next)))
            .filter(|(before, next)| before.allows(*next))
            .collect();
        assert!(steps.iter().all(|(before, _)| *before != Retired));
        assert!(steps.iter().all(|(_, next)| *next != Superseded));
        let to = |next| -> Vec<VersionState> {
            let fitting = steps.iter().filter(|step| step.1 == next);
            fitting.map(|step| step.0).collect()
        };
        assert_eq!(to(Approved), [Review]);
        assert_eq!(to(Effective), [Approved, Superseded]);
    }
}
