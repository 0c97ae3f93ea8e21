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
            Place::Before => ", at its beginning".to_owned(),
            Place::Answer(_) => ", at its first level".to_owned(),
            Place::Behind => ", behind its end".to_owned(),
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

#[cfg(test)]
mod tests;
