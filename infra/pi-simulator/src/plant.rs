//! The plant the simulator shows: servers, elements, templates, attributes, points and event frames, with stable identities.

use std::collections::HashMap;
use std::sync::Arc;

use uuid::Uuid;

use crate::content;
use crate::signal::{Reading, Signal};
use crate::time::Micros;
use crate::timeline::Batch;
use crate::units;
use crate::webid::{self, Decoded, Identity, Marker};

/// Name of the data server.
pub const DATA_SERVER: &str = "PIMAM";
/// Name of the asset server.
pub const ASSET_SERVER: &str = "PIAF";
/// A reference to one object of the plant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Object {
    /// The data server.
    DataServer,
    /// The asset server.
    AssetServer,
    /// A database, by place.
    Database(usize),
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
    /// A value of an enumeration set: the set and its place in it.
    EnumerationValue(usize, usize),
    /// A category, by place.
    Category(usize),
    /// A table, by place.
    Table(usize),
    /// A class of units, by place.
    UnitClass(usize),
    /// A unit: its class and its place in it.
    Unit(usize, usize),
}

/// A database of the asset server: a site.
#[derive(Debug, Clone)]
pub struct Database {
    /// Name.
    pub name: &'static str,
    /// What it is, for people.
    pub description: &'static str,
    /// Places of the elements at its top.
    pub roots: Vec<usize>,
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
    /// Place of its database.
    pub database: usize,
    /// Place of its template.
    pub template: Option<usize>,
    /// Place of its category.
    pub category: Option<usize>,
    /// Place of its parent.
    pub parent: Option<usize>,
    /// Places of the elements below it.
    pub children: Vec<usize>,
    /// Places of its attributes.
    pub attributes: Vec<usize>,
}

/// A template of elements or event frames.
#[derive(Debug, Clone)]
pub struct Template {
    /// Name.
    pub name: &'static str,
    /// What it is, for people.
    pub description: &'static str,
    /// Place of its database.
    pub database: usize,
    /// Place of the template it derives from.
    pub base: Option<usize>,
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
    /// Place of its category.
    pub category: Option<usize>,
    /// The point it refers to; without one it is static.
    pub point: Option<usize>,
    /// The value of a static attribute.
    pub value: Reading,
}

/// An event frame.
#[derive(Debug, Clone)]
pub struct Frame {
    /// Name.
    pub name: String,
    /// What it is, for people.
    pub description: &'static str,
    /// Full path.
    pub path: String,
    /// Place of its database.
    pub database: usize,
    /// Place of its template.
    pub template: usize,
    /// First instant.
    pub start: Micros,
    /// Last instant, [`OPEN_END`] while it runs.
    ///
    /// [`OPEN_END`]: crate::time::OPEN_END
    pub end: Micros,
    /// Place of the element it happened on.
    pub element: usize,
    /// Place of the frame it is a part of.
    pub parent: Option<usize>,
    /// Places of its parts in order of time.
    pub children: Vec<usize>,
    /// Places of its attributes.
    pub attributes: Vec<usize>,
    /// What people wrote to it.
    pub annotations: Vec<&'static str>,
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
    /// The states of a digital point, by place of the enumeration set.
    pub states: Option<usize>,
    /// Whether a value holds until the next one.
    pub step: bool,
    /// Lowest value and range.
    pub scale: (f64, f64),
    /// Its samples.
    pub signal: Signal,
}

/// An enumeration set.
#[derive(Debug, Clone)]
pub struct EnumerationSet {
    /// Name.
    pub name: &'static str,
    /// What it is, for people.
    pub description: &'static str,
    /// Place of its database; without one it belongs to the data server.
    pub database: Option<usize>,
    /// Its names, numbered from zero.
    pub values: Vec<&'static str>,
}

/// A category of elements or attributes.
#[derive(Debug, Clone)]
pub struct Category {
    /// Name.
    pub name: &'static str,
    /// What it is, for people.
    pub description: &'static str,
    /// Place of its database.
    pub database: usize,
    /// Whether it is one of attributes; else of elements.
    pub of_attributes: bool,
}

/// A table of a database.
#[derive(Debug, Clone)]
pub struct Table {
    /// Name.
    pub name: &'static str,
    /// What it is, for people.
    pub description: &'static str,
    /// Place of its database.
    pub database: usize,
    /// Names and types of its columns.
    pub columns: Vec<(&'static str, &'static str)>,
    /// Its rows.
    pub rows: Vec<Vec<Reading>>,
}

/// Everything there is, found by place, `WebID` or path.
#[derive(Debug, Default)]
pub struct Plant {
    /// Databases.
    pub databases: Vec<Database>,
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
    /// Enumeration sets.
    pub sets: Vec<EnumerationSet>,
    /// Categories.
    pub categories: Vec<Category>,
    /// Tables.
    pub tables: Vec<Table>,
    by_identity: HashMap<Identity, Object>,
    by_path: HashMap<(Marker, String), Object>,
}

/// When and where an event frame happened.
#[derive(Debug, Clone, Copy)]
pub struct Happening {
    /// First instant.
    pub start: Micros,
    /// Last instant.
    pub end: Micros,
    /// Place of the element.
    pub element: usize,
    /// Place of the frame it is a part of.
    pub parent: Option<usize>,
}

impl Plant {
    /// The plant of the recordings placed in time; with a database of 100,000 elements where that is asked for.
    pub fn new(batches: &[Batch], autoclave: &[Batch], origin: Micros, large_tree: bool) -> Self {
        let mut plant = Self::default();
        content::fill(&mut plant, batches);
        content::autoclave::fill(&mut plant, autoclave);
        content::skid::fill(&mut plant, origin);
        if large_tree {
            content::large::fill(&mut plant);
        }
        plant.index();
        plant
    }

    /// Adds a database and answers its place.
    pub fn add_database(&mut self, name: &'static str, description: &'static str) -> usize {
        self.databases.push(Database {
            name,
            description,
            roots: Vec::new(),
        });
        self.databases.len() - 1
    }

    /// Adds an element to a database, or below another element, and answers its place.
    pub fn add_element(
        &mut self,
        database: usize,
        parent: Option<usize>,
        name: &str,
        description: &'static str,
        template: Option<usize>,
    ) -> usize {
        let place = self.elements.len();
        let above = if let Some(parent) = parent {
            self.elements[parent].children.push(place);
            self.elements[parent].path.clone()
        } else {
            self.databases[database].roots.push(place);
            self.path(Object::Database(database))
        };
        self.elements.push(Element {
            name: name.to_owned(),
            description,
            path: format!("{above}\\{name}"),
            database,
            template,
            category: None,
            parent,
            children: Vec::new(),
            attributes: Vec::new(),
        });
        place
    }

    /// Adds a template and answers its place.
    pub fn add_template(&mut self, template: Template) -> usize {
        self.templates.push(template);
        self.templates.len() - 1
    }

    /// Adds a point and answers its place.
    pub fn add_point(&mut self, point: Point) -> usize {
        self.points.push(point);
        self.points.len() - 1
    }

    /// Adds an attribute of an element or a frame, on a point or with a value of its own, and answers its place.
    pub fn add_attribute(&mut self, owner: Owner, shape: AttributeShape, source: Source) -> usize {
        let place = self.attributes.len();
        let above = match owner {
            Owner::Element(place_of_owner) => {
                let element = &mut self.elements[place_of_owner];
                element.attributes.push(place);
                &element.path
            }
            Owner::Frame(place_of_owner) => {
                let frame = &mut self.frames[place_of_owner];
                frame.attributes.push(place);
                &frame.path
            }
        };
        let path = format!("{above}|{}", shape.name);
        let (point, value) = match source {
            Source::Point(point) => (Some(point), Reading::Text(String::new())),
            Source::Value(value) => (None, value),
        };
        self.attributes.push(Attribute {
            shape,
            owner,
            path,
            category: None,
            point,
            value,
        });
        place
    }

    /// Adds an event frame and answers its place.
    pub fn add_frame(&mut self, name: String, template: usize, happening: Happening) -> usize {
        let place = self.frames.len();
        let Happening {
            start,
            end,
            element,
            parent,
        } = happening;
        let database = self.elements[element].database;
        let path = match parent {
            Some(parent) => {
                self.frames[parent].children.push(place);
                format!("{}\\{name}", self.frames[parent].path)
            }
            None => format!(
                "{}\\EventFrames[{name}]",
                self.path(Object::Database(database))
            ),
        };
        self.frames.push(Frame {
            name,
            description: "",
            path,
            database,
            template,
            start,
            end,
            element,
            parent,
            children: Vec::new(),
            attributes: Vec::new(),
            annotations: Vec::new(),
        });
        place
    }

    /// The attributes of an owner.
    pub fn attributes_of(&self, owner: Owner) -> &[usize] {
        match owner {
            Owner::Element(place) => &self.elements[place].attributes,
            Owner::Frame(place) => &self.frames[place].attributes,
        }
    }

    /// The name of an element's template; empty without one.
    pub fn template_of(&self, element: usize) -> &'static str {
        let template = self.elements[element].template;
        template.map_or("", |place| self.templates[place].name)
    }

    /// Whether a template has a name or derives from one that has.
    pub fn derives(&self, template: Option<usize>, name: &str) -> bool {
        let mut next = template;
        while let Some(place) = next {
            if self.templates[place].name.eq_ignore_ascii_case(name) {
                return true;
            }
            next = self.templates[place].base;
        }
        false
    }

    /// The object a `WebID` names.
    pub fn find(&self, web_id: &str) -> Option<Object> {
        match webid::decode(web_id)? {
            Decoded::Ids(identity) => self.by_identity.get(&identity).copied(),
            Decoded::Local(mut identity) => {
                let server = match identity.marker {
                    Marker::DataServer
                    | Marker::Point
                    | Marker::PointStates
                    | Marker::PointState => Object::DataServer,
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
        let within = |database: usize, list: &str, name: &str| {
            format!("{}\\{list}[{name}]", self.path(Object::Database(database)))
        };
        match object {
            Object::DataServer => format!("\\\\PIServers[{DATA_SERVER}]"),
            Object::AssetServer => format!("\\\\{ASSET_SERVER}"),
            Object::Database(place) => {
                format!("\\\\{ASSET_SERVER}\\{}", self.databases[place].name)
            }
            Object::Element(place) => self.elements[place].path.clone(),
            Object::Template(place) => {
                let template = &self.templates[place];
                within(template.database, "ElementTemplates", template.name)
            }
            Object::AttributeTemplate(place, inner) => {
                let name = self.templates[place].attributes[inner].name;
                format!("{}|{name}", self.path(Object::Template(place)))
            }
            Object::Attribute(place) => self.attributes[place].path.clone(),
            Object::Frame(place) => self.frames[place].path.clone(),
            Object::Point(place) => {
                format!("\\\\{DATA_SERVER}\\{}", self.points[place].name)
            }
            Object::EnumerationSet(place) => {
                let set = &self.sets[place];
                if let Some(database) = set.database {
                    within(database, "EnumerationSets", set.name)
                } else {
                    let server = self.path(Object::DataServer);
                    format!("{server}\\EnumerationSets[{}]", set.name)
                }
            }
            Object::EnumerationValue(set, place) => {
                let name = self.sets[set].values[place];
                format!("{}\\{name}", self.path(Object::EnumerationSet(set)))
            }
            Object::Category(place) => {
                let category = &self.categories[place];
                let list = if category.of_attributes {
                    "AttributeCategories"
                } else {
                    "ElementCategories"
                };
                within(category.database, list, category.name)
            }
            Object::Table(place) => {
                let table = &self.tables[place];
                within(table.database, "Tables", table.name)
            }
            Object::UnitClass(place) => {
                let name = units::CLASSES[place].name;
                format!("\\\\{ASSET_SERVER}\\UOMClasses[{name}]")
            }
            Object::Unit(class, place) => {
                let name = units::CLASSES[class].units[place].name;
                format!("\\\\{ASSET_SERVER}\\UOMDatabase[{name}]")
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
        let marker = self.marker(object);
        let mut ids = Vec::with_capacity(3);
        ids.push(match marker {
            Marker::DataServer | Marker::Point | Marker::PointStates | Marker::PointState => {
                self.guid(Object::DataServer)
            }
            _ => self.guid(Object::AssetServer),
        });
        let owner = match object {
            Object::AttributeTemplate(place, _) => Some(Object::Template(place)),
            Object::EnumerationValue(set, _) => Some(Object::EnumerationSet(set)),
            Object::Attribute(place) => match self.attributes[place].owner {
                Owner::Element(owner) => Some(Object::Element(owner)),
                Owner::Frame(owner) => Some(Object::Frame(owner)),
            },
            _ => None,
        };
        ids.extend(owner.map(|owner| self.guid(owner)));
        let point = match object {
            Object::Point(place) => Some(self.points[place].id),
            _ => None,
        };
        if !matches!(
            object,
            Object::DataServer | Object::AssetServer | Object::Point(_)
        ) {
            ids.push(self.guid(object));
        }
        Identity { marker, ids, point }
    }

    fn marker(&self, object: Object) -> Marker {
        let of_point = |set: usize| self.sets[set].database.is_none();
        match object {
            Object::DataServer => Marker::DataServer,
            Object::AssetServer => Marker::AssetServer,
            Object::Database(_) => Marker::Database,
            Object::Element(_) => Marker::Element,
            Object::Template(_) => Marker::ElementTemplate,
            Object::AttributeTemplate(..) => Marker::AttributeTemplate,
            Object::Attribute(place) => match self.attributes[place].owner {
                Owner::Element(_) => Marker::ElementAttribute,
                Owner::Frame(_) => Marker::FrameAttribute,
            },
            Object::Frame(_) => Marker::EventFrame,
            Object::Point(_) => Marker::Point,
            Object::EnumerationSet(set) if of_point(set) => Marker::PointStates,
            Object::EnumerationSet(_) => Marker::EnumerationSet,
            Object::EnumerationValue(set, _) if of_point(set) => Marker::PointState,
            Object::EnumerationValue(..) => Marker::EnumerationValue,
            Object::Category(place) if self.categories[place].of_attributes => {
                Marker::AttributeCategory
            }
            Object::Category(_) => Marker::ElementCategory,
            Object::Table(_) => Marker::Table,
            Object::UnitClass(_) => Marker::UnitClass,
            Object::Unit(..) => Marker::Unit,
        }
    }

    fn index(&mut self) {
        let mut objects = vec![Object::DataServer, Object::AssetServer];
        objects.extend((0..self.databases.len()).map(Object::Database));
        objects.extend((0..self.elements.len()).map(Object::Element));
        objects.extend((0..self.attributes.len()).map(Object::Attribute));
        objects.extend((0..self.frames.len()).map(Object::Frame));
        objects.extend((0..self.points.len()).map(Object::Point));
        objects.extend((0..self.categories.len()).map(Object::Category));
        objects.extend((0..self.tables.len()).map(Object::Table));
        for (place, template) in self.templates.iter().enumerate() {
            let inner = 0..template.attributes.len();
            objects.push(Object::Template(place));
            objects.extend(inner.map(|inner| Object::AttributeTemplate(place, inner)));
        }
        for (place, set) in self.sets.iter().enumerate() {
            let inner = 0..set.values.len();
            objects.push(Object::EnumerationSet(place));
            objects.extend(inner.map(|inner| Object::EnumerationValue(place, inner)));
        }
        for (place, class) in units::CLASSES.iter().enumerate() {
            let inner = 0..class.units.len();
            objects.push(Object::UnitClass(place));
            objects.extend(inner.map(|inner| Object::Unit(place, inner)));
        }
        for object in objects {
            let identity = self.identity(object);
            let path = webid::canonical_path(&self.path(object));
            self.by_path.insert((identity.marker, path), object);
            if object == Object::DataServer {
                let path = webid::canonical_path(&self.web_id_path(object));
                self.by_path.insert((identity.marker, path), object);
            }
            self.by_identity.insert(identity, object);
        }
    }
}

/// Where the values of an attribute come from.
#[derive(Debug, Clone)]
pub enum Source {
    /// A point, by place.
    Point(usize),
    /// A value that does not change.
    Value(Reading),
}

/// Shares recorded numbers between a point and its readers.
pub fn recorded(samples: Vec<(Micros, f64)>) -> Signal {
    Signal::Recorded(Arc::new(samples))
}
