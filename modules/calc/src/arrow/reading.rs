//! The columns of a stream as the JSON object of a call's arguments.

use super::messages::{Messages, NoStream};
use crate::arguments::pointer;
use crate::calendar::{self, Wrong};
use crate::engine::Failure;
use arrow_array::cast::AsArray;
use arrow_array::types::{
    Date32Type, Date64Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
    TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType,
    TimestampSecondType, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_buffer::Buffer;
use arrow_ipc::reader::StreamDecoder;
use arrow_schema::{ArrowError, DataType, SchemaRef, TimeUnit};
use bytes::Bytes;
use std::collections::HashSet;
use std::fmt::Display;
use std::io::Write;

/// Most bytes of the arguments as JSON: a few bytes of a stream can stand for any number of cells.
const LONGEST: usize = 128 << 20;
/// Milliseconds of a day.
const DAY_MS: i64 = 86_400_000;
/// Days since 1970 that have a text: those of the years 0 to 9999.
const CALENDAR: std::ops::Range<i64> = -719_528..2_932_897;
/// The mark of texts that are few different ones.
const FACTOR: &str = "$factor";

/// The arguments of a call: each column is the argument of its name, or all of them are the data frame of that name; `further`
/// is a JSON object of arguments that are no columns.
pub(crate) async fn arguments(
    body: &Bytes,
    frame: Option<&str>,
    further: Option<&str>,
) -> Result<Bytes, Failure> {
    let body = body.clone();
    let frame = frame.map(str::to_owned);
    let further = further.map(str::to_owned);
    let reading = move || object(body, frame.as_deref(), further.as_deref());
    // A thread of its own: it is long work, and Arrow's reader is not ours should it panic after all.
    let read = tokio::task::spawn_blocking(reading).await;
    read.unwrap_or_else(|_| Err(unreadable("what it says of its own parts is wrong")))
}

fn unreadable(why: impl Display) -> Failure {
    Failure::argument(
        "",
        format!("is no Arrow IPC stream that can be read: {why}"),
    )
}

/// The JSON object that a stream stands for.
pub(super) fn object(
    body: Bytes,
    frame: Option<&str>,
    further: Option<&str>,
) -> Result<Bytes, Failure> {
    let (schema, batches) = read(body).map_err(|error| match error {
        NoStream::Column(name, kind) => {
            Failure::argument(pointer(&name), NoVector::Type(kind).to_string())
        }
        other => unreadable(other),
    })?;
    let mut out = vec![b'{'];
    if let Some(name) = frame {
        member(name, &mut out);
        out.extend_from_slice(b"{\"$frame\":{");
        columns(&schema, &batches, false, &mut out)?;
        out.extend_from_slice(b"}}");
    } else {
        columns(&schema, &batches, true, &mut out)?;
    }
    let further = further.map(members_of).transpose()?.unwrap_or_default();
    if !further.is_empty() && out.len() > 1 {
        out.push(b',');
    }
    out.extend_from_slice(further.as_bytes());
    out.push(b'}');
    Ok(out.into())
}

/// What a stream holds. Decoded in place: a length in it that lies must not reserve memory.
fn read(body: Bytes) -> Result<(SchemaRef, Vec<RecordBatch>), NoStream> {
    let mut decoder = StreamDecoder::new();
    let mut messages = Messages::of(Buffer::from(body));
    let mut batches = Vec::new();
    while let Some(mut message) = messages.take()? {
        while let Some(batch) = decoder.decode(&mut message)? {
            batches.push(batch);
        }
    }
    decoder.finish()?;
    let nothing = || ArrowError::IpcError("it has no schema".into());
    Ok((decoder.schema().ok_or_else(nothing)?, batches))
}

/// What stands between the braces of a JSON object.
fn members_of(further: &str) -> Result<&str, Failure> {
    let object = serde_json::from_str::<serde_json::Map<_, _>>(further);
    object.map_err(|error| {
        let detail = format!("the query parameter `arguments` must be a JSON object: {error}");
        Failure::argument("", detail)
    })?;
    let inside = further.trim().strip_prefix('{');
    Ok(inside
        .and_then(|inside| inside.strip_suffix('}'))
        .unwrap_or_default()
        .trim())
}

fn columns(
    schema: &SchemaRef,
    batches: &[RecordBatch],
    single: bool,
    out: &mut Vec<u8>,
) -> Result<(), Failure> {
    // Rows without bytes can be more than can be counted.
    let rows = batches.iter().map(RecordBatch::num_rows);
    let bare = single && rows.fold(0, usize::saturating_add) == 1;
    for (index, field) in schema.fields().iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        member(field.name(), out);
        let kind = mark_of(field.data_type());
        if let Some(mark) = kind {
            out.push(b'{');
            member(mark, out);
        }
        if !bare {
            out.push(b'[');
        }
        let mut cells = Cells { out, begun: false };
        for batch in batches.iter().filter(|batch| batch.num_rows() > 0) {
            let added = cells.add(batch.column(index));
            added.map_err(|error| Failure::argument(pointer(field.name()), error.to_string()))?;
        }
        if !bare {
            out.push(b']');
        }
        if kind == Some(FACTOR) {
            out.push(b',');
            member("levels", out);
            let levels = levels(batches.iter().map(|batch| batch.column(index)));
            out.extend_from_slice(serde_json::json!(levels).to_string().as_bytes());
        }
        if kind.is_some() {
            out.push(b'}');
        }
    }
    Ok(())
}

/// What a column is marked with of which JSON has no kind.
fn mark_of(kind: &DataType) -> Option<&'static str> {
    match kind {
        DataType::Date32 | DataType::Date64 => Some("$date"),
        DataType::Timestamp(..) => Some("$instant"),
        DataType::Dictionary(..) => Some(FACTOR),
        _ => None,
    }
}

/// The words of a dictionary in their order, also those that no cell has; each part of a stream may bring its own.
fn levels<'a>(parts: impl Iterator<Item = &'a ArrayRef>) -> Vec<&'a str> {
    let words = parts.filter_map(|part| part.as_any_dictionary_opt());
    let words = words.flat_map(|part| part.values().as_string::<i32>().iter().flatten());
    let mut seen = HashSet::new();
    words.filter(|word| seen.insert(*word)).collect()
}

fn member(name: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(serde_json::json!(name).to_string().as_bytes());
    out.push(b':');
}

/// Why a column has no JSON form.
#[derive(Debug, thiserror::Error)]
enum NoVector {
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
struct Cells<'a> {
    out: &'a mut Vec<u8>,
    begun: bool,
}

impl Cells<'_> {
    fn add(&mut self, array: &dyn Array) -> Result<(), NoVector> {
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
