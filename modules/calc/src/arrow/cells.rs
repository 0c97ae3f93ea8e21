//! The cells of a column as JSON, one after the other.

use crate::calendar::{self, Wrong};
use arrow_array::Array;
use arrow_array::cast::AsArray;
use arrow_array::types::{
    Date32Type, Date64Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
    TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType,
    TimestampSecondType, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_schema::{DataType, TimeUnit};
use std::fmt::Display;
use std::io::Write;

/// Most bytes of the arguments as JSON: a few bytes of a stream can stand for any number of cells.
const LONGEST: usize = 128 << 20;
/// Milliseconds of a day.
const DAY_MS: i64 = 86_400_000;
/// Days since 1970 that have a text: those of the years 0 to 9999.
const CALENDAR: std::ops::Range<i64> = -719_528..2_932_897;

/// Why a column has no JSON form.
#[derive(Debug, thiserror::Error)]
pub(super) enum NoVector {
    #[error(
        "is a column of {0}, for which R has no vector; use numbers, texts, truth values, dates or instants"
    )]
    Type(DataType),
    #[error("holds {0}, which is beyond 2^53: a number in R would not hold it exactly")]
    Inexact(String),
    #[error("holds a date or an instant outside the years 0 to 9999")]
    Instant,
    #[error("holds an instant that {0}")]
    Moment(Wrong),
    #[error("is longer than {} MiB as JSON", LONGEST >> 20)]
    Long,
    #[error("cannot be written")]
    Write(#[from] std::io::Error),
    #[error("cannot be written")]
    Json(#[from] serde_json::Error),
}

/// The cells of a column, one after the other.
pub(super) struct Cells<'a> {
    out: &'a mut Vec<u8>,
    begun: bool,
}

impl<'a> Cells<'a> {
    pub(super) fn new(out: &'a mut Vec<u8>) -> Self {
        Self { out, begun: false }
    }

    pub(super) fn add(&mut self, array: &dyn Array) -> Result<(), NoVector> {
        macro_rules! whole {
            ($kind:ty) => {
                self.each(array.as_primitive::<$kind>().iter(), whole)
            };
        }
        macro_rules! instant {
            ($kind:ty, $micros:expr) => {
                self.each(array.as_primitive::<$kind>().iter(), |value, out| {
                    let micros: Option<i64> = $micros(value);
                    instant(micros.ok_or(NoVector::Instant)?, out)
                })
            };
        }
        match array.data_type() {
            DataType::Null => self.each((0..array.len()).map(|_| None::<bool>), plain),
            DataType::Boolean => self.each(array.as_boolean().iter(), plain),
            DataType::Int8 => whole!(Int8Type),
            DataType::Int16 => whole!(Int16Type),
            DataType::Int32 => whole!(Int32Type),
            DataType::Int64 => whole!(Int64Type),
            DataType::UInt8 => whole!(UInt8Type),
            DataType::UInt16 => whole!(UInt16Type),
            DataType::UInt32 => whole!(UInt32Type),
            DataType::UInt64 => whole!(UInt64Type),
            DataType::Float32 => self
                .each(array.as_primitive::<Float32Type>().iter(), |value, out| {
                    number(f64::from(value), out)
                }),
            DataType::Float64 => self.each(array.as_primitive::<Float64Type>().iter(), number),
            DataType::Utf8 => self.each(array.as_string::<i32>().iter(), words),
            DataType::LargeUtf8 => self.each(array.as_string::<i64>().iter(), words),
            DataType::Utf8View => self.each(array.as_string_view().iter(), words),
            DataType::Dictionary(_, values) if **values == DataType::Utf8 => {
                let (keys, words_of) = (
                    array.as_any_dictionary(),
                    array.as_any_dictionary().values(),
                );
                let levels = words_of.as_string::<i32>();
                let places = keys.normalized_keys();
                let cells = places.iter().enumerate().map(|(row, place)| {
                    let is_there = array.is_valid(row) && levels.is_valid(*place);
                    is_there.then(|| levels.value(*place))
                });
                self.each(cells, words)
            }
            DataType::Date32 => self
                .each(array.as_primitive::<Date32Type>().iter(), |days, out| {
                    date(i64::from(days), out)
                }),
            DataType::Date64 => self
                .each(array.as_primitive::<Date64Type>().iter(), |millis, out| {
                    date(millis.div_euclid(DAY_MS), out)
                }),
            DataType::Timestamp(TimeUnit::Second, _) => {
                instant!(TimestampSecondType, |value: i64| value
                    .checked_mul(1_000_000))
            }
            DataType::Timestamp(TimeUnit::Millisecond, _) => {
                instant!(TimestampMillisecondType, |value: i64| value
                    .checked_mul(1000))
            }
            DataType::Timestamp(TimeUnit::Microsecond, _) => {
                instant!(TimestampMicrosecondType, Some)
            }
            DataType::Timestamp(TimeUnit::Nanosecond, _) => self.each(
                array.as_primitive::<TimestampNanosecondType>().iter(),
                |nanos, out| {
                    if nanos % 1000 != 0 {
                        return Err(NoVector::Moment(Wrong::TooFine));
                    }
                    instant(nanos / 1000, out)
                },
            ),
            other => Err(NoVector::Type(other.clone())),
        }
    }

    fn each<T>(
        &mut self,
        cells: impl Iterator<Item = Option<T>>,
        mut write: impl FnMut(T, &mut Vec<u8>) -> Result<(), NoVector>,
    ) -> Result<(), NoVector> {
        for cell in cells {
            if std::mem::replace(&mut self.begun, true) {
                self.out.push(b',');
            }
            if self.out.len() > LONGEST {
                return Err(NoVector::Long);
            }
            match cell {
                Some(value) => write(value, self.out)?,
                None => self.out.extend_from_slice(b"null"),
            }
        }
        Ok(())
    }
}

fn plain(value: impl Display, out: &mut Vec<u8>) -> Result<(), NoVector> {
    Ok(write!(out, "{value}")?)
}

fn quoted(value: impl Display, out: &mut Vec<u8>) -> Result<(), NoVector> {
    Ok(write!(out, "\"{value}\"")?)
}

fn whole<T: Copy + Display>(value: T, out: &mut Vec<u8>) -> Result<(), NoVector>
where
    i128: From<T>,
{
    if i128::from(value).unsigned_abs() > 1 << 53 {
        return Err(NoVector::Inexact(value.to_string()));
    }
    plain(value, out)
}

/// Every bit of it; NaN with R's mark of the missing is missing.
fn number(value: f64, out: &mut Vec<u8>) -> Result<(), NoVector> {
    if value.is_nan() {
        let is_missing = value.to_bits() & 0xFFFF_FFFF == 1954;
        out.extend_from_slice(if is_missing { b"null" } else { b"\"NaN\"" });
        return Ok(());
    }
    if value.is_infinite() {
        return quoted(if value > 0.0 { "Inf" } else { "-Inf" }, out);
    }
    Ok(serde_json::to_writer(out, &value)?)
}

fn words(value: &str, out: &mut Vec<u8>) -> Result<(), NoVector> {
    Ok(serde_json::to_writer(out, value)?)
}

fn date(days: i64, out: &mut Vec<u8>) -> Result<(), NoVector> {
    if !CALENDAR.contains(&days) {
        return Err(NoVector::Instant);
    }
    out.push(b'"');
    calendar::write_date(days, out);
    out.push(b'"');
    Ok(())
}

fn instant(micros: i64, out: &mut Vec<u8>) -> Result<(), NoVector> {
    if !CALENDAR.contains(&micros.div_euclid(DAY_MS * 1000)) {
        return Err(NoVector::Instant);
    }
    if calendar::to_micros(calendar::to_seconds(micros)) != micros {
        return Err(NoVector::Moment(Wrong::TooFar));
    }
    out.push(b'"');
    calendar::write_instant(micros, out);
    out.push(b'"');
    Ok(())
}
