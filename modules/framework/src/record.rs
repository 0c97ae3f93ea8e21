//! The record of every state of every source, who made it and why; and how an earlier state becomes the present one again.

use std::collections::HashMap;

use axum::extract::State as Shared;
use dcp::clock::Timestamp;
use dcp::events::Actor;
use dcp::http::{Caller, Json, Path, Problem, Query};
use dcp::model::{DataSourceId, SiteId};
use dcp::params;
use dcp::store::{StoreError, Tx};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::Framework;
use crate::health::Watched;
use crate::setup::{Order, Setup, State, editable};
use crate::sites::{DataSource, KIND, not_yours};

/// Entries of one page.
const PAGE: u32 = 50;
/// Who changes sources when no person does.
const FILE: (&str, &str) = ("site-file", "Site file");

/// What was done to a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Action {
    /// It is there from now on.
    Added,
    /// Something about it was changed.
    Changed,
    /// It was taken out.
    Removed,
    /// An earlier state is the present one again.
    Restored,
    /// The site file names it no more: people may change it.
    Released,
}

impl Action {
    fn as_str(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Changed => "changed",
            Self::Removed => "removed",
            Self::Restored => "restored",
            Self::Released => "released",
        }
    }
}

/// What is about to be written down of a source.
pub(crate) struct Entry<'a> {
    pub(crate) source: &'a DataSourceId,
    pub(crate) site: &'a SiteId,
    pub(crate) action: Action,
    pub(crate) reason: String,
    pub(crate) answered: Option<bool>,
    pub(crate) by: Actor,
}

impl<'a> Entry<'a> {
    /// What the site file says.
    pub(crate) fn of_file(source: &'a DataSourceId, site: &'a SiteId, action: Action) -> Self {
        let reason = match action {
            Action::Released => "The site file names it no more.",
            _ => "The site file says so.",
        };
        let (id, name) = FILE;
        Self {
            source,
            site,
            action,
            reason: reason.to_owned(),
            answered: None,
            by: Actor {
                id: id.to_owned(),
                name: name.to_owned(),
            },
        }
    }

    /// Writes the state and this entry; false when the source is not in version `seen` any more.
    pub(crate) async fn keep(
        &self,
        tx: &mut Tx<'_>,
        seen: i64,
        state: &State,
    ) -> Result<bool, StoreError> {
        if !self.put(tx, seen, state).await? {
            return Ok(false);
        }
        let (action, at, version) = (self.action.as_str(), tx.now(), seen + 1);
        let setup = serde_json::to_value(&state.setup)
            .map_err(|error| StoreError::Decode(error.to_string()))?;
        let values = params![
            self.source,
            self.site,
            version,
            action,
            &self.reason,
            self.answered,
            &self.by.id,
            &self.by.name,
            at,
            setup
        ];
        tx.call("data_source_noted", values).await?;
        Ok(true)
    }

    async fn put(&self, tx: &mut Tx<'_>, seen: i64, state: &State) -> Result<bool, StoreError> {
        let Setup {
            name,
            url,
            asset_server,
            database,
            data_server,
            credentials,
            ca_file,
        } = &state.setup;
        let (id, site, file, removed) = (self.source, self.site, state.from_file, state.removed);
        if self.action == Action::Added {
            let values = params![
                id,
                site,
                name,
                KIND,
                url,
                asset_server,
                database,
                data_server,
                credentials,
                ca_file,
                file
            ];
            tx.call("data_source_add", values).await?;
            return Ok(true);
        }
        let values = params![
            id,
            seen,
            site,
            name,
            url,
            asset_server,
            database,
            data_server,
            credentials,
            ca_file,
            file,
            removed
        ];
        Ok(tx.call("data_source_replace", values).await?.affected() > 0)
    }
}

/// A row of the table.
#[derive(Debug, Deserialize)]
struct Stored {
    seq: i64,
    source: DataSourceId,
    version: i64,
    action: Action,
    reason: String,
    answered: Option<bool>,
    by_id: String,
    by_name: String,
    at: Timestamp,
    state: Setup,
    former: Option<Setup>,
}

/// One state of a source, who made it and why.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Change {
    source: DataSourceId,
    version: i64,
    action: Action,
    reason: String,
    /// Whether the server answered as described when this was kept; none where it was not asked.
    answered: Option<bool>,
    by: Person,
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// What the source was from then on.
    setup: Setup,
    /// What it was before; none when it was added.
    former: Option<Setup>,
    /// Whether it can become the present state again.
    restorable: bool,
}

/// Who did it.
#[derive(Debug, Serialize, ToSchema)]
struct Person {
    id: String,
    name: String,
}

/// A page of the record, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Changes {
    items: Vec<Change>,
    /// Give it as `before` to get the next page; absent on the last one.
    next: Option<String>,
}

/// Which page.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Page {
    /// `next` of the page before.
    before: Option<i64>,
}

/// What was done to the sources of a site, newest first.
#[utoipa::path(get, path = "/api/framework/data-sources/changes", tag = "sites", params(("site" = String, Query), Page),
    responses((status = 200, body = Changes), (status = 403, body = Problem)))]
pub(crate) async fn changes(
    Shared(framework): Shared<Framework>,
    caller: Caller,
    Query(page): Query<Page>,
) -> Result<Json<Changes>, Problem> {
    let site = caller.site()?;
    if !caller.knows(site) {
        return Err(not_yours(site));
    }
    let present: HashMap<DataSourceId, DataSource> = framework
        .all_sources()
        .await?
        .into_iter()
        .map(|source| (source.id.clone(), source))
        .collect();
    let values = params![site, page.before.unwrap_or(i64::MAX), PAGE];
    let rows: Vec<Stored> = framework
        .store
        .read("data_source_changes", values)
        .await?
        .all()?;
    let full = u32::try_from(rows.len()).is_ok_and(|count| count == PAGE);
    let next = rows.last().filter(|_| full).map(|row| row.seq.to_string());
    let items = rows.into_iter().map(|row| {
        let present = present.get(&row.source);
        row.shown(present)
    });
    Ok(Json(Changes {
        items: items.collect(),
        next,
    }))
}

impl Stored {
    fn shown(self, present: Option<&DataSource>) -> Change {
        let restorable = present.is_some_and(|source| {
            !source.from_file && (source.removed || source.setup() != self.state)
        });
        Change {
            source: self.source,
            version: self.version,
            action: self.action,
            reason: self.reason,
            answered: self.answered,
            by: Person {
                id: self.by_id,
                name: self.by_name,
            },
            at: self.at,
            setup: self.state,
            former: self.former,
            restorable,
        }
    }
}

/// Which state is to be the present one again.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct Restoring {
    /// The version whose state it is.
    version: i64,
    #[serde(flatten)]
    order: Order,
}

/// Makes an earlier state of a source the present one, also of a source that was taken out. That is a change like any other.
#[utoipa::path(post, path = "/api/framework/data-sources/{id}/restore", tag = "sites", params(("id" = String, Path), ("site" = String, Query)),
    request_body = Restoring,
    responses((status = 200, body = Watched), (status = 404, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
pub(crate) async fn restore(
    Shared(framework): Shared<Framework>,
    caller: Caller,
    Path(id): Path<DataSourceId>,
    Json(wanted): Json<Restoring>,
) -> Result<Json<Watched>, Problem> {
    let source = editable(&framework, &caller, &id).await?;
    let values = params![&id, &source.site, wanted.version];
    let earlier: Option<Earlier> = framework
        .store
        .read("data_source_state", values)
        .await?
        .optional()?;
    let Some(Earlier { state }) = earlier else {
        let what = format!("version {} of data source {id}", wanted.version);
        return Err(Problem::not_found(what));
    };
    framework
        .set_up(&caller, Action::Restored, &source, state, &wanted.order)
        .await
        .map(Json)
}

#[derive(Deserialize)]
struct Earlier {
    state: Setup,
}
