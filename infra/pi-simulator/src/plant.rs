//! The plant the simulator shows: servers, elements, templates, attributes, points and event frames, with stable identities.

use std::collections::HashMap;
use std::sync::Arc;

use crate::content;
pub use crate::objects::{
    Attribute, AttributeShape, Category, Database, Element, EnumerationSet, Frame, Happening,
    Object, Owner, Point, Source, Table, Template,
};
use crate::signal::{Reading, Signal};
use crate::time::Micros;
use crate::timeline::Batch;
use crate::webid::{Identity, Marker};

/// Name of the data server.
pub const DATA_SERVER: &str = "PIMAM";
/// Name of the asset server.
pub const ASSET_SERVER: &str = "PIAF";
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
    /// Objects by what their `WebIDs` are made from.
    pub by_identity: HashMap<Identity, Object>,
    /// Objects by kind and canonical path.
    pub by_path: HashMap<(Marker, String), Object>,
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
}

/// Shares recorded numbers between a point and its readers.
pub fn recorded(samples: Vec<(Micros, f64)>) -> Signal {
    Signal::Recorded(Arc::new(samples))
}
