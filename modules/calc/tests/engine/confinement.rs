//! What R code must not be able to do, tried from R and from native code that it loads: refused, and R lives on.

use crate::support::Engine;
use serde_json::{Value, json};
use std::path::Path;
use std::process::Command;

/// Makes one raw system call whose arguments are noughts, which nothing but a filter answers with `EPERM`.
const NATIVE: &str = r"
#define _GNU_SOURCE
#include <errno.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
void raw(int *call, int *first, int *second, int *gave) {
  errno = 0;
  long answer = syscall(*call, (long)*first, (long)*second, 0L, 0L, 0L, 0L);
  *gave = answer < 0 ? errno : 0;
}
void numbers(int *out) {
  int all[] = {
    SYS_socket, SYS_socketpair, SYS_connect, SYS_bind, SYS_execve, SYS_execveat, SYS_ptrace, SYS_process_vm_readv,
    SYS_process_vm_writev, SYS_pidfd_open, SYS_unshare, SYS_setns, SYS_mount, SYS_umount2, SYS_pivot_root, SYS_chroot,
    SYS_setuid, SYS_capset, SYS_bpf, SYS_perf_event_open, SYS_userfaultfd, SYS_io_uring_setup, SYS_add_key, SYS_request_key,
    SYS_keyctl, SYS_finit_module, SYS_reboot, SYS_open_by_handle_at, SYS_fchmodat, SYS_fchownat, SYS_utimensat, SYS_setxattr,
    SYS_shmget, SYS_tkill, SYS_clone };
  for (unsigned i = 0; i < sizeof(all) / sizeof(int); i++) out[i] = all[i];
}
void left(int *room, int *found) {
  struct stat there;
  char part[4096];
  long at = 0, count;
  *room = fstat(4, &there) == 0 ? (int)there.st_size : -1;
  while ((count = pread(4, part, sizeof(part), at)) > 0) {
    for (long i = 0; i < count; i++) *found += part[i] != 0;
    at += count;
  }
}
";

const SCRIPT: &str = r#"
dyn.load("{native}")
raw <- function(call, first, second) .C("raw", as.integer(call), as.integer(first), as.integer(second), gave = 0L)$gave
#' Every call of the list, as errno.
raw_calls <- function() vapply(.C("numbers", integer(35L))[[1L]], function(call) raw(call, 0L, 0L), 0L)
#' What stands in the memory that long arguments come through.
left <- function(x) unlist(.C("left", room = 0L, found = 0L))
#' A signal to the engine, the number 0 of which only asks.
signal <- function(call, process) raw(call, process, 0L)

try_it <- function(what) {
  said <- NULL
  value <- tryCatch(withCallingHandlers(what, warning = function(w) { said <<- c(said, conditionMessage(w)); tryInvokeRestart("muffleWarning") }),
    error = function(e) { said <<- c(said, conditionMessage(e)); "stopped" })
  list(value = I(if (is.atomic(value)) value else class(value)), said = I(as.character(said)))
}
read <- function(path) try_it(readLines(path, n = 1L, warn = FALSE))
write <- function(path) try_it({ writeLines("x", path); "written" })
remove <- function(path) try_it(file.remove(path))
rename <- function(from, to) try_it(file.rename(from, to))
linked <- function(from, to) try_it(c(file.symlink(from, to), file.link(from, to)))
listed <- function(path) try_it(length(list.files(path)))
rights <- function(path) try_it(Sys.chmod(path, "0777"))
dated <- function(path) try_it(Sys.setFileTime(path, 0))
run <- function() try_it(system("true"))
piped <- function() try_it(readLines(pipe("echo hello")))
forked <- function() try_it(parallel::mcparallel(1))
net <- function(port) try_it(socketConnection("127.0.0.1", port, timeout = 1))
served <- function() try_it(serverSocket(0L))
fetched <- function(port) try_it(readLines(url(paste0("http://127.0.0.1:", port, "/"))))
killed <- function(process) try_it(tools::pskill(process, 9L))
own <- function() { writeLines("mine", "here.txt"); c(readLines("here.txt"), file.exists(tempdir()), getwd() == Sys.getenv("HOME")) }
filled <- function() try_it({ con <- file("large", "wb"); on.exit(close(con)); block <- raw(1e8); for (i in 1:12) writeBin(block, con); "written" })
alive <- function() sum(1:10)
"#;

const ERRNO_EPERM: i64 = 1;

fn native(folder: &Path) -> std::path::PathBuf {
    let (source, library) = (folder.join("native.c"), folder.join("lib/native.so"));
    std::fs::create_dir_all(folder.join("lib")).unwrap();
    std::fs::write(&source, NATIVE).unwrap();
    let built = Command::new("cc")
        .args(["-shared", "-fPIC", "-o"])
        .args([&library, &source])
        .status()
        .unwrap();
    assert!(built.success());
    library
}

async fn engine() -> (Engine, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let library = native(folder.path());
    let packages = folder.path().join("lib").display().to_string();
    let engine = Engine::start_with(&[("r_libs", &packages)]).await;
    let source = SCRIPT.replace("{native}", &library.display().to_string());
    let published = engine.publish("c", &source).await;
    assert_eq!(published.status, 200, "{}", published.text);
    (engine, folder)
}

async fn call(engine: &Engine, function: &str, arguments: &Value) -> Value {
    let value = engine
        .call(&format!("c/{function}"), arguments.to_string())
        .await
        .value();
    let alive = engine.call("c/alive", "").await.value();
    assert_eq!(alive, json!(55), "after {function}");
    value
}

async fn no_worker_was_lost(engine: &Engine) {
    let engines = engine.get("/engines").await.json();
    assert_eq!(engines[0]["workers"]["restarts"], json!(0));
}

#[tokio::test]
async fn an_engine_says_how_its_r_is_confined() {
    let engine = Engine::start().await;
    let engines = engine.get("/engines").await.json();
    let confined = json!({ "network": "none", "files": "own", "system_calls": "filtered" });
    assert_eq!(engines[0]["environment"]["confinement"], confined);
}

#[tokio::test]
async fn r_code_reaches_no_file_but_its_own() {
    let (engine, folder) = engine().await;
    let secret = folder.path().join("secret.txt");
    std::fs::write(&secret, "secret\n").unwrap();
    let secrets = engine.folder().join("secrets.toml");
    let new = folder.path().join("new.txt");
    for (function, arguments) in [
        ("read", json!({ "path": "/etc/passwd" })),
        ("read", json!({ "path": "/proc/self/environ" })),
        ("read", json!({ "path": "/proc/1/status" })),
        ("read", json!({ "path": secrets })),
        ("read", json!({ "path": secret })),
        ("write", json!({ "path": secret })),
        ("write", json!({ "path": new })),
        ("write", json!({ "path": "/tmp/calc-test-of-confinement" })),
        (
            "write",
            json!({ "path": folder.path().join("lib/native.so") }),
        ),
        ("rename", json!({ "from": secret, "to": "mine" })),
        ("remove", json!({ "path": secret })),
        ("linked", json!({ "from": secret, "to": new })),
        ("rights", json!({ "path": secret })),
        ("dated", json!({ "path": secret })),
        ("listed", json!({ "path": engine.folder() })),
        ("listed", json!({ "path": "/root" })),
    ] {
        let gave = call(&engine, function, &arguments).await;
        let refused = match &gave["value"] {
            Value::Array(values) => values
                .iter()
                .all(|value| [json!("stopped"), json!(false), json!(0)].contains(value)),
            _ => false,
        };
        assert!(refused, "{function} {arguments}: {gave}");
    }
    let after = std::fs::metadata(&secret).unwrap();
    assert_eq!(std::fs::read_to_string(&secret).unwrap(), "secret\n");
    assert!(after.modified().unwrap() > std::time::UNIX_EPOCH);
    assert_ne!(
        std::os::unix::fs::PermissionsExt::mode(&after.permissions()) & 0o777,
        0o777
    );
    assert!(!new.exists() && !Path::new("/tmp/calc-test-of-confinement").exists());
    no_worker_was_lost(&engine).await;
}

#[tokio::test]
async fn r_code_finds_no_arguments_in_the_memory_that_they_came_through() {
    let (engine, _folder) = engine().await;
    for length in [200_000, 300_000] {
        let arguments = json!({ "x": vec![0.5; length] });
        let gave = call(&engine, "left", &arguments).await;
        let room = gave["room"].as_u64();
        assert!(room >= Some(4 * length as u64), "{gave}");
        assert_eq!(gave["found"], json!(0), "{gave}");
    }
    no_worker_was_lost(&engine).await;
}

#[tokio::test]
async fn r_code_starts_no_process_and_reaches_no_network() {
    let (engine, _folder) = engine().await;
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    for (function, arguments) in [
        ("run", json!({})),
        ("piped", json!({})),
        ("forked", json!({})),
        ("net", json!({ "port": port })),
        ("served", json!({})),
        ("fetched", json!({ "port": port })),
        ("filled", json!({})),
    ] {
        let gave = call(&engine, function, &arguments).await;
        let refused = gave["value"] == json!(["stopped"]) || gave["value"] == json!([127]);
        assert!(refused, "{function} {arguments}: {gave}");
    }
    let process = std::process::id();
    let killed = call(&engine, "killed", &json!({ "process": process })).await;
    assert_eq!(killed["value"], json!([false]), "{killed}");
    no_worker_was_lost(&engine).await;
}

#[tokio::test]
async fn native_code_makes_no_system_call_that_reaches_further() {
    let (engine, _folder) = engine().await;
    let gave = call(&engine, "raw_calls", &json!({})).await;
    assert_eq!(gave, json!(vec![ERRNO_EPERM; 35]));
    // kill and tgkill, asking only whether the process of the test is there.
    for call_number in [libc_number::KILL, libc_number::TGKILL] {
        let arguments = json!({ "call": call_number, "process": std::process::id() });
        let gave = call(&engine, "signal", &arguments).await;
        assert_eq!(gave, json!(ERRNO_EPERM), "system call {call_number}");
    }
    no_worker_was_lost(&engine).await;
}

#[tokio::test]
async fn each_r_writes_in_a_folder_of_its_own_that_goes_with_it() {
    let (mut engine, _folder) = engine().await;
    let own = call(&engine, "own", &json!({})).await;
    assert_eq!(own, json!(["mine", "TRUE", "TRUE"]));
    let scratch = engine.folder().join("scratch");
    let folders = || std::fs::read_dir(&scratch).unwrap().count();
    assert!(folders() > 0);
    engine.stop();
    assert_eq!(folders(), 0);
}

/// Numbers of system calls that take a process.
mod libc_number {
    #[cfg(target_arch = "x86_64")]
    pub(super) const KILL: i32 = 62;
    #[cfg(target_arch = "x86_64")]
    pub(super) const TGKILL: i32 = 234;
    #[cfg(not(target_arch = "x86_64"))]
    pub(super) const KILL: i32 = 129;
    #[cfg(not(target_arch = "x86_64"))]
    pub(super) const TGKILL: i32 = 131;
}
