//! Printing for programs that read on: who closes the pipe, as `| head` does, has seen enough, which is no failure.

use std::fmt::Arguments;
use std::io::{ErrorKind, Write, stdout};

/// Writes to standard output, and ends the program where nobody reads it any more.
pub(crate) fn write(text: Arguments<'_>) {
    match stdout().write_fmt(text) {
        Ok(()) => {}
        Err(error) if error.kind() == ErrorKind::BrokenPipe => std::process::exit(0),
        Err(error) => {
            eprintln!("dcp: the output cannot be written: {error}");
            std::process::exit(1)
        }
    }
}

/// Instead of the standard macro, which panics where nobody reads.
macro_rules! print {
    ($($text:tt)*) => { $crate::output::write(format_args!($($text)*)) };
}

/// Instead of the standard macro, which panics where nobody reads.
macro_rules! println {
    () => { $crate::output::write(format_args!("\n")) };
    ($($text:tt)*) => { $crate::output::write(format_args!("{}\n", format_args!($($text)*))) };
}
