//! The messages of a stream, one after the other: each is held against its own lengths and what R has vectors for before Arrow's
//! reader sees it, which takes a buffer's place in the body on trust and panics where it lies outside.

use arrow_buffer::Buffer;
use arrow_ipc::convert::try_fb_to_schema;
use arrow_ipc::{Message, root_as_message};
use arrow_schema::{ArrowError, DataType, FieldRef, Schema};

/// Stands before the length of a message, except in streams of old.
const CONTINUED: [u8; 4] = [0xFF; 4];

/// Why a stream is not read.
#[derive(Debug, thiserror::Error)]
pub(super) enum NoStream {
    #[error("{0}")]
    Arrow(#[from] ArrowError),
    #[error("it ends in the middle of a message")]
    Cut,
    #[error("a message is none: {0}")]
    Message(String),
    #[error("a buffer lies outside its message")]
    Outside,
    #[error("a buffer ends in the middle of a cell")]
    Torn,
    /// A column by its name, and its type.
    #[error("its column {0:?} is a column of {1}")]
    Column(String, DataType),
}

/// What is left of a stream, and the types of its columns once they are known.
pub(super) struct Messages {
    rest: Buffer,
    columns: Vec<DataType>,
}

impl Messages {
    pub(super) fn of(stream: Buffer) -> Self {
        let columns = Vec::new();
        Self {
            rest: stream,
            columns,
        }
    }

    /// Takes the next message with its body.
    pub(super) fn take(&mut self) -> Result<Option<Buffer>, NoStream> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        let whole = self.length_of_next()?;
        let message = self.rest.slice_with_length(0, whole);
        self.rest.advance(whole);
        Ok(Some(message))
    }

    fn length_of_next(&mut self) -> Result<usize, NoStream> {
        let rest = self.rest.clone();
        let head = if rest.starts_with(&CONTINUED) { 8 } else { 4 };
        let size = rest.get(head - 4..head).ok_or(NoStream::Cut)?;
        let size = size.iter().rev();
        let size = size.fold(0, |size, byte| size << 8 | usize::from(*byte));
        if size == 0 {
            // The end of the stream, after which nothing comes.
            return Ok(rest.len());
        }
        let text = rest.get(head..head + size).ok_or(NoStream::Cut)?;
        let message =
            root_as_message(text).map_err(|error| NoStream::Message(error.to_string()))?;
        let body = usize::try_from(message.bodyLength()).map_err(|_| NoStream::Cut)?;
        self.check(&message, body)?;
        let whole = (head + size).checked_add(body);
        whole
            .filter(|whole| *whole <= rest.len())
            .ok_or(NoStream::Cut)
    }

    fn check(&mut self, message: &Message<'_>, body: usize) -> Result<(), NoStream> {
        if let Some(schema) = message.header_as_schema() {
            self.columns = columns_of(&try_fb_to_schema(schema)?)?;
        } else if let Some(batch) = message.header_as_record_batch() {
            check_buffers(&batch, &self.columns, body)?;
        } else if let Some(values) = message.header_as_dictionary_batch() {
            let values = values.data();
            values.map_or(Ok(()), |values| {
                check_buffers(&values, &[DataType::Utf8], body)
            })?;
        }
        Ok(())
    }
}

fn columns_of(schema: &Schema) -> Result<Vec<DataType>, NoStream> {
    let kind = |field: &FieldRef| {
        let kind = field.data_type().clone();
        if has_vector(&kind) {
            Ok(kind)
        } else {
            Err(NoStream::Column(field.name().clone(), kind))
        }
    };
    schema.fields().iter().map(kind).collect()
}

/// Each buffer lies in the body and holds whole cells of its column.
fn check_buffers(
    batch: &arrow_ipc::RecordBatch<'_>,
    columns: &[DataType],
    body: usize,
) -> Result<(), NoStream> {
    let buffers = batch.buffers().unwrap_or_default();
    let views = batch.variadicBufferCounts().into_iter().flatten();
    let mut views =
        views.map(|count| usize::try_from(count).map_or(0, |count| count.min(buffers.len())));
    let widths = columns.iter().flat_map(|kind| widths(kind, &mut views));
    for (buffer, width) in buffers.iter().zip(widths.chain(std::iter::repeat(1))) {
        let (Ok(offset), Ok(length)) = (
            usize::try_from(buffer.offset()),
            usize::try_from(buffer.length()),
        ) else {
            return Err(NoStream::Outside);
        };
        if offset.checked_add(length).is_none_or(|end| end > body) {
            return Err(NoStream::Outside);
        }
        if length % width != 0 {
            return Err(NoStream::Torn);
        }
    }
    Ok(())
}

/// Bytes of one cell in each buffer of a column.
fn widths(kind: &DataType, views: &mut impl Iterator<Item = usize>) -> Vec<usize> {
    match kind {
        DataType::Null => Vec::new(),
        DataType::Utf8 => vec![1, 4, 1],
        DataType::LargeUtf8 => vec![1, 8, 1],
        DataType::Utf8View => [vec![1, 16], vec![1; views.next().unwrap_or(0)]].concat(),
        DataType::Dictionary(keys, _) => vec![1, keys.primitive_width().unwrap_or(1)],
        other => vec![1, other.primitive_width().unwrap_or(1)],
    }
}

/// Whether R has a vector for the columns of a type.
fn has_vector(kind: &DataType) -> bool {
    use DataType::{
        Boolean, Date32, Date64, Dictionary, Float32, Float64, LargeUtf8, Null, Timestamp, Utf8,
        Utf8View,
    };
    match kind {
        Null | Boolean | Float32 | Float64 | Utf8 | LargeUtf8 | Utf8View | Date32 | Date64
        | Timestamp(..) => true,
        Dictionary(keys, values) => keys.is_integer() && **values == Utf8,
        other => other.is_integer(),
    }
}
