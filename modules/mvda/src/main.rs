//! The process of the batch monitoring.

fn main() -> std::process::ExitCode {
    dcp::run(dcp::manifest!(), mvda::start)
}
