//! Values of one stream in columns, read from JSON without a tree in between.
//!
//! Nothing is dropped: a value that is no usable number stands as NaN with a [`Status`] that says why.

#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use serde::Deserialize;
use serde::de::{self, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::status::{Status, StatusColumn};
use super::time::{self, Micros};

/// The values of one stream.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Series {
    /// WebID of the stream.
    pub web_id: String,
    /// Name of the tag or attribute.
    pub name: String,
    /// Its path.
    pub path: String,
    /// Abbreviation of its unit.
    pub units: String,
    /// When, in microseconds since 1970 UTC. Several values may share one time.
    pub times: Vec<Micros>,
    /// The numbers; NaN where the status is not usable. A digital state is its number.
    pub values: Vec<f64>,
    /// What each value is worth.
    pub status: StatusColumn,
    /// Texts and names of digital states by row; rows of numbers have none.
    pub texts: BTreeMap<usize, String>,
    /// Names of the system states that occur.
    pub states: BTreeMap<i32, String>,
    /// Whether somebody annotated or substituted one of the values.
    pub edited: bool,
    /// What the server says about a failure in the middle of this stream.
    pub failure: Option<String>,
    /// Where the values come from when they were kept.
    pub kept: Option<Kept>,
}

/// Since when values are kept, where some of a series were not read anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kept {
    /// When the oldest of them were read from the server.
    pub read_at: Timestamp,
    /// Whether the server could not be asked if they still hold.
    pub stale: bool,
}

impl Kept {
    /// Of two parts: the older one, stale when one of them is.
    pub fn joined(one: Option<Self>, other: Option<Self>) -> Option<Self> {
        match (one, other) {
            (Some(one), Some(other)) => Some(Self {
                read_at: one.read_at.min(other.read_at),
                stale: one.stale || other.stale,
            }),
            (one, other) => one.or(other),
        }
    }
}

impl Series {
    /// Number of values.
    pub fn len(&self) -> usize {
        self.times.len()
    }

    /// Whether there is no value.
    pub fn is_empty(&self) -> bool {
        self.times.is_empty()
    }

    /// Times in milliseconds, as browsers count.
    pub fn times_ms(&self) -> Vec<i64> {
        self.times
            .iter()
            .map(|time| time.div_euclid(1000))
            .collect()
    }

    /// A state in words: `I/O Timeout`, `questionable`, ...
    pub fn describe(&self, status: Status) -> String {
        match status {
            Status::State(value) => self
                .states
                .get(&value)
                .cloned()
                .unwrap_or_else(|| format!("state {value}")),
            other => format!("{other:?}").to_lowercase(),
        }
    }

    /// Stretches of equal status: first and last time, and the status.
    pub fn stretches(&self) -> Vec<(Micros, Micros, Status)> {
        let mut stretches: Vec<(Micros, Micros, Status)> = Vec::new();
        for (time, status) in self.times.iter().zip(self.status.iter()) {
            match stretches.last_mut() {
                Some(last) if last.2 == *status => last.1 = *time,
                _ => stretches.push((*time, *time, *status)),
            }
        }
        stretches
    }

    /// Whether the values of a later part can stand behind these.
    pub(super) fn agrees_in_unit(&self, later: &Self) -> bool {
        self.units == later.units || self.is_empty() || later.is_empty()
    }

    /// Appends the values of a later page from row `from` on.
    pub(super) fn append(&mut self, page: Self, from: usize) {
        if self.is_empty() && from == 0 {
            let kept = Kept::joined(self.kept, page.kept);
            *self = Self { kept, ..page };
            return;
        }
        let offset = self.len();
        self.times
            .extend_from_slice(page.times.get(from..).unwrap_or_default());
        self.values
            .extend_from_slice(page.values.get(from..).unwrap_or_default());
        self.status.append(&page.status, from, page.status.len());
        self.texts.extend(
            page.texts
                .into_iter()
                .filter(|(row, _)| *row >= from)
                .map(|(row, text)| (row - from + offset, text)),
        );
        self.states.extend(page.states);
        self.edited |= page.edited;
        self.failure = self.failure.take().or(page.failure);
        self.kept = Kept::joined(self.kept, page.kept);
    }

    /// The rows of a time range, `to` excluded.
    #[must_use]
    pub(super) fn within(self, from: Micros, to: Micros) -> Self {
        let first = self.times.partition_point(|time| *time < from);
        let last = self.times.partition_point(|time| *time < to).max(first);
        if first == 0 && last == self.len() {
            return self;
        }
        Self {
            times: self.times.get(first..last).unwrap_or_default().to_vec(),
            values: self.values.get(first..last).unwrap_or_default().to_vec(),
            status: self.status.part(first, last),
            texts: self
                .texts
                .range(first..last)
                .map(|(row, text)| (row - first, text.clone()))
                .collect(),
            ..self
        }
    }

    pub(super) fn push(&mut self, value: TimedValue<'_>) -> Result<(), String> {
        let time = time::parse(&value.timestamp)
            .ok_or_else(|| format!("'{}' is not a time", value.timestamp))?;
        self.edited |= value.annotated || value.substituted;
        let (number, status) = self.judge(value);
        self.times.push(time);
        self.values
            .push(if status.is_usable() { number } else { f64::NAN });
        self.status.push(status);
        Ok(())
    }

    fn judge(&mut self, value: TimedValue<'_>) -> (f64, Status) {
        let marked = match (value.good, value.questionable, value.substituted) {
            (false, ..) => Status::Bad,
            (_, true, _) => Status::Questionable,
            (_, _, true) => Status::Substituted,
            _ => Status::Good,
        };
        if value.errors {
            return (f64::NAN, Status::Failed);
        }
        match value.value {
            Reading::Number(number) => (number, marked),
            Reading::Text(text) => {
                self.texts.insert(self.times.len(), text.into_owned());
                (
                    f64::NAN,
                    if marked == Status::Bad {
                        Status::Bad
                    } else {
                        Status::Text
                    },
                )
            }
            Reading::State {
                name,
                value,
                system,
            } if system || marked == Status::Bad => {
                self.states.insert(value, name.into_owned());
                (f64::NAN, Status::State(value))
            }
            Reading::State { name, value, .. } => {
                self.texts.insert(self.times.len(), name.into_owned());
                (f64::from(value), marked)
            }
            Reading::None => (
                f64::NAN,
                if marked == Status::Bad {
                    Status::Bad
                } else {
                    Status::Missing
                },
            ),
        }
    }
}

/// One value on the wire.
#[expect(
    clippy::struct_excessive_bools,
    reason = "the marks PI puts on a value"
)]
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct TimedValue<'a> {
    #[serde(borrow, default)]
    pub(super) timestamp: Cow<'a, str>,
    #[serde(borrow, default)]
    pub(super) value: Reading<'a>,
    #[serde(default = "yes")]
    pub(super) good: bool,
    #[serde(default)]
    pub(super) questionable: bool,
    #[serde(default)]
    pub(super) substituted: bool,
    #[serde(default)]
    pub(super) annotated: bool,
    #[serde(default, deserialize_with = "any_errors")]
    errors: bool,
}

fn yes() -> bool {
    true
}

impl Default for TimedValue<'_> {
    fn default() -> Self {
        Self {
            timestamp: Cow::default(),
            value: Reading::default(),
            good: yes(),
            questionable: false,
            substituted: false,
            annotated: false,
            errors: false,
        }
    }
}

/// Whether a list of errors is there and not empty.
fn any_errors<'de, D: Deserializer<'de>>(input: D) -> Result<bool, D::Error> {
    Ok(Option::<Vec<IgnoredAny>>::deserialize(input)?.is_some_and(|errors| !errors.is_empty()))
}

/// What stands in `Value`.
#[derive(Default)]
pub(super) enum Reading<'a> {
    #[default]
    None,
    Number(f64),
    Text(Cow<'a, str>),
    State {
        name: Cow<'a, str>,
        value: i32,
        system: bool,
    },
}

impl<'de: 'a, 'a> Deserialize<'de> for Reading<'a> {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        input.deserialize_any(ReadingVisitor)
    }
}

struct ReadingVisitor;

impl<'de> Visitor<'de> for ReadingVisitor {
    type Value = Reading<'de>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a value of a PI stream")
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<Reading<'de>, E> {
        Ok(Reading::Number(number))
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "PI's whole numbers have 32 bits; larger ones are shown as doubles everywhere"
    )]
    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Reading<'de>, E> {
        Ok(Reading::Number(number as f64))
    }

    #[expect(clippy::cast_precision_loss, reason = "as above")]
    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Reading<'de>, E> {
        Ok(Reading::Number(number as f64))
    }

    fn visit_bool<E: de::Error>(self, truth: bool) -> Result<Reading<'de>, E> {
        Ok(Reading::Number(f64::from(u8::from(truth))))
    }

    fn visit_unit<E: de::Error>(self) -> Result<Reading<'de>, E> {
        Ok(Reading::None)
    }

    fn visit_borrowed_str<E: de::Error>(self, text: &'de str) -> Result<Reading<'de>, E> {
        Ok(Reading::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Reading<'de>, E> {
        Ok(Reading::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Reading<'de>, A::Error> {
        let (mut name, mut value, mut system) = (Cow::Borrowed(""), 0, false);
        while let Some(key) = map.next_key::<Cow<'de, str>>()? {
            match key.as_ref() {
                "Name" => name = map.next_value::<Text<'de>>()?.0,
                "Value" => value = map.next_value::<i32>()?,
                "IsSystem" => system = map.next_value()?,
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(Reading::State {
            name,
            value,
            system,
        })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Reading<'de>, A::Error> {
        let mut count = 0;
        while items.next_element::<IgnoredAny>()?.is_some() {
            count += 1;
        }
        Ok(Reading::Text(Cow::Owned(format!("array of {count}"))))
    }
}

#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);
