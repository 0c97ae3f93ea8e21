//! The rows a procedure answered with, and their way into types.

use std::sync::Arc;

use serde::de::value::{MapDeserializer, SeqDeserializer};
use serde::de::{DeserializeOwned, Deserializer, Error as _, IntoDeserializer, Visitor};

use super::value::time_text;
use super::{StoreError, Value};

/// The rows of the last statement of a procedure.
#[derive(Debug, Clone, Default)]
pub struct Rows {
    pub(super) columns: Arc<[String]>,
    pub(super) cells: Vec<Vec<Value>>,
    pub(super) affected: u64,
}

impl Rows {
    /// Every row as a `T`, its fields named as the columns; a single column decodes into a plain value.
    pub fn all<T: DeserializeOwned>(self) -> Result<Vec<T>, StoreError> {
        let columns = self.columns;
        self.cells
            .into_iter()
            .map(|cells| decode(&columns, cells))
            .collect()
    }

    /// The only row; none or several are an error.
    pub fn one<T: DeserializeOwned>(self) -> Result<T, StoreError> {
        let count = self.cells.len();
        self.optional()?.ok_or(StoreError::NotOne(count))
    }

    /// The only row, if there is one.
    pub fn optional<T: DeserializeOwned>(self) -> Result<Option<T>, StoreError> {
        if self.cells.len() > 1 {
            return Err(StoreError::NotOne(self.cells.len()));
        }
        Ok(self.all()?.pop())
    }

    /// How many rows the last writing statement changed.
    pub fn affected(&self) -> u64 {
        self.affected
    }

    /// How many rows came back.
    pub fn len(&self) -> usize {
        self.cells.len()
    }

    /// Whether no row came back.
    pub fn is_empty(&self) -> bool {
        self.cells.is_empty()
    }

    /// The names of the columns.
    pub fn columns(&self) -> &[String] {
        &self.columns
    }
}

fn decode<T: DeserializeOwned>(columns: &[String], cells: Vec<Value>) -> Result<T, StoreError> {
    T::deserialize(Row { columns, cells }).map_err(|error| StoreError::Decode(error.to_string()))
}

type Error = serde_json::Error;

struct Row<'c> {
    columns: &'c [String],
    cells: Vec<Value>,
}

impl Row<'_> {
    fn only(mut self) -> Result<Cell, Error> {
        match (self.cells.pop(), self.cells.is_empty()) {
            (Some(value), true) => Ok(Cell(value)),
            _ => Err(Error::custom("a plain value needs exactly one column")),
        }
    }
}

/// Passes a request for a plain value on to the only column.
macro_rules! to_only_column {
    ($($method:ident)*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            self.only()?.$method(visitor)
        })*
    };
}

impl<'de> Deserializer<'de> for Row<'_> {
    type Error = Error;

    to_only_column! {
        deserialize_bool deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_u8 deserialize_u16
        deserialize_u32 deserialize_u64 deserialize_f32 deserialize_f64 deserialize_char deserialize_str deserialize_string
        deserialize_bytes deserialize_byte_buf deserialize_option deserialize_identifier
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let names = self.columns.iter().map(String::as_str);
        visitor.visit_map(MapDeserializer::new(
            names.zip(self.cells.into_iter().map(Cell)),
        ))
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_any(visitor)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.deserialize_any(visitor)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_seq(SeqDeserializer::new(self.cells.into_iter().map(Cell)))
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.only()?.deserialize_enum(name, variants, visitor)
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_unit()
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_unit()
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_unit()
    }

    serde::forward_to_deserialize_any! { i128 u128 }
}

/// One cell. A text that is asked for as a struct, a list or a map is read as JSON.
struct Cell(Value);

impl Cell {
    fn json(&self) -> Result<serde_json::Value, Error> {
        match &self.0 {
            Value::Text(text) => serde_json::from_str(text),
            Value::Null => Ok(serde_json::Value::Null),
            other => Err(Error::custom(format!(
                "JSON text was expected, {} came",
                other.kind()
            ))),
        }
    }
}

impl IntoDeserializer<'_, Error> for Cell {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

impl<'de> Deserializer<'de> for Cell {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0 {
            Value::Null => visitor.visit_unit(),
            Value::Bool(truth) => visitor.visit_bool(truth),
            Value::Int(number) => visitor.visit_i64(number),
            Value::Real(number) => visitor.visit_f64(number),
            Value::Text(text) => visitor.visit_string(text),
            Value::Bytes(bytes) => visitor.visit_byte_buf(bytes),
            Value::Time(at) => visitor.visit_string(time_text(at)),
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0 {
            Value::Int(number @ (0 | 1)) => visitor.visit_bool(number == 1),
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0 {
            Value::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        if name == RAW_JSON {
            return self.json()?.deserialize_newtype_struct(name, visitor);
        }
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        match self.0 {
            Value::Text(ref text) if text.starts_with('{') => {
                self.json()?.deserialize_enum(name, variants, visitor)
            }
            Value::Text(text) => visitor.visit_enum(text.into_deserializer()),
            other => Err(Error::custom(format!(
                "a name was expected, {} came",
                other.kind()
            ))),
        }
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0 {
            Value::Bytes(bytes) => {
                visitor.visit_seq(SeqDeserializer::<_, Error>::new(bytes.into_iter()))
            }
            _ => self.json()?.deserialize_seq(visitor),
        }
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.json()?.deserialize_map(visitor)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.json()?.deserialize_struct(name, fields, visitor)
    }

    serde::forward_to_deserialize_any! {
        i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct identifier ignored_any
    }
}

/// The name under which `serde_json` asks for text it will not read.
const RAW_JSON: &str = "$serde_json::private::RawValue";

/// A JSON column as any JSON value: `#[serde(with = "dcp::store::json")]`.
pub mod json {
    use serde::de::{DeserializeOwned, Error as _};
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    /// Reads JSON text, or none for no value.
    pub fn deserialize<'de, D: Deserializer<'de>, T: DeserializeOwned>(
        from: D,
    ) -> Result<T, D::Error> {
        let text = Option::<String>::deserialize(from)?;
        serde_json::from_str(text.as_deref().unwrap_or("null")).map_err(D::Error::custom)
    }

    /// Writes the value as it is, so that an answer holds JSON and not text.
    pub fn serialize<S: Serializer, T: Serialize>(value: &T, to: S) -> Result<S::Ok, S::Error> {
        value.serialize(to)
    }
}
