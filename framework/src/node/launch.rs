//! The step between the node and a module: the node's own binary starts again, ties its life to the node and becomes the module.
//!
//! Only a process itself can ask to die with its parent, and doing so between fork and exec needs unsafe code.

use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode};

use rustix::process::{Pid, Signal, getppid, set_parent_process_death_signal};

/// First argument of the launching process: `launch <parent pid> <program>`.
pub(crate) const LAUNCH: &str = "launch";

/// Becomes `program`; returns only when that fails.
pub(crate) fn launch(parent: &str, program: &str) -> ExitCode {
    if let Err(error) = set_parent_process_death_signal(Some(Signal::KILL)) {
        eprintln!("cannot tie {program} to the life of the node: {error}");
        return ExitCode::FAILURE;
    }
    // The node may have died before the request above: then nobody would ever end this process.
    if getppid().map(Pid::as_raw_pid) != parent.parse().ok() {
        return ExitCode::FAILURE;
    }
    let error = Command::new(program).exec();
    eprintln!("cannot start {program}: {error}");
    ExitCode::FAILURE
}
