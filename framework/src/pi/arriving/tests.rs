//! What arrives in parts is what it is at once.

use super::super::at_once::SeriesSet;
use super::*;
use proptest::prelude::*;

/// Series of an answer that is there already.
fn read(text: &[u8], what: &str) -> Result<Vec<Series>, PiError> {
    let mut arriving = Arriving::new(what);
    arriving.take(text)?;
    arriving.finish()
}

fn in_parts<'t>(parts: impl IntoIterator<Item = &'t [u8]>) -> Result<Vec<Series>, PiError> {
    let mut arriving = Arriving::new("the answer");
    for part in parts {
        arriving.take(part)?;
    }
    arriving.finish()
}

/// Series as text in which NaN equals NaN.
fn shown(read: &Result<Vec<Series>, PiError>) -> String {
    match read {
        Ok(all) => {
            let bits = |one: &Series| {
                one.values
                    .iter()
                    .map(|value| value.to_bits())
                    .collect::<Vec<_>>()
            };
            let values: Vec<_> = all.iter().map(bits).collect();
            let status: Vec<Vec<_>> = all.iter().map(|one| one.status.iter().collect()).collect();
            let rest: Vec<_> = all
                .iter()
                .map(|one| {
                    (
                        &one.web_id,
                        &one.name,
                        &one.path,
                        &one.units,
                        &one.times,
                        &one.texts,
                        &one.states,
                        one.edited,
                    )
                })
                .collect();
            format!("{rest:?} {values:?} {status:?}")
        }
        Err(error) => format!("{error}"),
    }
}

fn at_once(body: &str) -> Result<Vec<Series>, PiError> {
    serde_json::from_str::<SeriesSet>(body)
        .map_err(PiError::Unreadable)?
        .complete()
}

const EXAMPLE: &str = r#" {"Links":{"Next":"a\"]}"},"Items":[{"WebId":"F1","Name":"T\u00e9\"mp","Path":"\\\\A|T","Links":{},"UnitsAbbreviation":null,
    "Items":[{"Timestamp":"2026-01-01T00:00:00Z","Value":1.5,"Good":true,"Questionable":false,"Substituted":false,"Annotated":true},
    {"Timestamp":"2026-01-01T00:00:01.1234567Z","Value":{"Name":"I/O Timeout","Value":246,"IsSystem":true},"Good":false} , {"Value":"tür\n","Timestamp":"2026-01-01T00:00:02+01:00"}]},
    {"Name":"empty","Items":[ ]},{"Name":"single","Value":{"Timestamp":"2026-01-01T00:00:00Z","Value":-7e-3,"Good":true,"Errors":[]}}],"Count":3} "#;

#[test]
fn an_answer_is_the_same_wherever_it_is_cut() {
    let whole = at_once(EXAMPLE);
    assert_eq!(whole.as_ref().unwrap().len(), 3);
    assert_eq!(whole.as_ref().unwrap()[0].len(), 3);
    let bytes = EXAMPLE.as_bytes();
    for cut in 0..=bytes.len() {
        let (first, second) = bytes.split_at(cut);
        assert_eq!(
            shown(&in_parts([first, second])),
            shown(&whole),
            "cut at {cut}"
        );
    }
    assert_eq!(shown(&in_parts(bytes.chunks(1))), shown(&whole));
}

#[test]
fn an_answer_that_ends_early_is_never_complete() {
    let bytes = EXAMPLE.trim().as_bytes();
    for cut in 0..bytes.len() {
        let read = in_parts([&bytes[..cut]]);
        assert!(
            matches!(read, Err(PiError::Interrupted(_))),
            "cut at {cut}: {read:?}"
        );
    }
}

#[test]
fn a_failure_in_the_middle_fails_the_whole_wherever_it_stands() {
    for body in [
        r#"{"Items":[],"WebException":{"StatusCode":502,"Errors":["gone"]}}"#,
        r#"{"WebException":{"StatusCode":502,"Errors":["gone"]},"Items":[{"Name":"a","Items":[]}]}"#,
        r#"{"Items":[{"Items":[],"WebException":{"StatusCode":502,"Errors":["gone"]},"Name":"a"}]}"#,
    ] {
        let read = in_parts([body.as_bytes()]);
        assert!(
            matches!(&read, Err(PiError::Interrupted(reason)) if reason.contains("gone (502)")),
            "{read:?}"
        );
    }
}

#[test]
fn what_has_another_shape_cannot_be_read() {
    for body in [
        "1",
        "{]",
        r#"{"Items":{}}"#,
        r#"{"Items":[1]}"#,
        r#"{"Items":[],}"#,
        r#"{"Items":[] "a":1}"#,
        r#"{"Items" 1}"#,
        r#"{"Items":[],"Items":[]}"#,
        r#"{"Items":[{"Items":[{"Timestamp":"soon","Value":1}]}]}"#,
        r#"{"Items":[{"Items":[{"Timestamp":"2026-01-01T00:00:00Z","Value":01}]}]}"#,
        r#"{"Items":[{"Items":[{"Value":{]}}]}]}"#,
        r#"{"Items":[{"Items":[,]}]}"#,
        r#"{"Items":[]}{"#,
    ] {
        let read = in_parts([body.as_bytes()]);
        assert!(
            matches!(read, Err(PiError::Unreadable(_))),
            "{body}: {read:?}"
        );
        assert!(at_once(body).is_err(), "{body}");
    }
}

#[test]
fn what_cannot_be_read_is_told_with_its_place() {
    let body = br#"{"Items":[{"Items":[]},{"Items":[{"Timestamp":"2026-01-01T00:00:00Z","Value":1},{"Timestamp":"soon","Value":1}]}]}"#;
    let Err(PiError::Unreadable(error)) = read(body, "the tags") else {
        panic!("it cannot be read");
    };
    let text = error.to_string();
    assert!(
        text.starts_with("the tags, at Items[1].Items[1]: 'soon' is not a time"),
        "{text}"
    );
}

#[test]
fn a_piece_without_an_end_is_given_up() {
    let mut arriving = Arriving::default();
    arriving.take(br#"{"Links":""#).unwrap();
    let filler = vec![b'x'; limits::PI_PIECE_BYTES / 4];
    let given_up = (0..6).find_map(|_| arriving.take(&filler).err());
    assert!(matches!(given_up, Some(PiError::TooLarge(_))));
}

fn value() -> impl Strategy<Value = serde_json::Value> {
    let finite = prop::num::f64::NORMAL | prop::num::f64::ZERO | prop::num::f64::SUBNORMAL;
    let text = "\\PC{0,12}";
    prop_oneof![
        4 => finite.prop_map(serde_json::Value::from),
        2 => any::<i32>().prop_map(serde_json::Value::from),
        1 => any::<bool>().prop_map(serde_json::Value::from),
        1 => text.prop_map(serde_json::Value::from),
        1 => Just(serde_json::Value::Null),
        1 => prop::collection::vec(any::<f64>(), 0..4).prop_map(serde_json::Value::from),
        2 => (text, -1_000..1_000_i32, any::<bool>())
            .prop_map(|(name, value, system)| serde_json::json!({ "Name": name, "Value": value, "IsSystem": system })),
    ]
}

fn timed() -> impl Strategy<Value = serde_json::Value> {
    let marks = any::<[bool; 6]>();
    (0_i64..4_000_000_000_000_000, value(), marks).prop_map(|(time, value, marks)| {
        let mut timed = serde_json::json!({ "Timestamp": super::super::time::format(time), "Value": value, "UnitsAbbreviation": "m",
            "Good": marks[0], "Questionable": marks[1], "Substituted": marks[2], "Annotated": marks[3] });
        if marks[4] && marks[5] {
            timed["Errors"] = serde_json::json!([{ "FieldName": "Value", "Message": ["no"] }]);
        }
        timed
    })
}

fn body() -> impl Strategy<Value = String> {
    let series = ("\\PC{0,8}", prop::collection::vec(timed(), 0..8)).prop_map(
        |(name, values)| serde_json::json!({ "WebId": "W", "Name": name, "Path": "p", "Links": {}, "Items": values, "UnitsAbbreviation": "°C" }),
    );
    (prop::collection::vec(series, 0..4), any::<bool>()).prop_map(|(series, pretty)| {
        let body = serde_json::json!({ "Links": {}, "Items": series });
        if pretty {
            serde_json::to_string_pretty(&body).unwrap()
        } else {
            body.to_string()
        }
    })
}

proptest! {
    #[test]
    fn any_answer_cut_anywhere_is_what_it_is_at_once(body in body(), cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..6)) {
        let mut places: Vec<usize> = cuts.iter().map(|cut| cut.index(body.len() + 1)).collect();
        places.extend([0, body.len()]);
        places.sort_unstable();
        let parts = places.windows(2).map(|pair| &body.as_bytes()[pair[0]..pair[1]]);
        prop_assert_eq!(shown(&in_parts(parts)), shown(&at_once(&body)));
    }

    #[test]
    fn a_spoilt_answer_never_crashes_and_is_the_same_in_parts(body in body(), at in any::<prop::sample::Index>(), byte in any::<u8>(), size in 1_usize..40) {
        let mut bytes = body.into_bytes();
        let place = at.index(bytes.len());
        bytes[place] = byte;
        let (whole, parts) = (in_parts([bytes.as_slice()]), in_parts(bytes.chunks(size)));
        prop_assert_eq!(whole.is_ok(), parts.is_ok());
        if whole.is_ok() {
            prop_assert_eq!(shown(&whole), shown(&parts));
        }
    }

    #[test]
    fn any_bytes_never_crash(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _read = in_parts([bytes.as_slice()]);
    }
}
