//! Servers, the asset tree, its templates, tags and points.

use std::collections::HashMap;

use serde::Deserialize;

use super::objects::{
    AttributeWire, PiElement, PiServer, PiTag, PiTemplate, PiTemplateTag, PointWire,
    TemplateTagWire,
};
use super::paging::Page;
use super::{PiClient, PiError, search};
use crate::limits;

pub(super) const ELEMENT_FIELDS: &str = "Items.WebId;Items.Name;Items.Description;Items.Path;Items.TemplateName;\
                                         Items.HasChildren;Links.Next";
pub(super) const TAG_FIELDS: &str = "Items.WebId;Items.Name;Items.Description;Items.Path;Items.Type;\
                                     Items.DefaultUnitsNameAbbreviation;Items.DataReferencePlugIn;Items.ConfigString;\
                                     Items.Step;Links.Next";

/// One answer to a question about several objects.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct OfSeveral<T> {
    identifier: String,
    #[serde(default = "none")]
    object: Option<T>,
}

fn none<T>() -> Option<T> {
    None
}

impl PiClient {
    /// The asset servers.
    pub async fn asset_servers(&self) -> Result<Vec<PiServer>, PiError> {
        let what = "the list of asset servers";
        self.all(&["assetservers"], &[], what, PiServer::id).await
    }

    /// The data servers.
    pub async fn data_servers(&self) -> Result<Vec<PiServer>, PiError> {
        let what = "the list of data servers";
        self.all(&["dataservers"], &[], what, PiServer::id).await
    }

    /// The databases of an asset server.
    pub async fn databases(&self, asset_server: &str) -> Result<Vec<PiServer>, PiError> {
        self.all(
            &["assetservers", asset_server, "assetdatabases"],
            &[],
            "the asset server",
            PiServer::id,
        )
        .await
    }

    /// The database of the source.
    pub async fn database(&self) -> Result<PiServer, PiError> {
        let path = self.database_path();
        self.get(
            &["assetdatabases"],
            &[("path", &path)],
            &self.database_name(),
        )
        .await
    }

    pub(super) fn database_path(&self) -> String {
        format!(
            r"\\{}\{}",
            self.source().asset_server,
            self.source().database
        )
    }

    pub(super) fn database_name(&self) -> String {
        format!("the database {}", self.database_path())
    }

    /// The elements at the top of the source's database.
    pub async fn root_elements(&self) -> Result<Vec<PiElement>, PiError> {
        let database = self.database().await?;
        let path = ["assetdatabases", &database.web_id, "elements"];
        let query = [("selectedFields", ELEMENT_FIELDS)];
        self.all(&path, &query, "the database", PiElement::id).await
    }

    /// The elements below an element.
    pub async fn elements(&self, parent: &str) -> Result<Vec<PiElement>, PiError> {
        let path = ["elements", parent, "elements"];
        let query = [("selectedFields", ELEMENT_FIELDS)];
        self.all(&path, &query, "the element", PiElement::id).await
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
        let query = [("selectedFields", TAG_FIELDS)];
        let wires = self
            .all(&path, &query, "the element", AttributeWire::id)
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
        let server = self.data_server().await?;
        let path = ["dataservers", &server.web_id, "points"];
        let query = [("nameFilter", name)];
        let wires = self
            .all(&path, &query, "the data server", PointWire::id)
            .await?;
        Ok(wires.into_iter().map(PiTag::from).collect())
    }

    /// One point by name.
    pub async fn point(&self, name: &str) -> Result<PiTag, PiError> {
        let path = self.point_path(name);
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
            PiTemplate::id,
        )
        .await
    }

    /// The attributes that instances of a template have, those of the templates it is derived from among them.
    pub async fn template_tags(&self, template: &str) -> Result<Vec<PiTemplateTag>, PiError> {
        let path = ["elementtemplates", template, "attributetemplates"];
        let query = [("showInherited", "true")];
        let wires = self
            .all(&path, &query, "the template", TemplateTagWire::id)
            .await?;
        Ok(wires.into_iter().map(PiTemplateTag::from).collect())
    }

    /// A template and those it is derived from, the most general one last.
    pub async fn template_line(&self, name: &str) -> Result<Vec<PiTemplate>, PiError> {
        let mut known: HashMap<String, PiTemplate> = self
            .templates()
            .await?
            .into_iter()
            .map(|template| (template.name.to_lowercase(), template))
            .collect();
        let mut line: Vec<PiTemplate> = Vec::new();
        let mut next = name.to_owned();
        while !next.is_empty() {
            // Taken out, so that templates derived from each other end too.
            let template = known
                .remove(&next.to_lowercase())
                .ok_or_else(|| PiError::NotFound(format!("the template {next}")))?;
            next.clone_from(&template.base);
            line.push(template);
        }
        Ok(line)
    }

    /// Points that fit a name and, where given, a description, both with `*` and `?`. Needs a PI Web API of 2019 or later;
    /// [`PiClient::points`] does not.
    pub async fn search_points(
        &self,
        name: &str,
        description: Option<&str>,
    ) -> Result<Vec<PiTag>, PiError> {
        let server = self.data_server().await?;
        let text = search::of_points(name, description)?;
        let query = [
            ("dataServerWebId", server.web_id.as_str()),
            ("query", &text),
        ];
        let wires = self
            .all(&["points", "search"], &query, "the search", PointWire::id)
            .await?;
        Ok(wires.into_iter().map(PiTag::from).collect())
    }

    /// Several points by name, in the order asked for. An unknown one does not hide the others.
    pub async fn points_named(
        &self,
        names: &[&str],
    ) -> Result<Vec<Result<PiTag, PiError>>, PiError> {
        let paths: Vec<String> = names.iter().map(|name| self.point_path(name)).collect();
        let mut known: HashMap<String, PiTag> = HashMap::new();
        for part in paths.chunks(limits::PI_BATCH_PARTS) {
            let query: Vec<_> = part.iter().map(|path| ("path", path.as_str())).collect();
            let page: Page<OfSeveral<PointWire>> = self
                .get(&["points", "multiple"], &query, "one of the tags")
                .await?;
            known.extend(
                page.items.into_iter().filter_map(|one| {
                    Some((one.identifier.to_lowercase(), PiTag::from(one.object?)))
                }),
            );
        }
        let unknown = |name: &&str| PiError::NotFound(format!("the tag {name}"));
        let found = names.iter().zip(&paths).map(|(name, path)| {
            let tag = known.get(&path.to_lowercase()).cloned();
            tag.ok_or_else(|| unknown(name))
        });
        Ok(found.collect())
    }

    fn point_path(&self, name: &str) -> String {
        format!(r"\\{}\{name}", self.source().data_server)
    }

    async fn data_server(&self) -> Result<PiServer, PiError> {
        let name = &self.source().data_server;
        self.get(
            &["dataservers"],
            &[("name", name)],
            &format!("the data server {name}"),
        )
        .await
    }
}
