//! What the process may not do: limits and network before R starts, files and system calls once it runs and needs less.
//! Nothing of it can be undone from R code.

#![expect(
    clippy::disallowed_methods,
    reason = "the engine hands the limits over as variables"
)]

use crate::{files, system_calls};
use serde::Serialize;
use std::fs;
use std::io;

/// Limits the engine passes in the environment.
pub(crate) struct Limits {
    /// R's own vector memory; beyond it R raises an ordinary error.
    pub(crate) memory_mb: u64,
}

/// Room above R's own limit for code, stacks and native libraries, MiB: so that R's error comes before the kernel's.
const NATIVE_ROOM_MB: u64 = 1024;
/// Stack of R, bytes: deep recursion ends as an R error, not as a crash.
const STACK: u64 = 64 << 20;
const MEMORY_MB_DEFAULT: u64 = 2048;
/// Longest file, bytes: a script must not fill the disk.
const FILE: u64 = 1 << 30;
/// Open files.
const FILES: u64 = 256;

impl Limits {
    /// Reads the limits; absent or senseless values fall back to the default.
    pub(crate) fn from_environment() -> Self {
        let memory = std::env::var("CALC_MEMORY_MB")
            .ok()
            .and_then(|text| text.parse().ok());
        Self {
            memory_mb: memory.unwrap_or(MEMORY_MB_DEFAULT),
        }
    }
}

/// What the process is kept from, in a word each; what the kernel lacks is said, too.
#[derive(Serialize)]
pub(crate) struct Confinement {
    /// "none", or "host".
    network: &'static str,
    /// "own", "partly" or "host".
    files: &'static str,
    /// "filtered", or "all".
    system_calls: &'static str,
}

/// Closes what R needed only to start.
pub(crate) fn seal(network: &'static str) -> io::Result<Confinement> {
    let confinement = Confinement {
        network,
        files: files::confine().map_err(io::Error::other)?,
        system_calls: system_calls::confine()?,
    };
    for (lacks, what) in [
        (network == "host", "network namespaces"),
        (confinement.files != "own", "all of Landlock"),
        (confinement.system_calls == "all", "seccomp filters"),
    ] {
        if lacks {
            eprintln!("calc-worker: the kernel lacks {what}: R code is confined by less");
        }
    }
    Ok(confinement)
}

/// Applies limits; says whether the process is cut off from the network ("none") or not ("host").
pub(crate) fn apply(limits: &Limits) -> io::Result<&'static str> {
    // SAFETY: prctl with plain numbers.
    unsafe {
        libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL);
        libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
        libc::prctl(libc::PR_SET_DUMPABLE, 0);
        libc::signal(libc::SIGXFSZ, libc::SIG_IGN);
    }
    limit(libc::RLIMIT_CORE, 0)?;
    limit(libc::RLIMIT_FSIZE, FILE)?;
    limit(libc::RLIMIT_NOFILE, FILES)?;
    limit(libc::RLIMIT_STACK, STACK)?;
    limit(libc::RLIMIT_AS, (limits.memory_mb + NATIVE_ROOM_MB) << 20)?;
    Ok(if leave_network() { "none" } else { "host" })
}

fn limit(which: libc::__rlimit_resource_t, value: u64) -> io::Result<()> {
    let mut now = libc::rlimit {
        rlim_cur: 0,
        rlim_max: 0,
    };
    // SAFETY: `now` is valid for the call; lowering a limit is always permitted.
    unsafe {
        if libc::getrlimit(which, &raw mut now) != 0 {
            return Err(io::Error::last_os_error());
        }
        let value = value.min(now.rlim_max);
        let wanted = libc::rlimit {
            rlim_cur: value,
            rlim_max: value,
        };
        if libc::setrlimit(which, &raw const wanted) != 0 {
            return Err(io::Error::last_os_error());
        }
    }
    Ok(())
}

/// Enters an empty network namespace; without the privilege, inside a user namespace that maps only this user.
fn leave_network() -> bool {
    // SAFETY: the process has one thread here.
    unsafe {
        if libc::unshare(libc::CLONE_NEWNET) == 0 {
            return true;
        }
        let (user, group) = (libc::getuid(), libc::getgid());
        libc::prctl(libc::PR_SET_DUMPABLE, 1);
        let left = libc::unshare(libc::CLONE_NEWUSER | libc::CLONE_NEWNET) == 0;
        if left {
            // Without the maps the process still runs, as "nobody"; nothing else depends on them.
            for (file, line) in [
                ("setgroups", "deny".to_owned()),
                ("uid_map", format!("{user} {user} 1")),
                ("gid_map", format!("{group} {group} 1")),
            ] {
                if let Err(error) = fs::write(format!("/proc/self/{file}"), line) {
                    eprintln!("calc-worker: {file}: {error}");
                }
            }
        }
        libc::prctl(libc::PR_SET_DUMPABLE, 0);
        left
    }
}
