//! Updates by marker: the server remembers what it has told.

use serde::Deserialize;
use serde_json::{Value, json};

use super::super::answer::one_series;
use super::super::paging::Page;
use super::super::streams::in_addresses;
use super::super::{PiClient, PiError, time};
use super::{Arrived, Break};

/// One stream of a registration, or what is new in it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct UpdateWire {
    #[serde(default)]
    source: String,
    #[serde(default)]
    source_name: String,
    #[serde(default)]
    latest_marker: String,
    #[serde(default)]
    status: String,
    #[serde(default)]
    events: Vec<Value>,
}

/// A registration: the marker of each stream.
pub(super) struct Updates {
    markers: Vec<String>,
}

impl Updates {
    pub(super) async fn open(client: &PiClient, tags: &[String]) -> Result<Self, Break> {
        let tags: Vec<&str> = tags.iter().map(String::as_str).collect();
        let mut markers = Vec::with_capacity(tags.len());
        for part in in_addresses(&tags) {
            let query: Vec<_> = part.iter().map(|tag| ("webId", *tag)).collect();
            let page: Page<UpdateWire> = match client.register(&query).await {
                Ok(page) => page,
                Err(error) => return Err(not_offered(error)),
            };
            for one in page.items {
                if one.latest_marker.is_empty() {
                    return Err(Break::Never(format!(
                        "the server cannot be asked for updates of {}: {}",
                        one.source_name, one.status
                    )));
                }
                markers.push(one.latest_marker);
            }
        }
        if markers.len() < tags.len() {
            return Err(Break::Never(
                "the server does not give updates of all tags".to_owned(),
            ));
        }
        Ok(Self { markers })
    }

    /// What is new since the last time.
    pub(super) async fn next(&mut self, client: &PiClient) -> Result<Arrived, Break> {
        let mut arrived = Arrived::default();
        let asked: Vec<&str> = self.markers.iter().map(String::as_str).collect();
        let mut next = Vec::with_capacity(asked.len());
        for part in in_addresses(&asked) {
            let query: Vec<_> = part.iter().map(|marker| ("marker", *marker)).collect();
            let what = "the updates";
            let page: Result<Page<UpdateWire>, _> =
                client.get(&["streamsets", "updates"], &query, what).await;
            let page = page.map_err(forgotten)?;
            if page.items.len() != part.len() {
                return Err(Break::Again("some updates are not answered".to_owned()));
            }
            for one in page.items {
                if one.latest_marker.is_empty() {
                    return Err(Break::Again(format!(
                        "the server has forgotten the updates of {}: {}",
                        one.source_name, one.status
                    )));
                }
                next.push(one.latest_marker.clone());
                one.put_into(&mut arrived)?;
            }
        }
        drop(asked);
        self.markers = next;
        Ok(arrived)
    }
}

impl UpdateWire {
    fn put_into(self, arrived: &mut Arrived) -> Result<(), PiError> {
        let is_deletion = |event: &Value| {
            let action = event["Action"].as_str().unwrap_or_default();
            action.eq_ignore_ascii_case("Delete") || action.eq_ignore_ascii_case("Remove")
        };
        let (deleted, values): (Vec<Value>, Vec<Value>) =
            self.events.into_iter().partition(is_deletion);
        let times: Vec<_> = deleted
            .iter()
            .filter_map(|event| time::parse(event["Timestamp"].as_str()?))
            .collect();
        if !times.is_empty() {
            arrived.deleted.push((self.source.clone(), times));
        }
        if !values.is_empty() {
            // The events have the members of timed values.
            let series = json!({ "WebId": self.source, "Name": self.source_name, "Items": values });
            arrived.series.push(one_series(&series, "the updates")?);
        }
        Ok(())
    }
}

/// A server, or an account, without updates.
fn not_offered(error: PiError) -> Break {
    match error {
        PiError::NotFound(_)
        | PiError::NoPermission(_)
        | PiError::Refused { .. }
        | PiError::Failed { status: 501, .. } => {
            Break::Never(format!("the server gives no updates: {error}"))
        }
        other => other.into(),
    }
}

/// A marker that the server does not know any more: asked for again, nothing is lost.
fn forgotten(error: PiError) -> Break {
    match error {
        PiError::NotFound(_) | PiError::Refused { status: 409, .. } => {
            Break::Again("the server has forgotten what it told".to_owned())
        }
        other => other.into(),
    }
}
