//! The units of systemd in infra/systemd: systemd itself finds no mistake in them, and finds them hardened.

#![expect(clippy::unwrap_used, reason = "a test fails where it stands")]

use std::path::{Path, PathBuf};
use std::process::Command;

/// What `systemd-analyze security` may find at most, of 100: up to 20 it calls `OK`.
const EXPOSURE: &str = "20";

/// The unit of a zone in a folder of its own, with programs that every machine has; nothing where systemd is not installed.
fn unit(test: &str, zone: &str, folder: &Path) -> Option<PathBuf> {
    if Command::new("systemd-analyze")
        .arg("--version")
        .output()
        .is_err()
    {
        eprintln!("SKIPPED: {test}: systemd-analyze is not installed");
        return None;
    }
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("../infra/systemd/dcp-node@.service");
    let written = std::fs::read_to_string(kept).unwrap();
    let runs = written.lines().filter(|line| line.starts_with("ExecStart"));
    assert_eq!(runs.count(), 1);
    let runnable = written.replace("/opt/dcp/bin/%i-node ", "/bin/true ");
    let file = folder.join(format!("dcp-node@{zone}.service"));
    std::fs::write(&file, runnable).unwrap();
    Some(file)
}

fn analyze(arguments: &[&str], file: &Path) -> (bool, String) {
    let done = Command::new("systemd-analyze")
        .args(arguments)
        .arg(file)
        .output()
        .unwrap();
    let text = [done.stdout, done.stderr].concat();
    (done.status.success(), String::from_utf8(text).unwrap())
}

#[test]
fn systemd_finds_no_mistake_in_the_units() {
    for zone in ["gxp", "nongxp"] {
        let folder = tempfile::tempdir().unwrap();
        let Some(file) = unit("systemd: verify", zone, folder.path()) else {
            return;
        };
        let (good, said) = analyze(&["verify", "--man=no"], &file);
        let ours: Vec<&str> = said
            .lines()
            .filter(|line| line.contains("dcp-node"))
            .collect();
        assert!(good && ours.is_empty(), "{said}");
    }
}

#[test]
fn systemd_finds_the_units_hardened() {
    let folder = tempfile::tempdir().unwrap();
    let Some(file) = unit("systemd: security", "gxp", folder.path()) else {
        return;
    };
    let threshold = format!("--threshold={EXPOSURE}");
    let (good, said) = analyze(
        &["security", "--offline=yes", "--no-pager", &threshold],
        &file,
    );
    assert!(good, "{said}");
}
