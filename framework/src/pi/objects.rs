//! Elements, tags, templates and batches as the platform sees them, and how they come over the wire.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::{PiError, time};

/// An asset server, data server or database.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all(deserialize = "PascalCase"))]
pub struct PiServer {
    /// WebID.
    pub web_id: String,
    /// Name.
    pub name: String,
    /// Path.
    #[serde(default)]
    pub path: String,
}

/// An element of the asset tree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all(deserialize = "PascalCase"))]
#[schema(as = Element)]
pub struct PiElement {
    /// WebID.
    pub web_id: String,
    /// Name.
    pub name: String,
    /// What it is, for people.
    #[serde(default)]
    pub description: String,
    /// Path.
    #[serde(default)]
    pub path: String,
    /// Name of its template; empty without one.
    #[serde(default, rename(deserialize = "TemplateName"))]
    pub template: String,
    /// Whether there are elements below it.
    #[serde(default)]
    pub has_children: bool,
}

/// A tag of an element: an attribute, or a point of the data server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = Tag)]
pub struct PiTag {
    /// WebID.
    pub web_id: String,
    /// Name.
    pub name: String,
    /// What it is, for people.
    pub description: String,
    /// Abbreviation of its unit.
    pub unit: String,
    /// Type in PI's words: `Double`, `Float32`, `String`, ...
    pub r#type: String,
    /// Whether a value holds until the next one.
    pub step: bool,
    /// Path.
    pub path: String,
    /// The point behind an attribute; empty for a static one.
    pub point: String,
    /// Whether it has values over time; a static attribute has one value and no history.
    pub has_history: bool,
}

impl PiTag {
    /// Whether its values are numbers.
    pub fn is_numeric(&self) -> bool {
        let kind = self.r#type.to_ascii_lowercase();
        kind.is_empty()
            || ["single", "double", "float", "int", "byte", "decimal"]
                .iter()
                .any(|number| kind.starts_with(number))
    }
}

/// An attribute on the wire.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct AttributeWire {
    web_id: String,
    name: String,
    #[serde(default)]
    description: String,
    #[serde(default)]
    path: String,
    #[serde(default, rename = "Type")]
    value_type: String,
    #[serde(default)]
    default_units_name_abbreviation: String,
    #[serde(default)]
    data_reference_plug_in: String,
    #[serde(default)]
    config_string: String,
    #[serde(default)]
    step: bool,
}

impl From<AttributeWire> for PiTag {
    fn from(wire: AttributeWire) -> Self {
        let is_point = wire.data_reference_plug_in == "PI Point";
        Self {
            web_id: wire.web_id,
            name: wire.name,
            description: wire.description,
            unit: wire.default_units_name_abbreviation,
            r#type: wire.value_type,
            step: wire.step,
            path: wire.path,
            has_history: !wire.data_reference_plug_in.is_empty(),
            // A configuration may carry settings after the path of the point.
            point: if is_point {
                wire.config_string
                    .split(';')
                    .next()
                    .unwrap_or_default()
                    .to_owned()
            } else {
                String::new()
            },
        }
    }
}

/// A point on the wire.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct PointWire {
    web_id: String,
    name: String,
    #[serde(default)]
    descriptor: String,
    #[serde(default)]
    path: String,
    #[serde(default)]
    point_type: String,
    #[serde(default)]
    engineering_units: String,
    #[serde(default)]
    step: bool,
}

impl From<PointWire> for PiTag {
    fn from(wire: PointWire) -> Self {
        Self {
            web_id: wire.web_id,
            name: wire.name,
            description: wire.descriptor,
            unit: wire.engineering_units,
            r#type: wire.point_type,
            step: wire.step,
            point: wire.path.clone(),
            path: wire.path,
            has_history: true,
        }
    }
}

/// A template of elements or event frames.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all(deserialize = "PascalCase"))]
pub struct PiTemplate {
    /// WebID.
    pub web_id: String,
    /// Name.
    pub name: String,
    /// What it is, for people.
    #[serde(default)]
    pub description: String,
    /// `Element` or `EventFrame`.
    #[serde(default)]
    pub instance_type: String,
    /// Name of the template it is derived from; empty without one.
    #[serde(default, rename(deserialize = "BaseTemplate"))]
    pub base: String,
}

/// An attribute that instances of a template have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PiTemplateTag {
    /// Name.
    pub name: String,
    /// What it is, for people.
    pub description: String,
    /// Abbreviation of its unit.
    pub unit: String,
    /// Type in PI's words.
    pub r#type: String,
    /// Name of the template that defines it; a derived template has it from there.
    pub defined_by: String,
}

/// An attribute template on the wire.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct TemplateTagWire {
    web_id: String,
    name: String,
    #[serde(default)]
    description: String,
    #[serde(default)]
    path: String,
    #[serde(default, rename = "Type")]
    value_type: String,
    #[serde(default)]
    default_units_name_abbreviation: String,
}

impl From<TemplateTagWire> for PiTemplateTag {
    fn from(wire: TemplateTagWire) -> Self {
        // `\\AF\DB\ElementTemplates[Name]|Attribute`
        let template = wire
            .path
            .split_once("ElementTemplates[")
            .and_then(|(_, rest)| rest.split_once(']'));
        Self {
            defined_by: template.map_or_else(String::new, |(name, _)| name.to_owned()),
            name: wire.name,
            description: wire.description,
            unit: wire.default_units_name_abbreviation,
            r#type: wire.value_type,
        }
    }
}

/// A batch: an event frame on a unit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PiBatch {
    /// WebID.
    pub web_id: String,
    /// Name, which identifies the batch.
    pub name: String,
    /// First instant.
    pub start: Timestamp,
    /// Last instant; none while it runs.
    pub end: Option<Timestamp>,
    /// Name of the event frame template.
    pub template: String,
    /// WebIDs of the units it ran on.
    pub units: Vec<String>,
}

/// An event frame on the wire.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct FrameWire {
    web_id: String,
    name: String,
    start_time: String,
    end_time: String,
    #[serde(default)]
    template_name: String,
    #[serde(default)]
    ref_element_web_ids: Vec<String>,
    #[serde(default)]
    has_children: bool,
}

impl FrameWire {
    /// Refused when the server sent no readable start or end: a batch is never left out or longer than it was.
    pub(super) fn batch(self) -> Result<PiBatch, PiError> {
        let unreadable = |what: &str, text: &str| {
            PiError::Interrupted(format!(
                "the batch {} has no readable {what}: '{text}'",
                self.name
            ))
        };
        let start = time::parse(&self.start_time)
            .and_then(|start| Timestamp::from_microsecond(start).ok())
            .ok_or_else(|| unreadable("start", &self.start_time))?;
        let end =
            time::end_of_frame(&self.end_time).ok_or_else(|| unreadable("end", &self.end_time))?;
        Ok(PiBatch {
            start,
            end,
            web_id: self.web_id,
            name: self.name,
            template: self.template_name,
            units: self.ref_element_web_ids,
        })
    }

    pub(super) fn has_children(&self) -> bool {
        self.has_children
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }
}

/// What tells objects of a list apart.
macro_rules! identified {
    ($($object:ty),*) => {
        $(impl $object {
            pub(super) fn id(&self) -> &str {
                &self.web_id
            }
        })*
    };
}

identified!(
    PiServer,
    PiElement,
    PiTemplate,
    AttributeWire,
    PointWire,
    FrameWire,
    TemplateTagWire
);

/// One summary of a stream over a range.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PiSummary {
    /// `Average`, `Minimum`, ...
    pub kind: String,
    /// When: the start of the range, or the instant of an extreme.
    pub time: Timestamp,
    /// The number; none where the stream holds no usable value.
    pub value: Option<f64>,
    /// Abbreviation of its unit; empty where the server names none.
    pub unit: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct SummaryWire {
    #[serde(rename = "Type")]
    kind: String,
    value: SummaryValueWire,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct SummaryValueWire {
    timestamp: String,
    value: Value,
    #[serde(default)]
    good: bool,
    #[serde(default)]
    units_abbreviation: Option<String>,
}

impl SummaryWire {
    /// Refused when the server sent no readable time.
    pub(super) fn summary(self) -> Result<PiSummary, PiError> {
        let text = &self.value.timestamp;
        let time = time::parse(text).and_then(|time| Timestamp::from_microsecond(time).ok());
        let time = time.ok_or_else(|| {
            PiError::Interrupted(format!(
                "the summary {} has no readable time: '{text}'",
                self.kind
            ))
        })?;
        Ok(PiSummary {
            time,
            value: self.value.value.as_f64().filter(|_| self.value.good),
            unit: self.value.units_abbreviation.unwrap_or_default(),
            kind: self.kind,
        })
    }
}
