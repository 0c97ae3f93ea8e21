//! What there is to read: the database, its units and their tags, in one request instead of one per unit.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::assets::{ELEMENT_FIELDS, TAG_FIELDS};
use super::objects::{AttributeWire, PiElement, PiServer, PiTag};
use super::paging::Page;
use super::refusal::BatchAnswer;
use super::{PiClient, PiError};
use crate::limits;

/// A database with its units.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PiDiscovery {
    /// The database.
    pub database: PiServer,
    /// Its units, by path.
    pub units: Vec<PiUnit>,
}

/// An element with its tags.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PiUnit {
    /// The element.
    pub element: PiElement,
    /// Its tags.
    pub tags: Vec<PiTag>,
}

/// The answer of a request that was repeated for each of several objects.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Fan {
    #[serde(default)]
    items: Vec<BatchAnswer>,
}

/// One page of units, and whether there may be more.
struct Found {
    database: PiServer,
    units: Vec<PiUnit>,
    more: bool,
}

impl PiClient {
    /// The database of the source and all elements below it, or those of one template, with their tags: one request for
    /// each [`limits::PI_DISCOVERY_UNITS`] of them.
    pub async fn discover(&self, template: Option<&str>) -> Result<PiDiscovery, PiError> {
        let mut found = self.discover_from(template, 0).await?;
        let mut units = std::mem::take(&mut found.units);
        while found.more {
            if units.len() >= limits::PI_LIST {
                return Err(PiError::Truncated {
                    tag: "the list of units".to_owned(),
                });
            }
            found = self.discover_from(template, units.len()).await?;
            units.append(&mut found.units);
        }
        units.sort_by(|a, b| a.element.path.cmp(&b.element.path));
        let twice = units
            .windows(2)
            .find(|pair| pair.first().map(id) == pair.last().map(id));
        match twice.and_then(<[PiUnit]>::first) {
            Some(unit) => Err(PiError::Interrupted(format!(
                "the list of units: the server lists {} twice",
                unit.element.path
            ))),
            None => Ok(PiDiscovery {
                database: found.database,
                units,
            }),
        }
    }

    async fn discover_from(&self, template: Option<&str>, start: usize) -> Result<Found, PiError> {
        let mut answers = self.post_batch(&self.discovery(template, start)?).await?;
        let mut part = |name: &str| {
            let missing = || PiError::Interrupted(format!("{name}: the batch holds no answer"));
            answers.remove(name).ok_or_else(missing)
        };
        let (database, units, tags) = (part("database")?, part("units")?, part("tags")?);
        let database: PiServer = database.content(&self.database_name())?;
        let page: Page<PiElement> = units.content("the elements of the database")?;
        let more = page.next().is_some() || page.items.len() >= limits::PI_DISCOVERY_UNITS;
        // Of no units no tags can be asked for: what the server says to that is of no interest.
        let units = if page.items.is_empty() {
            Vec::new()
        } else {
            with_tags(page.items, tags.content("the tags of the units")?)?
        };
        Ok(Found {
            database,
            units,
            more,
        })
    }

    /// Database, then its elements, then for each of them its attributes.
    fn discovery(&self, template: Option<&str>, start: usize) -> Result<Value, PiError> {
        let database = self.url(
            &["assetdatabases"],
            &[
                ("path", &self.database_path()),
                ("selectedFields", "WebId;Name;Path"),
            ],
        )?;
        let (size, page, start) = (
            limits::PI_DISCOVERY_UNITS.to_string(),
            limits::PI_PAGE.to_string(),
            start.to_string(),
        );
        let mut of_elements = vec![
            ("searchFullHierarchy", "true"),
            ("maxCount", &size),
            ("startIndex", &start),
            ("selectedFields", ELEMENT_FIELDS),
        ];
        of_elements.extend(template.map(|name| ("templateName", name)));
        let of_tags = [("maxCount", page.as_str()), ("selectedFields", TAG_FIELDS)];
        let elements = self.templated("assetdatabases", "elements", &of_elements)?;
        let attributes = self.templated("elements", "attributes", &of_tags)?;
        Ok(json!({
            "database": { "Method": "GET", "Resource": database.as_str() },
            "units": {
                "Method": "GET", "Resource": elements,
                "Parameters": ["$.database.Content.WebId"], "ParentIds": ["database"],
            },
            "tags": {
                "Method": "GET", "RequestTemplate": { "Resource": attributes },
                "Parameters": ["$.units.Content.Items[*].WebId"], "ParentIds": ["units"],
            },
        }))
    }

    /// An address with `{0}` where the `WebID` of the parent belongs; an address proper cannot hold braces.
    fn templated(
        &self,
        controller: &str,
        list: &str,
        query: &[(&str, &str)],
    ) -> Result<String, PiError> {
        let url = self.url(&[controller, "PARAMETER", list], query)?;
        Ok(url.as_str().replacen("/PARAMETER/", "/{0}/", 1))
    }
}

fn id(unit: &PiUnit) -> &str {
    &unit.element.web_id
}

fn with_tags(elements: Vec<PiElement>, fan: Fan) -> Result<Vec<PiUnit>, PiError> {
    if fan.items.len() != elements.len() {
        return Err(PiError::Interrupted(format!(
            "the tags of {} of {} units are answered",
            fan.items.len(),
            elements.len()
        )));
    }
    let unit = |(element, answer): (PiElement, BatchAnswer)| {
        let what = format!("the tags of {}", element.path);
        let page: Page<AttributeWire> = answer.content(&what)?;
        if page.next().is_some() {
            return Err(PiError::Truncated { tag: what });
        }
        let tags = page.items.into_iter().map(PiTag::from).collect();
        Ok(PiUnit { element, tags })
    };
    elements.into_iter().zip(fan.items).map(unit).collect()
}
