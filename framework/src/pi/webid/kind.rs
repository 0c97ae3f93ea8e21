//! The forms of `WebID`s, the kinds of objects they name, and the letters that stand for both.

/// What a `WebID` is made from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Form {
    /// Ids and path: survives renaming, and says what it names.
    Full,
    /// Ids alone: survives moving and renaming.
    IdOnly,
    /// The path alone: always the same place, whatever stands there.
    PathOnly,
    /// Ids without that of the server next to the PI Web API.
    LocalIdOnly,
    /// Ids without that of the default server.
    DefaultIdOnly,
}

pub(super) const FORMS: [(Form, char); 5] = [
    (Form::Full, 'F'),
    (Form::IdOnly, 'I'),
    (Form::PathOnly, 'P'),
    (Form::LocalIdOnly, 'L'),
    (Form::DefaultIdOnly, 'D'),
];

impl Form {
    /// Whether the ids name the object without regard to which server is asked.
    pub fn has_all_ids(self) -> bool {
        matches!(self, Self::Full | Self::IdOnly)
    }
}

/// What a `WebID` names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Analysis.
    Analysis,
    /// Category of analyses.
    AnalysisCategory,
    /// Template of analyses.
    AnalysisTemplate,
    /// Rule of an analysis or of its template.
    AnalysisRule,
    /// Program behind analysis rules.
    AnalysisRulePlugIn,
    /// Attribute of an element or of an event frame.
    Attribute,
    /// Category of attributes.
    AttributeCategory,
    /// Attribute of an element template.
    AttributeTemplate,
    /// Asset database.
    Database,
    /// Asset server.
    AssetServer,
    /// Element.
    Element,
    /// Category of elements.
    ElementCategory,
    /// Template of elements or event frames.
    ElementTemplate,
    /// Enumeration set of an asset or data server.
    EnumerationSet,
    /// Value of an enumeration set.
    EnumerationValue,
    /// Event frame.
    EventFrame,
    /// Time rule of an analysis or of its template.
    TimeRule,
    /// Program behind time rules.
    TimeRulePlugIn,
    /// Security identity.
    SecurityIdentity,
    /// Security mapping.
    SecurityMapping,
    /// Table.
    Table,
    /// Category of tables.
    TableCategory,
    /// PI point.
    Point,
    /// Data server (PI Data Archive).
    DataServer,
    /// Unit of measure.
    Unit,
    /// Class of units of measure.
    UnitClass,
}

/// What the object belongs to, where its kind can belong to several.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Owner {
    /// Element, or template of elements.
    Element,
    /// Event frame.
    EventFrame,
    /// Asset server.
    AssetServer,
    /// Data server.
    DataServer,
    /// Analysis.
    Analysis,
    /// Template of analyses.
    AnalysisTemplate,
}

pub(super) const OWNERS: [(Owner, char); 6] = [
    (Owner::Element, 'E'),
    (Owner::EventFrame, 'F'),
    (Owner::AssetServer, 'R'),
    (Owner::DataServer, 'D'),
    (Owner::Analysis, 'X'),
    (Owner::AnalysisTemplate, 'T'),
];

/// Kind, marker, number of GUIDs with that of the server, and possible owners.
pub(super) type Shape = (Kind, &'static str, usize, &'static [Owner]);

pub(super) const SHAPES: [Shape; 26] = [
    (Kind::Analysis, "Xs", 2, &[]),
    (Kind::AnalysisCategory, "XC", 2, &[]),
    (Kind::AnalysisTemplate, "XT", 2, &[]),
    (
        Kind::AnalysisRule,
        "XR",
        3,
        &[Owner::Analysis, Owner::AnalysisTemplate],
    ),
    (Kind::AnalysisRulePlugIn, "XP", 2, &[]),
    (
        Kind::Attribute,
        "Ab",
        3,
        &[Owner::Element, Owner::EventFrame],
    ),
    (Kind::AttributeCategory, "AC", 2, &[]),
    (Kind::AttributeTemplate, "AT", 3, &[Owner::Element]),
    (Kind::Database, "RD", 2, &[]),
    (Kind::AssetServer, "RS", 1, &[]),
    (Kind::Element, "Em", 2, &[]),
    (Kind::ElementCategory, "EC", 2, &[]),
    (Kind::ElementTemplate, "ET", 2, &[]),
    (
        Kind::EnumerationSet,
        "MS",
        2,
        &[Owner::AssetServer, Owner::DataServer],
    ),
    (
        Kind::EnumerationValue,
        "MV",
        3,
        &[Owner::AssetServer, Owner::DataServer],
    ),
    (Kind::EventFrame, "Fm", 2, &[]),
    (
        Kind::TimeRule,
        "TR",
        3,
        &[Owner::Analysis, Owner::AnalysisTemplate],
    ),
    (Kind::TimeRulePlugIn, "TP", 2, &[]),
    (Kind::SecurityIdentity, "SI", 2, &[]),
    (Kind::SecurityMapping, "SM", 2, &[]),
    (Kind::Table, "Bl", 2, &[]),
    (Kind::TableCategory, "BC", 2, &[]),
    (Kind::Point, "DP", 1, &[]),
    (Kind::DataServer, "DS", 1, &[]),
    (Kind::Unit, "Ut", 2, &[]),
    (Kind::UnitClass, "UC", 2, &[]),
];

pub(super) fn shape(kind: Kind) -> Shape {
    let known = SHAPES.iter().find(|known| known.0 == kind);
    known.copied().unwrap_or((kind, "", 0, &[]))
}

/// The letter of an owner that a kind cannot have; `?` where one is missing.
pub(super) fn wrong_owner(owner: Option<Owner>, owners: &[Owner]) -> Option<char> {
    match owner {
        None if owners.is_empty() => None,
        Some(owner) if owners.contains(&owner) => None,
        None => Some('?'),
        Some(owner) => OWNERS
            .iter()
            .find(|known| known.0 == owner)
            .map(|known| known.1),
    }
}
