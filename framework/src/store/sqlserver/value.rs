//! Values on their way to SQL Server and back.

use std::borrow::Cow;

use jiff::Timestamp;
use tiberius::time::time::{Date, OffsetDateTime, PrimitiveDateTime};
use tiberius::{ColumnData, Command, IntoSql, Query, Row, ToSql as _};

use super::map;
use crate::clock::to_microseconds;
use crate::store::{StoreError, Value};

/// Adds a parameter, except a NULL one.
pub(super) fn bind(
    command: &mut Command<'_>,
    name: Cow<'static, str>,
    value: Value,
) -> Result<(), StoreError> {
    match value {
        Value::Null => {}
        Value::Bool(truth) => command.bind_param(name, truth),
        Value::Int(number) => command.bind_param(name, number),
        Value::Real(number) => command.bind_param(name, number),
        Value::Text(text) => command.bind_param(name, text),
        Value::Bytes(bytes) => command.bind_param(name, bytes),
        Value::Time(at) => command.bind_param(name, Instant::new(at)?),
    }
    Ok(())
}

/// Adds a parameter by its place, except a NULL one.
pub(super) fn bind_query(query: &mut Query<'_>, value: Value) -> Result<(), StoreError> {
    match value {
        Value::Null => {}
        Value::Bool(truth) => query.bind(truth),
        Value::Int(number) => query.bind(number),
        Value::Real(number) => query.bind(number),
        Value::Text(text) => query.bind(text),
        Value::Bytes(bytes) => query.bind(bytes),
        Value::Time(at) => query.bind(Instant::new(at)?),
    }
    Ok(())
}

/// An instant as DATETIMEOFFSET in UTC; as text it would depend on what the server converts by itself.
struct Instant(OffsetDateTime);

impl Instant {
    fn new(at: Timestamp) -> Result<Self, StoreError> {
        OffsetDateTime::from_unix_timestamp_nanos(at.as_nanosecond())
            .map(Self)
            .map_err(|error| StoreError::Decode(error.to_string()))
    }
}

impl<'a> IntoSql<'a> for Instant {
    fn into_sql(self) -> ColumnData<'a> {
        match self.0.to_sql() {
            ColumnData::DateTimeOffset(at) => ColumnData::DateTimeOffset(at),
            _ => ColumnData::DateTimeOffset(None),
        }
    }
}

/// The cells of a row.
pub(super) fn cells(row: &Row) -> Result<Vec<Value>, StoreError> {
    row.cells()
        .enumerate()
        .map(|(index, (_, data))| cell(row, index, data))
        .collect()
}

fn cell(row: &Row, index: usize, data: &ColumnData<'static>) -> Result<Value, StoreError> {
    let found = match data {
        ColumnData::U8(number) => number.map(|number| Value::Int(number.into())),
        ColumnData::I16(number) => number.map(|number| Value::Int(number.into())),
        ColumnData::I32(number) => number.map(|number| Value::Int(number.into())),
        ColumnData::I64(number) => number.map(Value::Int),
        ColumnData::F32(number) => number.map(|number| Value::Real(number.into())),
        ColumnData::F64(number) => number.map(Value::Real),
        ColumnData::Bit(truth) => truth.map(Value::Bool),
        ColumnData::String(text) => text.as_ref().map(|text| Value::Text(text.to_string())),
        ColumnData::Guid(id) => id.map(|id| Value::Text(id.to_string())),
        ColumnData::Binary(bytes) => bytes.as_ref().map(|bytes| Value::Bytes(bytes.to_vec())),
        ColumnData::Numeric(number) => number.map(|number| Value::Real(number.into())),
        ColumnData::Xml(document) => document
            .as_ref()
            .map(|document| Value::Text(document.to_string())),
        ColumnData::Date(_) => row
            .try_get::<Date, _>(index)
            .map_err(map)?
            .map(|day| Value::Text(day.to_string())),
        ColumnData::DateTimeOffset(_) => row
            .try_get::<OffsetDateTime, _>(index)
            .map_err(map)?
            .map(instant)
            .transpose()?,
        ColumnData::DateTime(_) | ColumnData::SmallDateTime(_) | ColumnData::DateTime2(_) => {
            let at = row.try_get::<PrimitiveDateTime, _>(index).map_err(map)?;
            at.map(|at| instant(at.assume_utc())).transpose()?
        }
        ColumnData::Time(_) => {
            return Err(StoreError::Decode("a time of day needs a day".to_owned()));
        }
    };
    Ok(found.unwrap_or(Value::Null))
}

fn instant(at: OffsetDateTime) -> Result<Value, StoreError> {
    let at = Timestamp::from_nanosecond(at.unix_timestamp_nanos());
    at.map(|at| Value::Time(to_microseconds(at)))
        .map_err(|error| StoreError::Decode(error.to_string()))
}
