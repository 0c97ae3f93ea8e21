//! The plant the simulator shows: servers, elements, templates, attributes, points and event frames, with stable identities.

use std::collections::HashMap;
use std::sync::Arc;

use uuid::Uuid;

use crate::content;
use crate::signal::Signal;
use crate::time::{Micros, OPEN_END};
use crate::timeline::Batch;
use crate::webid::{self, Decoded, Identity, Marker};

/// Name of the data server.
pub const DATA_SERVER: &str = "PIMAM";
/// Name of the asset server.
pub const ASSET_SERVER: &str = "PIAF";
/// Name of the asset database.
pub const DATABASE: &str = "Basel";

/// A reference to one object of the plant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Object {
    /// The data server.
    DataServer,
    /// The asset server.
    AssetServer,
    /// The database.
    Database,
    /// An element, by place.
    Element(usize),
    /// A template, by place.
    Template(usize),
    /// An attribute template: template and place in it.
    AttributeTemplate(usize, usize),
    /// An attribute, by place.
    Attribute(usize),
    /// An event frame, by place.
    Frame(usize),
    /// A point, by place.
    Point(usize),
    /// An enumeration set, by place.
    EnumerationSet(usize),
}

/// An element of the asset tree.
#[derive(Debug, Clone)]
pub struct Element {
    /// Name.
    pub name: String,
    /// What it is, for people.
    pub description: &'static str,
    /// Full path.
    pub path: String,
    /// Place of its template.
    pub template: Option<usize>,
    /// Place of its parent.
    pub parent: Option<usize>,
}

/// A template of elements or event frames.
#[derive(Debug, Clone)]
pub struct Template {
    /// Name.
    pub name: &'static str,
    /// What it is, for people.
    pub description: &'static str,
    /// `Element` or `EventFrame`.
    pub instance_type: &'static str,
    /// Names, descriptions, units and types of its attributes.
    pub attributes: Vec<AttributeShape>,
}

/// What an attribute and its template have in common.
#[derive(Debug, Clone, Copy)]
pub struct AttributeShape {
    /// Name.
    pub name: &'static str,
    /// What it is, for people.
    pub description: &'static str,
    /// Name and abbreviation of its unit.
    pub unit: (&'static str, &'static str),
    /// `Double`, `String`, ...
    pub value_type: &'static str,
}

/// Who owns an attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owner {
    /// An element, by place.
    Element(usize),
    /// An event frame, by place.
    Frame(usize),
}

/// An attribute.
#[derive(Debug, Clone)]
pub struct Attribute {
    /// Its shape.
    pub shape: AttributeShape,
    /// Its owner.
    pub owner: Owner,
    /// Full path.
    pub path: String,
    /// The point it refers to; without one it is static.
    pub point: Option<usize>,
    /// The value of a static attribute.
    pub value: String,
}

/// An event frame.
#[derive(Debug, Clone)]
pub struct Frame {
    /// Name.
    pub name: String,
    /// Full path.
    pub path: String,
    /// Place of its template.
    pub template: usize,
    /// First instant.
    pub start: Micros,
    /// Last instant, [`OPEN_END`] while it runs.
    pub end: Micros,
    /// Place of the element it happened on.
    pub element: usize,
}

/// A point.
#[derive(Debug, Clone)]
pub struct Point {
    /// Number on the data server.
    pub id: i32,
    /// Name.
    pub name: String,
    /// What it is, for people.
    pub descriptor: String,
    /// Engineering units.
    pub units: &'static str,
    /// `Float32`, `Digital`, ...
    pub point_type: &'static str,
    /// Whether a value holds until the next one.
    pub step: bool,
    /// Lowest value and range.
    pub scale: (f64, f64),
    /// Its samples.
    pub signal: Signal,
}

/// Everything there is, found by place, `WebID` or path.
#[derive(Debug)]
pub struct Plant {
    /// Elements, parents first.
    pub elements: Vec<Element>,
    /// Templates.
    pub templates: Vec<Template>,
    /// Attributes of elements and frames.
    pub attributes: Vec<Attribute>,
    /// Event frames in order of time.
    pub frames: Vec<Frame>,
    /// Points.
    pub points: Vec<Point>,
    by_identity: HashMap<Identity, Object>,
    by_path: HashMap<(Marker, String), Object>,
}

/// The enumeration set of the controller modes.
pub const MODES: (&str, [&str; 4]) = ("Modes", ["Manual", "Auto", "Cascade", "Program"]);

impl Plant {
    /// The plant of the recording placed in time.
    pub fn new(batches: &[Batch]) -> Self {
        let mut plant = Self {
            elements: Vec::new(),
            templates: content::templates(),
            attributes: Vec::new(),
            frames: Vec::new(),
            points: Vec::new(),
            by_identity: HashMap::new(),
            by_path: HashMap::new(),
        };
        content::fill(&mut plant, batches);
        plant.index();
        plant
    }

    /// Adds an element below another and answers its place.
    pub fn add_element(
        &mut self,
        name: &str,
        description: &'static str,
        template: Option<usize>,
        parent: Option<usize>,
    ) -> usize {
        let above = parent
            .and_then(|place| self.elements.get(place))
            .map_or_else(database_path, |element| element.path.clone());
        let path = format!("{above}\\{name}");
        self.elements.push(Element {
            name: name.to_owned(),
            description,
            path,
            template,
            parent,
        });
        self.elements.len() - 1
    }

    /// Adds a point and answers its place.
    pub fn add_point(&mut self, point: Point) -> usize {
        self.points.push(point);
        self.points.len() - 1
    }

    /// Adds an attribute of an element or a frame.
    pub fn add_attribute(
        &mut self,
        owner: Owner,
        shape: AttributeShape,
        point: Option<usize>,
        value: String,
    ) {
        let above = match owner {
            Owner::Element(place) => self.elements.get(place).map(|element| element.path.clone()),
            Owner::Frame(place) => self.frames.get(place).map(|frame| frame.path.clone()),
        };
        let path = format!("{}|{}", above.unwrap_or_default(), shape.name);
        self.attributes.push(Attribute {
            shape,
            owner,
            path,
            point,
            value,
        });
    }

    /// Adds the event frame of a batch; the last one stays open.
    pub fn add_frame(
        &mut self,
        name: String,
        template: usize,
        batch: &Batch,
        open: bool,
        element: usize,
    ) -> usize {
        let path = format!("{}\\EventFrames[{name}]", database_path());
        let end = if open { OPEN_END } else { batch.end };
        self.frames.push(Frame {
            name,
            path,
            template,
            start: batch.start,
            end,
            element,
        });
        self.frames.len() - 1
    }

    /// The object a `WebID` names.
    pub fn find(&self, web_id: &str) -> Option<Object> {
        match webid::decode(web_id)? {
            Decoded::Ids(identity) => self.by_identity.get(&identity).copied(),
            Decoded::Local(mut identity) => {
                let server = match identity.marker {
                    Marker::DataServer | Marker::Point | Marker::EnumerationSet => {
                        Object::DataServer
                    }
                    _ => Object::AssetServer,
                };
                identity.ids.insert(0, self.guid(server));
                self.by_identity.get(&identity).copied()
            }
            Decoded::Path(marker, path) => self.by_path.get(&(marker, path)).copied(),
        }
    }

    /// The object of one kind at a path.
    pub fn at_path(&self, markers: &[Marker], path: &str) -> Option<Object> {
        let path = webid::canonical_path(path);
        markers
            .iter()
            .find_map(|marker| self.by_path.get(&(*marker, path.clone())).copied())
    }

    /// The path of an object.
    pub fn path(&self, object: Object) -> String {
        match object {
            Object::DataServer => format!("\\\\PIServers[{DATA_SERVER}]"),
            Object::AssetServer => format!("\\\\{ASSET_SERVER}"),
            Object::Database => database_path(),
            Object::Element(place) => self.elements[place].path.clone(),
            Object::Template(place) => format!(
                "{}\\ElementTemplates[{}]",
                database_path(),
                self.templates[place].name
            ),
            Object::AttributeTemplate(place, inner) => {
                format!(
                    "{}|{}",
                    self.path(Object::Template(place)),
                    self.templates[place].attributes[inner].name
                )
            }
            Object::Attribute(place) => self.attributes[place].path.clone(),
            Object::Frame(place) => self.frames[place].path.clone(),
            Object::Point(place) => format!("\\\\{DATA_SERVER}\\{}", self.points[place].name),
            Object::EnumerationSet(_) => {
                format!("\\\\PIServers[{DATA_SERVER}]\\EnumerationSets[{}]", MODES.0)
            }
        }
    }

    /// The path inside the `WebID` of an object.
    pub fn web_id_path(&self, object: Object) -> String {
        match object {
            Object::DataServer => format!("\\\\{DATA_SERVER}"),
            other => self.path(other),
        }
    }

    /// The GUID of an object: derived from its path, so that it is the same on every machine.
    pub fn guid(&self, object: Object) -> Uuid {
        Uuid::new_v5(
            &Uuid::NAMESPACE_URL,
            self.path(object).to_uppercase().as_bytes(),
        )
    }

    /// What the `WebID` of an object is made from.
    pub fn identity(&self, object: Object) -> Identity {
        let asset = self.guid(Object::AssetServer);
        let own = self.guid(object);
        let (marker, ids) = match object {
            Object::DataServer => (Marker::DataServer, vec![own]),
            Object::AssetServer => (Marker::AssetServer, vec![own]),
            Object::Database => (Marker::Database, vec![asset, own]),
            Object::Element(_) => (Marker::Element, vec![asset, own]),
            Object::Template(_) => (Marker::ElementTemplate, vec![asset, own]),
            Object::AttributeTemplate(place, _) => (
                Marker::AttributeTemplate,
                vec![asset, self.guid(Object::Template(place)), own],
            ),
            Object::Frame(_) => (Marker::EventFrame, vec![asset, own]),
            Object::Attribute(place) => match self.attributes[place].owner {
                Owner::Element(owner) => (
                    Marker::ElementAttribute,
                    vec![asset, self.guid(Object::Element(owner)), own],
                ),
                Owner::Frame(owner) => (
                    Marker::FrameAttribute,
                    vec![asset, self.guid(Object::Frame(owner)), own],
                ),
            },
            Object::Point(_) => (Marker::Point, vec![self.guid(Object::DataServer)]),
            Object::EnumerationSet(_) => (
                Marker::EnumerationSet,
                vec![self.guid(Object::DataServer), own],
            ),
        };
        let point = if let Object::Point(place) = object {
            Some(self.points[place].id)
        } else {
            None
        };
        Identity { marker, ids, point }
    }

    fn index(&mut self) {
        let mut objects = vec![
            Object::DataServer,
            Object::AssetServer,
            Object::Database,
            Object::EnumerationSet(0),
        ];
        objects.extend((0..self.elements.len()).map(Object::Element));
        objects.extend((0..self.attributes.len()).map(Object::Attribute));
        objects.extend((0..self.frames.len()).map(Object::Frame));
        objects.extend((0..self.points.len()).map(Object::Point));
        for (place, template) in self.templates.iter().enumerate() {
            objects.push(Object::Template(place));
            objects.extend(
                (0..template.attributes.len()).map(|inner| Object::AttributeTemplate(place, inner)),
            );
        }
        for object in objects {
            let identity = self.identity(object);
            for path in [self.path(object), self.web_id_path(object)] {
                self.by_path
                    .insert((identity.marker, webid::canonical_path(&path)), object);
            }
            self.by_identity.insert(identity, object);
        }
    }
}

fn database_path() -> String {
    format!("\\\\{ASSET_SERVER}\\{DATABASE}")
}

/// Shares recorded numbers between a point and its readers.
pub fn recorded(samples: Vec<(Micros, f64)>) -> Signal {
    Signal::Recorded(Arc::new(samples))
}
