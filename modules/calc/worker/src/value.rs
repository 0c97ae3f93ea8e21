//! JSON as R will hold it: arrays of one kind become vectors while they are read, never a tree of single numbers.

use crate::numbers;
use crate::typed::Typed;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use std::fmt;

/// Largest integer a double holds exactly; a larger one would be changed silently.
const EXACT: u64 = 1 << 53;

/// One JSON value in the shape R gives it.
#[derive(Debug, PartialEq)]
pub(crate) enum Value {
    Null,
    Logical(bool),
    Number(f64),
    Text(String),
    /// `None` is NA.
    Logicals(Vec<Option<bool>>),
    /// NA carries R's own bits.
    Numbers(Vec<f64>),
    Texts(Vec<Option<String>>),
    /// Rows of equal length.
    Matrix {
        rows: usize,
        columns: usize,
        by_row: Vec<f64>,
    },
    List(Vec<Value>),
    Object(Vec<(String, Value)>),
    /// Dates, instants or a factor.
    Typed(Typed),
    /// `{"$frame": {column: [..]}, ...}`: a data frame; further members become attributes.
    Frame {
        columns: Vec<(String, Value)>,
        attributes: Vec<(String, Value)>,
    },
}

/// R's NA among the doubles: a NaN with the year of birth of one of its authors in the low word.
pub(crate) fn na_real() -> f64 {
    f64::from_bits(0x7FF0_0000_0000_07A2)
}

fn named_number(text: &str) -> Option<f64> {
    match text {
        "NaN" => Some(f64::NAN),
        "Inf" => Some(f64::INFINITY),
        "-Inf" => Some(f64::NEG_INFINITY),
        _ => None,
    }
}

fn word(value: f64) -> String {
    if value.is_nan() {
        "NaN".into()
    } else if value > 0.0 {
        "Inf".into()
    } else {
        "-Inf".into()
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Logical(value))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Value::Number(value))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        if value > EXACT {
            return Err(E::custom(format!(
                "{value} is larger than 2^53: a number in R would not hold it exactly"
            )));
        }
        #[expect(clippy::cast_precision_loss, reason = "exact up to 2^53")]
        Ok(Value::Number(value as f64))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        match self.visit_u64::<E>(value.unsigned_abs())? {
            Value::Number(number) if value < 0 => Ok(Value::Number(-number)),
            other => Ok(other),
        }
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(named_number(value).map_or_else(|| Value::Text(value.to_owned()), Value::Number))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(named_number(&value).map_or(Value::Text(value), Value::Number))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut gathered = Gathered::Nulls(0);
        while let Some(item) = items.next_element::<Value>()? {
            gathered = gathered.add(item);
        }
        Ok(gathered.finish())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut pairs: Vec<(String, Value)> = Vec::new();
        while let Some(name) = members.next_key::<String>()? {
            if pairs.is_empty() && Typed::is_mark(&name) {
                return Typed::read(&name, members).map(Value::Typed);
            }
            pairs.push((name, members.next_value()?));
        }
        if pairs.first().is_some_and(|(name, _)| name == "$frame") {
            let (_, columns) = pairs.remove(0);
            return frame(columns, pairs).map_err(A::Error::custom);
        }
        Ok(Value::Object(pairs))
    }
}

fn frame(columns: Value, attributes: Vec<(String, Value)>) -> Result<Value, &'static str> {
    let Value::Object(columns) = columns else {
        return Err("$frame must be an object of columns");
    };
    let mut lengths = columns.iter().map(|(_, column)| column.length());
    if let Some(first) = lengths.next()
        && lengths.any(|length| length != first)
    {
        return Err("the columns of $frame differ in length");
    }
    Ok(Value::Frame {
        columns,
        attributes,
    })
}

impl Value {
    /// Reads a JSON text.
    pub(crate) fn read(text: &[u8]) -> serde_json::Result<Self> {
        match numbers::plain(text) {
            Some(numbers) => Ok(Self::Numbers(numbers)),
            None => serde_json::from_slice(text),
        }
    }

    /// Elements as R counts them.
    pub(crate) fn length(&self) -> usize {
        match self {
            Self::Null => 0,
            Self::Logical(_) | Self::Number(_) | Self::Text(_) => 1,
            Self::Logicals(items) => items.len(),
            Self::Numbers(items) => items.len(),
            Self::Texts(items) => items.len(),
            Self::Matrix { rows, columns, .. } => rows * columns,
            Self::List(items) => items.len(),
            Self::Typed(typed) => typed.length(),
            Self::Object(items) | Self::Frame { columns: items, .. } => items.len(),
        }
    }
}

/// An array while it is read: the narrowest vector that holds what came so far.
enum Gathered {
    Nulls(usize),
    Logicals(Vec<Option<bool>>),
    Numbers(Vec<f64>),
    Texts(Vec<Option<String>>),
    Mixed(Vec<Value>),
}

impl Gathered {
    fn add(self, item: Value) -> Self {
        match (self, item) {
            (Self::Nulls(count), Value::Null) => Self::Nulls(count + 1),
            (Self::Nulls(count), Value::Logical(value)) => {
                Self::Logicals(after(vec![None; count], Some(value)))
            }
            (Self::Nulls(count), Value::Number(value)) => {
                Self::Numbers(after(vec![na_real(); count], value))
            }
            (Self::Nulls(count), Value::Text(value)) => {
                Self::Texts(after(vec![None; count], Some(value)))
            }
            (Self::Logicals(items), Value::Logical(value)) => {
                Self::Logicals(after(items, Some(value)))
            }
            (Self::Logicals(items), Value::Null) => Self::Logicals(after(items, None)),
            (Self::Numbers(items), Value::Number(value)) => Self::Numbers(after(items, value)),
            (Self::Numbers(items), Value::Null) => Self::Numbers(after(items, na_real())),
            (Self::Texts(items), Value::Text(value)) => Self::Texts(after(items, Some(value))),
            // Among texts the word is meant, not the number.
            (Self::Texts(items), Value::Number(value)) if !value.is_finite() => {
                Self::Texts(after(items, Some(word(value))))
            }
            (Self::Texts(items), Value::Null) => Self::Texts(after(items, None)),
            (Self::Numbers(items), Value::Text(value)) if !items.iter().any(|x| x.is_finite()) => {
                let words = items.into_iter().map(|item| match number_or_null(item) {
                    Value::Number(number) => Some(word(number)),
                    _ => None,
                });
                Self::Texts(after(words.collect(), Some(value)))
            }
            (gathered, item) => Self::Mixed(after(gathered.into_items(), item)),
        }
    }

    fn into_items(self) -> Vec<Value> {
        match self {
            Self::Nulls(count) => (0..count).map(|_| Value::Null).collect(),
            Self::Logicals(items) => items
                .into_iter()
                .map(|item| item.map_or(Value::Null, Value::Logical))
                .collect(),
            Self::Numbers(items) => items.into_iter().map(number_or_null).collect(),
            Self::Texts(items) => items
                .into_iter()
                .map(|item| item.map_or(Value::Null, Value::Text))
                .collect(),
            Self::Mixed(items) => items,
        }
    }

    fn finish(self) -> Value {
        match self {
            // R's neutral vector: it takes the kind of whatever it meets.
            Self::Nulls(count) => Value::Logicals(vec![None; count]),
            Self::Logicals(items) => Value::Logicals(items),
            Self::Numbers(items) => Value::Numbers(items),
            Self::Texts(items) => Value::Texts(items),
            Self::Mixed(items) => rows(items),
        }
    }
}

fn number_or_null(value: f64) -> Value {
    if value.to_bits() == na_real().to_bits() {
        Value::Null
    } else {
        Value::Number(value)
    }
}

fn after<T>(mut items: Vec<T>, item: T) -> Vec<T> {
    items.push(item);
    items
}

/// Arrays of numbers of one length are a matrix, anything else stays a list.
fn rows(items: Vec<Value>) -> Value {
    let width = match items.first() {
        Some(Value::Numbers(first)) => first.len(),
        _ => return Value::List(items),
    };
    if !items
        .iter()
        .all(|item| matches!(item, Value::Numbers(row) if row.len() == width))
    {
        return Value::List(items);
    }
    let rows = items.len();
    let mut by_row = Vec::with_capacity(rows * width);
    for item in items {
        if let Value::Numbers(mut row) = item {
            by_row.append(&mut row);
        }
    }
    Value::Matrix {
        rows,
        columns: width,
        by_row,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Value {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn arrays_of_one_kind_become_vectors() {
        assert_eq!(read("[1, 2.5]"), Value::Numbers(vec![1.0, 2.5]));
        assert_eq!(
            read("[true, null]"),
            Value::Logicals(vec![Some(true), None])
        );
        assert_eq!(
            read(r#"[null, "a"]"#),
            Value::Texts(vec![None, Some("a".into())])
        );
        assert_eq!(read("[]"), Value::Logicals(vec![]));
        assert_eq!(
            read(r#"["Inf", 1]"#),
            Value::Numbers(vec![f64::INFINITY, 1.0])
        );
        assert_eq!(
            read(r#"["Inf", null, "a"]"#),
            Value::Texts(vec![Some("Inf".into()), None, Some("a".into())])
        );
        assert_eq!(
            read(r#"[1, "a"]"#),
            Value::List(vec![Value::Number(1.0), Value::Text("a".into())])
        );
    }

    #[test]
    fn rows_of_one_length_become_a_matrix_and_ragged_ones_a_list() {
        assert_eq!(
            read("[[1,2],[3,4]]"),
            Value::Matrix {
                rows: 2,
                columns: 2,
                by_row: vec![1.0, 2.0, 3.0, 4.0]
            }
        );
        assert!(matches!(read("[[1,2],[3]]"), Value::List(_)));
    }

    #[test]
    fn a_whole_number_that_a_double_cannot_hold_is_refused() {
        assert_eq!(
            read("9007199254740992"),
            Value::Number(9_007_199_254_740_992.0)
        );
        let error = serde_json::from_str::<Value>("9007199254740993").unwrap_err();
        assert!(error.to_string().contains("2^53"));
    }

    #[test]
    fn a_frame_needs_columns_of_one_length() {
        assert!(matches!(
            read(r#"{"$frame":{"a":[1,2],"b":["x","y"]}}"#),
            Value::Frame { .. }
        ));
        assert!(serde_json::from_str::<Value>(r#"{"$frame":{"a":[1,2],"b":["x"]}}"#).is_err());
    }
}
