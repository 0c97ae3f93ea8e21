//! Serves the engine's frames: loads scripts, calls their functions, reports how each call ended.

use crate::arguments::{Arguments, CallHeader};
use crate::confine::Confinement;
use crate::embed::{self, R, Rf_eval, call_of, symbol};
use crate::frame;
use crate::into_r::into_r;
use crate::report::{Report, write_list, write_value};
use crate::shared::Shared;
use crate::value::Value;
use extendr_ffi::{
    R_GlobalEnv, R_NewEnv, R_NilValue, R_tryEvalSilent, Rf_ScalarInteger, Rf_cons, Rf_defineVar,
    Rf_lcons, Rf_protect, Rf_unprotect, SET_TAG, SEXP, SEXPTYPE, TYPEOF, VECTOR_ELT,
};
use serde::Deserialize;
use serde_json::json;
use std::ffi::c_void;
use std::io;
use std::os::unix::net::UnixStream;
use std::time::Instant;

#[derive(Deserialize)]
struct SourceHeader {
    version: String,
    /// Name and length in bytes of each file of R code, in the order of the payload.
    files: Vec<(String, usize)>,
    /// Where the script's data stand; empty when it has none.
    data_folder: String,
    data_names: Vec<String>,
}

/// Answers frames until the engine has gone.
pub(crate) fn serve(r: &R, engine: &mut UnixStream, shared: &mut Shared) -> io::Result<()> {
    let mut payload = Vec::new();
    while let Some(kind) = frame::read(engine, &mut payload)? {
        embed::clear_interrupt();
        let (header, body) = frame::split(&payload)?;
        let started = Instant::now();
        let mut report = match kind {
            frame::SOURCE => load(r, &serde_json::from_slice::<SourceHeader>(header)?, body)?,
            frame::CALL => {
                let header: CallHeader = serde_json::from_slice(header)?;
                let args = match header.shared {
                    Some(length) => header.read(&shared.texts(length)?),
                    None => header.read(body),
                };
                let seed = match header.seed {
                    Some(seed) => Some(seed),
                    None => next_seed(engine)?,
                };
                let Some(seed) = seed else { return Ok(()) };
                match args {
                    Ok(args) => call(r, &header, &args, seed),
                    Err(refused) => Report::failed(&refused),
                }
            }
            other => return Err(io::Error::other(format!("unknown frame {other}"))),
        };
        report.output = embed::take_output();
        let head = report.header(started.elapsed().as_micros());
        let length = u32::try_from(head.len())
            .map_err(io::Error::other)?
            .to_le_bytes();
        frame::write(engine, frame::OUTCOME, &[&length, &head, &report.value])?;
        // A large argument or result must not stay with an idle worker.
        if payload.capacity() > 1 << 20 {
            payload = Vec::new();
        }
        frame::stay_awake(engine);
    }
    Ok(())
}

/// What this R and its libraries are. Before the process is confined: it reads where the libraries stand.
pub(crate) fn about(r: &R) -> io::Result<serde_json::Value> {
    let mut work = Work::new(r, Task::Describe);
    if !embed::protected(perform, &mut work) {
        return Err(io::Error::other(embed::last_error()));
    }
    let mut about: serde_json::Value = serde_json::from_slice(&work.report.value)?;
    let libraries = std::fs::read_to_string("/proc/self/maps").unwrap_or_default();
    let library = |name: &str| {
        libraries
            .lines()
            .filter_map(|line| line.split_whitespace().nth(5))
            .find(|path| path.contains(name))
            .map(String::from)
    };
    for (name, path) in [
        ("blas", library("blas")),
        ("lapack", library("lapack")),
        ("libr", library("libR.so")),
    ] {
        about[name] = path.into();
    }
    Ok(about)
}

/// The greeting: what R is, and what it is kept from.
pub(crate) fn greeting(r: &R, about: &serde_json::Value, confined: &Confinement) -> Vec<u8> {
    let mut hello = about.clone();
    hello["confinement"] = json!(confined);
    hello["started_ms"] = json!(r.started.elapsed().as_millis() as u64);
    hello["worker"] = json!(env!("CARGO_PKG_VERSION"));
    hello.to_string().into_bytes()
}

/// Has R compile what every call uses. A call that waits meanwhile may be given up, which interrupts this and no more.
pub(crate) fn warm_up(r: &R) {
    let mut work = Work::new(r, Task::WarmUp);
    if !embed::protected(perform, &mut work) && !embed::last_error().is_empty() {
        eprintln!("calc-worker: warming up: {}", embed::last_error());
    }
}

fn load(r: &R, header: &SourceHeader, body: &[u8]) -> io::Result<Report> {
    let mut rest = std::str::from_utf8(body).map_err(io::Error::other)?;
    let (mut names, mut texts) = (Vec::new(), Vec::new());
    for (name, length) in &header.files {
        let cut = rest.split_at_checked(*length);
        let (text, after) = cut.ok_or(io::ErrorKind::InvalidData)?;
        names.push(Some(name.clone()));
        texts.push(Some(text.to_owned()));
        rest = after;
    }
    let data_names = header.data_names.iter().cloned().map(Some).collect();
    let args = [
        Value::Text(header.version.clone()),
        Value::Texts(names),
        Value::Texts(texts),
        Value::Text(header.data_folder.clone()),
        Value::Texts(data_names),
    ];
    Ok(finish(Work::new(r, Task::Load { args: &args })))
}

fn call(r: &R, header: &CallHeader, args: &Arguments<'_>, seed: i32) -> Report {
    finish(Work::new(r, Task::Call { header, args, seed }))
}

/// What the random numbers of a call start from, where the engine was still at it when it sent the call; `None` when it has gone.
fn next_seed(engine: &mut UnixStream) -> io::Result<Option<i32>> {
    let mut payload = Vec::new();
    match frame::read(engine, &mut payload)? {
        None => Ok(None),
        Some(frame::SEED) => {
            let (seed, _) = frame::split(&payload)?;
            let seed = seed.try_into().map_err(io::Error::other)?;
            Ok(Some(i32::from_le_bytes(seed)))
        }
        Some(other) => Err(io::Error::other(format!("frame {other} instead of a seed"))),
    }
}

/// Does the work; an R error outside the called function (no memory for an argument) is an error like any other.
fn finish(mut work: Work<'_>) -> Report {
    if !embed::protected(perform, &mut work) {
        let failure = if embed::interrupt_pending() || embed::last_error().is_empty() {
            json!({ "kind": "interrupted" })
        } else {
            json!({ "kind": "error", "message": embed::last_error(), "call": null, "class": ["error"] })
        };
        return Report::failed(&failure);
    }
    work.report
}

enum Task<'a> {
    Describe,
    WarmUp,
    Load {
        args: &'a [Value],
    },
    Call {
        header: &'a CallHeader,
        args: &'a [(&'a str, Value)],
        seed: i32,
    },
}

struct Work<'a> {
    r: &'a R,
    task: Task<'a>,
    report: Report,
}

impl<'a> Work<'a> {
    fn new(r: &'a R, task: Task<'a>) -> Self {
        Self {
            r,
            task,
            report: Report::default(),
        }
    }
}

/// Everything that touches R. R jumps out of here on an error, over frames that own nothing.
unsafe extern "C-unwind" fn perform(data: *mut c_void) {
    // SAFETY: `data` is the `Work` that `protected` was given.
    unsafe {
        let work = &mut *data.cast::<Work<'_>>();
        let r = work.r;
        match work.task {
            Task::Describe => {
                let value = Rf_protect(Rf_eval(Rf_protect(call_of(r.describe)), R_GlobalEnv));
                write_value(value, &mut work.report);
                Rf_unprotect(2);
            }
            Task::WarmUp => {
                Rf_eval(Rf_protect(call_of(r.warm_up)), R_GlobalEnv);
                Rf_unprotect(1);
            }
            Task::Load { args } => {
                let mut list = R_NilValue;
                for value in args.iter().rev() {
                    let value = Rf_protect(into_r(value));
                    list = Rf_protect(Rf_cons(value, list));
                }
                let call = Rf_protect(Rf_lcons(r.load, list));
                harnessed(r, call, R_GlobalEnv, 1, &mut work.report);
                Rf_unprotect(2 * args.len() as i32 + 1);
            }
            Task::Call { header, args, seed } => {
                let version = Rf_protect(into_r(&Value::Text(header.version.clone())));
                let find = Rf_protect(Rf_lcons(r.script, Rf_cons(version, R_NilValue)));
                let script = Rf_protect(Rf_eval(find, R_GlobalEnv));
                if TYPEOF(script) == SEXPTYPE::ENVSXP {
                    in_script(r, script, header, (args, seed), &mut work.report);
                } else {
                    work.report = Report::failed(&json!({ "kind": "unloaded" }));
                }
                Rf_unprotect(3);
            }
        }
    }
}

/// Binds each argument to its own name and calls `f(x = x)`: data is never code, and R's messages stay short.
unsafe fn in_script(
    r: &R,
    script: SEXP,
    header: &CallHeader,
    (args, seed): (&[(&str, Value)], i32),
    report: &mut Report,
) {
    // SAFETY: inside `perform`; the environment keeps the arguments, the call is protected while it grows.
    unsafe {
        let env = Rf_protect(R_NewEnv(script, 1, 29));
        let mut list = R_NilValue;
        let mut protected = 1;
        for (name, value) in args.iter().rev() {
            let Some(name) = symbol(name) else { continue };
            let value = Rf_protect(into_r(value));
            Rf_defineVar(name, value, env);
            list = Rf_protect(Rf_cons(name, list));
            SET_TAG(list, name);
            protected += 2;
        }
        if let Some(code) = &header.example {
            let code = Rf_protect(into_r(&Value::Text(code.clone())));
            let make = Rf_protect(Rf_lcons(r.example, Rf_cons(code, R_NilValue)));
            let call = Rf_protect(Rf_eval(make, R_GlobalEnv));
            harnessed(r, call, env, seed, report);
            protected += 3;
        } else if let Some(function) = symbol(&header.function) {
            let call = Rf_protect(Rf_lcons(function, list));
            harnessed(r, call, env, seed, report);
            protected += 1;
        }
        Rf_unprotect(protected);
    }
}

/// Runs `call` under the harness and writes what it reports.
unsafe fn harnessed(r: &R, call: SEXP, env: SEXP, seed: i32, report: &mut Report) {
    // SAFETY: inside `perform`; the harness returns list(value, failure, warnings, messages, artifacts).
    unsafe {
        let quoted = Rf_protect(quote(call));
        let seed = Rf_protect(Rf_ScalarInteger(seed));
        let run = Rf_protect(Rf_lcons(
            r.run,
            Rf_cons(quoted, Rf_cons(env, Rf_cons(seed, R_NilValue))),
        ));
        let mut failed = 0;
        let result = Rf_protect(R_tryEvalSilent(run, R_GlobalEnv, &raw mut failed));
        if failed != 0 {
            let message = embed::last_error();
            *report = Report::failed(
                &json!({ "kind": "error", "message": message, "call": null, "class": ["error"] }),
            );
        } else {
            for (index, target) in [
                (1, &mut report.failure),
                (2, &mut report.warnings),
                (3, &mut report.messages),
                (4, &mut report.artifacts),
            ] {
                write_list(VECTOR_ELT(result, index), target);
            }
            if report.failure.is_empty() {
                write_value(VECTOR_ELT(result, 0), report);
            }
        }
        Rf_unprotect(4);
    }
}

unsafe fn quote(call: SEXP) -> SEXP {
    // SAFETY: `quote` is a symbol of base R; the caller protects the result.
    unsafe { Rf_lcons(extendr_ffi::R_QuoteSymbol, Rf_cons(call, R_NilValue)) }
}
