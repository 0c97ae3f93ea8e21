//! Values that travel to a procedure and back.

use std::borrow::Cow;

use jiff::Timestamp;
use uuid::Uuid;

/// One parameter or one cell.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// No value.
    Null,
    /// Truth; an integer 0 or 1 on SQLite.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A double.
    Real(f64),
    /// Text, also JSON and identifiers.
    Text(String),
    /// Bytes.
    Bytes(Vec<u8>),
    /// An instant; text in a fixed width on SQLite, so that it sorts by time.
    Time(Timestamp),
}

impl Value {
    /// The kind of value, for messages.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "bool",
            Self::Int(_) => "integer",
            Self::Real(_) => "real",
            Self::Text(_) => "text",
            Self::Bytes(_) => "bytes",
            Self::Time(_) => "time",
        }
    }
}

/// The fixed-width text of an instant: UTC, microseconds.
pub fn time_text(at: Timestamp) -> String {
    format!("{at:.6}")
}

macro_rules! from {
    ($($source:ty => $value:ident => $make:expr;)*) => {
        $(impl From<$source> for Value {
            fn from($value: $source) -> Self { $make }
        })*
    };
}

from! {
    bool => v => Self::Bool(v);
    i64 => v => Self::Int(v);
    i32 => v => Self::Int(v.into());
    i16 => v => Self::Int(v.into());
    u8 => v => Self::Int(v.into());
    u16 => v => Self::Int(v.into());
    u32 => v => Self::Int(v.into());
    u64 => v => Self::Int(i64::try_from(v).unwrap_or(i64::MAX));
    usize => v => Self::Int(i64::try_from(v).unwrap_or(i64::MAX));
    f64 => v => Self::Real(v);
    String => v => Self::Text(v);
    &String => v => Self::Text(v.clone());
    &str => v => Self::Text(v.to_owned());
    Cow<'_, str> => v => Self::Text(v.into_owned());
    Vec<u8> => v => Self::Bytes(v);
    &Vec<u8> => v => Self::Bytes(v.clone());
    &[u8] => v => Self::Bytes(v.to_vec());
    Uuid => v => Self::Text(v.to_string());
    &Uuid => v => Self::Text(v.to_string());
    Timestamp => v => Self::Time(v);
    &Timestamp => v => Self::Time(*v);
    serde_json::Value => v => Self::Text(v.to_string());
    &serde_json::Value => v => Self::Text(v.to_string());
    &Option<String> => v => v.as_deref().map_or(Self::Null, Self::from);
}

impl<T> From<Option<T>> for Value
where
    Self: From<T>,
{
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Self::from)
    }
}

/// The parameters of a procedure, in the order of its header: `params![id, &name, None::<&str>]`.
#[macro_export]
macro_rules! params {
    ($($value:expr),* $(,)?) => {
        ::std::vec![$($crate::store::Value::from($value)),*]
    };
}
