//! Finds libR, so that the worker links to the R of the machine that builds it.

#![expect(
    clippy::disallowed_methods,
    reason = "a build script is configured by variables"
)]
use std::process::Command;

fn main() {
    println!("cargo:rerun-if-env-changed=R_HOME");
    let home = std::env::var("R_HOME")
        .ok()
        .or_else(ask_r)
        .unwrap_or_else(|| "/usr/lib/R".into());
    println!("cargo:rustc-env=CALC_WORKER_R_HOME={home}");
    println!("cargo:rustc-link-search={home}/lib");
    println!("cargo:rustc-link-lib=R");
}

fn ask_r() -> Option<String> {
    let out = Command::new("R").arg("RHOME").output().ok()?;
    let home = String::from_utf8(out.stdout).ok()?.trim().to_owned();
    (!home.is_empty()).then_some(home)
}
