//! The system calls that R code may not make, whatever native code it brings: none that reaches another process, the network,
//! the kernel's own state, or the owner and rights of files, and none that starts a program. A refused call fails, R lives on.

use seccompiler::{
    SeccompAction, SeccompCmpArgLen as Length, SeccompCmpOp as Is, SeccompCondition, SeccompFilter,
    SeccompRule, apply_filter,
};
use std::collections::BTreeMap;
use std::io;

type Rules = BTreeMap<i64, Vec<SeccompRule>>;

/// Refused whatever their arguments.
const REFUSED: &[i64] = &[
    // Network and messages between processes.
    libc::SYS_socket,
    libc::SYS_socketpair,
    libc::SYS_connect,
    libc::SYS_bind,
    libc::SYS_listen,
    libc::SYS_accept,
    libc::SYS_accept4,
    libc::SYS_shmget,
    libc::SYS_shmat,
    libc::SYS_shmctl,
    libc::SYS_msgget,
    libc::SYS_semget,
    libc::SYS_mq_open,
    libc::SYS_mq_unlink,
    // Programs and other processes.
    libc::SYS_execve,
    libc::SYS_execveat,
    libc::SYS_ptrace,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_process_madvise,
    libc::SYS_pidfd_open,
    libc::SYS_pidfd_getfd,
    libc::SYS_pidfd_send_signal,
    libc::SYS_kcmp,
    libc::SYS_tkill,
    libc::SYS_rt_sigqueueinfo,
    libc::SYS_rt_tgsigqueueinfo,
    libc::SYS_setpriority,
    libc::SYS_migrate_pages,
    libc::SYS_move_pages,
    // Namespaces, mounts and who the process is.
    libc::SYS_unshare,
    libc::SYS_setns,
    libc::SYS_mount,
    libc::SYS_umount2,
    libc::SYS_mount_setattr,
    libc::SYS_move_mount,
    libc::SYS_open_tree,
    libc::SYS_fsopen,
    libc::SYS_fsconfig,
    libc::SYS_fsmount,
    libc::SYS_fspick,
    libc::SYS_pivot_root,
    libc::SYS_chroot,
    libc::SYS_setuid,
    libc::SYS_setgid,
    libc::SYS_setreuid,
    libc::SYS_setregid,
    libc::SYS_setresuid,
    libc::SYS_setresgid,
    libc::SYS_setgroups,
    libc::SYS_setfsuid,
    libc::SYS_setfsgid,
    libc::SYS_capset,
    // The kernel and its keys, counters and clocks.
    libc::SYS_bpf,
    libc::SYS_perf_event_open,
    libc::SYS_userfaultfd,
    libc::SYS_io_uring_setup,
    libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register,
    libc::SYS_add_key,
    libc::SYS_request_key,
    libc::SYS_keyctl,
    libc::SYS_init_module,
    libc::SYS_finit_module,
    libc::SYS_delete_module,
    libc::SYS_kexec_load,
    libc::SYS_reboot,
    libc::SYS_swapon,
    libc::SYS_swapoff,
    libc::SYS_acct,
    libc::SYS_quotactl,
    libc::SYS_syslog,
    libc::SYS_sethostname,
    libc::SYS_setdomainname,
    libc::SYS_settimeofday,
    libc::SYS_clock_settime,
    libc::SYS_clock_adjtime,
    libc::SYS_adjtimex,
    libc::SYS_fanotify_init,
    libc::SYS_lookup_dcookie,
    libc::SYS_name_to_handle_at,
    libc::SYS_open_by_handle_at,
    // Rights, owners and times of files, which Landlock does not watch.
    libc::SYS_fchmod,
    libc::SYS_fchmodat,
    libc::SYS_fchown,
    libc::SYS_fchownat,
    libc::SYS_utimensat,
    libc::SYS_setxattr,
    libc::SYS_lsetxattr,
    libc::SYS_fsetxattr,
    libc::SYS_removexattr,
    libc::SYS_lremovexattr,
    libc::SYS_fremovexattr,
];

/// The same under names that only this processor has.
#[cfg(target_arch = "x86_64")]
const REFUSED_HERE: &[i64] = &[
    libc::SYS_fork,
    libc::SYS_vfork,
    libc::SYS_iopl,
    libc::SYS_ioperm,
    libc::SYS_modify_ldt,
    libc::SYS_kexec_file_load,
    libc::SYS_chmod,
    libc::SYS_chown,
    libc::SYS_lchown,
    libc::SYS_utime,
    libc::SYS_utimes,
    libc::SYS_futimesat,
];
#[cfg(not(target_arch = "x86_64"))]
const REFUSED_HERE: &[i64] = &[];

/// `fchmodat2`, which the C library's bindings do not name on every processor; it has one number everywhere.
const FCHMODAT2: i64 = 452;

/// Confines the process; says which system calls are left: "filtered", or "all" where the kernel has no filters.
pub(crate) fn confine() -> io::Result<&'static str> {
    // Threads ask for the newest call and take the older one, whose kind can be seen, only when that does not exist.
    let unknown = [(libc::SYS_clone3, Vec::new())].into();
    for (rules, error) in [(unknown, libc::ENOSYS), (rules()?, libc::EPERM)] {
        if !install(rules, error)? {
            return Ok("all");
        }
    }
    Ok("filtered")
}

/// Installs a filter; `false` where the kernel knows none.
fn install(rules: Rules, error: i32) -> io::Result<bool> {
    let architecture = std::env::consts::ARCH.try_into().map_err(other)?;
    let refuse = SeccompAction::Errno(error.cast_unsigned());
    let filter =
        SeccompFilter::new(rules, SeccompAction::Allow, refuse, architecture).map_err(other)?;
    let program: seccompiler::BpfProgram = filter.try_into().map_err(other)?;
    match apply_filter(&program) {
        Ok(()) => Ok(true),
        Err(seccompiler::Error::Prctl(error) | seccompiler::Error::Seccomp(error))
            if matches!(error.raw_os_error(), Some(libc::EINVAL | libc::ENOSYS)) =>
        {
            Ok(false)
        }
        Err(error) => Err(other(error)),
    }
}

fn rules() -> io::Result<Rules> {
    let own = u64::from(std::process::id());
    let mut rules: Rules = REFUSED
        .iter()
        .chain(REFUSED_HERE)
        .chain(&[FCHMODAT2])
        .map(|call| (*call, Vec::new()))
        .collect();
    let number = |place, is, value| SeccompCondition::new(place, Length::Dword, is, value);
    let threads = libc::CLONE_THREAD as u64;
    let when = [
        // Threads may be started, processes not.
        (libc::SYS_clone, vec![number(0, Is::MaskedEq(threads), 0)]),
        // Signals to itself only: abort() sends one.
        (libc::SYS_kill, vec![number(0, Is::Ne, own)]),
        (libc::SYS_tgkill, vec![number(0, Is::Ne, own)]),
        (
            libc::SYS_prlimit64,
            vec![number(0, Is::Ne, 0), number(0, Is::Ne, own)],
        ),
        // Typing into somebody's terminal.
        (libc::SYS_ioctl, vec![number(1, Is::Eq, libc::TIOCSTI)]),
    ];
    for (call, conditions) in when {
        let conditions: Result<Vec<_>, _> = conditions.into_iter().collect();
        let rule = SeccompRule::new(conditions.map_err(other)?).map_err(other)?;
        rules.insert(call, vec![rule]);
    }
    Ok(rules)
}

fn other(error: impl std::error::Error + Send + Sync + 'static) -> io::Error {
    io::Error::other(error)
}
