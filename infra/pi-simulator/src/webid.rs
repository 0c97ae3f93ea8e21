//! `WebID` 2.0: how PI Web API names an object in an address.
//!
//! `<form><version 1><marker>[owner marker]<payload>`. The ids of the payload are little-endian GUIDs (22 characters each) or, for a
//! point, a 32-bit number (6 characters); the path follows in upper case without its leading backslashes.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use uuid::Uuid;

/// What an object is, as far as its `WebID` is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Marker {
    /// Data server (PI Data Archive).
    DataServer,
    /// Asset server (PI AF).
    AssetServer,
    /// Asset database.
    Database,
    /// Element.
    Element,
    /// Attribute of an element.
    ElementAttribute,
    /// Attribute of an event frame.
    FrameAttribute,
    /// Event frame.
    EventFrame,
    /// Element template (also of event frames).
    ElementTemplate,
    /// Attribute template of an element template.
    AttributeTemplate,
    /// PI point.
    Point,
    /// Enumeration set of a data server: states of digital points.
    PointStates,
    /// Value of such a set.
    PointState,
    /// Enumeration set of an asset database.
    EnumerationSet,
    /// Value of such a set.
    EnumerationValue,
    /// Category of attributes.
    AttributeCategory,
    /// Category of elements.
    ElementCategory,
    /// Table.
    Table,
    /// Class of units of measure.
    UnitClass,
    /// Unit of measure.
    Unit,
}

const MARKERS: [(Marker, &str, usize); 19] = [
    (Marker::DataServer, "DS", 1),
    (Marker::AssetServer, "RS", 1),
    (Marker::Database, "RD", 2),
    (Marker::Element, "Em", 2),
    (Marker::ElementAttribute, "AbE", 3),
    (Marker::FrameAttribute, "AbF", 3),
    (Marker::EventFrame, "Fm", 2),
    (Marker::ElementTemplate, "ET", 2),
    (Marker::AttributeTemplate, "ATE", 3),
    (Marker::Point, "DP", 1),
    (Marker::PointStates, "MSD", 2),
    (Marker::PointState, "MVD", 3),
    (Marker::EnumerationSet, "MSR", 2),
    (Marker::EnumerationValue, "MVR", 3),
    (Marker::AttributeCategory, "AC", 2),
    (Marker::ElementCategory, "EC", 2),
    (Marker::Table, "Bl", 2),
    (Marker::UnitClass, "UC", 2),
    (Marker::Unit, "Ut", 2),
];

/// The forms a caller may ask for with `webIdType`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Form {
    /// Ids and path.
    #[default]
    Full,
    /// Ids without the path.
    IdOnly,
    /// The path alone.
    PathOnly,
    /// Ids without that of the server.
    LocalIdOnly,
    /// The same, for the server that is the default.
    DefaultIdOnly,
}

/// The identity of one object: what every form of its `WebID` is made from.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Identity {
    /// What it is.
    pub marker: Marker,
    /// Server first, then owners, then the object itself; a point has only its server here.
    pub ids: Vec<Uuid>,
    /// The number of a point.
    pub point: Option<i32>,
}

/// What a `WebID` says, before the object is looked up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decoded {
    /// By ids.
    Ids(Identity),
    /// By ids without that of the server, which is the only one of its kind.
    Local(Identity),
    /// By the upper-cased path without leading backslashes.
    Path(Marker, String),
}

/// Writes the `WebID` of an object.
pub fn encode(form: Form, identity: &Identity, path: &str) -> String {
    let letter = match form {
        Form::Full => 'F',
        Form::IdOnly => 'I',
        Form::PathOnly => 'P',
        Form::LocalIdOnly => 'L',
        Form::DefaultIdOnly => 'D',
    };
    let marker = MARKERS
        .iter()
        .find(|entry| entry.0 == identity.marker)
        .map_or("", |entry| entry.1);
    let mut text = format!("{letter}1{marker}");
    if form != Form::PathOnly {
        let without = usize::from(matches!(form, Form::LocalIdOnly | Form::DefaultIdOnly));
        for id in identity.ids.iter().skip(without) {
            text.push_str(&URL_SAFE_NO_PAD.encode(id.to_bytes_le()));
        }
        if let Some(number) = identity.point {
            text.push_str(&URL_SAFE_NO_PAD.encode(number.to_le_bytes()));
        }
    }
    if matches!(form, Form::Full | Form::PathOnly) {
        text.push_str(&URL_SAFE_NO_PAD.encode(canonical_path(path)));
    }
    text
}

/// The form of a path inside a `WebID`.
pub fn canonical_path(path: &str) -> String {
    path.trim_start_matches('\\').to_uppercase()
}

/// Reads the forms F, I, P, L and D; `None` for anything else.
pub fn decode(text: &str) -> Option<Decoded> {
    let form = text.get(0..1)?;
    if text.get(1..2)? != "1" {
        return None;
    }
    let rest = text.get(2..)?;
    let (marker, letters, ids) = MARKERS.iter().find(|entry| rest.starts_with(entry.1))?;
    let payload = rest.get(letters.len()..)?;
    match form {
        "P" => {
            let path = String::from_utf8(URL_SAFE_NO_PAD.decode(payload).ok()?).ok()?;
            Some(Decoded::Path(*marker, canonical_path(&path)))
        }
        "F" | "I" => identity(*marker, *ids, payload).map(Decoded::Ids),
        "L" | "D" => identity(*marker, *ids - 1, payload).map(Decoded::Local),
        _ => None,
    }
}

fn identity(marker: Marker, count: usize, payload: &str) -> Option<Identity> {
    let mut ids = Vec::with_capacity(count);
    for index in 0..count {
        let bytes = URL_SAFE_NO_PAD
            .decode(payload.get(index * 22..index * 22 + 22)?)
            .ok()?;
        ids.push(Uuid::from_bytes_le(bytes.try_into().ok()?));
    }
    let point = if marker == Marker::Point {
        let bytes = URL_SAFE_NO_PAD
            .decode(payload.get(count * 22..count * 22 + 6)?)
            .ok()?;
        Some(i32::from_le_bytes(bytes.try_into().ok()?))
    } else {
        None
    };
    Some(Identity { marker, ids, point })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_point_of_a_real_server_is_decoded_and_encoded_alike() {
        let published = "F1DPXo6Tq7dbDESaFakUUXB--wRQcAAAUElTUlZUXEFGU0RLV1NfU0lOVVNPSUQ";
        let expected = Identity {
            marker: Marker::Point,
            ids: vec![Uuid::parse_str("ab938e5e-5bb7-440c-9a15-a91451707efb").unwrap()],
            point: Some(1861),
        };
        assert_eq!(decode(published), Some(Decoded::Ids(expected.clone())));
        assert_eq!(
            encode(Form::Full, &expected, r"\\PISRVT\AFSDKWS_SINUSOID"),
            published
        );
    }

    #[test]
    fn an_event_frame_of_a_real_server_is_decoded() {
        let Some(Decoded::Ids(identity)) =
            decode("F1Fmi3nQR9tXEUeItBpeh9IplwZCzNebLY7xGdYAANOq_eMw")
        else {
            panic!("not ids")
        };
        assert_eq!(
            identity.ids[0].to_string(),
            "47d0798b-57db-4711-88b4-1a5e87d22997"
        );
        assert_eq!(
            identity.ids[1].to_string(),
            "79cd2c64-d8b2-11ef-9d60-000d3aafde33"
        );
    }

    #[test]
    fn path_only_forms_carry_the_upper_cased_path() {
        let point = Identity {
            marker: Marker::Point,
            ids: vec![],
            point: Some(1),
        };
        assert_eq!(
            encode(Form::PathOnly, &point, r"\\PISRV1\SINUSOID"),
            "P1DPUElTUlYxXFNJTlVTT0lE"
        );
        let attribute = Identity {
            marker: Marker::ElementAttribute,
            ids: vec![],
            point: None,
        };
        assert_eq!(
            encode(Form::PathOnly, &attribute, r"\\AF\DB\Reactor1|Temp"),
            "P1AbEQUZcREJcUkVBQ1RPUjF8VEVNUA"
        );
        assert_eq!(
            decode("P1DPUElTUlYxXFNJTlVTT0lE"),
            Some(Decoded::Path(Marker::Point, r"PISRV1\SINUSOID".to_owned()))
        );
    }

    proptest! {
        #[test]
        fn every_form_leads_back_to_its_object(a: u128, b: u128, number: i32, path in "[a-zA-Z0-9 ._|]{1,40}") {
            let point = Identity { marker: Marker::Point, ids: vec![Uuid::from_u128(a)], point: Some(number) };
            let element = Identity { marker: Marker::Element, ids: vec![Uuid::from_u128(a), Uuid::from_u128(b)], point: None };
            for identity in [point, element] {
                for form in [Form::Full, Form::IdOnly] {
                    prop_assert_eq!(decode(&encode(form, &identity, &path)), Some(Decoded::Ids(identity.clone())));
                }
                for form in [Form::LocalIdOnly, Form::DefaultIdOnly] {
                    let local = Identity { ids: identity.ids[1..].to_vec(), ..identity.clone() };
                    prop_assert_eq!(decode(&encode(form, &identity, &path)), Some(Decoded::Local(local)));
                }
                let by_path = Some(Decoded::Path(identity.marker, canonical_path(&path)));
                prop_assert_eq!(decode(&encode(Form::PathOnly, &identity, &path)), by_path);
            }
        }

        #[test]
        fn any_text_is_refused_or_decoded_without_a_crash(text in "\\PC{0,80}") {
            let _decoded = decode(&text);
        }
    }
}
