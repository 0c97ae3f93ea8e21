//! Answers of stream reads: one series or a set of them, with the three ways a 200 can still say that something failed.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::{Value, json};

use super::series::{Rows, Series, TimedValue};
use super::{PiError, client};

/// `WebException`: a failure after the 200 was sent.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct WebException {
    #[serde(default)]
    errors: Vec<String>,
    #[serde(default)]
    status_code: u16,
}

impl WebException {
    pub(super) fn describe(&self) -> String {
        format!("{} ({})", self.errors.join("; "), self.status_code)
    }
}

/// The part of any answer that says whether it is complete.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Completeness {
    #[serde(default)]
    pub(super) web_exception: Option<WebException>,
}

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

/// The series of an answer that is at hand.
pub(super) fn series_of(text: &[u8], what: &str) -> Result<Vec<Series>, PiError> {
    let set: SeriesSet = client::read(text, what)?;
    set.complete()
}

/// One series, written like one of a set.
pub(super) fn one_series(series: &Value, what: &str) -> Result<Series, PiError> {
    let set = json!({ "Items": [series] });
    let one = series_of(set.to_string().as_bytes(), what)?.pop();
    one.ok_or_else(|| PiError::Interrupted(format!("{what}: there are no values")))
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
