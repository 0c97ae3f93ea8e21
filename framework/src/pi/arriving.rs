//! Answers of stream reads, turned into columns while they arrive: what is held besides the columns is one value that has not arrived in full.
//!
//! The shape is `{"Items": [{"WebId", "Name", ..., "Items": [timed value, ...]}, ...]}`, or `Value` with one timed value in place of the
//! inner `Items`. It is read piece by piece, a piece being a key, a separator, or a whole value that is no list of these.

use std::borrow::Cow;

use serde::Deserialize;
use serde::de::{Error as _, IgnoredAny};

use super::PiError;
use super::answer::WebException;
use super::scan::{past_space, timed_value, value_end};
use super::series::{Series, TimedValue};
use crate::limits;

/// Reads an answer while it arrives.
#[derive(Debug, Default)]
pub(super) struct Arriving {
    /// What the answer is about, for errors.
    what: String,
    /// The beginning of a piece that has not arrived in full.
    begun: Vec<u8>,
    place: Place,
    all: Vec<Series>,
    listed: bool,
    failure: Option<String>,
    values: usize,
}

/// Where the next piece belongs.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Before everything.
    #[default]
    Before,
    /// In the answer.
    Answer(Next),
    /// In the list of series.
    List(Next),
    /// In a series.
    Series(Next),
    /// In the list of its values.
    Values(Next),
    /// Behind everything.
    Behind,
}

/// What may follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    /// The first entry, or the end.
    First,
    /// An entry, after a comma.
    Entry,
    /// A comma, or the end.
    Separator,
}

/// What a piece can be, besides a whole value.
enum Mark {
    Entry,
    Comma,
    End,
}

impl Arriving {
    /// Nothing has arrived of an answer about `what`.
    pub(super) fn new(what: &str) -> Self {
        Self {
            what: what.to_owned(),
            ..Self::default()
        }
    }

    /// Takes the next bytes.
    pub(super) fn take(&mut self, bytes: &[u8]) -> Result<(), PiError> {
        self.take_in(bytes).map_err(|error| self.told(error))
    }

    /// An error with what the answer is about, and the place where it is.
    fn told(&self, error: PiError) -> PiError {
        let PiError::Unreadable(error) = error else {
            return error;
        };
        let series = self.all.len().saturating_sub(1);
        let row = self.all.last().map_or(0, Series::len);
        let place = match self.place {
            Place::Before | Place::Answer(_) | Place::Behind => String::new(),
            Place::List(_) => ", at Items".to_owned(),
            Place::Series(_) => format!(", at Items[{series}]"),
            Place::Values(_) => format!(", at Items[{series}].Items[{row}]"),
        };
        unreadable(&format!("{}{place}: {error}", self.what))
    }

    fn take_in(&mut self, bytes: &[u8]) -> Result<(), PiError> {
        if self.begun.is_empty() {
            let read = self.read(bytes)?;
            self.begun
                .extend_from_slice(bytes.get(read..).unwrap_or_default());
        } else {
            let mut begun = std::mem::take(&mut self.begun);
            begun.extend_from_slice(bytes);
            let read = self.read(&begun)?;
            begun.drain(..read);
            self.begun = begun;
        }
        if self.begun.len() > limits::PI_PIECE_BYTES {
            return Err(PiError::TooLarge(limits::PI_PIECE_BYTES));
        }
        Ok(())
    }

    /// The series, once everything has arrived.
    pub(super) fn finish(self) -> Result<Vec<Series>, PiError> {
        let what = self.what;
        if let Some(failure) = self.failure {
            return Err(PiError::Interrupted(format!("{what}: {failure}")));
        }
        if self.place != Place::Behind {
            return Err(PiError::Interrupted(format!(
                "{what}: it ends before it is complete"
            )));
        }
        let failed = self.all.iter().find_map(|series| {
            let failure = series.failure.as_ref()?;
            Some(format!("{}: {failure}", series.name))
        });
        failed.map_or(Ok(self.all), |failure| Err(PiError::Interrupted(failure)))
    }

    /// Reads all pieces that are there; answers where the first one begins that is not.
    fn read(&mut self, text: &[u8]) -> Result<usize, PiError> {
        let mut at = 0;
        loop {
            let begin = past_space(text, at);
            let end = match self.place {
                Place::Values(Next::First | Next::Entry) => self.value(text, begin)?,
                _ => self.piece(text, begin)?,
            };
            match end {
                Some(end) => at = end,
                None => return Ok(begin),
            }
        }
    }

    fn piece(&mut self, text: &[u8], at: usize) -> Result<Option<usize>, PiError> {
        let Some(first) = text.get(at).copied() else {
            return Ok(None);
        };
        match self.place {
            Place::Before if first == b'{' => self.place = Place::Answer(Next::First),
            Place::Before | Place::Behind => return Err(unreadable("an answer is expected")),
            Place::Answer(next) => match mark(next, first, b'}')? {
                Mark::Comma => self.place = Place::Answer(Next::Entry),
                Mark::End => self.place = Place::Behind,
                Mark::Entry => return self.answer(text, at),
            },
            Place::List(next) => match mark(next, first, b']')? {
                Mark::Comma => self.place = Place::List(Next::Entry),
                Mark::End => self.place = Place::Answer(Next::Separator),
                Mark::Entry if first == b'{' => {
                    self.all.push(Series::default());
                    self.place = Place::Series(Next::First);
                }
                Mark::Entry => return Err(unreadable("a series is expected")),
            },
            Place::Series(next) => match mark(next, first, b'}')? {
                Mark::Comma => self.place = Place::Series(Next::Entry),
                Mark::End => self.place = Place::List(Next::Separator),
                Mark::Entry => return self.series(text, at),
            },
            Place::Values(_) => match mark(Next::Separator, first, b']')? {
                Mark::Comma => self.place = Place::Values(Next::Entry),
                _ => self.place = Place::Series(Next::Separator),
            },
        }
        Ok(Some(at + 1))
    }

    /// A key of the answer, with its value unless that is the list.
    fn answer(&mut self, text: &[u8], at: usize) -> Result<Option<usize>, PiError> {
        let Some((key, begin)) = key(text, at)? else {
            return Ok(None);
        };
        if key == "Items" {
            if std::mem::replace(&mut self.listed, true) {
                return Err(unreadable("Items stands there twice"));
            }
            let opened = opened(text, begin, b'[')?;
            if opened.is_some() {
                self.place = Place::List(Next::First);
            } else {
                self.listed = false;
            }
            return Ok(opened);
        }
        let Some(end) = value_end(text, begin) else {
            return Ok(None);
        };
        let value = text.get(begin..end).unwrap_or_default();
        if key == "WebException" {
            let exception: Option<WebException> = parse(value)?;
            self.failure = exception.map(|exception| exception.describe());
        } else {
            parse::<IgnoredAny>(value)?;
        }
        self.place = Place::Answer(Next::Separator);
        Ok(Some(end))
    }

    /// A key of a series, with its value unless that is the list of values.
    fn series(&mut self, text: &[u8], at: usize) -> Result<Option<usize>, PiError> {
        let Some((key, begin)) = key(text, at)? else {
            return Ok(None);
        };
        if key == "Items" {
            let opened = opened(text, begin, b'[')?;
            if opened.is_some() {
                self.place = Place::Values(Next::First);
            }
            return Ok(opened);
        }
        let Some(end) = value_end(text, begin) else {
            return Ok(None);
        };
        let value = text.get(begin..end).unwrap_or_default();
        if let Some(series) = self.all.last_mut() {
            match key.as_ref() {
                "WebId" => series.web_id = parse(value)?,
                "Name" => series.name = parse(value)?,
                "Path" => series.path = parse(value)?,
                "UnitsAbbreviation" => {
                    series.units = parse::<Option<String>>(value)?.unwrap_or_default();
                }
                "Value" => push(series, parse(value)?)?,
                "WebException" => {
                    let exception: Option<WebException> = parse(value)?;
                    series.failure = exception.map(|exception| exception.describe());
                }
                _ => drop(parse::<IgnoredAny>(value)?),
            }
        }
        self.place = Place::Series(Next::Separator);
        Ok(Some(end))
    }

    /// A value of the list, or its end.
    fn value(&mut self, text: &[u8], at: usize) -> Result<Option<usize>, PiError> {
        if self.place == Place::Values(Next::First) && text.get(at) == Some(&b']') {
            self.place = Place::Series(Next::Separator);
            return Ok(Some(at + 1));
        }
        let rest = text.get(at..).unwrap_or_default();
        let (value, length) = if let Some(usual) = timed_value(rest) {
            usual
        } else {
            let Some(end) = value_end(rest, 0) else {
                return Ok(None);
            };
            (parse(rest.get(..end).unwrap_or_default())?, end)
        };
        if let Some(series) = self.all.last_mut() {
            push(series, value)?;
        }
        self.values += 1;
        if self.values > limits::PI_ANSWER_VALUES {
            return Err(PiError::TooLarge(limits::PI_ANSWER_BYTES));
        }
        self.place = Place::Values(Next::Separator);
        Ok(Some(at + length))
    }
}

fn push(series: &mut Series, value: TimedValue<'_>) -> Result<(), PiError> {
    series.push(value).map_err(|reason| unreadable(&reason))
}

fn mark(next: Next, first: u8, close: u8) -> Result<Mark, PiError> {
    match (next, first) {
        (Next::First | Next::Separator, byte) if byte == close => Ok(Mark::End),
        (Next::Separator, b',') => Ok(Mark::Comma),
        (Next::First | Next::Entry, _) => Ok(Mark::Entry),
        _ => Err(unreadable("a comma or an end is expected")),
    }
}

/// The key that begins at `at` and where its value begins; none while these have not arrived.
fn key(text: &[u8], at: usize) -> Result<Option<(Cow<'_, str>, usize)>, PiError> {
    if text.get(at) != Some(&b'"') {
        return Err(unreadable("a key is expected"));
    }
    let Some(end) = value_end(text, at) else {
        return Ok(None);
    };
    let Key(key) = parse(text.get(at..end).unwrap_or_default())?;
    let colon = past_space(text, end);
    let value = past_space(text, colon + 1);
    match text.get(colon) {
        Some(b':') if value < text.len() => Ok(Some((key, value))),
        None | Some(b':') => Ok(None),
        Some(_) => Err(unreadable("a colon is expected")),
    }
}

#[derive(Deserialize)]
struct Key<'a>(#[serde(borrow)] Cow<'a, str>);

fn opened(text: &[u8], at: usize, with: u8) -> Result<Option<usize>, PiError> {
    match text.get(at) {
        Some(byte) if *byte == with => Ok(Some(at + 1)),
        Some(_) => Err(unreadable("a list is expected")),
        None => Ok(None),
    }
}

fn parse<'t, T: Deserialize<'t>>(text: &'t [u8]) -> Result<T, PiError> {
    serde_json::from_slice(text).map_err(PiError::Unreadable)
}

fn unreadable(reason: &str) -> PiError {
    PiError::Unreadable(serde_json::Error::custom(reason))
}

/// Series of an answer that is there already.
#[cfg(test)]
fn read(text: &[u8], what: &str) -> Result<Vec<Series>, PiError> {
    let mut arriving = Arriving::new(what);
    arriving.take(text)?;
    arriving.finish()
}

#[cfg(test)]
mod tests {
    use super::super::at_once::SeriesSet;
    use super::*;
    use proptest::prelude::*;

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
                let status: Vec<Vec<_>> =
                    all.iter().map(|one| one.status.iter().collect()).collect();
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
}
