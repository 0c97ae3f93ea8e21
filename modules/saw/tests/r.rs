//! The R script in plain R, against reference values and code of others.

use std::process::Command;

#[test]
fn the_script_meets_its_references() {
    let folder = env!("CARGO_MANIFEST_DIR");
    let paths = ["tests/reference.R", "R/saw.R"];
    let output = Command::new("Rscript")
        .arg("--vanilla")
        .args(paths)
        .current_dir(folder)
        .output()
        .expect("Rscript is installed");
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && !told.contains("FAILED"),
        "{told}\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
}
