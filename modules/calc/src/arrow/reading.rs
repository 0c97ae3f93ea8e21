//! The columns of a stream as the JSON object of a call's arguments.

use super::messages::{Messages, NoStream};
use crate::arguments::pointer;
use crate::engine::Failure;
use arrow_array::cast::AsArray;
use arrow_array::types::{
    Date32Type, Date64Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
    TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType,
    TimestampSecondType, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{Array, RecordBatch};
use arrow_buffer::Buffer;
use arrow_ipc::reader::StreamDecoder;
use arrow_schema::{ArrowError, DataType, SchemaRef, TimeUnit};
use bytes::Bytes;
use dcp::clock::Timestamp;
use std::fmt::Display;
use std::io::Write;

/// Most bytes of the arguments as JSON: a few bytes of a stream can stand for any number of cells.
const LONGEST: usize = 128 << 20;
/// Seconds of a day.
const DAY: i64 = 86_400;

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
    }
    Ok(())
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
    #[error("holds an instant that no calendar has")]
    Instant,
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
            ($kind:ty, $from:expr) => {
                self.each(array.as_primitive::<$kind>().iter(), |value, out| {
                    quoted($from(value).map_err(|_| NoVector::Instant)?, out)
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
                    date(i64::from(days) * DAY, out)
                }),
            DataType::Date64 => self
                .each(array.as_primitive::<Date64Type>().iter(), |millis, out| {
                    date(millis.div_euclid(1000), out)
                }),
            DataType::Timestamp(TimeUnit::Second, _) => {
                instant!(TimestampSecondType, Timestamp::from_second)
            }
            DataType::Timestamp(TimeUnit::Millisecond, _) => {
                instant!(TimestampMillisecondType, Timestamp::from_millisecond)
            }
            DataType::Timestamp(TimeUnit::Microsecond, _) => {
                instant!(TimestampMicrosecondType, Timestamp::from_microsecond)
            }
            DataType::Timestamp(TimeUnit::Nanosecond, _) => {
                instant!(TimestampNanosecondType, |nanos| {
                    Timestamp::from_nanosecond(i128::from(nanos))
                })
            }
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

fn date(seconds: i64, out: &mut Vec<u8>) -> Result<(), NoVector> {
    let instant = Timestamp::from_second(seconds).map_err(|_| NoVector::Instant)?;
    quoted(instant.strftime("%F"), out)
}
