//! What R code tells while it runs: how far it is, and values it has already.

use crate::frame;
use crate::from_r::{self, Unsupported};
use crate::into_r::into_r;
use crate::value::Value;
use extendr_ffi::{
    DL_FUNC, DllInfo, R_CHAR, R_CallMethodDef, R_NilValue, R_registerRoutines, REAL, SEXP,
    STRING_ELT,
};
use serde_json::json;
use std::ffi::{CStr, c_void};
use std::io::{self, Write};
use std::sync::atomic::{AtomicU64, Ordering};

/// Least time between two progress frames, milliseconds: a tight loop must not flood the engine.
const PROGRESS_INTERVAL_MS: u64 = 50;
static PROGRESS_SENT_MS: AtomicU64 = AtomicU64::new(0);
/// Longest partial result as JSON: the engine keeps them in memory, and a page asks for them again and again.
const LONGEST_PARTIAL: usize = 256 * 1024;

/// Makes the routines known that harness.R calls.
///
/// # Safety
/// R is initialised, and this is its thread.
pub(crate) unsafe fn register(embedding: *mut DllInfo) {
    // SAFETY: each function takes as many arguments as its `numArgs` says.
    let routine = |name: &'static CStr, routine: *const c_void| R_CallMethodDef {
        name: name.as_ptr(),
        fun: unsafe { std::mem::transmute::<*const c_void, DL_FUNC>(routine) },
        numArgs: 2,
    };
    let methods = [
        routine(c"dcp_progress", progress as *const c_void),
        routine(c"dcp_emit", emit as *const c_void),
        R_CallMethodDef {
            name: std::ptr::null(),
            fun: None,
            numArgs: 0,
        },
    ];
    // SAFETY: R copies the table.
    unsafe {
        R_registerRoutines(
            embedding,
            std::ptr::null(),
            methods.as_ptr(),
            std::ptr::null(),
            std::ptr::null(),
        );
    }
}

/// `progress(fraction, message)` of R code: a frame to the engine, at most one per interval.
unsafe extern "C-unwind" fn progress(fraction: SEXP, message: SEXP) -> SEXP {
    // SAFETY: the R wrapper passes one double and one text.
    let (fraction, message) = unsafe { (*REAL(fraction), text(message)) };
    let now = monotonic_ms();
    let last = PROGRESS_SENT_MS.load(Ordering::Relaxed);
    if now.saturating_sub(last) >= PROGRESS_INTERVAL_MS || fraction >= 1.0 {
        PROGRESS_SENT_MS.store(now, Ordering::Relaxed);
        let fraction = if fraction.is_finite() {
            fraction.clamp(0.0, 1.0)
        } else {
            0.0
        };
        let body = json!({ "fraction": fraction, "message": message }).to_string();
        send(frame::PROGRESS, &[body.as_bytes()]);
    }
    // SAFETY: a constant of R.
    unsafe { R_NilValue }
}

/// `emit(name, value)` of R code: a frame to the engine. `NULL`, or why the value cannot be told.
unsafe extern "C-unwind" fn emit(name: SEXP, value: SEXP) -> SEXP {
    // SAFETY: the R wrapper passes one text; `value` is an argument of it and so protected.
    let (name, written) = unsafe { (text(name), written(value)) };
    match written {
        Ok(json) => {
            let head = json!({ "name": name }).to_string();
            let length = (head.len() as u32).to_le_bytes();
            send(frame::PARTIAL, &[&length, head.as_bytes(), &json]);
            // SAFETY: a constant of R.
            unsafe { R_NilValue }
        }
        // SAFETY: R takes the value at once.
        Err(why) => unsafe { into_r(&Value::Text(format!("emit(\"{name}\"): {why}"))) },
    }
}

/// # Safety
/// `value` is protected.
unsafe fn written(value: SEXP) -> Result<Vec<u8>, String> {
    let mut json = Vec::new();
    // SAFETY: as the caller promises.
    if let Err(Unsupported { pointer, what }) = unsafe { from_r::write(value, &mut json) } {
        let place = if pointer.is_empty() {
            String::new()
        } else {
            format!(" at {pointer}")
        };
        return Err(format!(
            "the value holds {what}{place}, which has no JSON form"
        ));
    }
    if json.len() > LONGEST_PARTIAL {
        let (length, most) = (json.len() / 1024, LONGEST_PARTIAL / 1024);
        return Err(format!(
            "the value has {length} KiB of JSON, a partial result may have {most}"
        ));
    }
    Ok(json)
}

/// # Safety
/// `vector` holds a text.
unsafe fn text(vector: SEXP) -> String {
    // SAFETY: as the caller promises.
    unsafe { CStr::from_ptr(R_CHAR(STRING_ELT(vector, 0))) }
        .to_string_lossy()
        .into_owned()
}

fn send(kind: u8, parts: &[&[u8]]) {
    if let Err(error) = frame::write(&mut Socket, kind, parts) {
        eprintln!("calc-worker: the engine could not be told: {error}");
    }
}

/// The engine's socket by its fixed descriptor, for routines that have nothing else; it stays open as long as the process.
struct Socket;

impl Write for Socket {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // SAFETY: the slice is valid; the descriptor is open.
        let written = unsafe { libc::write(frame::SOCKET, bytes.as_ptr().cast(), bytes.len()) };
        usize::try_from(written).map_err(|_| io::Error::last_os_error())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn monotonic_ms() -> u64 {
    let mut now = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: `now` is valid for the call.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &raw mut now) };
    now.tv_sec as u64 * 1000 + now.tv_nsec as u64 / 1_000_000
}
