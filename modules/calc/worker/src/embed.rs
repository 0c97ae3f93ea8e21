//! Starts R inside this process: no signal handlers of its own, no profile, no saved workspace, no terminal.

use crate::confine::Limits;
use crate::tell;
use extendr_ffi::{
    DllInfo, ParseStatus, R_GlobalEnv, R_NilValue, R_ParseVector, R_PreserveObject, R_tryEval,
    Rf_initialize_R, Rf_install, Rf_lang1, Rf_mkCharLenCE, Rf_protect, Rf_unprotect, SEXP,
    SEXPTYPE, VECTOR_ELT, XLENGTH, cetype_t, setup_Rmainloop,
};
use std::ffi::{CStr, c_char, c_int, c_void};
use std::io;
use std::sync::Mutex;
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
        tell::register(R_getEmbeddingDllInfo());
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
