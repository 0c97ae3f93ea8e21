//! Whether a value fits its shape: one pass over the JSON text, nothing is kept of it.
//!
//! Says the same as a general validator with the schema made from the same shape (a test compares them), in the time it
//! takes to read the numbers.

use crate::arguments::pointer;
use crate::engine::BadArgument;
use crate::shape::{Bound, Kind, Shape};
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::fmt;

/// Most faults told of one argument.
const FAULTS: usize = 10;

/// Adds what is wrong with the value of an argument.
pub(crate) fn check(shape: &Shape, name: &str, json: &[u8], bad: &mut Vec<BadArgument>) {
    if shape.kind == Kind::Any || plainly_fits(shape, json) {
        return;
    }
    let mut faults = Vec::new();
    let whole = Whole {
        shape,
        faults: &mut faults,
    };
    let mut reader = serde_json::Deserializer::from_slice(json);
    if let Err(error) = whole.deserialize(&mut reader) {
        let text = error.to_string();
        let detail = text.split(" at line ").next().unwrap_or_default();
        faults.push((String::new(), detail.to_owned()));
    }
    bad.extend(faults.into_iter().take(FAULTS).map(|(place, detail)| {
        let pointer = pointer(name) + &place;
        BadArgument { pointer, detail }
    }));
}

/// Whether it is an array of nothing but numbers within the bounds: the long arguments are, and their text is known to be
/// JSON. `false` says only that it must be looked at more closely.
fn plainly_fits(shape: &Shape, json: &[u8]) -> bool {
    let inside = json.trim_ascii().strip_prefix(b"[");
    let Some(inside) = inside.and_then(|rest| rest.strip_suffix(b"]")) else {
        return false;
    };
    if shape.kind != Kind::Number || !shape.takes_array() {
        return false;
    }
    let bounded = shape.low.is_some() || shape.high.is_some();
    let mut count = 0;
    for token in inside.split(|byte| *byte == b',') {
        let token = token.trim_ascii();
        let is_number = token
            .first()
            .is_some_and(|first| first.is_ascii_digit() || *first == b'-');
        if !is_number || (bounded && !within(shape, token)) {
            return false;
        }
        count += 1;
    }
    count >= shape.least && shape.most.is_none_or(|most| count <= most)
}

fn within(shape: &Shape, number: &[u8]) -> bool {
    let value = std::str::from_utf8(number).ok();
    let Some(value) = value.and_then(|text| text.parse::<f64>().ok()) else {
        return false;
    };
    !shape.low.is_some_and(|low| below(value, low))
        && !shape.high.is_some_and(|high| below(-value, opposite(high)))
}

type Faults = Vec<(String, String)>;

/// The argument itself.
struct Whole<'a> {
    shape: &'a Shape,
    faults: &'a mut Faults,
}

/// One value of it.
struct Item<'a> {
    shape: &'a Shape,
    faults: &'a mut Faults,
    place: Place,
}

#[derive(Clone, Copy)]
enum Place {
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
    fn fault(&mut self, detail: impl Into<String>) {
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

    fn wrong(&mut self) {
        let wanted = wanted(self.shape);
        self.fault(format!("must be {wanted}"));
    }
}

fn below(value: f64, bound: Bound) -> bool {
    if bound.open {
        value <= bound.at
    } else {
        value < bound.at
    }
}

fn opposite(bound: Bound) -> Bound {
    Bound {
        at: -bound.at,
        ..bound
    }
}

/// The value in words.
fn wanted(shape: &Shape) -> String {
    if !shape.choices.is_empty() {
        return format!("one of {}", shape.choices.join(", "));
    }
    match shape.kind {
        Kind::Any => "a value",
        Kind::Number => "a number",
        Kind::Integer => "a whole number",
        Kind::Logical => "true or false",
        Kind::Text => "a text",
        Kind::Frame => "a data frame: {\"$frame\": {\"column\": [..]}}",
        Kind::Matrix => "an array of rows of numbers",
        Kind::List => "an array or an object",
    }
    .to_owned()
}

impl<'de> DeserializeSeed<'de> for Whole<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl Whole<'_> {
    fn alone(&mut self) -> Item<'_> {
        Item {
            shape: self.shape,
            faults: self.faults,
            place: Place::Alone,
        }
    }

    /// A single value where one is taken.
    fn single(&mut self) -> Option<Item<'_>> {
        let taken = self.shape.kind.is_vector() && self.shape.takes_single();
        if taken {
            return Some(self.alone());
        }
        let wanted = if self.shape.kind.is_vector() {
            "an array".to_owned()
        } else {
            wanted(self.shape)
        };
        self.alone().fault(format!("must be {wanted}"));
        None
    }

    fn count(&mut self, count: usize) {
        let count = count as u64;
        let (least, most) = (self.shape.least, self.shape.most);
        if count < least || most.is_some_and(|most| count > most) {
            let wanted = match most {
                Some(most) if most == least => least.to_string(),
                Some(most) => format!("{least} to {most}"),
                None => format!("at least {least}"),
            };
            self.alone()
                .fault(format!("must hold {wanted} values, holds {count}"));
        }
    }
}

impl<'de> Visitor<'de> for Whole<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(mut self) -> Result<(), E> {
        if !self.shape.nullable {
            let wanted = wanted(self.shape);
            self.alone().fault(format!("must be {wanted}, not null"));
        }
        Ok(())
    }

    fn visit_bool<E: Error>(mut self, value: bool) -> Result<(), E> {
        self.single().map_or(Ok(()), |item| item.visit_bool(value))
    }

    fn visit_u64<E: Error>(mut self, value: u64) -> Result<(), E> {
        self.single().map_or(Ok(()), |item| item.visit_u64(value))
    }

    fn visit_i64<E: Error>(mut self, value: i64) -> Result<(), E> {
        self.single().map_or(Ok(()), |item| item.visit_i64(value))
    }

    fn visit_f64<E: Error>(mut self, value: f64) -> Result<(), E> {
        self.single().map_or(Ok(()), |item| item.visit_f64(value))
    }

    fn visit_str<E: Error>(mut self, value: &str) -> Result<(), E> {
        self.single().map_or(Ok(()), |item| item.visit_str(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut items: A) -> Result<(), A::Error> {
        match self.shape.kind {
            Kind::List => while items.next_element::<IgnoredAny>()?.is_some() {},
            Kind::Matrix => rows(&mut self, &mut items)?,
            kind if kind.is_vector() && self.shape.takes_array() => {
                let mut index = 0;
                while let Some(()) = items.next_element_seed(Item {
                    shape: self.shape,
                    faults: self.faults,
                    place: Place::At(index),
                })? {
                    index += 1;
                }
                self.count(index);
            }
            _ => {
                self.alone().wrong();
                while items.next_element::<IgnoredAny>()?.is_some() {}
            }
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut members: A) -> Result<(), A::Error> {
        let mut has_frame = false;
        while let Some(name) = members.next_key::<std::borrow::Cow<'de, str>>()? {
            has_frame |= name == "$frame";
            members.next_value::<IgnoredAny>()?;
        }
        match self.shape.kind {
            Kind::List => {}
            Kind::Frame if has_frame => {}
            _ => self.alone().wrong(),
        }
        Ok(())
    }
}

fn rows<'de, A: SeqAccess<'de>>(whole: &mut Whole<'_>, rows: &mut A) -> Result<(), A::Error> {
    let mut row = 0;
    while let Some(()) = rows.next_element_seed(Row {
        shape: whole.shape,
        faults: whole.faults,
        index: row,
    })? {
        row += 1;
    }
    Ok(())
}

/// A row of a matrix.
struct Row<'a> {
    shape: &'a Shape,
    faults: &'a mut Faults,
    index: usize,
}

impl<'de> DeserializeSeed<'de> for Row<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Row<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a row of numbers")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut cells: A) -> Result<(), A::Error> {
        let mut column = 0;
        while let Some(()) = cells.next_element_seed(Item {
            shape: self.shape,
            faults: self.faults,
            place: Place::Cell(self.index, column),
        })? {
            column += 1;
        }
        Ok(())
    }
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
        let fits = match self.shape.kind {
            Kind::Text => {
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

#[cfg(test)]
mod tests;
