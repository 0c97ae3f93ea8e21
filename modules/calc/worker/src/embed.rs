//! Starts R inside this process: no signal handlers of its own, no profile, no saved workspace, no terminal.

use crate::confine::Limits;
use crate::frame;
use extendr_ffi::{
    DL_FUNC, DllInfo, ParseStatus, R_CHAR, R_CallMethodDef, R_GlobalEnv, R_NilValue, R_ParseVector,
    R_PreserveObject, R_registerRoutines, R_tryEval, REAL, Rf_ScalarInteger, Rf_initialize_R,
    Rf_install, Rf_lang1, Rf_mkCharLenCE, Rf_protect, Rf_unprotect, SEXP, SEXPTYPE, STRING_ELT,
    VECTOR_ELT, XLENGTH, cetype_t, setup_Rmainloop,
};
use std::ffi::{CStr, c_char, c_int, c_void};
use std::io::{self, Write};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

type WriteConsole = unsafe extern "C-unwind" fn(*const c_char, c_int, c_int);

// Exported by libR for embedders, absent from extendr-ffi.
#[expect(
    improper_ctypes,
    reason = "extendr-ffi declares SEXP as a pointer to an open struct; it is only passed on"
)]
unsafe extern "C-unwind" {
    static mut R_SignalHandlers: c_int;
    static mut R_Interactive: c_int;
    static mut R_interrupts_pending: c_int;
    static mut R_Outputfile: *mut c_void;
    static mut R_Consolefile: *mut c_void;
    static mut ptr_R_WriteConsole: *mut c_void;
    static mut ptr_R_WriteConsoleEx: Option<WriteConsole>;
    fn R_getEmbeddingDllInfo() -> *mut DllInfo;
    fn R_ToplevelExec(what: unsafe extern "C-unwind" fn(*mut c_void), data: *mut c_void) -> c_int;
    fn R_curErrorBuf() -> *const c_char;
    pub(crate) fn Rf_eval(what: SEXP, environment: SEXP) -> SEXP;
}

/// What R printed during the current call.
static OUTPUT: Mutex<Vec<u8>> = Mutex::new(Vec::new());
/// Printed bytes kept per call; the rest is dropped and said so.
const OUTPUT_LIMIT: usize = 64 * 1024;
/// Least time between two progress frames, milliseconds: a tight loop must not flood the engine.
const PROGRESS_INTERVAL_MS: u64 = 50;
static PROGRESS_SENT_MS: AtomicU64 = AtomicU64::new(0);

/// The running R: what the harness script defined, kept from R's collector for ever.
pub(crate) struct R {
    /// `run(call, environment, seed)`: evaluates and reports value, error, warnings, messages.
    pub(crate) run: SEXP,
    /// `load(version, names, texts, data_folder, data_names)`: evaluates the files of a script in an environment of its own and describes its functions.
    pub(crate) load: SEXP,
    /// `script(version)`: the environment of a loaded script.
    pub(crate) script: SEXP,
    /// `describe()`: what a result depends on besides script and arguments.
    pub(crate) describe: SEXP,
    /// `warm_up()`: has R compile what every call uses.
    pub(crate) warm_up: SEXP,
    /// `example(code)`: R code as one call.
    pub(crate) example: SEXP,
    pub(crate) started: Instant,
}

/// Starts R and evaluates the harness.
pub(crate) fn start(limits: &Limits) -> io::Result<R> {
    // SAFETY: before any other thread exists; R is initialised once, on the main thread.
    unsafe {
        if std::env::var_os("R_HOME").is_none() {
            std::env::set_var("R_HOME", env!("CALC_WORKER_R_HOME"));
        }
        R_SignalHandlers = 0;
        let mut arguments = [c"R", c"--vanilla", c"--no-echo", c"--no-readline"]
            .map(|text| text.as_ptr().cast_mut());
        Rf_initialize_R(arguments.len() as c_int, arguments.as_mut_ptr());
        R_Interactive = 0;
        R_Outputfile = std::ptr::null_mut();
        R_Consolefile = std::ptr::null_mut();
        ptr_R_WriteConsole = std::ptr::null_mut();
        ptr_R_WriteConsoleEx = Some(capture);
        setup_Rmainloop();
        let handler: extern "C" fn(c_int) = interrupt;
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = handler as libc::sighandler_t;
        // No SA_RESTART: a sleeping R must wake up.
        libc::sigaction(libc::SIGINT, &raw const action, std::ptr::null_mut());
        register_progress();
        let harness = harness(limits)?;
        let part = |index| VECTOR_ELT(harness, index);
        Ok(R {
            run: part(0),
            load: part(1),
            script: part(2),
            describe: part(3),
            warm_up: part(4),
            example: part(5),
            started: Instant::now(),
        })
    }
}

/// Evaluates harness.R, whose value is the list of the functions this worker uses.
unsafe fn harness(limits: &Limits) -> io::Result<SEXP> {
    let source = include_str!("harness.R").replace("{memory_mb}", &limits.memory_mb.to_string());
    // SAFETY: R is initialised; every intermediate value is protected until preserved.
    unsafe {
        let text = Rf_protect(extendr_ffi::Rf_allocVector(SEXPTYPE::STRSXP, 1));
        let chars = Rf_mkCharLenCE(
            source.as_ptr().cast(),
            source.len() as c_int,
            cetype_t::CE_UTF8,
        );
        extendr_ffi::SET_STRING_ELT(text, 0, chars);
        let mut status = ParseStatus::PARSE_OK;
        let parsed = Rf_protect(R_ParseVector(text, -1, &raw mut status, R_NilValue));
        if status != ParseStatus::PARSE_OK {
            return Err(io::Error::other("the harness does not parse"));
        }
        let mut value = R_NilValue;
        for index in 0..XLENGTH(parsed) {
            let mut failed = 0;
            value = R_tryEval(VECTOR_ELT(parsed, index), R_GlobalEnv, &raw mut failed);
            if failed != 0 {
                return Err(io::Error::other(format!(
                    "the harness failed: {}",
                    last_error()
                )));
            }
        }
        R_PreserveObject(value);
        Rf_unprotect(2);
        Ok(value)
    }
}

unsafe fn register_progress() {
    let methods = [
        // SAFETY: R calls it with two arguments, as declared by `numArgs`.
        R_CallMethodDef {
            name: c"dcp_progress".as_ptr(),
            fun: unsafe {
                std::mem::transmute::<*const c_void, DL_FUNC>(progress as *const c_void)
            },
            numArgs: 2,
        },
        R_CallMethodDef {
            name: std::ptr::null(),
            fun: None,
            numArgs: 0,
        },
    ];
    // SAFETY: R copies the table.
    unsafe {
        R_registerRoutines(
            R_getEmbeddingDllInfo(),
            std::ptr::null(),
            methods.as_ptr(),
            std::ptr::null(),
            std::ptr::null(),
        );
    }
}

extern "C" fn interrupt(_: c_int) {
    // SAFETY: a plain store, which is all that a signal handler may do.
    unsafe { R_interrupts_pending = 1 };
}

/// Forgets an interrupt that came too late: it must not hit the next call.
pub(crate) fn clear_interrupt() {
    // SAFETY: as above, on R's own thread.
    unsafe { R_interrupts_pending = 0 };
}

/// True while an interrupt has not been handled.
pub(crate) fn interrupt_pending() -> bool {
    // SAFETY: a plain load.
    unsafe { R_interrupts_pending != 0 }
}

unsafe extern "C-unwind" fn capture(text: *const c_char, length: c_int, _error: c_int) {
    if let Ok(mut output) = OUTPUT.lock() {
        let room = OUTPUT_LIMIT
            .saturating_sub(output.len())
            .min(length as usize);
        // SAFETY: R passes `length` readable bytes.
        output.extend_from_slice(unsafe { std::slice::from_raw_parts(text.cast(), room) });
    }
}

/// Takes what was printed since the last time.
pub(crate) fn take_output() -> Vec<u8> {
    OUTPUT
        .lock()
        .map(|mut output| std::mem::take(&mut *output))
        .unwrap_or_default()
}

/// `progress(fraction, message)` of R code: a frame to the engine, at most one per interval.
unsafe extern "C-unwind" fn progress(fraction: SEXP, message: SEXP) -> SEXP {
    // SAFETY: the R wrapper passes one double and one string; the socket stays open as long as the process.
    unsafe {
        let fraction = *REAL(fraction);
        let now = monotonic_ms();
        let last = PROGRESS_SENT_MS.load(Ordering::Relaxed);
        if now.saturating_sub(last) >= PROGRESS_INTERVAL_MS || fraction >= 1.0 {
            PROGRESS_SENT_MS.store(now, Ordering::Relaxed);
            let message = CStr::from_ptr(R_CHAR(STRING_ELT(message, 0))).to_string_lossy();
            send_progress(fraction, &message);
        }
        Rf_ScalarInteger(0)
    }
}

fn send_progress(fraction: f64, message: &str) {
    let fraction = if fraction.is_finite() {
        fraction.clamp(0.0, 1.0)
    } else {
        0.0
    };
    let body = serde_json::json!({ "fraction": fraction, "message": message }).to_string();
    if let Err(error) = frame::write(&mut Socket, frame::PROGRESS, &[body.as_bytes()]) {
        eprintln!("calc-worker: progress: {error}");
    }
}

/// The engine's socket by its fixed descriptor, for the callback that has nothing else.
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

/// Runs `what` so that an R error or interrupt anywhere in it comes back here: `false` then.
pub(crate) fn protected<T>(what: unsafe extern "C-unwind" fn(*mut c_void), data: &mut T) -> bool {
    // SAFETY: R jumps back here over frames of `what` only; those own nothing that must be dropped.
    unsafe { R_ToplevelExec(what, std::ptr::from_mut(data).cast()) != 0 }
}

/// R's last error message.
pub(crate) fn last_error() -> String {
    // SAFETY: R keeps a NUL terminated buffer.
    unsafe { CStr::from_ptr(R_curErrorBuf()) }
        .to_string_lossy()
        .trim()
        .trim_start_matches("Error: ")
        .to_owned()
}

/// A call without arguments, for the harness functions.
pub(crate) unsafe fn call_of(function: SEXP) -> SEXP {
    // SAFETY: the caller protects the result.
    unsafe { Rf_lang1(function) }
}

/// Interns a name; `None` when it holds a NUL, which R cannot name.
pub(crate) fn symbol(name: &str) -> Option<SEXP> {
    let name = std::ffi::CString::new(name).ok()?;
    // SAFETY: NUL terminated; symbols are never collected.
    Some(unsafe { Rf_install(name.as_ptr()) })
}
