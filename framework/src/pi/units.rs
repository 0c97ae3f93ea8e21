//! Units of measure: values in another unit, and the table by which the server converts.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::answer::one_series;
use super::objects::PiServer;
use super::paging::Page;
use super::series::Series;
use super::{PiClient, PiError, time};
use crate::limits;

/// A unit of measure, as the asset server knows it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all(deserialize = "PascalCase"))]
pub struct UnitOfMeasure {
    /// Name: `degree Celsius`.
    pub name: String,
    /// Abbreviation: `°C`.
    #[serde(default)]
    pub abbreviation: String,
    /// What it measures: `Temperature`.
    #[serde(default)]
    pub class: String,
    /// Canonical units in one of it.
    pub factor: f64,
    /// Its zero in canonical units.
    #[serde(default)]
    pub offset: f64,
}

impl UnitOfMeasure {
    /// A value of this unit in another one that measures the same.
    pub fn convert(&self, value: f64, to: &Self) -> Result<f64, PiError> {
        if self.class != to.class || to.factor == 0.0 {
            return Err(PiError::Unit(format!(
                "{} measures {}, {} measures {}: one cannot be told in the other",
                self.abbreviation, self.class, to.abbreviation, to.class
            )));
        }
        // The same value bit for bit where nothing is to be done.
        if (self.factor, self.offset) == (to.factor, to.offset) {
            return Ok(value);
        }
        Ok(value.mul_add(self.factor, self.offset - to.offset) / to.factor)
    }
}

impl PiClient {
    /// The newest value of a tag in a unit, by its abbreviation: a series of one row. The server converts.
    pub async fn value_in(&self, tag: &str, unit: &str) -> Result<Series, PiError> {
        let query = [("desiredUnits", unit)];
        let asked = self
            .get(&["streams", tag, "value"], &query, "the tag")
            .await;
        let value: Value = match asked {
            Ok(value) => value,
            Err(error) => return Err(self.without_unit(error, tag, unit).await),
        };
        let series = json!({ "UnitsAbbreviation": value["UnitsAbbreviation"], "Value": value });
        in_unit(one_series(&series, "the tag")?, tag, unit)
    }

    /// All recorded values of a tag from `start` to `end` in a unit, by its abbreviation. The server converts.
    pub async fn recorded_in(
        &self,
        tag: &str,
        unit: &str,
        start: Timestamp,
        end: Timestamp,
    ) -> Result<Series, PiError> {
        let end = time::format(end.as_microsecond());
        let first = self.page_in(tag, unit, start.as_microsecond(), &end).await;
        let mut all = match first {
            Ok(series) => series,
            Err(error) => return Err(self.without_unit(error, tag, unit).await),
        };
        let mut rows = all.len();
        while rows >= limits::PI_VALUES {
            // A full page means that there may be more, from a time that several values may share.
            let last = all.times.last().copied().unwrap_or_default();
            let known = all
                .times
                .iter()
                .rev()
                .take_while(|time| **time == last)
                .count();
            let page = self.page_in(tag, unit, last, &end).await?;
            rows = page.len();
            if rows >= limits::PI_VALUES && rows <= known {
                return Err(PiError::Truncated {
                    tag: tag.to_owned(),
                });
            }
            all.append(page, known);
        }
        Ok(all)
    }

    async fn page_in(
        &self,
        tag: &str,
        unit: &str,
        from: time::Micros,
        end: &str,
    ) -> Result<Series, PiError> {
        let (from, size) = (time::format(from), limits::PI_VALUES.to_string());
        let query = [
            ("startTime", from.as_str()),
            ("endTime", end),
            ("maxCount", &size),
            ("desiredUnits", unit),
        ];
        let series = self
            .get(&["streams", tag, "recorded"], &query, "the tag")
            .await?;
        in_unit(one_series(&series, "the tag")?, tag, unit)
    }

    /// What a refused unit is about: often the tag has none.
    async fn without_unit(&self, error: PiError, tag: &str, unit: &str) -> PiError {
        let PiError::Refused { errors, .. } = &error else {
            return error;
        };
        let reason = errors.join(" ");
        let own: Result<Value, _> = self.get(&["streams", tag, "value"], &[], "the tag").await;
        match own {
            Ok(value) => match value["UnitsAbbreviation"].as_str().unwrap_or_default() {
                "" => PiError::Unit(format!(
                    "the tag has no unit in PI, so its values cannot be told in {unit}; give it one there, or read it as it is"
                )),
                own => PiError::Unit(format!(
                    "the values are in {own} and cannot be told in {unit}: {reason}"
                )),
            },
            Err(_) => error,
        }
    }

    /// All units of measure that the asset server converts between.
    pub async fn units_of_measure(&self) -> Result<Vec<UnitOfMeasure>, PiError> {
        let name = &self.source().asset_server;
        let what = format!("the asset server {name}");
        let server: PiServer = self
            .get(&["assetservers"], &[("name", name)], &what)
            .await?;
        let path = ["assetservers", &server.web_id, "unitclasses"];
        let classes = self.all(&path, &[], &what, PiServer::id).await?;
        let mut all = Vec::new();
        for part in classes.chunks(limits::PI_BATCH_PARTS) {
            let paths: Vec<_> = part
                .iter()
                .map(|class| vec!["unitclasses", class.web_id.as_str(), "units"])
                .collect();
            let answers = self.get_many(&paths, &[]).await?;
            for (class, answer) in part.iter().zip(answers) {
                let units: Page<UnitOfMeasure> =
                    answer.content(&format!("the units of {}", class.name))?;
                all.extend(units.items.into_iter().map(|unit| UnitOfMeasure {
                    class: class.name.clone(),
                    ..unit
                }));
            }
        }
        Ok(all)
    }
}

/// A server that does not convert answers in the unit of the tag: noticed, never taken for the wanted one.
fn in_unit(series: Series, tag: &str, unit: &str) -> Result<Series, PiError> {
    if series.units == unit {
        return Ok(Series {
            web_id: tag.to_owned(),
            ..series
        });
    }
    Err(PiError::Unit(format!(
        "the server answers in '{}' where {unit} was asked for",
        series.units
    )))
}
