//! Arrow IPC streams beside JSON: arguments in, values out, for whoever has columns rather than texts.
//!
//! A stream is another spelling of the same call: its columns become the JSON arguments they stand for, and a value is kept
//! as JSON whatever its caller asks for. So a call has one key, one check and one result, however it travels.

mod cells;
mod messages;
mod reading;
mod writing;

pub(crate) use reading::arguments;
pub(crate) use writing::{NoTable, stream};

/// The media type of a stream.
pub(crate) const ARROW: &str = "application/vnd.apache.arrow.stream";

#[cfg(test)]
mod tests;
