//! Elements, their attributes and templates, and event frames.

use serde_json::{Value, json};

use crate::context::Context;
use crate::plant::{DATA_SERVER, Object, Owner};
use crate::time;

impl Context<'_> {
    /// The names of a category; none without one.
    fn categories(&self, category: Option<usize>) -> Vec<&'static str> {
        let category = category.map(|place| self.plant.categories[place].name);
        category.into_iter().collect()
    }

    pub(super) fn element(&self, place: usize) -> Value {
        let element = &self.plant.elements[place];
        let object = Object::Element(place);
        let mut links = self.own_links(
            object,
            "elements",
            &["Attributes", "Elements", "EventFrames"],
            Some("streamsets"),
        );
        links.push((
            "Database",
            format!(
                "assetdatabases/{}",
                self.web_id(Object::Database(element.database))
            ),
        ));
        if let Some(parent) = element.parent {
            links.push((
                "Parent",
                format!("elements/{}", self.web_id(Object::Element(parent))),
            ));
        }
        if let Some(template) = element.template {
            links.push((
                "Template",
                format!(
                    "elementtemplates/{}",
                    self.web_id(Object::Template(template))
                ),
            ));
        }
        let rest = json!({
            "Description": element.description,
            "TemplateName": self.plant.template_of(place),
            "HasChildren": !element.children.is_empty(),
            "CategoryNames": self.categories(element.category),
            "ExtendedProperties": {},
            "Links": self.links(&links),
        });
        self.with(object, &element.name, rest)
    }

    pub(super) fn template(&self, place: usize) -> Value {
        let template = &self.plant.templates[place];
        let object = Object::Template(place);
        let rest = json!({
            "Description": template.description,
            "AllowElementToExtend": true,
            "BaseTemplate": template.base.map_or("", |base| self.plant.templates[base].name),
            "CategoryNames": [],
            "ExtendedProperties": {},
            "InstanceType": template.instance_type,
            "NamingPattern": "",
            "Severity": "None",
            "CanBeAcknowledged": false,
            "Links": self.links(&self.own_links(object, "elementtemplates", &["AttributeTemplates"], None)),
        });
        self.with(object, template.name, rest)
    }

    pub(super) fn attribute_template(&self, place: usize, inner: usize) -> Value {
        let shape = &self.plant.templates[place].attributes[inner];
        let object = Object::AttributeTemplate(place, inner);
        let rest = json!({
            "Description": shape.description,
            "Type": shape.value_type,
            "TypeQualifier": "",
            "DefaultUnitsName": shape.unit.0,
            "DefaultUnitsNameAbbreviation": shape.unit.1,
            "DefaultValue": null,
            "DataReferencePlugIn": if shape.value_type == "String" { "" } else { "PI Point" },
            "ConfigString": "",
            "IsConfigurationItem": false,
            "IsExcluded": false,
            "IsHidden": false,
            "IsManualDataEntry": false,
            "HasChildren": false,
            "CategoryNames": [],
            "TraitName": "",
            "Links": self.links(&self.own_links(object, "attributetemplates", &[], None)),
        });
        self.with(object, shape.name, rest)
    }

    pub(super) fn attribute(&self, place: usize) -> Value {
        let attribute = &self.plant.attributes[place];
        let object = Object::Attribute(place);
        let point = attribute.point.map(|point| &self.plant.points[point]);
        let mut links = self.own_links(object, "attributes", &["Attributes"], Some("streams"));
        match attribute.owner {
            Owner::Element(owner) => links.push((
                "Element",
                format!("elements/{}", self.web_id(Object::Element(owner))),
            )),
            Owner::Frame(owner) => links.push((
                "EventFrame",
                format!("eventframes/{}", self.web_id(Object::Frame(owner))),
            )),
        }
        if let Some(place) = attribute.point {
            links.push((
                "Point",
                format!("points/{}", self.web_id(Object::Point(place))),
            ));
        }
        let rest = json!({
            "Description": attribute.shape.description,
            "Type": attribute.shape.value_type,
            "TypeQualifier": "",
            "DefaultUnitsName": self.told_unit(object, attribute.shape.unit.0),
            "DefaultUnitsNameAbbreviation": self.told_unit(object, attribute.shape.unit.1),
            "DisplayDigits": -5,
            "DataReferencePlugIn": if point.is_some() { "PI Point" } else { "" },
            "ConfigString": point.map_or_else(String::new, |point| format!("\\\\{DATA_SERVER}\\{}", point.name)),
            "IsConfigurationItem": false,
            "IsExcluded": false,
            "IsHidden": false,
            "IsManualDataEntry": false,
            "HasChildren": false,
            "CategoryNames": self.categories(attribute.category),
            "Step": point.is_none_or(|point| point.step),
            "Span": point.map_or(100.0, |point| point.scale.1 - point.scale.0),
            "Zero": point.map_or(0.0, |point| point.scale.0),
            "TraitName": "",
            "Links": self.links(&links),
        });
        self.with(object, attribute.shape.name, rest)
    }

    pub(super) fn frame(&self, place: usize) -> Value {
        let frame = &self.plant.frames[place];
        let object = Object::Frame(place);
        let element = self.web_id(Object::Element(frame.element));
        let mut links = self.own_links(
            object,
            "eventframes",
            &[
                "Attributes",
                "EventFrames",
                "ReferencedElements",
                "Annotations",
            ],
            Some("streamsets"),
        );
        links.push(("PrimaryReferencedElement", format!("elements/{element}")));
        links.push((
            "Template",
            format!(
                "elementtemplates/{}",
                self.web_id(Object::Template(frame.template))
            ),
        ));
        links.push((
            "Database",
            format!(
                "assetdatabases/{}",
                self.web_id(Object::Database(frame.database))
            ),
        ));
        if let Some(parent) = frame.parent {
            links.push((
                "Parent",
                format!("eventframes/{}", self.web_id(Object::Frame(parent))),
            ));
        }
        let rest = json!({
            "Description": frame.description,
            "TemplateName": self.plant.templates[frame.template].name,
            "HasChildren": !frame.children.is_empty(),
            "CategoryNames": [],
            "ExtendedProperties": {},
            "StartTime": time::format(frame.start),
            "EndTime": time::format(frame.end),
            "Severity": "None",
            "AcknowledgedBy": "",
            "AcknowledgedDate": "1970-01-01T00:00:00Z",
            "CanBeAcknowledged": false,
            "IsAcknowledged": false,
            "IsAnnotated": !frame.annotations.is_empty(),
            "IsLocked": false,
            "AreValuesCaptured": frame.end != time::OPEN_END,
            "RefElementWebIds": [element],
            "Security": { "CanRead": true, "CanSubscribe": true, "CanAnnotate": false, "CanExecute": false, "CanSubscribeOthers": false, "CanWriteData": false, "CanReadData": true, "CanWrite": false, "CanDelete": false, "HasAdmin": false, "Rights": ["Read", "ReadData"] },
            "Links": self.links(&links),
        });
        self.with(object, &frame.name, rest)
    }
}
