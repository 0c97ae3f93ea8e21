//! Named points at which a test ends the process, as a power cut would. Without the feature `crash-points` they are nothing.

/// Passes the point `name`. `DCP_CRASH_LOG` names a file that lists the points passed, `DCP_CRASH_AT=<name>:<n>` ends the
/// process when it passes a point for the n-th time.
#[cfg(feature = "crash-points")]
#[expect(
    clippy::disallowed_methods,
    reason = "the points are steered from outside"
)]
pub(crate) fn point(name: &'static str) {
    use std::io::Write as _;
    use std::sync::atomic::{AtomicU32, Ordering};

    static PASSED: AtomicU32 = AtomicU32::new(0);
    if let Ok(file) = std::env::var("DCP_CRASH_LOG") {
        let log = std::fs::File::options()
            .create(true)
            .append(true)
            .open(file);
        if let Err(error) = log.and_then(|mut log| writeln!(log, "{name}")) {
            tracing::error!(%error, "a crash point was not written down");
        }
    }
    let Ok(wanted) = std::env::var("DCP_CRASH_AT") else {
        return;
    };
    let Some((at, count)) = wanted.rsplit_once(':') else {
        return;
    };
    if at == name && Some(PASSED.fetch_add(1, Ordering::SeqCst) + 1) == count.parse().ok() {
        std::process::abort();
    }
}

/// Passes the point `name`.
#[cfg(not(feature = "crash-points"))]
#[inline]
pub(crate) fn point(_name: &'static str) {}
