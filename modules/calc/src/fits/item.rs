//! One value of an argument against the shape of it.

use crate::calendar;
use crate::shape::{Bound, Kind, Shape};
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::fmt;

/// Most faults told of one argument.
pub(super) const FAULTS: usize = 10;

/// Places within an argument, and what is wrong there.
pub(super) type Faults = Vec<(String, String)>;

/// One value of it.
pub(super) struct Item<'a> {
    pub(super) shape: &'a Shape,
    pub(super) faults: &'a mut Faults,
    pub(super) place: Place,
}

/// Where it stands in the argument.
#[derive(Clone, Copy)]
pub(super) enum Place {
    Alone,
    At(usize),
    Cell(usize, usize),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Self::Alone => Ok(()),
            Self::At(index) => write!(f, "/{index}"),
            Self::Cell(row, column) => write!(f, "/{row}/{column}"),
        }
    }
}

impl Item<'_> {
    pub(super) fn fault(&mut self, detail: impl Into<String>) {
        if self.faults.len() < FAULTS {
            self.faults.push((self.place.to_string(), detail.into()));
        }
    }

    fn number(&mut self, value: f64) {
        match self.shape.kind {
            Kind::Number | Kind::Matrix => {}
            Kind::Integer if value.fract() == 0.0 => {}
            _ => return self.fault(format!("must be {}", wanted(self.shape))),
        }
        if let Some(low) = self.shape.low.filter(|low| below(value, *low)) {
            let word = if low.open { "more than" } else { "at least" };
            self.fault(format!("must be {word} {}", low.at));
        }
        if let Some(high) = self
            .shape
            .high
            .filter(|high| below(-value, opposite(*high)))
        {
            let word = if high.open { "less than" } else { "at most" };
            self.fault(format!("must be {word} {}", high.at));
        }
    }

    pub(super) fn wrong(&mut self) {
        let wanted = wanted(self.shape);
        self.fault(format!("must be {wanted}"));
    }
}

pub(super) fn below(value: f64, bound: Bound) -> bool {
    if bound.open {
        value <= bound.at
    } else {
        value < bound.at
    }
}

pub(super) fn opposite(bound: Bound) -> Bound {
    Bound {
        at: -bound.at,
        ..bound
    }
}

/// The value in words.
pub(crate) fn wanted(shape: &Shape) -> String {
    if !shape.choices.is_empty() {
        return format!("one of {}", shape.choices.join(", "));
    }
    match shape.kind {
        Kind::Any => "a value",
        Kind::Number => "a number",
        Kind::Integer => "a whole number",
        Kind::Logical => "true or false",
        Kind::Text | Kind::Factor => "a text",
        Kind::Date => "a date such as 2026-01-31",
        Kind::Instant => "an instant such as 2026-01-31T08:00:00Z",
        Kind::Frame => "a data frame: {\"$frame\": {\"column\": [..]}}",
        Kind::Matrix => "an array of rows of numbers",
        Kind::List => "an array or an object",
    }
    .to_owned()
}

impl<'de> DeserializeSeed<'de> for Item<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Item<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a single value")
    }

    fn visit_unit<E>(mut self) -> Result<(), E> {
        if self.shape.complete {
            self.fault("must not be missing");
        }
        Ok(())
    }

    fn visit_bool<E>(mut self, _: bool) -> Result<(), E> {
        if self.shape.kind != Kind::Logical {
            self.wrong();
        }
        Ok(())
    }

    #[expect(clippy::cast_precision_loss, reason = "only compared")]
    fn visit_u64<E>(mut self, value: u64) -> Result<(), E> {
        self.number(value as f64);
        Ok(())
    }

    #[expect(clippy::cast_precision_loss, reason = "only compared")]
    fn visit_i64<E>(mut self, value: i64) -> Result<(), E> {
        self.number(value as f64);
        Ok(())
    }

    fn visit_f64<E>(mut self, value: f64) -> Result<(), E> {
        self.number(value);
        Ok(())
    }

    fn visit_str<E>(mut self, value: &str) -> Result<(), E> {
        let read = match self.shape.kind {
            Kind::Date => Some(calendar::date(value)),
            Kind::Instant => Some(calendar::instant(value)),
            _ => None,
        };
        if let Some(read) = read {
            if let Err(why) = read {
                self.fault(why.to_string());
            }
            return Ok(());
        }
        let fits = match self.shape.kind {
            Kind::Text | Kind::Factor => {
                let choices = &self.shape.choices;
                choices.is_empty() || choices.iter().any(|choice| choice == value)
            }
            Kind::Matrix => is_word(value),
            _ => self.shape.takes_words() && is_word(value),
        };
        if !fits {
            self.wrong();
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut items: A) -> Result<(), A::Error> {
        self.wrong();
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut members: A) -> Result<(), A::Error> {
        self.wrong();
        while members.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(())
    }
}

fn is_word(text: &str) -> bool {
    matches!(text, "NaN" | "Inf" | "-Inf")
}
