//! The process of the statistical workbench.

fn main() -> std::process::ExitCode {
    dcp::run(dcp::manifest!(), saw::start)
}
