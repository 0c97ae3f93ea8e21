//! Answers of stream reads with a general parser and all of the text at hand: what reading while it arrives is compared with.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{self, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::PiError;
use super::answer::WebException;
use super::series::{Series, TimedValue};

/// `{"Items": [series, ...]}`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct SeriesSet {
    #[serde(default)]
    pub(super) items: Vec<Series>,
}

impl SeriesSet {
    /// The series in the order of the answer; one that failed in the middle fails the whole.
    pub(super) fn complete(self) -> Result<Vec<Series>, PiError> {
        match self.items.iter().find_map(|series| {
            series
                .failure
                .as_ref()
                .map(|failure| format!("{}: {failure}", series.name))
        }) {
            Some(failure) => Err(PiError::Interrupted(failure)),
            None => Ok(self.items),
        }
    }
}

impl<'de> Deserialize<'de> for Series {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        input.deserialize_map(SeriesVisitor)
    }
}

struct SeriesVisitor;

impl<'de> Visitor<'de> for SeriesVisitor {
    type Value = Series;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("the values of a stream")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Series, A::Error> {
        let mut series = Series::default();
        while let Some(key) = map.next_key::<Cow<'de, str>>()? {
            match key.as_ref() {
                "WebId" => series.web_id = map.next_value()?,
                "Name" => series.name = map.next_value()?,
                "Path" => series.path = map.next_value()?,
                "UnitsAbbreviation" => {
                    series.units = map.next_value::<Option<String>>()?.unwrap_or_default();
                }
                "Items" => map.next_value_seed(Rows(&mut series))?,
                // A set of single values has one `Value` per stream.
                "Value" => series
                    .push(map.next_value::<TimedValue<'de>>()?)
                    .map_err(serde::de::Error::custom)?,
                "WebException" => {
                    series.failure = map
                        .next_value::<Option<WebException>>()?
                        .map(|exception| exception.describe());
                }
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(series)
    }
}

/// Fills the columns of a series from its `Items`.
pub(super) struct Rows<'s>(pub(super) &'s mut Series);

impl<'de> DeserializeSeed<'de> for Rows<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, input: D) -> Result<(), D::Error> {
        input.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Rows<'_> {
    type Value = ();

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("timed values")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        while let Some(value) = items.next_element::<TimedValue<'de>>()? {
            self.0.push(value).map_err(de::Error::custom)?;
        }
        Ok(())
    }
}
