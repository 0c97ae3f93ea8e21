//! A value as a stream: what R gave as a data frame, as vectors of one length, or as a vector.

use crate::calendar;
use crate::engine::{Calendar, Moment};
use crate::members::Members;
use arrow_array::{
    ArrayRef, BooleanArray, Date32Array, Float64Array, NullArray, RecordBatch, StringArray,
    TimestampMicrosecondArray,
};
use arrow_ipc::writer::StreamWriter;
use arrow_schema::{ArrowError, Field, Schema};
use serde::de::{Deserialize, Deserializer, Visitor};
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

/// Why a value is no table.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NoTable {
    #[error("{0} is neither a vector of numbers, texts or truth values nor one of them")]
    Nested(String),
    #[error("{0} holds values of several kinds")]
    Mixed(String),
    #[error("its columns differ in length, or it has none")]
    Ragged,
    #[error("the stream could not be written")]
    Arrow(#[from] ArrowError),
}

/// The stream of a value, in which the calendar tells dates and instants from texts; `about` goes with its schema, under `dcp`.
pub(crate) fn stream(value: &[u8], moments: &Calendar, about: String) -> Result<Vec<u8>, NoTable> {
    let columns = columns(value, moments)?;
    let rows = columns.first().ok_or(NoTable::Ragged)?.0.len();
    if columns.iter().any(|(column, _)| column.len() != rows) {
        return Err(NoTable::Ragged);
    }
    let field =
        |(column, name): &(ArrayRef, String)| Field::new(name, column.data_type().clone(), true);
    let fields: Vec<Field> = columns.iter().map(field).collect();
    let about = HashMap::from([("dcp".to_owned(), about)]);
    let schema = Arc::new(Schema::new_with_metadata(fields, about));
    let columns = columns.into_iter().map(|(column, _)| column).collect();
    let batch = RecordBatch::try_new(schema.clone(), columns)?;
    let mut writer = StreamWriter::try_new(Vec::new(), &schema)?;
    writer.write(&batch)?;
    Ok(writer.into_inner()?)
}

fn columns(value: &[u8], moments: &Calendar) -> Result<Vec<(ArrayRef, String)>, NoTable> {
    if !value.trim_ascii_start().starts_with(b"{") {
        let text = std::str::from_utf8(value).unwrap_or_default();
        let moment = moments.get("").copied();
        return Ok(vec![(
            column("the value", text, moment)?,
            "value".to_owned(),
        )]);
    }
    let Members(members) =
        serde_json::from_slice(value).map_err(|_| NoTable::Nested("the value".into()))?;
    let each = members.into_iter();
    each.map(|(name, raw)| {
        let moment = moments.get(&name).copied();
        Ok((column(&name, raw.get(), moment)?, name))
    })
    .collect()
}

fn column(name: &str, text: &str, moment: Option<Moment>) -> Result<ArrayRef, NoTable> {
    let nested = |_| NoTable::Nested(name.to_owned());
    let cells: Vec<Cell> = if text.trim_ascii_start().starts_with('[') {
        serde_json::from_str(text).map_err(nested)?
    } else {
        vec![serde_json::from_str(text).map_err(nested)?]
    };
    let of_calendar = moment.and_then(|moment| of_calendar(&cells, moment));
    of_calendar
        .or_else(|| array(cells))
        .ok_or_else(|| NoTable::Mixed(name.to_owned()))
}

/// Days as Arrow counts them, instants in microseconds of UTC; nothing where a text is none that JSON has.
fn of_calendar(cells: &[Cell], moment: Moment) -> Option<ArrayRef> {
    let mut read = Vec::with_capacity(cells.len());
    for cell in cells {
        read.push(match (cell, moment) {
            (Cell::Missing, _) => None,
            (Cell::Text(text), Moment::Date) => Some(calendar::date(text).ok()?),
            (Cell::Text(text), Moment::Instant) => Some(calendar::instant(text).ok()?),
            _ => return None,
        });
    }
    Some(match moment {
        Moment::Date => {
            let days = read
                .into_iter()
                .map(|day| day.map(i32::try_from).transpose());
            Arc::new(days.collect::<Result<Date32Array, _>>().ok()?)
        }
        Moment::Instant => Arc::new(TimestampMicrosecondArray::from(read).with_timezone("UTC")),
    })
}

/// One value. NaN and infinities are texts in JSON: among texts they are texts, else the numbers.
enum Cell {
    Missing,
    Logical(bool),
    Number(f64),
    Word(f64, String),
    Text(String),
}

fn array(cells: Vec<Cell>) -> Option<ArrayRef> {
    let has = |kind: fn(&Cell) -> bool| cells.iter().any(kind);
    let logicals = has(|cell| matches!(cell, Cell::Logical(_)));
    let numbers = has(|cell| matches!(cell, Cell::Number(_)));
    let words = has(|cell| matches!(cell, Cell::Word(..)));
    let texts = has(|cell| matches!(cell, Cell::Text(_)));
    let rows = cells.len();
    let cells = cells.into_iter();
    Some(match (logicals, numbers, words, texts) {
        (false, false, false, false) => Arc::new(NullArray::new(rows)),
        (true, false, false, false) => Arc::new(cells.map(Cell::logical).collect::<BooleanArray>()),
        (false, _, _, false) => Arc::new(cells.map(Cell::number).collect::<Float64Array>()),
        (false, false, _, true) => Arc::new(cells.map(Cell::text).collect::<StringArray>()),
        _ => return None,
    })
}

impl Cell {
    fn logical(self) -> Option<bool> {
        match self {
            Self::Logical(value) => Some(value),
            _ => None,
        }
    }

    fn number(self) -> Option<f64> {
        match self {
            Self::Number(value) | Self::Word(value, _) => Some(value),
            _ => None,
        }
    }

    fn text(self) -> Option<String> {
        match self {
            Self::Text(value) | Self::Word(_, value) => Some(value),
            _ => None,
        }
    }
}

impl<'de> Deserialize<'de> for Cell {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader)
    }
}

struct Reader;

impl Visitor<'_> for Reader {
    type Value = Cell;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a number, text, truth value or null")
    }

    fn visit_unit<E>(self) -> Result<Cell, E> {
        Ok(Cell::Missing)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Cell, E> {
        Ok(Cell::Logical(value))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Cell, E> {
        Ok(Cell::Number(value))
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "a worker writes whole numbers up to 1e15 so"
    )]
    fn visit_i64<E>(self, value: i64) -> Result<Cell, E> {
        Ok(Cell::Number(value as f64))
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "a worker writes whole numbers up to 1e15 so"
    )]
    fn visit_u64<E>(self, value: u64) -> Result<Cell, E> {
        Ok(Cell::Number(value as f64))
    }

    fn visit_str<E>(self, value: &str) -> Result<Cell, E> {
        let number = match value {
            "NaN" => f64::NAN,
            "Inf" => f64::INFINITY,
            "-Inf" => f64::NEG_INFINITY,
            _ => return Ok(Cell::Text(value.to_owned())),
        };
        Ok(Cell::Word(number, value.to_owned()))
    }
}
