//! Servers, the asset tree, its tags and its batches.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::client::BatchAnswer;
use super::objects::{
    AttributeWire, FrameWire, Page, PiBatch, PiElement, PiServer, PiTag, PiTemplate, PointWire,
};
use super::{PiClient, PiError, time};
use crate::limits;

const ELEMENT_FIELDS: &str =
    "Items.WebId;Items.Name;Items.Description;Items.Path;Items.TemplateName;Items.HasChildren";
const TAG_FIELDS: &str = "Items.WebId;Items.Name;Items.Description;Items.Path;Items.Type;Items.DefaultUnitsNameAbbreviation;\
                          Items.DataReferencePlugIn;Items.ConfigString;Items.Step";
const FRAME_FIELDS: &str = "Items.WebId;Items.Name;Items.StartTime;Items.EndTime;Items.TemplateName;Items.RefElementWebIds";

/// Which batches of a unit.
#[derive(Debug, Clone, Default)]
pub struct BatchFilter {
    /// Batches that run at or after this instant.
    pub from: Option<Timestamp>,
    /// Batches that run at or before this instant; the present without it.
    pub to: Option<Timestamp>,
    /// Name of the event frame template; any without it.
    pub template: Option<String>,
    /// Only batches whose name fits, with `*` and `?`.
    pub name: Option<String>,
}

impl PiClient {
    /// The asset servers.
    pub async fn asset_servers(&self) -> Result<Vec<PiServer>, PiError> {
        self.all(&["assetservers"], &[], "the list of asset servers")
            .await
    }

    /// The data servers.
    pub async fn data_servers(&self) -> Result<Vec<PiServer>, PiError> {
        self.all(&["dataservers"], &[], "the list of data servers")
            .await
    }

    /// The databases of an asset server.
    pub async fn databases(&self, asset_server: &str) -> Result<Vec<PiServer>, PiError> {
        self.all(
            &["assetservers", asset_server, "assetdatabases"],
            &[],
            "the asset server",
        )
        .await
    }

    /// The database of the source.
    pub async fn database(&self) -> Result<PiServer, PiError> {
        let path = format!(
            r"\\{}\{}",
            self.source().asset_server,
            self.source().database
        );
        self.get(
            &["assetdatabases"],
            &[("path", &path)],
            &format!("the database {path}"),
        )
        .await
    }

    /// The elements at the top of the source's database.
    pub async fn root_elements(&self) -> Result<Vec<PiElement>, PiError> {
        let database = self.database().await?;
        let path = ["assetdatabases", &database.web_id, "elements"];
        self.all(&path, &[("selectedFields", ELEMENT_FIELDS)], "the database")
            .await
    }

    /// The elements below an element.
    pub async fn elements(&self, parent: &str) -> Result<Vec<PiElement>, PiError> {
        let path = ["elements", parent, "elements"];
        self.all(&path, &[("selectedFields", ELEMENT_FIELDS)], "the element")
            .await
    }

    /// One element by WebID.
    pub async fn element(&self, web_id: &str) -> Result<PiElement, PiError> {
        self.get(&["elements", web_id], &[], "the element").await
    }

    /// One element by path.
    pub async fn element_at(&self, path: &str) -> Result<PiElement, PiError> {
        self.get(
            &["elements"],
            &[("path", path)],
            &format!("the element {path}"),
        )
        .await
    }

    /// The tags of an element.
    pub async fn tags(&self, element: &str) -> Result<Vec<PiTag>, PiError> {
        let path = ["elements", element, "attributes"];
        let wires: Vec<AttributeWire> = self
            .all(&path, &[("selectedFields", TAG_FIELDS)], "the element")
            .await?;
        Ok(wires.into_iter().map(PiTag::from).collect())
    }

    /// One tag by the WebID of an attribute.
    pub async fn tag(&self, attribute: &str) -> Result<PiTag, PiError> {
        let wire: AttributeWire = self
            .get(&["attributes", attribute], &[], "the attribute")
            .await?;
        Ok(wire.into())
    }

    /// Points of the source's data server whose names fit, with `*` and `?`.
    pub async fn points(&self, name: &str) -> Result<Vec<PiTag>, PiError> {
        let server = &self.source().data_server;
        let server: PiServer = self
            .get(
                &["dataservers"],
                &[("name", server)],
                &format!("the data server {server}"),
            )
            .await?;
        let path = ["dataservers", &server.web_id, "points"];
        let wires: Vec<PointWire> = self
            .all(&path, &[("nameFilter", name)], "the data server")
            .await?;
        Ok(wires.into_iter().map(PiTag::from).collect())
    }

    /// One point by name.
    pub async fn point(&self, name: &str) -> Result<PiTag, PiError> {
        let path = format!(r"\\{}\{name}", self.source().data_server);
        let wire: PointWire = self
            .get(&["points"], &[("path", &path)], &format!("the tag {name}"))
            .await?;
        Ok(wire.into())
    }

    /// The templates of the source's database.
    pub async fn templates(&self) -> Result<Vec<PiTemplate>, PiError> {
        let database = self.database().await?;
        self.all(
            &["assetdatabases", &database.web_id, "elementtemplates"],
            &[],
            "the database",
        )
        .await
    }

    /// The batches of a unit, oldest first.
    pub async fn batches(&self, unit: &str, filter: &BatchFilter) -> Result<Vec<PiBatch>, PiError> {
        // Without a start the server answers with the last eight hours.
        let from = time::format(filter.from.map_or(0, Timestamp::as_microsecond));
        let to = filter
            .to
            .map_or_else(|| "*".to_owned(), |to| time::format(to.as_microsecond()));
        let mut query = vec![
            ("startTime", from.as_str()),
            ("endTime", &to),
            ("searchMode", "Overlapped"),
            ("sortField", "StartTime"),
            ("sortOrder", "Ascending"),
            ("selectedFields", FRAME_FIELDS),
        ];
        query.extend(
            filter
                .template
                .as_deref()
                .map(|template| ("templateName", template)),
        );
        query.extend(filter.name.as_deref().map(|name| ("nameFilter", name)));
        let frames: Vec<FrameWire> = self
            .all(&["elements", unit, "eventframes"], &query, "the unit")
            .await?;
        Ok(frames.into_iter().filter_map(FrameWire::batch).collect())
    }

    /// One batch by WebID.
    pub async fn batch(&self, web_id: &str) -> Result<PiBatch, PiError> {
        let frame: FrameWire = self.get(&["eventframes", web_id], &[], "the batch").await?;
        frame
            .batch()
            .ok_or_else(|| PiError::Interrupted("the event frame has no start".to_owned()))
    }

    /// The attributes of batches (recipe, lot, ...), in the order asked for, several batches in one request.
    pub async fn batch_attributes(
        &self,
        batches: &[&str],
    ) -> Result<Vec<BTreeMap<String, Value>>, PiError> {
        let mut all = Vec::with_capacity(batches.len());
        for part in batches.chunks(limits::PI_BATCH_PARTS) {
            let paths: Vec<Vec<&str>> = part
                .iter()
                .map(|id| vec!["streamsets", *id, "value"])
                .collect();
            for answer in self
                .get_many(
                    &paths,
                    &[("selectedFields", "Items.Name;Items.Value.Value")],
                )
                .await?
            {
                all.push(attributes(&answer)?);
            }
        }
        Ok(all)
    }

    /// Every page of a list.
    async fn all<T>(
        &self,
        path: &[&str],
        query: &[(&str, &str)],
        what: &str,
    ) -> Result<Vec<T>, PiError>
    where
        T: DeserializeOwned + Send + 'static,
    {
        let size = limits::PI_PAGE.to_string();
        let mut items = Vec::new();
        loop {
            let start = items.len().to_string();
            let mut query = query.to_vec();
            query.extend([("maxCount", size.as_str()), ("startIndex", &start)]);
            let page: Page<T> = self.get(path, &query, what).await?;
            let last = page.items.len() < limits::PI_PAGE;
            items.extend(page.items);
            if last {
                return Ok(items);
            }
            if items.len() >= limits::PI_LIST {
                return Err(PiError::Truncated {
                    tag: what.to_owned(),
                });
            }
        }
    }
}

fn attributes(answer: &BatchAnswer) -> Result<BTreeMap<String, Value>, PiError> {
    if !answer.is_success() {
        return Err(answer.failure("the batch"));
    }
    let items = answer.content["Items"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    let name = |item: &Value| item["Name"].as_str().unwrap_or_default().to_owned();
    Ok(items
        .iter()
        .map(|item| (name(item), item["Value"]["Value"].clone()))
        .collect())
}
