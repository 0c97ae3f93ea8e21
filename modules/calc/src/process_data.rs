//! Process data as an argument: the engine reads them itself, near their source.

use crate::Calc;
use crate::engine::{Failure, Patience, Progress};
use bytes::Bytes;

impl Calc {
    /// The batches of a `$pi` argument as a data frame.
    pub(crate) async fn read_process_data(
        &self,
        pointer: &str,
        _query: &Bytes,
        _patience: &Patience,
        _progress: &mut (dyn FnMut(Progress) + Send),
    ) -> Result<Bytes, Failure> {
        Err(Failure::argument(pointer, "process data cannot be read by this engine"))
    }
}
