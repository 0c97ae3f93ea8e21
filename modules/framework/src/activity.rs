//! What happened: page by page, and live.

use axum::extract::State;
use axum::response::Response;
use dcp::clock::Timestamp;
use dcp::events::Actor;
use dcp::http::{Caller, Json, Live, Problem, Query};
use dcp::model::{Permission, SiteId, Text, Zone};
use dcp::params;
use futures_util::StreamExt as _;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::Framework;
use crate::sites::not_yours;

/// Items of one page when the caller asks for nothing else, and at most.
const PAGE: u32 = 50;
const LARGEST_PAGE: u32 = 200;
/// Defined by the administration module: who holds it sees what happens to users.
const SEES_USERS: Permission = Permission::new("administration.read");

/// A row of the table.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Stored {
    pub(crate) seq: i64,
    at: Timestamp,
    site: Option<SiteId>,
    restricted: bool,
    actor_id: String,
    actor_name: String,
    kind: String,
    module: String,
    title_en: String,
    title_de: String,
    subject_type: String,
    subject_id: String,
    subject_name: String,
    link: Option<String>,
    brought_from: Option<Zone>,
}

/// Something that happened.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Activity {
    id: String,
    at: Timestamp,
    /// Where; absent when it concerns all sites.
    site: Option<SiteId>,
    #[schema(value_type = Named)]
    actor: Actor,
    /// Name of the event.
    kind: String,
    module: String,
    title: Text,
    subject: Subject,
    /// Where the portal shows it.
    link: Option<String>,
    /// The other zone, if it happened there: what the free zone brings is for information only.
    brought_from: Option<Zone>,
}

/// What it happened to.
#[derive(Debug, Serialize, ToSchema)]
struct Subject {
    r#type: String,
    id: String,
    name: String,
}

/// Who did it.
#[derive(ToSchema)]
#[expect(
    dead_code,
    reason = "describes the framework's type in the API document"
)]
struct Named {
    id: String,
    name: String,
}

impl From<Stored> for Activity {
    fn from(row: Stored) -> Self {
        Self {
            id: row.seq.to_string(),
            at: row.at,
            site: row.site,
            actor: Actor {
                id: row.actor_id,
                name: row.actor_name,
            },
            kind: row.kind,
            module: row.module,
            title: Text::new(row.title_en, row.title_de),
            subject: Subject {
                r#type: row.subject_type,
                id: row.subject_id,
                name: row.subject_name,
            },
            link: row.link,
            brought_from: row.brought_from,
        }
    }
}

/// Which page.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Page {
    /// `next` of the page before.
    before: Option<i64>,
    /// Items of the page, at most 200.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
}

/// A page, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Activities {
    items: Vec<Activity>,
    /// Give it as `before` to get the next page; absent on the last one.
    next: Option<String>,
}

/// What a caller may see.
struct View {
    site: SiteId,
    everything: bool,
}

impl View {
    fn of(caller: &Caller) -> Result<Self, Problem> {
        let site = caller.site()?;
        if !caller.knows(site) {
            return Err(not_yours(site));
        }
        Ok(Self {
            site: site.clone(),
            everything: caller.principal().may_everywhere(&SEES_USERS),
        })
    }

    fn shows(&self, row: &Stored) -> bool {
        row.site.as_ref().is_none_or(|site| *site == self.site)
            && (self.everything || !row.restricted)
    }
}

/// What happened at a site and on the platform, newest first.
#[utoipa::path(get, path = "/api/framework/activity", tag = "activity", params(("site" = String, Query), Page),
    responses((status = 200, body = Activities), (status = 403, body = Problem), (status = 422, body = Problem)))]
pub(crate) async fn page(
    State(framework): State<Framework>,
    caller: Caller,
    Query(page): Query<Page>,
) -> Result<Json<Activities>, Problem> {
    let view = View::of(&caller)?;
    let limit = page.limit.unwrap_or(PAGE);
    if !(1..=LARGEST_PAGE).contains(&limit) {
        return Err(Problem::unprocessable("The page is not valid.")
            .part("limit", format!("Give 1 to {LARGEST_PAGE}.")));
    }
    let values = params![
        &view.site,
        view.everything,
        page.before.unwrap_or(i64::MAX),
        limit
    ];
    let rows: Vec<Stored> = framework
        .store
        .read("activity_before", values)
        .await?
        .all()?;
    let full = u32::try_from(rows.len()).is_ok_and(|count| count == limit);
    let next = rows.last().filter(|_| full).map(|row| row.seq.to_string());
    Ok(Json(Activities {
        items: rows.into_iter().map(Activity::from).collect(),
        next,
    }))
}

/// The same as it happens: server-sent events `activity`, one item each.
#[utoipa::path(get, path = "/api/framework/activity/stream", tag = "activity", params(("site" = String, Query)),
    responses((status = 200, content_type = "text/event-stream", body = Activity), (status = 403, body = Problem)))]
pub(crate) async fn stream(
    State(framework): State<Framework>,
    caller: Caller,
    live: Live,
) -> Result<Response, Problem> {
    let view = View::of(&caller)?;
    let items = framework
        .feed
        .listen()
        .filter(move |row| std::future::ready(view.shows(row)));
    Ok(live.stream(
        "activity",
        items.map(|row| Activity::from(Stored::clone(&row))),
    ))
}
