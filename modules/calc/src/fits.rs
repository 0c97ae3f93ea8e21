//! Whether a value fits its shape: one pass over the JSON text, nothing is kept of it.
//!
//! Says the same as a general validator with the schema made from the same shape (a test compares them), in the time it
//! takes to read the numbers.

mod item;

use crate::engine::BadArgument;
use crate::shape::{Kind, Shape};
pub(crate) use item::wanted;
use item::{FAULTS, Faults, Item, Place, below, opposite};
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::fmt;

/// Adds what is wrong with the value that stands at a pointer.
pub(crate) fn check(shape: &Shape, at: &str, json: &[u8], bad: &mut Vec<BadArgument>) {
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
        let pointer = format!("{at}{place}");
        BadArgument { pointer, detail }
    }));
}

/// Whether it is an array of nothing but numbers within the bounds: the long arguments are. One that is no JSON is refused where it is read.
/// `false` says only that it must be looked at more closely.
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

/// The argument itself.
struct Whole<'a> {
    shape: &'a Shape,
    faults: &'a mut Faults,
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

#[cfg(test)]
mod tests;
