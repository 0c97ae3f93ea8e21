//! The process of the bridge between zones.

fn main() -> std::process::ExitCode {
    dcp::run(dcp::manifest!(), bridge::start)
}
