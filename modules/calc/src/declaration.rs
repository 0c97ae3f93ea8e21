//! What an author declares of an argument, before the text of its `@param`.
//!
//! `[numeric(1..100000), >=0, unit mg/L]`: a type, how many values, and what is true of each. Types: numeric, integer,
//! logical, character, Date, `POSIXct`, factor, data.frame, matrix, list, any. Constraints: `>=0`, `>0`, `<=1`, `<1`, `one of a|b|c`, `unit u`,
//! `no missing`, `null`. A data frame may name columns that it must have: `[data.frame(day = Date, dose = numeric), null]`.

use crate::shape::{Bound, Kind, Shape};

/// What stands in brackets before a text, and the text; `None` when the brackets hold no type.
pub(crate) fn declared(text: &str) -> Option<(Result<Shape, String>, &str)> {
    let (inside, rest) = text.strip_prefix('[')?.split_once(']')?;
    if let Some((columns, constraints)) = columns_of(inside) {
        return Some((frame(columns, constraints), rest.trim()));
    }
    let mut parts = inside.split(',').map(str::trim);
    let head = parts.next()?;
    let (word, length) = head
        .strip_suffix(')')
        .and_then(|head| head.split_once('('))
        .map_or((head, None), |(word, length)| (word, Some(length)));
    let kind = Kind::of_word(word.trim())?;
    let mut shape = Shape {
        kind,
        ..Shape::default()
    };
    let read = || {
        if let Some(length) = length {
            shape.count(length)?;
        }
        for part in parts {
            shape.constrain(part)?;
        }
        Ok(shape)
    };
    Some((read(), rest.trim()))
}

/// The columns between the parentheses of a data frame, and what follows them.
fn columns_of(inside: &str) -> Option<(&str, &str)> {
    let (word, rest) = inside.split_once('(')?;
    let (columns, constraints) = rest.split_once(')')?;
    let is_frame = Kind::of_word(word.trim()) == Some(Kind::Frame);
    (is_frame && columns.contains('=')).then_some((columns, constraints))
}

fn frame(columns: &str, constraints: &str) -> Result<Shape, String> {
    let mut shape = Shape {
        kind: Kind::Frame,
        ..Shape::default()
    };
    for column in columns.split(',') {
        let (name, word) = column.split_once('=').unwrap_or((column, ""));
        let kind = Kind::of_word(word.trim()).filter(|kind| kind.is_vector());
        let kind = kind.ok_or_else(|| format!("{:?} is no column and its type", column.trim()))?;
        let column = Shape {
            kind,
            ..Shape::default()
        };
        shape.columns.push((name.trim().to_owned(), column));
    }
    for part in constraints.split(',').map(str::trim) {
        if !part.is_empty() {
            shape.constrain(part)?;
        }
    }
    Ok(shape)
}

impl Shape {
    fn count(&mut self, text: &str) -> Result<(), String> {
        let number = |text: &str| {
            let text = text.trim();
            let wrong = || format!("{text:?} is no number of values");
            text.parse::<u64>().map_err(|_| wrong())
        };
        if let Some((least, most)) = text.split_once("..") {
            self.least = number(least)?;
            self.most = if most.trim().is_empty() {
                None
            } else {
                Some(number(most)?)
            };
        } else {
            self.least = number(text)?;
            self.most = Some(self.least);
        }
        Ok(())
    }

    fn constrain(&mut self, text: &str) -> Result<(), String> {
        let bound = |text: &str, open| {
            let number = text.trim().parse::<f64>().ok();
            let number = number.filter(|number| number.is_finite());
            let bound = number.map(|at| Bound { at, open });
            bound.ok_or_else(|| format!("{text:?} is no number"))
        };
        if let Some(unit) = text.strip_prefix("unit ") {
            self.unit = Some(unit.trim().to_owned());
        } else if let Some(choices) = text.strip_prefix("one of ") {
            self.choices = choices
                .split('|')
                .map(|one| one.trim().to_owned())
                .collect();
        } else if text == "no missing" {
            self.complete = true;
        } else if text == "null" {
            self.nullable = true;
        } else if let Some(at) = text.strip_prefix(">=") {
            self.low = Some(bound(at, false)?);
        } else if let Some(at) = text.strip_prefix("<=") {
            self.high = Some(bound(at, false)?);
        } else if let Some(at) = text.strip_prefix('>') {
            self.low = Some(bound(at, true)?);
        } else if let Some(at) = text.strip_prefix('<') {
            self.high = Some(bound(at, true)?);
        } else {
            return Err(format!("{text:?} is no constraint"));
        }
        Ok(())
    }
}
