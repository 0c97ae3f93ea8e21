//! `WebID` 2.0: how PI Web API names an object in an address, read and written without asking the server.
//!
//! `<form><version 1><marker>[owner]<payload>`. Each id of the payload is a GUID as Windows stores it (22 characters of base64url),
//! the number of a point has 6 characters; the path follows in upper case and without its leading backslashes.

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use uuid::Uuid;

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

const FORMS: [(Form, char); 5] = [
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

const OWNERS: [(Owner, char); 6] = [
    (Owner::Element, 'E'),
    (Owner::EventFrame, 'F'),
    (Owner::AssetServer, 'R'),
    (Owner::DataServer, 'D'),
    (Owner::Analysis, 'X'),
    (Owner::AnalysisTemplate, 'T'),
];

/// Kind, marker, number of GUIDs with that of the server, and possible owners.
type Shape = (Kind, &'static str, usize, &'static [Owner]);

const SHAPES: [Shape; 26] = [
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

const GUID: usize = 22;
const NUMBER: usize = 6;

/// A `WebID`, taken apart.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct WebId {
    /// What it is made from.
    pub form: Form,
    /// What it names.
    pub kind: Kind,
    /// What that belongs to, where its kind says it.
    pub owner: Option<Owner>,
    /// The server first, then owners, then the object itself; a point has only its server here, the forms L and D have no server.
    pub ids: Vec<Uuid>,
    /// The number of a point.
    pub point: Option<i32>,
    /// The path in upper case and without leading backslashes.
    pub path: Option<String>,
}

/// Why a text is no `WebID`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoWebId {
    /// Too short, or not of the letters that `WebID`s are written with.
    #[error("'{0}' is not a WebID")]
    NotOne(String),
    /// Another form than F, I, P, L and D.
    #[error("a WebID begins with F, I, P, L or D, not with '{0}'")]
    Form(char),
    /// A version that is not known here.
    #[error("this is a WebID of version {0}; version 1 is known")]
    Version(char),
    /// A marker that is not known here.
    #[error("'{0}' marks no kind of object that has WebIDs")]
    Marker(String),
    /// The owner is missing or impossible.
    #[error("'{0}' cannot be the owner of this kind of object")]
    Owner(char),
    /// The part after the marker does not fit what it should hold.
    #[error("the payload of the WebID is damaged: {0}")]
    Payload(&'static str),
}

impl WebId {
    /// The `WebID` of whatever stands at a path: `\\SERVER\TAG`, `\\AF\DB\Element|Attribute`.
    pub fn at(kind: Kind, owner: Option<Owner>, path: &str) -> Result<Self, NoWebId> {
        let (_, _, _, owners) = shape(kind);
        if let Some(wrong) = wrong_owner(owner, owners) {
            return Err(NoWebId::Owner(wrong));
        }
        let path = canonical(path);
        if path.is_empty() {
            return Err(NoWebId::Payload("there is no path"));
        }
        Ok(Self {
            form: Form::PathOnly,
            kind,
            owner,
            ids: Vec::new(),
            point: None,
            path: Some(path),
        })
    }

    /// The `WebID` of a point by its name.
    pub fn of_point(data_server: &str, tag: &str) -> Result<Self, NoWebId> {
        Self::at(Kind::Point, None, &format!(r"{data_server}\{tag}"))
    }

    /// The same object in another form, where this one holds what that needs.
    #[must_use]
    pub fn to_form(&self, form: Form) -> Option<Self> {
        let same = self.form == form;
        let has_server = self.form.has_all_ids();
        let possible = match form {
            Form::Full => has_server && self.path.is_some(),
            Form::IdOnly | Form::LocalIdOnly | Form::DefaultIdOnly => has_server,
            Form::PathOnly => self.path.is_some(),
        };
        if !same && !possible {
            return None;
        }
        let ids = match form {
            Form::PathOnly => &[],
            Form::LocalIdOnly | Form::DefaultIdOnly if !same => self.ids.get(1..)?,
            _ => self.ids.as_slice(),
        };
        Some(Self {
            form,
            ids: ids.to_vec(),
            point: self.point.filter(|_| form != Form::PathOnly),
            path: self
                .path
                .clone()
                .filter(|_| matches!(form, Form::Full | Form::PathOnly)),
            ..self.clone()
        })
    }
}

impl fmt::Display for WebId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let form = FORMS.iter().find(|known| known.0 == self.form);
        let (_, marker, _, _) = shape(self.kind);
        write!(out, "{}1{marker}", form.map_or('F', |known| known.1))?;
        if let Some((_, letter)) = OWNERS.iter().find(|known| Some(known.0) == self.owner) {
            write!(out, "{letter}")?;
        }
        for id in &self.ids {
            out.write_str(&URL_SAFE_NO_PAD.encode(id.to_bytes_le()))?;
        }
        if let Some(number) = self.point {
            out.write_str(&URL_SAFE_NO_PAD.encode(number.to_le_bytes()))?;
        }
        match &self.path {
            Some(path) => out.write_str(&URL_SAFE_NO_PAD.encode(path)),
            None => Ok(()),
        }
    }
}

impl FromStr for WebId {
    type Err = NoWebId;

    fn from_str(text: &str) -> Result<Self, NoWebId> {
        let mut letters = text.chars();
        let (Some(first), Some(version)) = (letters.next(), letters.next()) else {
            return Err(NoWebId::NotOne(text.to_owned()));
        };
        if !text.is_ascii() || text.len() < 4 {
            return Err(NoWebId::NotOne(text.chars().take(40).collect()));
        }
        let form = FORMS.iter().find(|known| known.1 == first);
        let (form, _) = *form.ok_or(NoWebId::Form(first))?;
        if version != '1' {
            return Err(NoWebId::Version(version));
        }
        let (marker, rest) = letters.as_str().split_at(2);
        let shape = SHAPES.iter().find(|known| known.1 == marker);
        let (kind, _, guids, owners) = *shape.ok_or_else(|| NoWebId::Marker(marker.to_owned()))?;
        let (owner, payload) = owner(rest, owners)?;
        let read = Self {
            form,
            kind,
            owner,
            ids: Vec::new(),
            point: None,
            path: None,
        };
        match form {
            Form::PathOnly => read.with_path(payload),
            Form::Full | Form::IdOnly => read.with_ids(guids, payload),
            Form::LocalIdOnly | Form::DefaultIdOnly => read.with_ids(guids - 1, payload),
        }
    }
}

impl WebId {
    fn with_ids(mut self, guids: usize, payload: &str) -> Result<Self, NoWebId> {
        let damaged = || NoWebId::Payload("an id is missing or damaged");
        let mut rest = payload;
        for _ in 0..guids {
            let (id, after) = rest.split_at_checked(GUID).ok_or_else(damaged)?;
            let bytes = URL_SAFE_NO_PAD.decode(id).map_err(|_| damaged())?;
            let bytes = bytes.try_into().map_err(|_| damaged())?;
            self.ids.push(Uuid::from_bytes_le(bytes));
            rest = after;
        }
        if self.kind == Kind::Point {
            let (number, after) = rest.split_at_checked(NUMBER).ok_or_else(damaged)?;
            let bytes = URL_SAFE_NO_PAD.decode(number).map_err(|_| damaged())?;
            let bytes = bytes.try_into().map_err(|_| damaged())?;
            self.point = Some(i32::from_le_bytes(bytes));
            rest = after;
        }
        match (self.form, rest.is_empty()) {
            (_, true) => Ok(self),
            (Form::Full, false) => self.with_path(rest),
            _ => Err(NoWebId::Payload("more follows after the ids")),
        }
    }

    fn with_path(mut self, payload: &str) -> Result<Self, NoWebId> {
        let damaged = |_| NoWebId::Payload("the path is damaged");
        let bytes = URL_SAFE_NO_PAD
            .decode(payload)
            .map_err(|_| NoWebId::Payload("the path is damaged"))?;
        let path = String::from_utf8(bytes).map_err(damaged)?;
        if path.is_empty() {
            return Err(NoWebId::Payload("there is no path"));
        }
        self.path = Some(path);
        Ok(self)
    }
}

fn shape(kind: Kind) -> Shape {
    let known = SHAPES.iter().find(|known| known.0 == kind);
    known.copied().unwrap_or((kind, "", 0, &[]))
}

fn owner<'t>(rest: &'t str, owners: &[Owner]) -> Result<(Option<Owner>, &'t str), NoWebId> {
    if owners.is_empty() {
        return Ok((None, rest));
    }
    let (letter, payload) = rest
        .split_at_checked(1)
        .ok_or(NoWebId::Payload("the owner is missing"))?;
    let letter = letter.chars().next().unwrap_or(' ');
    let owner = OWNERS
        .iter()
        .find(|known| known.1 == letter && owners.contains(&known.0))
        .ok_or(NoWebId::Owner(letter))?;
    Ok((Some(owner.0), payload))
}

/// The letter of an owner that a kind cannot have; `?` where one is missing.
fn wrong_owner(owner: Option<Owner>, owners: &[Owner]) -> Option<char> {
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

/// The form of a path inside a `WebID`: letters whose capital is more than one letter stay, as .NET leaves them.
fn canonical(path: &str) -> String {
    let capital = |letter: char| {
        let mut capitals = letter.to_uppercase();
        match (capitals.next(), capitals.next()) {
            (Some(one), None) => one,
            _ => letter,
        }
    };
    path.trim_start_matches('\\').chars().map(capital).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn uuid(text: &str) -> Uuid {
        Uuid::parse_str(text).unwrap()
    }

    #[test]
    fn a_point_of_a_real_server_is_read_and_written_alike() {
        let published = "F1DPXo6Tq7dbDESaFakUUXB--wRQcAAAUElTUlZUXEFGU0RLV1NfU0lOVVNPSUQ";
        let read: WebId = published.parse().unwrap();
        let expected = WebId {
            form: Form::Full,
            kind: Kind::Point,
            owner: None,
            ids: vec![uuid("ab938e5e-5bb7-440c-9a15-a91451707efb")],
            point: Some(1861),
            path: Some(r"PISRVT\AFSDKWS_SINUSOID".to_owned()),
        };
        assert_eq!(read, expected);
        assert_eq!(read.to_string(), published);
        let local = read.to_form(Form::LocalIdOnly).unwrap();
        assert_eq!(local.to_string(), "L1DPRQcAAA");
        assert_eq!("L1DPRQcAAA".parse(), Ok(local));
    }

    #[test]
    fn an_event_frame_of_a_real_server_is_read_although_its_path_is_missing() {
        let published = "F1Fmi3nQR9tXEUeItBpeh9IplwZCzNebLY7xGdYAANOq_eMw";
        let read: WebId = published.parse().unwrap();
        let ids = [
            uuid("47d0798b-57db-4711-88b4-1a5e87d22997"),
            uuid("79cd2c64-d8b2-11ef-9d60-000d3aafde33"),
        ];
        assert_eq!(
            (read.kind, read.ids.as_slice()),
            (Kind::EventFrame, &ids[..])
        );
        assert_eq!(read.to_string(), published);
    }

    #[test]
    fn paths_become_webids_without_asking_the_server() {
        let point = WebId::of_point("PISRV1", "Sinusoid").unwrap();
        assert_eq!(point.to_string(), "P1DPUElTUlYxXFNJTlVTT0lE");
        let attribute = WebId::at(
            Kind::Attribute,
            Some(Owner::Element),
            r"\\AF\DB\Reactor1|Temp",
        );
        assert_eq!(
            attribute.unwrap().to_string(),
            "P1AbEQUZcREJcUkVBQ1RPUjF8VEVNUA"
        );
        assert_eq!(
            WebId::at(Kind::Attribute, None, r"\\AF\DB\R|T"),
            Err(NoWebId::Owner('?'))
        );
        assert_eq!(
            WebId::at(Kind::Element, Some(Owner::Element), r"\\AF\DB\R"),
            Err(NoWebId::Owner('E'))
        );
        assert_eq!(canonical(r"\\af\straße\µ"), "AF\\STRAßE\\\u{39c}");
    }

    #[test]
    fn what_is_no_webid_is_refused_with_the_reason() {
        let why = |text: &str| text.parse::<WebId>().unwrap_err().to_string();
        assert_eq!(why("F1"), "'F1' is not a WebID");
        assert_eq!(
            why("X1DP"),
            "a WebID begins with F, I, P, L or D, not with 'X'"
        );
        assert_eq!(
            why("F0DP"),
            "this is a WebID of version 0; version 1 is known"
        );
        assert_eq!(
            why("F1ZZabc"),
            "'ZZ' marks no kind of object that has WebIDs"
        );
        assert_eq!(
            why("P1AbQabc"),
            "'Q' cannot be the owner of this kind of object"
        );
        assert!(why("I1DPXo6T").contains("an id is missing or damaged"));
        assert!(
            why("I1EmXo6Tq7dbDESaFakUUXB--wXo6Tq7dbDESaFakUUXB--wAAA").contains("more follows")
        );
        assert!(why("P1DP_w").contains("the path is damaged"));
    }

    fn any_webid() -> impl Strategy<Value = WebId> {
        let path = r"[A-Z0-9 ._\[\]ÄÖÜß]{1,12}(\\[A-Z0-9 ._|]{1,12}){0,3}";
        let ids = prop::collection::vec(any::<u128>(), 3);
        (
            0..SHAPES.len(),
            0..FORMS.len(),
            any::<usize>(),
            ids,
            any::<i32>(),
            path,
        )
            .prop_map(|(shape, form, owner, ids, number, path)| {
                let (kind, _, guids, owners) = SHAPES[shape];
                let form = FORMS[form].0;
                let (with_ids, with_path) = (
                    form != Form::PathOnly,
                    matches!(form, Form::Full | Form::PathOnly),
                );
                let guids = if matches!(form, Form::Full | Form::IdOnly) {
                    guids
                } else {
                    guids - 1
                };
                WebId {
                    form,
                    kind,
                    owner: (!owners.is_empty()).then(|| owners[owner % owners.len()]),
                    ids: if with_ids {
                        ids[..guids].iter().map(|id| Uuid::from_u128(*id)).collect()
                    } else {
                        Vec::new()
                    },
                    point: (with_ids && kind == Kind::Point).then_some(number),
                    path: with_path.then_some(path),
                }
            })
    }

    proptest! {
        #[test]
        fn every_kind_in_every_form_is_read_back(id in any_webid()) {
            prop_assert_eq!(id.to_string().parse(), Ok(id.clone()));
            for (form, _) in FORMS {
                if let Some(other) = id.to_form(form) {
                    prop_assert_eq!(other.to_string().parse(), Ok(other.clone()));
                }
            }
        }

        #[test]
        fn the_simulator_writes_the_same(a: u128, b: u128, number: i32, path in r"[a-zA-Z0-9 ._|]{1,40}") {
            use pi_simulator::webid as peer;
            let pairs = [
                (peer::Marker::Point, Kind::Point, vec![a], Some(number)),
                (peer::Marker::Element, Kind::Element, vec![a, b], None),
            ];
            for (marker, kind, ids, point) in pairs {
                let ids: Vec<Uuid> = ids.into_iter().map(Uuid::from_u128).collect();
                let theirs = peer::Identity { marker, ids: ids.clone(), point };
                let full = WebId { form: Form::Full, kind, owner: None, ids, point, path: Some(canonical(&path)) };
                for (form, their_form) in [(Form::Full, peer::Form::Full), (Form::IdOnly, peer::Form::IdOnly), (Form::PathOnly, peer::Form::PathOnly)] {
                    let ours = full.to_form(form).unwrap().to_string();
                    prop_assert_eq!(ours, peer::encode(their_form, &theirs, &path));
                }
            }
        }

        #[test]
        fn any_text_is_refused_or_read_without_a_crash(text in "[FIPLD]1[A-Za-z]{2}[A-Za-z0-9_-]{0,80}|\\PC{0,60}") {
            if let Ok(id) = text.parse::<WebId>() {
                prop_assert_eq!(id.to_string(), text);
            }
        }
    }
}
