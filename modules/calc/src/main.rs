//! The process of the calculation engine.

fn main() -> std::process::ExitCode {
    dcp::run(dcp::manifest!(), calc::start)
}
