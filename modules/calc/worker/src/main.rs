//! One R in one process, which does what the calculation engine asks over a socket and nothing else.
//!
//! The engine starts it with that socket as standard input. R is single threaded, may loop, crash or eat memory: so
//! it lives alone here and the engine can interrupt it (SIGINT) or kill it (SIGKILL) without losing anything.

mod arguments;
#[path = "../../src/calendar.rs"]
mod calendar;
mod cells;
mod confine;
mod embed;
mod files;
mod frame;
mod from_r;
mod into_r;
mod job;
mod numbers;
mod report;
mod shared;
mod system_calls;
mod tell;
mod typed;
mod value;

use shared::Shared;
use std::process::ExitCode;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("calc-worker: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> std::io::Result<()> {
    let mut engine = frame::take_standard_input()?;
    let mut shared = Shared::take_standard_output()?;
    let limits = confine::Limits::from_environment();
    let network = confine::apply(&limits)?;
    let r = embed::start(&limits)?;
    let about = job::about(&r)?;
    let hello = job::greeting(&r, &about, &confine::seal(network)?);
    frame::write(&mut engine, frame::HELLO, &[&hello])?;
    // After the greeting: the engine goes on starting meanwhile, and a call that is quicker waits in the socket.
    job::warm_up(&r);
    job::serve(&r, &mut engine, &mut shared)
}
