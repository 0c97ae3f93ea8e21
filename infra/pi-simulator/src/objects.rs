//! The objects of the plant.

use crate::signal::{Reading, Signal};
use crate::time::Micros;

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

/// Where the values of an attribute come from.
#[derive(Debug, Clone)]
pub enum Source {
    /// A point, by place.
    Point(usize),
    /// A value that does not change.
    Value(Reading),
}
