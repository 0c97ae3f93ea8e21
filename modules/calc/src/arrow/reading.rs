//! The columns of a stream as the JSON object of a call's arguments.

use super::cells::{Cells, NoVector};
use super::messages::{Messages, NoStream};
use crate::arguments::pointer;
use crate::engine::Failure;
use arrow_array::cast::AsArray;
use arrow_array::{ArrayRef, RecordBatch};
use arrow_buffer::Buffer;
use arrow_ipc::reader::StreamDecoder;
use arrow_schema::{ArrowError, DataType, SchemaRef};
use bytes::Bytes;
use std::collections::HashSet;
use std::fmt::Display;

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
        let mut cells = Cells::new(out);
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
