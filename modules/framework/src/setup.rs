//! Sources of process data that people add, change and take out.
//!
//! What the site file names is changed there alone. Nothing is kept before the server was asked; what it does not confirm is kept
//! only when somebody says so. Secrets never come here: a source names the path of its credentials.

use axum::extract::State as Shared;
use axum::http::StatusCode;
use dcp::http::{Caller, Json, Path, Problem};
use dcp::model::DataSourceId;
use dcp::params;
use dcp::store::StoreError;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::health::Watched;
use crate::reactions::Line;
use crate::record::{Action, Entry};
use crate::sites::DataSource;
use crate::trial::checked;
use crate::{Framework, SOURCES};

/// Shortest and longest reason.
const REASON: std::ops::RangeInclusive<usize> = 3..=1000;

/// What people and the site file say of a source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(crate) struct Setup {
    pub(crate) name: String,
    /// Address of the PI Web API.
    pub(crate) url: String,
    pub(crate) asset_server: String,
    pub(crate) database: String,
    pub(crate) data_server: String,
    /// Path of the credentials at the provider of secrets, below `pi/`; empty for nobody in particular.
    pub(crate) credentials: String,
    /// PEM file of the CA that signs its certificate, on the machines that read it; none for what they trust.
    pub(crate) ca_file: Option<String>,
}

/// A set-up and where it stands.
pub(crate) struct State {
    pub(crate) setup: Setup,
    pub(crate) from_file: bool,
    pub(crate) removed: bool,
}

impl State {
    /// As the site file says, or has said until now.
    pub(crate) fn of_file(setup: Setup, from_file: bool) -> Self {
        Self {
            setup,
            from_file,
            removed: false,
        }
    }
}

/// Who orders a change has seen the present state and says why.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct Order {
    /// Version of the source that was seen; 0 for a new one.
    seen: i64,
    reason: String,
    /// To be kept although the server does not answer as described.
    #[serde(default)]
    unconfirmed: bool,
}

/// A new source.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct Addition {
    /// It never changes: results name it.
    id: DataSourceId,
    setup: Setup,
    #[serde(flatten)]
    order: Order,
}

/// A changed source.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct Alteration {
    setup: Setup,
    #[serde(flatten)]
    order: Order,
}

/// Adds a source of process data to the site.
#[utoipa::path(post, path = "/api/framework/data-sources", tag = "sites", params(("site" = String, Query)), request_body = Addition,
    responses((status = 200, body = Watched), (status = 409, body = Problem), (status = 422, description = "not valid, or the server does not confirm it", body = Problem)))]
pub(crate) async fn add(
    Shared(framework): Shared<Framework>,
    caller: Caller,
    Json(new): Json<Addition>,
) -> Result<Json<Watched>, Problem> {
    let site = caller.site()?.clone();
    caller.require(&SOURCES, &site)?;
    let source = DataSource::of(new.id, site, new.setup.clone());
    framework
        .set_up(&caller, Action::Added, &source, new.setup, &new.order)
        .await
        .map(Json)
}

/// Changes a source of process data.
#[utoipa::path(put, path = "/api/framework/data-sources/{id}", tag = "sites", params(("id" = String, Path), ("site" = String, Query)), request_body = Alteration,
    responses((status = 200, body = Watched), (status = 404, body = Problem), (status = 409, body = Problem),
        (status = 422, description = "not valid, or the server does not confirm it", body = Problem)))]
pub(crate) async fn change(
    Shared(framework): Shared<Framework>,
    caller: Caller,
    Path(id): Path<DataSourceId>,
    Json(changed): Json<Alteration>,
) -> Result<Json<Watched>, Problem> {
    let source = editable(&framework, &caller, &id).await?;
    if source.removed {
        return Err(Problem::not_found(format!("data source {id}")));
    }
    framework
        .set_up(
            &caller,
            Action::Changed,
            &source,
            changed.setup,
            &changed.order,
        )
        .await
        .map(Json)
}

/// Takes a source of process data out. Its record stays, and it can be restored.
#[utoipa::path(post, path = "/api/framework/data-sources/{id}/remove", tag = "sites", params(("id" = String, Path), ("site" = String, Query)), request_body = Order,
    responses((status = 200), (status = 404, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
pub(crate) async fn remove(
    Shared(framework): Shared<Framework>,
    caller: Caller,
    Path(id): Path<DataSourceId>,
    Json(order): Json<Order>,
) -> Result<Json<()>, Problem> {
    let source = editable(&framework, &caller, &id).await?;
    if source.removed {
        return Err(Problem::not_found(format!("data source {id}")));
    }
    let state = State {
        setup: source.setup(),
        from_file: false,
        removed: true,
    };
    framework
        .write(&caller, Action::Removed, &source, &state, &order, None)
        .await?;
    Ok(Json(()))
}

/// A source that the caller may change, taken out or not.
pub(crate) async fn editable(
    framework: &Framework,
    caller: &Caller,
    id: &DataSourceId,
) -> Result<DataSource, Problem> {
    let all = framework.all_sources().await?;
    let found = all.into_iter().find(|source| source.id == *id);
    let known = found.filter(|source| caller.knows(&source.site));
    let source = known.ok_or_else(|| Problem::not_found(format!("data source {id}")))?;
    caller.require(&SOURCES, &source.site)?;
    if source.from_file {
        return Err(Problem::conflict(
            "The site file names this source: it is changed there.",
        ));
    }
    Ok(source)
}

impl Framework {
    /// All sources of all sites, also those that were taken out.
    pub(crate) async fn all_sources(&self) -> Result<Vec<DataSource>, StoreError> {
        self.store.read("data_sources", params![true]).await?.all()
    }

    /// Asks the server, and keeps the set-up if it confirms it or somebody wants it all the same.
    pub(crate) async fn set_up(
        &self,
        caller: &Caller,
        action: Action,
        source: &DataSource,
        setup: Setup,
        order: &Order,
    ) -> Result<Watched, Problem> {
        let setup = checked(setup)?;
        order.reason()?;
        let (id, site) = (source.id.clone(), source.site.clone());
        let tried = self
            .watch
            .try_out(&DataSource::of(id.clone(), site, setup.clone()))
            .await;
        let answered = tried.findings.is_empty();
        if !answered && !order.unconfirmed {
            let problem = Problem::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "source-unconfirmed",
                "The server does not confirm this",
            );
            let parts = tried.findings.into_iter();
            return Err(parts.fold(problem, |problem, finding| {
                problem.part(finding.pointer, finding.title)
            }));
        }
        let state = State {
            setup,
            from_file: false,
            removed: false,
        };
        self.write(caller, action, source, &state, order, Some(answered))
            .await?;
        let all = self.all_sources().await?;
        let kept = all.into_iter().find(|source| source.id == id);
        let kept = kept.ok_or_else(|| Problem::not_found(format!("data source {id}")))?;
        self.watch.ask(&kept).await;
        Ok(self.watch.watched(kept.shown_to(caller)))
    }

    async fn write(
        &self,
        caller: &Caller,
        action: Action,
        source: &DataSource,
        state: &State,
        order: &Order,
        answered: Option<bool>,
    ) -> Result<(), Problem> {
        let entry = Entry {
            source: &source.id,
            site: &source.site,
            action,
            reason: order.reason()?,
            answered,
            by: caller.actor(),
        };
        let mut tx = self.store.begin().await?;
        let kept = entry.keep(&mut tx, order.seen, state).await;
        match kept {
            Ok(true) => {}
            Ok(false) => {
                return Err(Problem::conflict(
                    "Somebody else has just changed this source; look again.",
                ));
            }
            Err(StoreError::Duplicate(_)) => {
                return Err(Problem::conflict(
                    "There is or was a source of this id; choose another one.",
                ));
            }
            Err(error) => return Err(error.into()),
        }
        let link = format!("/app/{}/sources?source={}", source.site, source.id);
        let name = state.setup.name.as_str();
        Line {
            at: tx.now(),
            site: Some(source.site.as_str()),
            restricted: false,
            by: &entry.by,
            kind: "framework.source.changed",
            title: title(action, name),
            subject: ("data_source", source.id.as_str(), name),
            link: Some(&link),
        }
        .add(&mut tx)
        .await?;
        tx.commit().await?;
        tracing::info!(source = %source.id, site = %source.site, ?action, by = caller.name(), "a data source was set up");
        Ok(())
    }
}

impl Order {
    fn reason(&self) -> Result<String, Problem> {
        let reason = self.reason.trim();
        if !REASON.contains(&reason.chars().count()) {
            let detail = format!("Give {} to {} characters.", REASON.start(), REASON.end());
            return Err(Problem::unprocessable("Say why.").part("/reason", detail));
        }
        Ok(reason.to_owned())
    }
}

fn title(action: Action, name: &str) -> (String, String) {
    let (en, de) = match action {
        Action::Added => ("was added", "wurde angelegt"),
        Action::Removed => ("was taken out", "wurde herausgenommen"),
        Action::Restored => (
            "has an earlier state again",
            "hat wieder einen früheren Stand",
        ),
        Action::Changed | Action::Released => ("was changed", "wurde geändert"),
    };
    (
        format!("Data source {name} {en}"),
        format!("Datenquelle {name} {de}"),
    )
}
