//! Objects as PI Web API shows them.

mod assets;

use serde_json::{Map, Value, json};

use crate::context::Context;
use crate::plant::{ASSET_SERVER, DATA_SERVER, Object};
use crate::signal::Reading;
use crate::time;
use crate::units;

const VERSION: &str = "2.10.9.593";
const STREAM_LINKS: [(&str, &str); 6] = [
    ("InterpolatedData", "interpolated"),
    ("RecordedData", "recorded"),
    ("PlotData", "plot"),
    ("SummaryData", "summary"),
    ("Value", "value"),
    ("EndValue", "end"),
];

impl Context<'_> {
    /// Any object.
    pub fn render(&self, object: Object) -> Value {
        match object {
            Object::DataServer => self.server(
                object,
                "dataservers",
                DATA_SERVER,
                &["Points", "EnumerationSets"],
            ),
            Object::AssetServer => {
                let lists = ["Databases", "UnitClasses"];
                self.server(object, "assetservers", ASSET_SERVER, &lists)
            }
            Object::Database(place) => self.database(place),
            Object::Element(place) => self.element(place),
            Object::Template(place) => self.template(place),
            Object::AttributeTemplate(place, inner) => self.attribute_template(place, inner),
            Object::Attribute(place) => self.attribute(place),
            Object::Frame(place) => self.frame(place),
            Object::Point(place) => self.point(place),
            Object::EnumerationSet(place) => self.enumeration_set(place),
            Object::EnumerationValue(set, place) => self.enumeration_value(set, place),
            Object::Category(place) => self.category(place),
            Object::Table(place) => self.table(place),
            Object::UnitClass(place) => self.unit_class(place),
            Object::Unit(class, place) => self.unit(class, place),
        }
    }

    fn head(&self, object: Object, name: &str) -> Map<String, Value> {
        let head = json!({
            "WebId": self.web_id(object),
            "Id": self.plant.guid(object).to_string(),
            "Name": name,
            "Path": self.plant.path(object),
        });
        if let Value::Object(members) = head {
            members
        } else {
            Map::new()
        }
    }

    fn with(&self, object: Object, name: &str, rest: Value) -> Value {
        let mut members = self.head(object, name);
        if let Value::Object(rest) = rest {
            members.extend(rest);
        }
        Value::Object(members)
    }

    /// Links to the object itself, its lists and, for stream owners, its data.
    fn own_links(
        &self,
        object: Object,
        controller: &str,
        lists: &[&str],
        data: Option<&str>,
    ) -> Vec<(&'static str, String)> {
        let id = self.web_id(object);
        let mut links = vec![("Self", format!("{controller}/{id}"))];
        for list in lists {
            if let Some((name, part)) = LISTS.iter().find(|entry| entry.0 == *list) {
                links.push((name, format!("{controller}/{id}/{part}")));
            }
        }
        if let Some(root) = data {
            links.extend(
                STREAM_LINKS
                    .iter()
                    .map(|(name, part)| (*name, format!("{root}/{id}/{part}"))),
            );
        }
        links
    }

    fn server(&self, object: Object, controller: &str, name: &str, lists: &[&str]) -> Value {
        let rest = json!({
            "Description": "",
            "ExtendedProperties": {},
            "IsConnected": true,
            "ServerVersion": VERSION,
            "ServerTime": time::format(self.now),
            "Links": self.links(&self.own_links(object, controller, lists, None)),
        });
        self.with(object, name, rest)
    }

    fn database(&self, place: usize) -> Value {
        let database = &self.plant.databases[place];
        let object = Object::Database(place);
        let lists = [
            "Elements",
            "ElementTemplates",
            "EventFrames",
            "AttributeCategories",
            "ElementCategories",
            "EnumerationSets",
            "Tables",
        ];
        let mut links = self.own_links(object, "assetdatabases", &lists, None);
        links.push((
            "AssetServer",
            format!("assetservers/{}", self.web_id(Object::AssetServer)),
        ));
        let rest = json!({ "Description": database.description, "ExtendedProperties": {}, "Links": self.links(&links) });
        self.with(object, database.name, rest)
    }

    fn point(&self, place: usize) -> Value {
        let point = &self.plant.points[place];
        let object = Object::Point(place);
        let mut links = self.own_links(object, "points", &["Attributes"], Some("streams"));
        links.push((
            "DataServer",
            format!("dataservers/{}", self.web_id(Object::DataServer)),
        ));
        let rest = json!({
            "Id": point.id,
            "Descriptor": point.descriptor,
            "PointClass": "classic",
            "PointType": point.point_type,
            "DigitalSetName": point.states.map_or("", |set| self.plant.sets[set].name),
            "EngineeringUnits": self.told_unit(object, point.units),
            "Span": point.scale.1 - point.scale.0,
            "Zero": point.scale.0,
            "Step": point.step,
            "Future": false,
            "DisplayDigits": -5,
            "Links": self.links(&links),
        });
        self.with(object, &point.name, rest)
    }

    fn enumeration_set(&self, place: usize) -> Value {
        let set = &self.plant.sets[place];
        let object = Object::EnumerationSet(place);
        let links = self.own_links(object, "enumerationsets", &["Values"], None);
        self.with(
            object,
            set.name,
            json!({ "Description": set.description, "Links": self.links(&links) }),
        )
    }

    fn enumeration_value(&self, set: usize, place: usize) -> Value {
        let object = Object::EnumerationValue(set, place);
        let mut links = self.own_links(object, "enumerationvalues", &[], None);
        let of = self.web_id(Object::EnumerationSet(set));
        links.push(("EnumerationSet", format!("enumerationsets/{of}")));
        let rest = json!({ "Description": "", "Value": place, "Links": self.links(&links) });
        self.with(object, self.plant.sets[set].values[place], rest)
    }

    fn category(&self, place: usize) -> Value {
        let category = &self.plant.categories[place];
        let object = Object::Category(place);
        let controller = if category.of_attributes {
            "attributecategories"
        } else {
            "elementcategories"
        };
        let links = self.own_links(object, controller, &[], None);
        let rest = json!({ "Description": category.description, "Links": self.links(&links) });
        self.with(object, category.name, rest)
    }

    fn table(&self, place: usize) -> Value {
        let table = &self.plant.tables[place];
        let object = Object::Table(place);
        let links = self.own_links(object, "tables", &["Data"], None);
        let rest = json!({
            "Description": table.description,
            "CategoryNames": [],
            "TimeZone": "UTC",
            "ConvertToLocalTime": false,
            "Links": self.links(&links),
        });
        self.with(object, table.name, rest)
    }

    fn unit_class(&self, place: usize) -> Value {
        let class = &units::CLASSES[place];
        let object = Object::UnitClass(place);
        let links = self.own_links(object, "unitclasses", &["Units", "CanonicalUnit"], None);
        let rest = json!({
            "Description": "",
            "CanonicalUnitName": class.units[0].name,
            "CanonicalUnitAbbreviation": class.units[0].abbreviation,
            "Links": self.links(&links),
        });
        self.with(object, class.name, rest)
    }

    fn unit(&self, class: usize, place: usize) -> Value {
        let unit = &units::CLASSES[class].units[place];
        let object = Object::Unit(class, place);
        let mut links = self.own_links(object, "units", &[], None);
        let of = self.web_id(Object::UnitClass(class));
        links.push(("Class", format!("unitclasses/{of}")));
        let rest = json!({
            "Abbreviation": unit.abbreviation,
            "Description": "",
            "Factor": unit.factor,
            "Offset": unit.offset,
            "ReferenceFactor": 1.0,
            "ReferenceOffset": 0.0,
            "ReferenceUnitAbbreviation": units::CLASSES[class].units[0].abbreviation,
            "Links": self.links(&links),
        });
        self.with(object, unit.name, rest)
    }
}

/// A value without time and marks.
pub fn plain(reading: &Reading) -> Value {
    match reading {
        Reading::Number(number) => json!(number),
        Reading::Whole(number) => json!(number),
        Reading::Text(text) => json!(text),
        Reading::State {
            name,
            value,
            system,
        } => json!({ "Name": name, "Value": value, "IsSystem": system }),
    }
}

const LISTS: [(&str, &str); 18] = [
    ("Points", "points"),
    ("EnumerationSets", "enumerationsets"),
    ("Databases", "assetdatabases"),
    ("Elements", "elements"),
    ("ElementTemplates", "elementtemplates"),
    ("AttributeTemplates", "attributetemplates"),
    ("EventFrames", "eventframes"),
    ("Attributes", "attributes"),
    ("ReferencedElements", "referencedelements"),
    ("Values", "enumerationvalues"),
    ("Annotations", "annotations"),
    ("AttributeCategories", "attributecategories"),
    ("ElementCategories", "elementcategories"),
    ("Tables", "tables"),
    ("Data", "data"),
    ("UnitClasses", "unitclasses"),
    ("Units", "units"),
    ("CanonicalUnit", "canonicalunit"),
];
